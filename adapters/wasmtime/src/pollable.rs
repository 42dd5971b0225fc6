//! The core's pollables as those of `wasi:io`, so that a guest polls them beside clocks and streams.

use crate::call::News;
use crate::host;
use std::ffi::c_void;
use wasmtime::Result;
use wasmtime::component::{Resource, ResourceTable};
use wasmtime_wasi::p2::{DynPollable, Pollable, subscribe};

struct CorePollable {
    raw: *mut c_void,
    release: unsafe extern "C" fn(*mut c_void),
    /// Told by the core when to ask again. What it keeps from an earlier question costs one more.
    news: News,
}
// The core lets pollables be asked and released from any thread.
unsafe impl Send for CorePollable {}

/// Takes over the pollable of a result; the guest's resource ends it.
pub fn add_to_table(
    table: &mut ResourceTable,
    raw: *mut c_void,
    release: unsafe extern "C" fn(*mut c_void),
) -> Result<Resource<DynPollable>> {
    let pollable = CorePollable { raw, release, news: News::default() };
    let resource = table.push(pollable)?;
    subscribe(table, resource)
}

impl CorePollable {
    fn is_ready(&self) -> bool {
        unsafe { host::wasinn_pollable_ready(self.raw.cast(), &self.news.waker()) != 0 }
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for CorePollable {
    async fn ready(&mut self) {
        while !self.is_ready() {
            self.news.wait().await;
        }
    }
}

impl Drop for CorePollable {
    fn drop(&mut self) {
        // After this the waker is not called any more, so `news` may end.
        unsafe { (self.release)(self.raw) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::PollableStandIn;
    use std::task::{Context, Poll, Waker};

    unsafe extern "C" fn release(news: *mut c_void) {
        unsafe { &*news.cast::<PollableStandIn>() }.state.lock().unwrap().ready = false;
    }

    fn raw(news: &PollableStandIn) -> *mut c_void {
        std::ptr::from_ref(news).cast_mut().cast()
    }

    fn set_ready(news: &PollableStandIn) {
        let mut state = news.state.lock().unwrap();
        state.ready = true;
        let waker = state.waker.take().unwrap();
        unsafe { (waker.wake)(waker.self_) };
    }

    #[test]
    fn is_asked_again_only_when_the_core_wakes() {
        let news = PollableStandIn::default();
        let mut pollable = CorePollable { raw: raw(&news), release, news: News::default() };
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
        let news = PollableStandIn::default();
        news.state.lock().unwrap().ready = true;
        let mut table = ResourceTable::new();
        let resource = add_to_table(&mut table, raw(&news), release).unwrap();
        assert!(news.state.lock().unwrap().ready);
        drop(resource);
        drop(table);
        assert!(!news.state.lock().unwrap().ready);
    }
}
