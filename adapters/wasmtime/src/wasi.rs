//! What a guest sees of the system: arguments, environment, folders, standard streams; no network.

use crate::failure::Failure;
use crate::ffi;
use crate::state::Stop;
use crate::stdio::{Callback, Inherited, Stdout, Stream};
use std::ffi::{CStr, OsStr, c_char};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;
use wasmtime_wasi::p2::pipe::MemoryInputPipe;
use wasmtime_wasi::{FsPerms, WasiCtxBuilder};
use wasmtime_wasi_http::{Error as HttpError, RequestOptions, WasiBody, WasiHttpHooks};

/// Refuses every outgoing request. JavaScript and Python components import `wasi:http` whether they
/// use it or not, so it has to be there.
pub struct RefuseRequests;

type Done = Box<dyn Future<Output = Result<(), HttpError>> + Send>;

impl WasiHttpHooks for RefuseRequests {
    fn send_request(
        &mut self,
        _request: http::Request<WasiBody>,
        _options: Option<RequestOptions>,
        _done: Done,
    ) -> Box<dyn Future<Output = Result<(http::Response<WasiBody>, Done), HttpError>> + Send> {
        Box::new(std::future::ready(Err(HttpError::HttpRequestDenied)))
    }
}

/// The guest's standard output, as the caller of the run wants it.
pub fn stdout(options: &ffi::RunOptions, stop: &Arc<Stop>) -> Stdout {
    match options.stdout_write {
        Some(write) => Stdout::Callback(Callback::new(write, options.stdio_self)),
        None => Stdout::Inherited(Inherited::new(libc::STDOUT_FILENO, stop)),
    }
}

/// The builder for a run's WASI context.
///
/// # Safety
/// `options` must be as `wasinn_program_run` asks.
pub unsafe fn builder(
    options: &ffi::RunOptions,
    stop: &Arc<Stop>,
    stdout: &Stdout,
) -> Result<WasiCtxBuilder, Failure> {
    let mut wasi = WasiCtxBuilder::new();
    // Sockets would only take descriptors, since no connection is allowed.
    wasi.allow_tcp(false).allow_udp(false);
    for (i, arg) in unsafe { ffi::slice(options.args, options.arg_count) }.iter().enumerate() {
        wasi.arg(unsafe { text(*arg, &format!("argument {i}")) }?);
    }
    for variable in unsafe { ffi::slice(options.env, options.env_count) } {
        let variable = unsafe { text(*variable, "environment variable") }?;
        let Some((name, value)) = variable.split_once('=') else {
            return Err(Failure::argument(format!(
                "environment variable: expected NAME=VALUE, given `{variable}`"
            )));
        };
        wasi.env(name, value);
    }
    for dir in unsafe { ffi::slice(options.dirs, options.dir_count) } {
        let guest = unsafe { text(dir.guest, "guest name of a folder") }?;
        let host = unsafe { path(dir.host) }?;
        let perms = if dir.read_only != 0 { FsPerms::ReadOnly } else { FsPerms::ReadWrite };
        wasi.preopened_dir(host, guest, perms).map_err(|error| {
            Failure::new(
                ffi::NOT_FOUND,
                format!(
                    "folder `{guest}` of the guest: expected a folder at {}: {error:#}",
                    host.display()
                ),
            )
        })?;
    }
    if options.stdin_data.data.is_null() {
        wasi.inherit_stdin();
    } else {
        let data = unsafe { options.stdin_data.as_slice() };
        wasi.stdin(MemoryInputPipe::new(bytes::Bytes::copy_from_slice(data)));
    }
    wasi.stdout(Stream(stdout.clone()));
    match options.stderr_write {
        Some(write) => wasi.stderr(Stream(Callback::new(write, options.stdio_self))),
        None => wasi.stderr(Stream(Inherited::new(libc::STDERR_FILENO, stop))),
    };
    Ok(wasi)
}

unsafe fn text<'a>(text: *const c_char, what: &str) -> Result<&'a str, Failure> {
    if text.is_null() {
        return Err(Failure::argument(format!("{what}: expected text, given NULL")));
    }
    let text = unsafe { CStr::from_ptr(text) };
    text.to_str().map_err(|_| {
        Failure::argument(format!("{what}: expected UTF-8, given `{}`", text.to_string_lossy()))
    })
}

unsafe fn path<'a>(path: *const c_char) -> Result<&'a Path, Failure> {
    if path.is_null() {
        return Err(Failure::argument("folder: expected a path, given NULL"));
    }
    Ok(Path::new(OsStr::from_bytes(unsafe { CStr::from_ptr(path) }.to_bytes())))
}
