//! The C types of `wasinn/types.h`, `wasinn/wasinn.h` and `wasinn/adapter.h`, field by field.

use std::ffi::{c_char, c_int, c_uint, c_void};

/// `wasinn_code`.
pub type Code = c_uint;
pub const OK: Code = 0;
pub const INVALID_ARGUMENT: Code = 1;
pub const TIMEOUT: Code = 3;
pub const RUNTIME_ERROR: Code = 4;
pub const UNSUPPORTED_OPERATION: Code = 5;
pub const TOO_LARGE: Code = 6;
pub const NOT_FOUND: Code = 7;
pub const SECURITY: Code = 8;
pub const BUSY: Code = 14;

/// `wasinn_log_level`.
pub type LogLevel = c_uint;
pub const LOG_DEBUG: LogLevel = 0;
pub const LOG_WARN: LogLevel = 2;

/// `wasinn_call_state`.
pub type CallState = c_uint;
pub const CALL_DONE: CallState = 0;
pub const CALL_PENDING: CallState = 1;

pub const ADAPTER_ABI_VERSION: u32 = 1;
pub const MESSAGE_SIZE: usize = 2048;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Bytes {
    pub data: *const u8,
    pub size: usize,
}

impl Bytes {
    pub const EMPTY: Bytes = Bytes { data: std::ptr::null(), size: 0 };

    pub fn new(bytes: &[u8]) -> Bytes {
        Bytes { data: bytes.as_ptr(), size: bytes.len() }
    }

    /// # Safety
    /// The bytes must stay valid for as long as the slice is used.
    pub unsafe fn as_slice<'a>(self) -> &'a [u8] {
        unsafe { slice(self.data, self.size) }
    }
}

/// `wasinn_str` has the layout of `wasinn_bytes`.
pub type Str = Bytes;

#[repr(C)]
pub struct Error {
    pub code: Code,
    pub engine_code: i64,
    pub message: [c_char; MESSAGE_SIZE],
}

#[repr(C)]
pub struct Session {
    _opaque: [u8; 0],
}

/// `wasinn_call`.
#[repr(C)]
pub struct Call {
    _opaque: [u8; 0],
}

/// `wasinn_pollable`.
#[repr(C)]
pub struct Pollable {
    _opaque: [u8; 0],
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Waker {
    pub wake: unsafe extern "C" fn(*mut c_void),
    pub self_: *mut c_void,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Memory {
    pub data: *mut u8,
    pub size: usize,
}

#[repr(C)]
pub struct CoreImport {
    pub dialect: *const c_char,
    pub module: *const c_char,
    pub name: *const c_char,
    pub params: *const c_char,
    pub results: *const c_char,
    pub may_block: c_int,
    pub call: unsafe extern "C" fn(
        *mut Session,
        Memory,
        *const u64,
        *mut u64,
        *mut *mut Call,
    ) -> CallState,
}

/// `wasinn_val`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Val {
    pub tag: u32,
    pub word: u32,
    pub word64: u64,
    pub bytes: Bytes,
    pub items: *const Val,
    pub item_count: usize,
    pub release: Option<unsafe extern "C" fn(*mut c_void)>,
    pub owner: *mut c_void,
}

impl Val {
    pub const EMPTY: Val = Val {
        tag: 0,
        word: 0,
        word64: 0,
        bytes: Bytes::EMPTY,
        items: std::ptr::null(),
        item_count: 0,
        release: None,
        owner: std::ptr::null_mut(),
    };

    pub fn word(word: u32) -> Val {
        Val { word, ..Val::EMPTY }
    }

    pub fn bytes(bytes: &[u8]) -> Val {
        Val { bytes: Bytes::new(bytes), ..Val::EMPTY }
    }
}

#[repr(C)]
pub struct ComponentImport {
    pub dialect: *const c_char,
    pub interface: *const c_char,
    pub name: *const c_char,
    pub signature: *const c_char,
    pub may_block: c_int,
    pub call: unsafe extern "C" fn(
        *mut Session,
        *const Val,
        usize,
        *mut Val,
        *mut *mut Call,
    ) -> CallState,
}

#[repr(C)]
pub struct ComponentResource {
    pub interface: *const c_char,
    pub name: *const c_char,
    pub drop: unsafe extern "C" fn(*mut Session, u32),
}

#[repr(C)]
pub struct ComponentEnum {
    pub name: *const c_char,
    pub cases: *const c_char,
}

#[repr(C)]
pub struct AdapterHost {
    pub struct_size: usize,
    pub self_: *mut c_void,
    pub log: Option<unsafe extern "C" fn(*mut c_void, LogLevel, Str)>,
    pub cache_dir: *const c_char,
    pub features: *const c_char,
    pub threads: u32,
}

#[repr(C)]
pub struct ImportInfo {
    pub module: Str,
    pub name: Str,
    pub type_: Str,
}

#[repr(C)]
pub struct GuestInfo {
    pub struct_size: usize,
    pub is_component: c_int,
    pub is_text: c_int,
    pub imports: *const ImportInfo,
    pub import_count: usize,
    pub exports: *const Str,
    pub export_count: usize,
    pub why_not: Str,
    pub owner: *mut c_void,
}

#[repr(C)]
pub struct ProgramStats {
    pub struct_size: usize,
    pub compile_ns: u64,
    pub link_ns: u64,
    pub from_cache: c_int,
}

#[repr(C)]
pub struct Dir {
    pub host: *const c_char,
    pub guest: *const c_char,
    pub read_only: c_int,
}

pub type Write = unsafe extern "C" fn(*mut c_void, Bytes);

#[repr(C)]
pub struct RunOptions {
    pub struct_size: usize,
    pub args: *const *const c_char,
    pub arg_count: usize,
    pub env: *const *const c_char,
    pub env_count: usize,
    pub dirs: *const Dir,
    pub dir_count: usize,
    pub stdin_data: Bytes,
    pub stdout_write: Option<Write>,
    pub stderr_write: Option<Write>,
    pub stdio_self: *mut c_void,
    pub invoke: *const c_char,
    pub results_write: Option<Write>,
}

#[repr(C)]
pub struct RunResult {
    pub struct_size: usize,
    pub exit_code: c_int,
    pub instantiate_ns: u64,
    pub run_ns: u64,
    pub stdout_errno: c_int,
}

#[repr(C)]
pub struct Adapter {
    pub struct_size: usize,
    pub abi_version: u32,
    pub name: *const c_char,
    pub version: *const c_char,
    pub description: *const c_char,
    pub open: unsafe extern "C" fn(*const AdapterHost, *mut *mut c_void, *mut Error) -> Code,
    pub close: unsafe extern "C" fn(*mut c_void),
    pub inspect: unsafe extern "C" fn(*mut c_void, Bytes, *mut GuestInfo, *mut Error) -> Code,
    pub inspect_free: unsafe extern "C" fn(*mut GuestInfo),
    pub program_load: unsafe extern "C" fn(
        *mut c_void,
        Bytes,
        *mut *mut c_void,
        *mut ProgramStats,
        *mut Error,
    ) -> Code,
    pub program_free: unsafe extern "C" fn(*mut c_void),
    pub run: unsafe extern "C" fn(
        *mut c_void,
        *mut Session,
        *const RunOptions,
        *mut RunResult,
        *mut Error,
    ) -> Code,
    pub compile: unsafe extern "C" fn(*mut c_void, Bytes, Write, *mut c_void, *mut Error) -> Code,
    pub program_load_trusted: unsafe extern "C" fn(
        *mut c_void,
        Bytes,
        *mut *mut c_void,
        *mut ProgramStats,
        *mut Error,
    ) -> Code,
}

// The tables are constant data of the core.
unsafe impl Sync for CoreImport {}
unsafe impl Sync for ComponentImport {}
unsafe impl Sync for ComponentResource {}
unsafe impl Sync for Adapter {}

#[cfg(target_pointer_width = "64")]
const _: () = {
    assert!(size_of::<Bytes>() == 16);
    assert!(size_of::<Error>() == 16 + MESSAGE_SIZE);
    assert!(size_of::<Waker>() == 16);
    assert!(size_of::<CoreImport>() == 56);
    assert!(size_of::<Val>() == 64);
    assert!(size_of::<ComponentImport>() == 48);
    assert!(size_of::<ComponentResource>() == 24);
    assert!(size_of::<ComponentEnum>() == 16);
    assert!(size_of::<AdapterHost>() == 48);
    assert!(size_of::<ImportInfo>() == 48);
    assert!(size_of::<GuestInfo>() == 72);
    assert!(size_of::<ProgramStats>() == 32);
    assert!(size_of::<Dir>() == 24);
    assert!(size_of::<RunOptions>() == 112);
    assert!(size_of::<RunResult>() == 40);
    assert!(size_of::<Adapter>() == 112);
};

/// A C array as a slice; empty for NULL.
///
/// # Safety
/// `data` must be NULL or point to `count` values that outlive the slice.
pub unsafe fn slice<'a, T>(data: *const T, count: usize) -> &'a [T] {
    if data.is_null() || count == 0 {
        &[]
    } else {
        unsafe { std::slice::from_raw_parts(data, count) }
    }
}
