//! How failures reach the caller: a code and a text in a `wasinn_error`.

use crate::ffi;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;
use wasmtime::WasmBacktrace;

/// Frames of a trap that its text shows; `wasinn_error` has room for about that many.
const MAX_FRAMES: usize = 12;

#[derive(Clone)]
pub struct Failure {
    pub code: ffi::Code,
    pub text: String,
}

impl Failure {
    pub fn new(code: ffi::Code, text: impl Into<String>) -> Failure {
        Failure { code, text: text.into() }
    }

    pub fn argument(text: impl Into<String>) -> Failure {
        Failure::new(ffi::INVALID_ARGUMENT, text)
    }

    /// The process cannot start any more threads.
    pub fn no_thread(error: &dyn std::fmt::Display) -> Failure {
        Failure::new(ffi::BUSY, format!("expected one more thread for this process, given {error}"))
    }

    /// An error of Wasmtime after what we were doing.
    pub fn wasmtime(code: ffi::Code, doing: &str, error: &wasmtime::Error) -> Failure {
        Failure::new(code, format!("{doing}: {}", describe(error)))
    }
}

/// The error with its cause first and the guest's stack last: texts are cut at the end, and the
/// cause matters most. (`{error:?}` would also resolve the host's own stack, which takes 150 ms
/// when RUST_BACKTRACE is set.)
pub fn describe(error: &wasmtime::Error) -> String {
    let Some(stack) = error.downcast_ref::<WasmBacktrace>() else {
        return format!("{error:#}");
    };
    let mut text = error.root_cause().to_string();
    for (i, frame) in stack.frames().iter().enumerate() {
        if i == MAX_FRAMES {
            text.push_str(&format!("\n  ... and {} more", stack.frames().len() - i));
            break;
        }
        let module = frame.module().name().unwrap_or("guest");
        match frame.func_name() {
            Some(name) => text.push_str(&format!("\n  at {module}!{name}")),
            None => text.push_str(&format!("\n  at {module}!function {}", frame.func_index())),
        }
    }
    text
}

/// Keeps panics from being printed: they become failures. What is set belongs to this crate's copy
/// of Rust's library.
pub fn silence_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| std::panic::set_hook(Box::new(|_| {})));
}

/// The body's result, or its panic as a failure.
pub fn guarded<T>(body: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|panic| {
        let text = panic_text(panic.as_ref());
        // tokio and Rust's library panic with these texts when a thread could not be started.
        if text.contains("spawn") && text.contains("(os error ") || text.contains("code: 11") {
            return Err(Failure::no_thread(&text));
        }
        let text = format!("internal error in the wasmtime adapter: {text}");
        Err(Failure::new(ffi::RUNTIME_ERROR, text))
    })
}

/// Runs the body of an `extern "C"` function: a failure or a panic ends up in `error`.
///
/// # Safety
/// `error` must be NULL or point to a `wasinn_error`.
pub unsafe fn guard(
    error: *mut ffi::Error,
    body: impl FnOnce() -> Result<(), Failure>,
) -> ffi::Code {
    let Err(failure) = guarded(body) else { return ffi::OK };
    if let Some(error) = unsafe { error.as_mut() } {
        error.code = failure.code;
        error.engine_code = 0;
        write_message(&mut error.message, &failure.text);
    }
    failure.code
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => text,
        (None, Some(text)) => text,
        (None, None) => "panic without a text",
    }
}

/// Cuts between characters, so that the text stays UTF-8; NULs would end it early.
fn write_message(message: &mut [std::ffi::c_char], text: &str) {
    let mut size = text.len().min(message.len() - 1);
    while !text.is_char_boundary(size) {
        size -= 1;
    }
    for (to, from) in message.iter_mut().zip(&text.as_bytes()[..size]) {
        *to = if *from == 0 { b' ' as _ } else { *from as _ };
    }
    message[size] = 0;
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::CStr;

    fn empty() -> Box<ffi::Error> {
        Box::new(ffi::Error { code: 0, engine_code: 7, message: [1; ffi::MESSAGE_SIZE] })
    }

    fn text(error: &ffi::Error) -> String {
        unsafe { CStr::from_ptr(error.message.as_ptr()) }.to_str().unwrap().to_owned()
    }

    #[test]
    fn failure_fills_the_error() {
        let mut error = empty();
        let code =
            unsafe { guard(error.as_mut(), || Err(Failure::argument("expected a, given b"))) };
        assert_eq!((code, error.code, error.engine_code), (1, 1, 0));
        assert_eq!(text(&error), "expected a, given b");
    }

    #[test]
    fn panic_becomes_an_error() {
        let mut error = empty();
        let code = unsafe { guard(error.as_mut(), || panic!("broken {}", 1)) };
        assert_eq!(code, ffi::RUNTIME_ERROR);
        assert!(text(&error).ends_with("broken 1"), "{}", text(&error));
        assert_eq!(unsafe { guard(std::ptr::null_mut(), || panic!("x")) }, ffi::RUNTIME_ERROR);
    }

    #[test]
    fn success_leaves_the_error_alone() {
        let mut error = empty();
        assert_eq!(unsafe { guard(error.as_mut(), || Ok(())) }, ffi::OK);
        assert_eq!(error.engine_code, 7);
    }

    #[test]
    fn long_text_is_cut_between_characters() {
        let mut error = empty();
        let long = "\u{20ac}".repeat(1000);
        unsafe { guard(error.as_mut(), || Err(Failure::argument(long))) };
        assert_eq!(text(&error).len(), (ffi::MESSAGE_SIZE - 1) / 3 * 3);
    }
}
