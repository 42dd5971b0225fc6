//! What belongs to one running guest: its session, WASI, limits, and what stops it.

use crate::ffi;
use crate::host;
use crate::limits::Limits;
use crate::model_output::ModelOutput;
use crate::open_files::OpenFiles;
use crate::wasi::RefuseRequests;
use std::ffi::{CStr, c_void};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Notify;
use wasmtime::component::ResourceTable;
use wasmtime::{Engine, Memory, Store, UpdateDeadline};
use wasmtime_wasi::p1::WasiP1Ctx;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

/// The caller's session; it outlives the run that it was given to.
#[derive(Clone, Copy)]
pub struct Session(pub *mut ffi::Session);
unsafe impl Send for Session {}
unsafe impl Sync for Session {}

impl Session {
    /// The policy's number for a rule; 0 for none.
    pub fn rule(self, name: &CStr) -> u64 {
        unsafe { host::wasinn_session_rule(self.0, name.as_ptr()) }
    }

    pub fn stopped(self) -> ffi::Code {
        unsafe { host::wasinn_session_stopped(self.0) }
    }

    /// Ends the guest with the session's own text.
    pub fn trap(self) -> wasmtime::Error {
        let text = unsafe { host::wasinn_session_last_error(self.0).as_slice() };
        wasmtime::Error::msg(String::from_utf8_lossy(text).into_owned())
    }
}

/// The session's stop, as the guest's thread sees it: a flag for the epoch check of a guest that
/// computes, and a notification for one that waits.
#[derive(Default)]
pub struct Stop {
    stopped: AtomicBool,
    notify: Notify,
    /// The engine of the running guest, whose epoch a stop advances.
    engine: Mutex<Option<Engine>>,
}

impl Stop {
    pub fn is_set(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }

    pub async fn wait(&self) {
        self.notify.notified().await;
    }

    pub fn error() -> wasmtime::Error {
        wasmtime::Error::msg("the guest was stopped")
    }

    /// Makes a store react to this stop. The result says whether a stop came earlier.
    pub fn attach<T: 'static>(self: &Arc<Stop>, store: &mut Store<T>) -> wasmtime::Result<()> {
        *self.engine.lock().unwrap_or_else(PoisonError::into_inner) = Some(store.engine().clone());
        // The epoch advances when any guest of the engine is stopped; only then is this asked.
        let stop = self.clone();
        store.epoch_deadline_callback(move |_| {
            if stop.is_set() { Err(Stop::error()) } else { Ok(UpdateDeadline::Continue(1)) }
        });
        store.set_epoch_deadline(1);
        if self.is_set() { Err(Stop::error()) } else { Ok(()) }
    }

    fn set(self: &Arc<Stop>) {
        self.stopped.store(true, Ordering::Release);
        self.notify.notify_one();
        self.tick();
        ticker::add(self);
    }

    fn tick(&self) {
        if let Some(engine) = &*self.engine.lock().unwrap_or_else(PoisonError::into_inner) {
            engine.increment_epoch();
        }
    }
}

/// Keeps advancing the epoch for stopped guests until they have ended. Advancing it once is not
/// enough: that may happen between a guest's check of its stop and the moment when its next
/// deadline is set.
mod ticker {
    use super::Stop;
    use std::sync::{Arc, Mutex, PoisonError, Weak};
    use std::time::Duration;

    const PAUSE: Duration = Duration::from_millis(10);

    /// Not empty while a thread ticks.
    static STOPS: Mutex<Vec<Weak<Stop>>> = Mutex::new(Vec::new());

    pub fn add(stop: &Arc<Stop>) {
        let mut stops = STOPS.lock().unwrap_or_else(PoisonError::into_inner);
        stops.push(Arc::downgrade(stop));
        if stops.len() > 1 {
            return;
        }
        // If the process cannot start another thread, the first tick must suffice.
        if std::thread::Builder::new().name("wasinn-stop".to_owned()).spawn(run).is_err() {
            stops.clear();
        }
    }

    fn run() {
        loop {
            std::thread::sleep(PAUSE);
            let mut stops = STOPS.lock().unwrap_or_else(PoisonError::into_inner);
            stops.retain(|stop| stop.upgrade().inspect(|stop| stop.tick()).is_some());
            if stops.is_empty() {
                return;
            }
        }
    }
}

/// Listens to a session's stop for as long as it lives.
pub struct StopWatch {
    session: Session,
    pub stop: Arc<Stop>,
}

impl StopWatch {
    pub fn new(session: Session) -> StopWatch {
        let stop = Arc::new(Stop::default());
        let self_ = Arc::as_ptr(&stop).cast_mut().cast();
        unsafe { host::wasinn_session_on_stop(session.0, Some(on_stop), self_) }
        StopWatch { session, stop }
    }
}

impl Drop for StopWatch {
    fn drop(&mut self) {
        unsafe { host::wasinn_session_on_stop(self.session.0, None, std::ptr::null_mut()) }
    }
}

/// Runs before `wasinn_session_on_stop(NULL)` returns, so the `Stop` is alive.
unsafe extern "C" fn on_stop(stop: *mut c_void) {
    let stop: *const Stop = stop.cast_const().cast();
    let stop = unsafe {
        Arc::increment_strong_count(stop);
        Arc::from_raw(stop)
    };
    stop.set();
}

pub enum Wasi {
    P1(Box<WasiP1Ctx>),
    P2(Box<WasiCtx>),
}

impl Wasi {
    /// Where the guest's files are; `table` is that of a component.
    pub fn table<'a>(&'a mut self, table: &'a mut ResourceTable) -> &'a mut ResourceTable {
        match self {
            Wasi::P1(ctx) => ctx.ctx().table,
            Wasi::P2(_) => table,
        }
    }
}

pub struct State {
    pub session: Session,
    pub wasi: Wasi,
    pub table: ResourceTable,
    pub http: WasiHttpCtx,
    pub hooks: RefuseRequests,
    pub limits: Limits,
    pub open_files: OpenFiles,
    pub output: Arc<ModelOutput>,
    /// The core module's exported memory, looked up by its first call of ours.
    pub memory: Option<Memory>,
}
// Only the raw pointers of tables and sessions keep this type from being Send automatically.
const _: fn() = || {
    fn is_send<T: Send>() {}
    is_send::<State>();
};

impl State {
    pub fn p1(&mut self) -> &mut WasiP1Ctx {
        match &mut self.wasi {
            Wasi::P1(ctx) => ctx,
            Wasi::P2(_) => unreachable!("a component does not import core functions"),
        }
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        match &mut self.wasi {
            Wasi::P1(ctx) => ctx.ctx(),
            Wasi::P2(ctx) => WasiCtxView { ctx, table: &mut self.table },
        }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { ctx: &mut self.http, table: &mut self.table, hooks: &mut self.hooks }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPIN: &str = r#"(module (func (export "spin") (loop $l (br $l))))"#;

    fn spinning_store() -> (Store<()>, wasmtime::TypedFunc<(), ()>) {
        let mut config = wasmtime::Config::new();
        config.epoch_interruption(true);
        let engine = Engine::new(&config).unwrap();
        let module = wasmtime::Module::new(&engine, wat::parse_str(SPIN).unwrap()).unwrap();
        let mut store = Store::new(&engine, ());
        store.set_epoch_deadline(1);
        let instance = wasmtime::Instance::new(&mut store, &module, &[]).unwrap();
        let spin = instance.get_typed_func(&mut store, "spin").unwrap();
        (store, spin)
    }

    #[test]
    fn stop_before_the_guest_begins_is_not_lost() {
        let stop = Arc::new(Stop::default());
        stop.set();
        let (mut store, _) = spinning_store();
        assert!(stop.attach(&mut store).is_err());
    }

    #[test]
    fn stop_whose_first_tick_is_lost_still_ends_the_guest() {
        let stop = Arc::new(Stop::default());
        let (mut store, spin) = spinning_store();
        stop.attach(&mut store).unwrap();
        stop.set();
        // This is what the callback does when it has checked just before the stop.
        store.set_epoch_deadline(1);
        let error = spin.call(&mut store, ()).unwrap_err();
        assert!(format!("{error:#}").contains("the guest was stopped"), "{error:#}");
    }
}
