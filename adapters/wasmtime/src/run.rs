//! Runs a guest to its end on the calling thread.

use crate::engine::Mode;
use crate::failure::{Failure, describe};
use crate::ffi;
use crate::limits::Limits;
use crate::program::{Linked, Program};
use crate::state::{Completion, Session, State, Stop, StopWatch, Wasi};
use crate::wasi::{self, RefuseRequests};
use std::cell::RefCell;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime;
use wasmtime::component::ResourceTable;
use wasmtime::{Error, PoolConcurrencyLimitError, Result, Store, Trap, UpdateDeadline};
use wasmtime_wasi::{I32Exit, WasiCtxBuilder};
use wasmtime_wasi_http::WasiHttpCtx;

/// Bytes that a guest may pass in one call beside tensors and models: names, paths, writes.
const HOSTCALL_BYTES: usize = 128 << 20;
/// What Wasmtime says when a component has more handles than it may.
const HANDLE_LIMIT_TEXT: &str = "store handle limit exceeded";

pub struct Ended {
    pub exit_code: i32,
    pub instantiate: Duration,
    pub run: Duration,
}

/// # Safety
/// `session` and `options` must be as `wasinn_program_run` asks.
pub unsafe fn run(
    program: &Program,
    session: Session,
    options: &ffi::RunOptions,
) -> Result<Ended, Failure> {
    let fuel = session.rule(c"guest_fuel");
    let modes: &[Mode] = match (fuel, program.mode()) {
        (0, Mode::Pooled) => &[Mode::Pooled, Mode::OnDemand],
        (0, mode) => &[mode],
        _ => &[Mode::Metered],
    };
    for mode in modes {
        let linked = program.linked(*mode)?;
        let wasi = unsafe { wasi::builder(options) }?;
        let ended = run_linked(&linked, session, wasi, fuel);
        wasi::flush_stdout(options);
        if let Some(ended) = ended? {
            return Ok(ended);
        }
    }
    Err(Failure::new(ffi::RUNTIME_ERROR, "there is no room for another guest"))
}

/// None if the pool had no room for the guest, which then has not begun.
fn run_linked(
    linked: &Linked,
    session: Session,
    wasi: WasiCtxBuilder,
    fuel: u64,
) -> Result<Option<Ended>, Failure> {
    let watch = StopWatch::new(session, linked.engine().clone());
    let mut store = new_store(linked, session, wasi, fuel, &watch.stop).map_err(|error| {
        Failure::wasmtime(ffi::RUNTIME_ERROR, "cannot set up the guest", &error)
    })?;
    let start = Instant::now();
    let mut instantiated = None;
    let outcome = block_on(async {
        tokio::select! {
            biased;
            outcome = guest(&mut store, linked, &mut instantiated) => outcome,
            () = watch.stop.wait() => Err(stopped()),
        }
    })?;
    let end = Instant::now();
    drop(watch);

    let exit_code = match outcome {
        Ok(exit_code) => exit_code,
        Err(error) => match error.downcast_ref::<I32Exit>() {
            Some(exit) => exit.0,
            None if instantiated.is_none() && error.is::<PoolConcurrencyLimitError>() => {
                return Ok(None);
            }
            None => {
                let doing =
                    if instantiated.is_some() { "" } else { "cannot instantiate the guest: " };
                return Err(explain(&error, doing, session, fuel, &store));
            }
        },
    };
    let instantiated = instantiated.unwrap_or(end);
    let (instantiate, run) = (instantiated - start, end - instantiated);
    Ok(Some(Ended { exit_code, instantiate, run }))
}

fn new_store(
    linked: &Linked,
    session: Session,
    mut wasi: WasiCtxBuilder,
    fuel: u64,
    stop: &Arc<Stop>,
) -> Result<Store<State>> {
    let state = State {
        session,
        wasi: match linked {
            Linked::Module(_) => Wasi::P1(Box::new(wasi.build_p1())),
            Linked::Component(_) => Wasi::P2(Box::new(wasi.build())),
        },
        table: ResourceTable::new(),
        http: WasiHttpCtx::new(),
        hooks: RefuseRequests,
        limits: Limits::new(session.rule(c"guest_memory")),
        completion: Completion::new(),
        memory: None,
    };
    let mut store = Store::new(linked.engine(), state);
    store.limiter(|state| &mut state.limits);
    if fuel != 0 {
        store.set_fuel(fuel)?;
    }
    store.set_hostcall_fuel(hostcall_bytes(session));
    store.set_max_component_handles(at_most(session.rule(c"max_handles")));
    // The epoch advances when any guest of the engine is stopped; only then is this asked.
    let stop = stop.clone();
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(move |_| {
        if stop.is_set() { Err(stopped()) } else { Ok(UpdateDeadline::Continue(1)) }
    });
    Ok(store)
}

/// What one call may pass: the largest model and tensors that the policy lets through, so that the
/// session's own checks decide, which answer with an error instead of a trap.
fn hostcall_bytes(session: Session) -> usize {
    at_most(session.rule(c"max_model_bytes"))
        .saturating_add(at_most(session.rule(c"max_tensor_bytes")))
        .saturating_add(HOSTCALL_BYTES)
}

/// A rule's number as a limit, where 0 is none.
fn at_most(rule: u64) -> usize {
    match usize::try_from(rule) {
        Ok(0) | Err(_) => usize::MAX,
        Ok(limit) => limit,
    }
}

/// Instantiates and runs; its result is the exit code.
async fn guest(
    store: &mut Store<State>,
    linked: &Linked,
    instantiated: &mut Option<Instant>,
) -> Result<i32> {
    match linked {
        Linked::Module(linked) => {
            let instance = linked.instantiate_async(&mut *store).await?;
            let start = instance.get_typed_func::<(), ()>(&mut *store, "_start")?;
            *instantiated = Some(Instant::now());
            start.call_async(&mut *store, ()).await?;
            Ok(0)
        }
        Linked::Component(linked) => {
            let command = linked.instantiate_async(&mut *store).await?;
            *instantiated = Some(Instant::now());
            let result = command.wasi_cli_run().call_run(&mut *store).await?;
            Ok(result.is_err().into())
        }
    }
}

fn stopped() -> Error {
    Error::msg("the guest was stopped")
}

fn explain(
    error: &Error,
    doing: &str,
    session: Session,
    fuel: u64,
    store: &Store<State>,
) -> Failure {
    match session.stopped() {
        ffi::OK => {}
        ffi::TIMEOUT => {
            let limit = session.rule(c"run_timeout");
            return Failure::new(
                ffi::TIMEOUT,
                format!(
                    "expected the guest to end within {limit} ms (rule run_timeout); stopped it"
                ),
            );
        }
        code => return Failure::new(code, "the guest was stopped: its session was cancelled"),
    }
    let text = describe(error);
    let limit = if error.downcast_ref::<Trap>() == Some(&Trap::OutOfFuel) {
        Some(format!("expected at most {fuel} units of work (rule guest_fuel)"))
    } else if text.contains(HANDLE_LIMIT_TEXT) {
        let handles = session.rule(c"max_handles");
        Some(format!("expected at most {handles} component handles (rule max_handles)"))
    } else {
        store.data().limits.refusal()
    };
    match limit {
        Some(limit) => Failure::new(ffi::TOO_LARGE, format!("{doing}{limit}: {text}")),
        None => Failure::new(ffi::RUNTIME_ERROR, format!("{doing}{text}")),
    }
}

/// One event loop a thread, kept for its next run.
struct EventLoop(Option<runtime::Runtime>);

impl Drop for EventLoop {
    fn drop(&mut self) {
        // Without this the thread's end would wait for file operations of stopped guests.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

thread_local! {
    static EVENT_LOOP: RefCell<EventLoop> = const { RefCell::new(EventLoop(None)) };
}

fn block_on<T>(future: impl Future<Output = Result<T>>) -> Result<Result<T>, Failure> {
    EVENT_LOOP.with(|event_loop| {
        let mut event_loop = event_loop.try_borrow_mut().map_err(|_| {
            Failure::argument(
                "expected a thread that runs no guest, given one inside a guest's call",
            )
        })?;
        if event_loop.0.is_none() {
            let runtime = runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.map_err(|error| {
                Failure::new(ffi::RUNTIME_ERROR, format!("cannot start an event loop: {error}"))
            })?;
            event_loop.0 = Some(runtime);
        }
        let runtime = event_loop.0.as_ref().expect("made above");
        Ok(runtime.block_on(future))
    })
}
