//! The Wasmtime adapter of wasinn: the table of `wasinn/adapter.h` for Wasmtime. It translates between
//! Wasmtime and the core's import tables and holds no machine-learning meaning of its own.

mod cache;
mod call;
mod component_imports;
mod core_imports;
mod engine;
mod entry;
mod event_loop;
mod failure;
mod features;
mod ffi;
mod guest;
mod host;
mod inspect;
mod limits;
mod model_output;
mod needs;
mod open_files;
mod pollable;
mod precompiled;
mod program;
mod run;
mod state;
mod stdio;
mod values;
mod wasi;
mod wit_types;

use engine::Instance;
use failure::{Failure, guard};
use program::Program;
use state::Session;
use std::ffi::{CStr, c_void};
use std::mem::ManuallyDrop;
use std::sync::Arc;

/// The version that Cargo.toml pins.
const WASMTIME_VERSION: &CStr = c"48.0.8";

static ADAPTER: ffi::Adapter = ffi::Adapter {
    struct_size: size_of::<ffi::Adapter>(),
    abi_version: ffi::ADAPTER_ABI_VERSION,
    name: c"wasmtime".as_ptr(),
    version: WASMTIME_VERSION.as_ptr(),
    description:
        c"Wasmtime: core modules with WASI p1, components with WASI p2, compiled by Cranelift"
            .as_ptr(),
    open,
    close,
    inspect: inspect_guest,
    inspect_free,
    program_load,
    program_free,
    run: run_program,
    compile,
    program_load_trusted,
};

#[unsafe(no_mangle)]
pub extern "C" fn wasinn_adapter_wasmtime() -> *const c_void {
    (&raw const ADAPTER).cast()
}

unsafe extern "C" fn open(
    host: *const ffi::AdapterHost,
    out: *mut *mut c_void,
    error: *mut ffi::Error,
) -> ffi::Code {
    unsafe {
        failure::silence_panics();
        guard(error, || {
            let host = known("host", host, |host| host.struct_size)?;
            let instance = Instance::open(host)?;
            *out = Arc::into_raw(instance).cast_mut().cast();
            Ok(())
        })
    }
}

unsafe extern "C" fn close(instance: *mut c_void) {
    unsafe {
        guard(std::ptr::null_mut(), || {
            if !instance.is_null() {
                Arc::from_raw(instance.cast_const().cast::<Instance>()).close();
            }
            Ok(())
        });
    }
}

unsafe extern "C" fn inspect_guest(
    instance: *mut c_void,
    wasm: ffi::Bytes,
    out: *mut ffi::GuestInfo,
    error: *mut ffi::Error,
) -> ffi::Code {
    unsafe {
        guard(error, || {
            let mut info = inspect::inspect(wasm.as_slice())?;
            let loaded = Program::load(shared(instance), guest::read(wasm.as_slice())?, None);
            let starts = loaded.and_then(|(program, _)| program.check_start());
            info.why_not = starts.err().map(|failure| failure.text);
            *out = inspect::to_guest_info(info);
            Ok(())
        })
    }
}

unsafe extern "C" fn inspect_free(info: *mut ffi::GuestInfo) {
    unsafe {
        guard(std::ptr::null_mut(), || {
            if let Some(info) = info.as_mut() {
                inspect::free_guest_info(info);
            }
            Ok(())
        });
    }
}

unsafe extern "C" fn program_load(
    instance: *mut c_void,
    wasm: ffi::Bytes,
    out: *mut *mut c_void,
    stats: *mut ffi::ProgramStats,
    error: *mut ffi::Error,
) -> ffi::Code {
    unsafe {
        guard(error, || {
            let guest = guest::read(wasm.as_slice())?;
            give(Program::load(shared(instance), guest, None)?, out, stats)
        })
    }
}

unsafe extern "C" fn program_load_trusted(
    instance: *mut c_void,
    bytes: ffi::Bytes,
    out: *mut *mut c_void,
    stats: *mut ffi::ProgramStats,
    error: *mut ffi::Error,
) -> ffi::Code {
    unsafe {
        guard(error, || {
            let bytes = bytes.as_slice();
            let (wasm, code) = match precompiled::is(bytes) {
                true => precompiled::read(bytes).map(|(wasm, code)| (wasm, Some(code)))?,
                false => (bytes, None),
            };
            give(Program::load(shared(instance), guest::read(wasm)?, code)?, out, stats)
        })
    }
}

unsafe extern "C" fn compile(
    instance: *mut c_void,
    wasm: ffi::Bytes,
    write: ffi::Write,
    write_self: *mut c_void,
    error: *mut ffi::Error,
) -> ffi::Code {
    unsafe {
        guard(error, || {
            let guest = guest::read(wasm.as_slice())?;
            let code = program::compile(&shared(instance), &guest)?;
            write(write_self, ffi::Bytes::new(&code));
            Ok(())
        })
    }
}

unsafe fn give(
    (program, measured): (Arc<Program>, program::Stats),
    out: *mut *mut c_void,
    stats: *mut ffi::ProgramStats,
) -> Result<(), Failure> {
    if let Some(stats) = unsafe { stats.as_mut() } {
        stats.compile_ns = measured.compile_ns;
        stats.link_ns = measured.link_ns;
        stats.from_cache = measured.from_cache.into();
    }
    unsafe { *out = Arc::into_raw(program).cast_mut().cast() };
    Ok(())
}

unsafe extern "C" fn program_free(program: *mut c_void) {
    unsafe {
        guard(std::ptr::null_mut(), || {
            if !program.is_null() {
                drop(Arc::from_raw(program.cast_const().cast::<Program>()));
            }
            Ok(())
        });
    }
}

unsafe extern "C" fn run_program(
    program: *mut c_void,
    session: *mut ffi::Session,
    options: *const ffi::RunOptions,
    result: *mut ffi::RunResult,
    error: *mut ffi::Error,
) -> ffi::Code {
    unsafe {
        guard(error, || {
            let options = known("run options", options, |options| options.struct_size)?;
            let program = ManuallyDrop::new(Arc::from_raw(program.cast_const().cast::<Program>()));
            let ended = run::run(&program, Session(session), options)?;
            if let Some(result) = result.as_mut() {
                result.exit_code = ended.exit_code;
                result.instantiate_ns = ended.instantiate.as_nanos() as u64;
                result.run_ns = ended.run.as_nanos() as u64;
                result.stdout_errno = ended.stdout_errno;
            }
            Ok(())
        })
    }
}

/// # Safety
/// `instance` must come from `open` and not be closed.
unsafe fn shared(instance: *mut c_void) -> Arc<Instance> {
    let instance = instance.cast_const().cast::<Instance>();
    unsafe {
        Arc::increment_strong_count(instance);
        Arc::from_raw(instance)
    }
}

/// A struct of the caller that has at least the fields that this version knows.
unsafe fn known<'a, T>(
    what: &str,
    value: *const T,
    size: impl FnOnce(&T) -> usize,
) -> Result<&'a T, Failure> {
    let Some(value) = (unsafe { value.as_ref() }) else {
        return Err(Failure::argument(format!("{what}: expected a struct, given NULL")));
    };
    match size(value) {
        given if given < size_of::<T>() => Err(Failure::argument(format!(
            "{what}: expected a struct_size of at least {}, given {given}",
            size_of::<T>()
        ))),
        _ => Ok(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_is_the_pinned_one() {
        let pinned = format!("wasmtime = {{ version = \"={}\"", WASMTIME_VERSION.to_str().unwrap());
        assert!(include_str!("../Cargo.toml").contains(&pinned), "expected {pinned}");
    }
}
