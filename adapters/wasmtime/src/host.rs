//! The functions of the core that this crate calls. Unit tests link stubs instead, so that they
//! need no C++.

#[cfg(not(test))]
pub use core::*;
#[cfg(test)]
pub use stand_ins::*;

#[cfg(not(test))]
mod core {
    use crate::ffi::{
        Bytes, Call, CallState, Code, ComponentEnum, ComponentImport, ComponentResource,
        CoreImport, Memory, Pollable, Session, Str, Val, Waker,
    };
    use std::ffi::{c_char, c_int, c_void};

    unsafe extern "C" {
        pub fn wasinn_core_imports(count: *mut usize) -> *const CoreImport;
        pub fn wasinn_component_imports(count: *mut usize) -> *const ComponentImport;
        pub fn wasinn_component_resources(count: *mut usize) -> *const ComponentResource;
        pub fn wasinn_component_enums(count: *mut usize) -> *const ComponentEnum;
        pub fn wasinn_call_ready(call: *mut Call, waker: *const Waker) -> c_int;
        pub fn wasinn_call_finish_core(
            call: *mut Call,
            memory: Memory,
            result: *mut u64,
        ) -> CallState;
        pub fn wasinn_call_finish_component(call: *mut Call, result: *mut Val) -> CallState;
        pub fn wasinn_call_free(call: *mut Call);
        pub fn wasinn_pollable_ready(pollable: *mut Pollable, waker: *const Waker) -> c_int;
        pub fn wasinn_session_on_stop(
            session: *mut Session,
            stop: Option<unsafe extern "C" fn(*mut c_void)>,
            self_: *mut c_void,
        );
        pub fn wasinn_session_on_stdout(
            session: *mut Session,
            told: Option<unsafe extern "C" fn(*mut c_void)>,
            self_: *mut c_void,
        );
        pub fn wasinn_session_take_stdout(session: *mut Session) -> Bytes;
        pub fn wasinn_session_stopped(session: *const Session) -> Code;
        pub fn wasinn_session_last_error(session: *const Session) -> Str;
        pub fn wasinn_session_rule(session: *const Session, rule: *const c_char) -> u64;
    }
}

#[cfg(test)]
mod stand_ins {
    use crate::ffi::{
        Bytes, CALL_DONE, Call, CallState, Code, ComponentEnum, ComponentImport, ComponentResource,
        CoreImport, Memory, OK, Pollable, Session, Str, Val, Waker,
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
        _: *mut *mut Call,
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
    /// What a `Call` points to here.
    #[derive(Default)]
    pub struct CallStandIn {
        pub state: Mutex<CallStandInState>,
    }
    #[derive(Default)]
    pub struct CallStandInState {
        pub ended: bool,
        pub asked: u32,
        pub freed: bool,
        pub waker: Option<Waker>,
    }
    unsafe impl Send for CallStandInState {}
    impl CallStandIn {
        pub fn as_raw(&self) -> *mut Call {
            std::ptr::from_ref(self).cast_mut().cast()
        }
        pub fn end(&self) {
            let waker = {
                let mut state = self.state.lock().unwrap();
                state.ended = true;
                state.waker.take().unwrap()
            };
            unsafe { (waker.wake)(waker.self_) };
        }
        unsafe fn of<'a>(call: *mut Call) -> &'a CallStandIn {
            unsafe { &*call.cast::<CallStandIn>() }
        }
    }
    pub unsafe fn wasinn_call_ready(call: *mut Call, waker: *const Waker) -> c_int {
        let mut state = unsafe { CallStandIn::of(call) }.state.lock().unwrap();
        state.asked += 1;
        state.waker = unsafe { waker.as_ref() }.copied();
        state.ended.into()
    }
    pub unsafe fn wasinn_call_finish_core(_: *mut Call, _: Memory, _: *mut u64) -> CallState {
        CALL_DONE
    }
    pub unsafe fn wasinn_call_finish_component(_: *mut Call, _: *mut Val) -> CallState {
        CALL_DONE
    }
    pub unsafe fn wasinn_call_free(call: *mut Call) {
        unsafe { CallStandIn::of(call) }.state.lock().unwrap().freed = true;
    }
    /// What a `Pollable` points to here.
    #[derive(Default)]
    pub struct PollableStandIn {
        pub state: Mutex<PollableStandInState>,
    }
    #[derive(Default)]
    pub struct PollableStandInState {
        pub ready: bool,
        pub asked: u32,
        pub waker: Option<Waker>,
    }
    unsafe impl Send for PollableStandInState {}
    pub unsafe fn wasinn_pollable_ready(pollable: *mut Pollable, waker: *const Waker) -> c_int {
        let news = unsafe { &*pollable.cast::<PollableStandIn>() };
        let mut state = news.state.lock().unwrap();
        state.asked += 1;
        state.waker = unsafe { waker.as_ref() }.copied();
        state.ready.into()
    }
    pub unsafe fn wasinn_session_on_stop(
        _: *mut Session,
        _: Option<unsafe extern "C" fn(*mut c_void)>,
        _: *mut c_void,
    ) {
    }
    pub unsafe fn wasinn_session_on_stdout(
        _: *mut Session,
        _: Option<unsafe extern "C" fn(*mut c_void)>,
        _: *mut c_void,
    ) {
    }
    pub unsafe fn wasinn_session_take_stdout(_: *mut Session) -> Bytes {
        Bytes::new(b"text")
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
