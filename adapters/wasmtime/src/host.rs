//! The functions of the core that this crate calls. Unit tests link stubs instead, so that they
//! need no C++.

#[cfg(not(test))]
pub use core::*;
#[cfg(test)]
pub use stand_ins::*;

#[cfg(not(test))]
mod core {
    use crate::ffi::{
        CallState, Code, ComponentEnum, ComponentImport, ComponentResource, CoreImport, Memory,
        Pollable, Session, Str, Val, Waker,
    };
    use std::ffi::{c_char, c_int, c_void};

    unsafe extern "C" {
        pub fn wasinn_core_imports(count: *mut usize) -> *const CoreImport;
        pub fn wasinn_component_imports(count: *mut usize) -> *const ComponentImport;
        pub fn wasinn_component_resources(count: *mut usize) -> *const ComponentResource;
        pub fn wasinn_component_enums(count: *mut usize) -> *const ComponentEnum;
        pub fn wasinn_session_finish_core(
            session: *mut Session,
            memory: Memory,
            result: *mut u64,
        ) -> CallState;
        pub fn wasinn_session_finish_component(
            session: *mut Session,
            result: *mut Val,
        ) -> CallState;
        pub fn wasinn_pollable_ready(pollable: *mut Pollable, waker: *const Waker) -> c_int;
        pub fn wasinn_session_abandon(session: *mut Session);
        pub fn wasinn_session_on_stop(
            session: *mut Session,
            stop: Option<unsafe extern "C" fn(*mut c_void)>,
            self_: *mut c_void,
        );
        pub fn wasinn_session_stopped(session: *const Session) -> Code;
        pub fn wasinn_session_last_error(session: *const Session) -> Str;
        pub fn wasinn_session_rule(session: *const Session, rule: *const c_char) -> u64;
    }
}

#[cfg(test)]
mod stand_ins {
    use crate::ffi::{
        CALL_DONE, CallState, Code, ComponentEnum, ComponentImport, ComponentResource, CoreImport,
        Memory, OK, Pollable, Session, Str, Val, Waker,
    };
    use std::ffi::{c_char, c_int, c_void};
    use std::sync::Mutex;

    unsafe fn none<T>(count: *mut usize) -> *const T {
        unsafe { *count = 0 };
        std::ptr::null()
    }
    pub unsafe fn wasinn_core_imports(count: *mut usize) -> *const CoreImport {
        unsafe { none(count) }
    }

    // One row that this crate knows, and two of a core that is newer.
    unsafe extern "C" fn call(
        _: *mut Session,
        _: *const Val,
        _: usize,
        _: *mut Val,
        _: *const Waker,
    ) -> CallState {
        CALL_DONE
    }
    const fn row(name: *const c_char, signature: *const c_char) -> ComponentImport {
        ComponentImport {
            dialect: c"next".as_ptr(),
            interface: c"next:nn/map@1.0.0".as_ptr(),
            name,
            signature,
            may_block: 0,
            call,
        }
    }
    static IMPORTS: [ComponentImport; 2] = [
        row(c"name".as_ptr(), c"(borrow<error>) -> string".as_ptr()),
        row(c"find".as_ptr(), c"(map<string>) -> u8".as_ptr()),
    ];
    unsafe extern "C" fn drop_nothing(_: *mut Session, _: u32) {}
    static RESOURCES: [ComponentResource; 1] = [ComponentResource {
        interface: c"next:nn/map@1.0.0".as_ptr(),
        name: c"atlas".as_ptr(),
        drop: drop_nothing,
    }];

    pub unsafe fn wasinn_component_imports(count: *mut usize) -> *const ComponentImport {
        unsafe { *count = IMPORTS.len() };
        IMPORTS.as_ptr()
    }
    pub unsafe fn wasinn_component_resources(count: *mut usize) -> *const ComponentResource {
        unsafe { *count = RESOURCES.len() };
        RESOURCES.as_ptr()
    }
    pub unsafe fn wasinn_component_enums(count: *mut usize) -> *const ComponentEnum {
        unsafe { none(count) }
    }
    pub unsafe fn wasinn_session_finish_core(_: *mut Session, _: Memory, _: *mut u64) -> CallState {
        CALL_DONE
    }
    pub unsafe fn wasinn_session_finish_component(_: *mut Session, _: *mut Val) -> CallState {
        CALL_DONE
    }
    /// The target of a `Pollable` in these tests.
    #[derive(Default)]
    pub struct News {
        pub state: Mutex<NewsState>,
    }
    #[derive(Default)]
    pub struct NewsState {
        pub ready: bool,
        pub asked: u32,
        pub waker: Option<Waker>,
    }
    unsafe impl Send for NewsState {}
    pub unsafe fn wasinn_pollable_ready(pollable: *mut Pollable, waker: *const Waker) -> c_int {
        let news = unsafe { &*pollable.cast::<News>() };
        let mut state = news.state.lock().unwrap();
        state.asked += 1;
        state.waker = unsafe { waker.as_ref() }.copied();
        state.ready.into()
    }
    pub unsafe fn wasinn_session_abandon(_: *mut Session) {}
    pub unsafe fn wasinn_session_on_stop(
        _: *mut Session,
        _: Option<unsafe extern "C" fn(*mut c_void)>,
        _: *mut c_void,
    ) {
    }
    pub unsafe fn wasinn_session_stopped(_: *const Session) -> Code {
        OK
    }
    pub unsafe fn wasinn_session_last_error(_: *const Session) -> Str {
        Str::EMPTY
    }
    pub unsafe fn wasinn_session_rule(_: *const Session, _: *const c_char) -> u64 {
        0
    }
}
