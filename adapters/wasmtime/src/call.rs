//! Calls of the core that have not ended, as futures.

use crate::ffi;
use crate::host;
use std::ffi::c_void;
use std::sync::Arc;
use tokio::sync::Notify;

/// What the core tells when there may be news.
#[derive(Clone, Default)]
pub struct News(Arc<Notify>);

impl News {
    /// For a question to the core. The `News` must live until the core has promised not to call
    /// the waker any more.
    pub fn waker(&self) -> ffi::Waker {
        ffi::Waker { wake, self_: Arc::as_ptr(&self.0).cast_mut().cast() }
    }

    pub async fn wait(&self) {
        self.0.notified().await;
    }
}

unsafe extern "C" fn wake(news: *mut c_void) {
    unsafe { &*news.cast_const().cast::<Notify>() }.notify_one();
}

/// A call of the session's guest. Dropping it gives it up, unless it has been finished.
pub struct PendingCall {
    raw: *mut ffi::Call,
    news: News,
}
// The core lets calls be asked from any thread, and a run is on one thread at a time.
unsafe impl Send for PendingCall {}
unsafe impl Sync for PendingCall {}

impl PendingCall {
    /// Takes over the call.
    pub fn new(raw: *mut ffi::Call) -> PendingCall {
        PendingCall { raw, news: News::default() }
    }

    pub async fn ended(&self) {
        while unsafe { host::wasinn_call_ready(self.raw, &self.news.waker()) } == 0 {
            self.news.wait().await;
        }
    }

    pub fn finish_core(&self, memory: ffi::Memory, result: &mut u64) -> ffi::CallState {
        unsafe { host::wasinn_call_finish_core(self.raw, memory, result) }
    }

    pub fn finish_component(&self, result: *mut ffi::Val) -> ffi::CallState {
        unsafe { host::wasinn_call_finish_component(self.raw, result) }
    }
}

impl Drop for PendingCall {
    fn drop(&mut self) {
        // After this the waker is not called any more, so `news` may end.
        unsafe { host::wasinn_call_free(self.raw) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::CallStandIn;
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    #[test]
    fn is_asked_again_only_when_the_core_wakes() {
        let stand_in = CallStandIn::default();
        let call = PendingCall::new(stand_in.as_raw());
        let mut context = Context::from_waker(Waker::noop());
        {
            let mut ended = pin!(call.ended());
            assert!(ended.as_mut().poll(&mut context).is_pending());
            assert!(ended.as_mut().poll(&mut context).is_pending());
            assert_eq!(stand_in.state.lock().unwrap().asked, 1);
            stand_in.end();
            assert_eq!(ended.as_mut().poll(&mut context), Poll::Ready(()));
            assert_eq!(stand_in.state.lock().unwrap().asked, 2);
        }
        assert!(!stand_in.state.lock().unwrap().freed);
        drop(call);
        assert!(stand_in.state.lock().unwrap().freed);
    }

    #[test]
    fn a_wake_of_another_thread_ends_the_wait() {
        let stand_in = CallStandIn::default();
        let call = PendingCall::new(stand_in.as_raw());
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while stand_in.state.lock().unwrap().waker.is_none() {
                    std::thread::yield_now();
                }
                stand_in.end();
            });
            tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(call.ended());
        });
    }

    #[test]
    fn a_future_that_is_dropped_frees_its_call() {
        let stand_in = CallStandIn::default();
        let raw = stand_in.as_raw() as usize;
        let mut wait = Box::pin(async move { PendingCall::new(raw as *mut _).ended().await });
        let mut context = Context::from_waker(Waker::noop());
        assert!(wait.as_mut().poll(&mut context).is_pending());
        drop(wait);
        assert!(stand_in.state.lock().unwrap().freed);
    }
}
