//! The core's pollables as those of `wasi:io`, so that a guest polls them beside clocks and streams.

use crate::ffi;
use crate::host;
use std::ffi::c_void;
use std::sync::Arc;
use tokio::sync::Notify;
use wasmtime::Result;
use wasmtime::component::{Resource, ResourceTable};
use wasmtime_wasi::p2::{DynPollable, Pollable, subscribe};

struct CorePollable {
    raw: *mut c_void,
    release: unsafe extern "C" fn(*mut c_void),
    /// The core notifies it when to ask again. A notification left over from an earlier question
    /// causes one extra check.
    news: Arc<Notify>,
}
// The core lets pollables be asked and released from any thread.
unsafe impl Send for CorePollable {}

/// Takes over the pollable of a result; the guest's resource ends it.
pub fn add_to_table(
    table: &mut ResourceTable,
    raw: *mut c_void,
    release: unsafe extern "C" fn(*mut c_void),
) -> Result<Resource<DynPollable>> {
    let pollable = CorePollable { raw, release, news: Arc::new(Notify::new()) };
    let resource = table.push(pollable)?;
    subscribe(table, resource)
}

impl CorePollable {
    fn is_ready(&self) -> bool {
        let self_ = Arc::as_ptr(&self.news).cast_mut().cast();
        let waker = ffi::Waker { wake, self_ };
        unsafe { host::wasinn_pollable_ready(self.raw.cast(), &waker) != 0 }
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for CorePollable {
    async fn ready(&mut self) {
        while !self.is_ready() {
            self.news.notified().await;
        }
    }
}

impl Drop for CorePollable {
    fn drop(&mut self) {
        // After this the waker is not called any more, so `news` may end.
        unsafe { (self.release)(self.raw) }
    }
}

unsafe extern "C" fn wake(news: *mut c_void) {
    unsafe { &*news.cast_const().cast::<Notify>() }.notify_one();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::News;
    use std::task::{Context, Poll, Waker};

    unsafe extern "C" fn release(news: *mut c_void) {
        unsafe { &*news.cast::<News>() }.state.lock().unwrap().ready = false;
    }

    fn raw(news: &News) -> *mut c_void {
        std::ptr::from_ref(news).cast_mut().cast()
    }

    fn set_ready(news: &News) {
        let mut state = news.state.lock().unwrap();
        state.ready = true;
        let waker = state.waker.take().unwrap();
        unsafe { (waker.wake)(waker.self_) };
    }

    #[test]
    fn is_asked_again_only_when_the_core_wakes() {
        let news = News::default();
        let mut pollable = CorePollable { raw: raw(&news), release, news: Arc::new(Notify::new()) };
        let mut context = Context::from_waker(Waker::noop());
        let mut ready = pollable.ready();
        assert!(ready.as_mut().poll(&mut context).is_pending());
        assert!(ready.as_mut().poll(&mut context).is_pending());
        assert_eq!(news.state.lock().unwrap().asked, 1);
        set_ready(&news);
        assert_eq!(ready.as_mut().poll(&mut context), Poll::Ready(()));
        assert_eq!(news.state.lock().unwrap().asked, 2);
    }

    #[test]
    fn the_guests_resource_releases_it() {
        let news = News::default();
        news.state.lock().unwrap().ready = true;
        let mut table = ResourceTable::new();
        let resource = add_to_table(&mut table, raw(&news), release).unwrap();
        assert!(news.state.lock().unwrap().ready);
        drop(resource);
        drop(table);
        assert!(!news.state.lock().unwrap().ready);
    }
}
