//! The functions of the core that this crate calls. Unit tests link stand-ins instead, so that they
//! need no C++.

#[cfg(not(test))]
pub use core::*;
#[cfg(test)]
pub use stand_ins::*;

#[cfg(not(test))]
mod core {
    use crate::ffi::{
        CallState, Code, ComponentEnum, ComponentImport, ComponentResource, CoreImport, Memory,
        Session, Str, Val,
    };
    use std::ffi::{c_char, c_void};

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
        Memory, OK, Session, Str, Val,
    };
    use std::ffi::{c_char, c_void};

    unsafe fn none<T>(count: *mut usize) -> *const T {
        unsafe { *count = 0 };
        std::ptr::null()
    }
    pub unsafe fn wasinn_core_imports(count: *mut usize) -> *const CoreImport {
        unsafe { none(count) }
    }
    pub unsafe fn wasinn_component_imports(count: *mut usize) -> *const ComponentImport {
        unsafe { none(count) }
    }
    pub unsafe fn wasinn_component_resources(count: *mut usize) -> *const ComponentResource {
        unsafe { none(count) }
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
