//! What models write to a guest's standard output: the core hands it over, and the guest's thread
//! writes it while it waits for the model.

use crate::call::PendingCall;
use crate::host;
use crate::state::Session;
use crate::stdio::{Sink, Stdout};
use std::ffi::c_void;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Notify;
use wasmtime::Result;
use wasmtime_wasi::p2::StreamError;

/// Hears of a session's text for as long as it lives, which must not be longer than the session.
pub struct ModelOutput {
    session: Session,
    stdout: Stdout,
    told: AtomicBool,
    notify: Notify,
    /// A write has failed: the guest gets the same error from its own next write.
    broken: AtomicBool,
}

impl ModelOutput {
    pub fn new(session: Session, stdout: Stdout) -> Arc<ModelOutput> {
        let output = Arc::new(ModelOutput {
            session,
            stdout,
            told: AtomicBool::new(false),
            notify: Notify::new(),
            broken: AtomicBool::new(false),
        });
        let self_ = Arc::as_ptr(&output).cast_mut().cast();
        unsafe { host::wasinn_session_on_stdout(session.0, Some(on_text), self_) }
        output
    }

    /// Writes what has come. It fails if the guest was stopped meanwhile, and only then.
    pub fn write(&self) -> Result<()> {
        if !self.told.swap(false, Ordering::Acquire) {
            return Ok(());
        }
        let text = unsafe { host::wasinn_session_take_stdout(self.session.0).as_slice() };
        if self.broken.load(Ordering::Relaxed) {
            return Ok(());
        }
        match self.stdout.write_all(text) {
            Ok(()) => Ok(()),
            Err(StreamError::Trap(error)) => Err(error),
            Err(_) => {
                self.broken.store(true, Ordering::Relaxed);
                Ok(())
            }
        }
    }

    /// Waits until the call can be finished, and writes what models write meanwhile.
    pub async fn write_until_ended(&self, call: &PendingCall) -> Result<()> {
        let mut ended = pin!(call.ended());
        loop {
            tokio::select! {
                biased;
                () = &mut ended => break,
                () = self.notify.notified() => self.write()?,
            }
        }
        self.write()
    }
}

impl Drop for ModelOutput {
    fn drop(&mut self) {
        unsafe { host::wasinn_session_on_stdout(self.session.0, None, std::ptr::null_mut()) }
    }
}

/// Ends before `wasinn_session_on_stdout(NULL)` returns, so the `ModelOutput` is alive.
unsafe extern "C" fn on_text(output: *mut c_void) {
    let output = unsafe { &*output.cast_const().cast::<ModelOutput>() };
    output.told.store(true, Ordering::Release);
    output.notify.notify_one();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ffi;
    use crate::host::CallStandIn;
    use crate::stdio::Callback;
    use std::sync::Mutex;

    unsafe extern "C" fn keep(written: *mut c_void, bytes: ffi::Bytes) {
        let written = unsafe { &*written.cast::<Mutex<Vec<u8>>>() };
        written.lock().unwrap().extend_from_slice(unsafe { bytes.as_slice() });
    }

    fn output(written: &Mutex<Vec<u8>>) -> Arc<ModelOutput> {
        let self_ = std::ptr::from_ref(written).cast_mut().cast();
        ModelOutput::new(
            Session(std::ptr::null_mut()),
            Stdout::Callback(Callback::new(keep, self_)),
        )
    }

    fn tell(output: &Arc<ModelOutput>) {
        unsafe { on_text(Arc::as_ptr(output).cast_mut().cast()) }
    }

    #[test]
    fn text_is_taken_once_for_each_time_that_it_is_told_of() {
        let written = Mutex::default();
        let output = output(&written);
        output.write().unwrap();
        assert_eq!(*written.lock().unwrap(), b"");
        tell(&output);
        output.write().unwrap();
        output.write().unwrap();
        assert_eq!(*written.lock().unwrap(), b"text");
    }

    #[test]
    fn text_of_a_pending_call_is_written_before_and_at_its_end() {
        let written = Mutex::default();
        let output = output(&written);
        let stand_in = CallStandIn::default();
        let call = PendingCall::new(stand_in.as_raw());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut wait = pin!(output.write_until_ended(&call));
            tell(&output);
            assert!(is_pending(wait.as_mut()).await);
            assert_eq!(*written.lock().unwrap(), b"text");
            tell(&output);
            stand_in.end();
            assert!(wait.await.is_ok());
            assert_eq!(*written.lock().unwrap(), b"texttext");
        });
    }

    /// Polls once; whether it is pending.
    async fn is_pending<F: Future>(mut future: std::pin::Pin<&mut F>) -> bool {
        std::future::poll_fn(|context| {
            std::task::Poll::Ready(future.as_mut().poll(context).is_pending())
        })
        .await
    }
}
