//! Runs a guest to its end on the calling thread.

use crate::engine;
use crate::entry::{self, Entry};
use crate::event_loop;
use crate::failure::{Failure, describe};
use crate::ffi;
use crate::limits::Limits;
use crate::model_output::ModelOutput;
use crate::open_files::OpenFiles;
use crate::program::{Linked, Program};
use crate::state::{Session, State, Stop, StopWatch, Wasi};
use crate::stdio::Stdout;
use crate::wasi::{self, RefuseRequests};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use wasmtime::component::ResourceTable;
use wasmtime::{Error, PoolConcurrencyLimitError, Result, Store, Trap, Val};
use wasmtime_wasi::{I32Exit, WasiCtxBuilder};
use wasmtime_wasi_http::WasiHttpCtx;

/// Bytes that a guest may pass in one call beside tensors and models: names, paths, writes.
const HOSTCALL_BYTES: usize = 128 << 20;
/// Wasmtime's messages when a component has too many handles, or a store has too many instances,
/// tables or memories.
const HANDLE_LIMIT_TEXT: &str = "store handle limit exceeded";
const COUNT_LIMIT_TEXT: &str = "resource limit exceeded";
/// Bytes of stack that the rule guest_stack may ask for.
const MIN_STACK: u64 = 16 << 10;
const MAX_STACK: u64 = 1 << 30;

pub struct Ended {
    pub exit_code: i32,
    pub instantiate: Duration,
    pub run: Duration,
    /// errno of the first failed write to the process's own stdout; 0: none failed.
    pub stdout_errno: i32,
    /// The results of an invoked function.
    results: Vec<Val>,
}

/// # Safety
/// `session` and `options` must be as `wasinn_program_run` asks.
pub unsafe fn run(
    program: &Arc<Program>,
    session: Session,
    options: &ffi::RunOptions,
) -> Result<Ended, Failure> {
    let run = Run { program, session, options };
    let (ended, left) = event_loop::with(|runtime| run.to_end(runtime))?;
    if left != 0 {
        let text = format!(
            "threads that a guest left behind, blocked in a file or pipe that does not respond: {left}"
        );
        program.instance().log(ffi::LOG_WARN, &text);
    }
    let ended = ended?;
    if let Some(write) = options.results_write {
        let text = entry::text(&ended.results);
        unsafe { write(options.stdio_self, ffi::Bytes::new(text.as_bytes())) }
    }
    Ok(ended)
}

struct Run<'a> {
    program: &'a Arc<Program>,
    session: Session,
    options: &'a ffi::RunOptions,
}

impl Run<'_> {
    fn to_end(&self, runtime: &Runtime) -> Result<Ended, Failure> {
        let fuel = self.session.rule(c"guest_fuel");
        let stack = stack(self.session)?;
        // For values that are dropped outside `block_on`.
        let _entered = runtime.enter();
        let watch = StopWatch::new(self.session);
        for setup in self.program.setups(fuel != 0, stack) {
            let linked = runtime.block_on(async {
                tokio::select! {
                    biased;
                    linked = self.program.linked(setup) => linked,
                    () = watch.stop.wait() => Err(self.explain_stop()),
                }
            })?;
            if let Some(ended) = self.run_linked(runtime, &linked, fuel, &watch.stop)? {
                return Ok(ended);
            }
        }
        Err(Failure::new(ffi::BUSY, "there is no room for another guest"))
    }

    /// None if there was no room for the guest, which then has not started.
    fn run_linked(
        &self,
        runtime: &Runtime,
        linked: &Linked,
        fuel: u64,
        stop: &Arc<Stop>,
    ) -> Result<Option<Ended>, Failure> {
        // Checks the texts of the options, too.
        let stdout = wasi::stdout(self.options, stop);
        let wasi = unsafe { wasi::builder(self.options, stop, &stdout) }?;
        let entry = unsafe { Entry::of(linked, self.options) }?;
        let mut store = self.new_store(linked, wasi, &stdout, fuel).map_err(|error| {
            Failure::wasmtime(ffi::RUNTIME_ERROR, "cannot set up the guest", &error)
        })?;
        let start = Instant::now();
        let mut instantiated = None;
        let outcome = runtime.block_on(async {
            stop.attach(&mut store)?;
            tokio::select! {
                biased;
                outcome = guest(&mut store, linked, &entry, &mut instantiated) => outcome,
                () = stop.wait() => Err(Stop::error()),
            }
        });
        let end = Instant::now();

        let (exit_code, results) = match outcome {
            Ok(ended) => ended,
            Err(error) => match error.downcast_ref::<I32Exit>() {
                Some(exit) => (exit.0, Vec::new()),
                None if instantiated.is_none() && has_no_room(&error) => return Ok(None),
                None => {
                    let doing =
                        if instantiated.is_some() { "" } else { "cannot instantiate the guest: " };
                    return Err(self.explain(&error, doing, fuel, &store));
                }
            },
        };
        let instantiated = instantiated.unwrap_or(end);
        let (instantiate, run) = (instantiated - start, end - instantiated);
        Ok(Some(Ended { exit_code, instantiate, run, stdout_errno: stdout.errno(), results }))
    }

    fn new_store(
        &self,
        linked: &Linked,
        mut wasi: WasiCtxBuilder,
        stdout: &Stdout,
        fuel: u64,
    ) -> Result<Store<State>> {
        let session = self.session;
        let state = State {
            session,
            wasi: match linked {
                Linked::Module(_) => Wasi::P1(Box::new(wasi.build_p1())),
                Linked::Component(_) => Wasi::P2(Box::new(wasi.build())),
            },
            table: ResourceTable::new(),
            http: WasiHttpCtx::new(),
            hooks: RefuseRequests,
            limits: Limits::new(session.rule(c"guest_memory"), self.program.instance_bytes()),
            open_files: OpenFiles::new(
                at_most(session.rule(c"max_open_files")),
                self.program.clone(),
            ),
            output: ModelOutput::new(session, stdout.clone()),
            memory: None,
        };
        let mut store = Store::new(linked.engine(), state);
        store.limiter(|state| &mut state.limits);
        if fuel != 0 {
            store.set_fuel(fuel)?;
        }
        store.set_hostcall_fuel(hostcall_bytes(session));
        store.set_max_component_handles(at_most(session.rule(c"max_handles")));
        Ok(store)
    }

    fn explain_stop(&self) -> Failure {
        match self.session.stopped() {
            ffi::TIMEOUT => {
                let limit = self.session.rule(c"run_timeout");
                Failure::new(
                    ffi::TIMEOUT,
                    format!(
                        "expected the guest to end within {limit} ms (rule run_timeout); stopped it"
                    ),
                )
            }
            code => Failure::new(code, "the guest was stopped: its session was cancelled"),
        }
    }

    fn explain(&self, error: &Error, doing: &str, fuel: u64, store: &Store<State>) -> Failure {
        if self.session.stopped() != ffi::OK {
            return self.explain_stop();
        }
        let text = describe(error);
        let limit = match error.downcast_ref::<Trap>() {
            Some(Trap::OutOfFuel) => {
                Some(format!("expected at most {fuel} units of work (rule guest_fuel)"))
            }
            Some(Trap::StackOverflow) => {
                let stack = self.session.rule(c"guest_stack");
                Some(format!("expected at most {stack} bytes of stack (rule guest_stack)"))
            }
            _ if text.contains(HANDLE_LIMIT_TEXT) => {
                let handles = self.session.rule(c"max_handles");
                Some(format!("expected at most {handles} component handles (rule max_handles)"))
            }
            _ if text.contains(COUNT_LIMIT_TEXT) => {
                let memory = self.session.rule(c"guest_memory");
                Some(format!("expected no more than fits {memory} bytes (rule guest_memory)"))
            }
            _ => store.data().limits.refusal(),
        };
        match limit {
            Some(limit) => Failure::new(ffi::TOO_LARGE, format!("{doing}{limit}: {text}")),
            None if is_of_host(error) => Failure::new(ffi::BUSY, format!("{doing}{text}")),
            None => Failure::new(ffi::RUNTIME_ERROR, format!("{doing}{text}")),
        }
    }
}

/// Whether the system refused something that a guest needs: memory, address space, descriptors,
/// threads.
fn is_of_host(error: &Error) -> bool {
    const ERRORS: [i32; 4] = [libc::ENOMEM, libc::EAGAIN, libc::EMFILE, libc::ENFILE];
    error.chain().any(|cause| {
        let text = cause.to_string();
        ERRORS.iter().any(|error| text.contains(&format!("(os error {error})")))
    })
}

/// Whether a guest that could not be instantiated may fit another setup: the pool is full, or this
/// process has no address space left for a memory that stays in its place.
fn has_no_room(error: &Error) -> bool {
    error.is::<PoolConcurrencyLimitError>() || is_of_host(error) && !engine::reserves()
}

fn stack(session: Session) -> Result<usize, Failure> {
    match session.rule(c"guest_stack") {
        0 => Ok(MAX_STACK as usize),
        stack if (MIN_STACK..=MAX_STACK).contains(&stack) => Ok(stack as usize),
        stack => Err(Failure::argument(format!(
            "rule guest_stack: expected {MIN_STACK} to {MAX_STACK} bytes, or 0 for the maximum, \
             given {stack}"
        ))),
    }
}

/// The maximum size of one call's arguments: the largest model and tensors that the policy allows.
/// The session's own checks, which fail with an error instead of a trap, therefore decide.
fn hostcall_bytes(session: Session) -> usize {
    at_most(session.rule(c"max_model_bytes"))
        .saturating_add(at_most(session.rule(c"max_tensor_bytes")))
        .saturating_add(HOSTCALL_BYTES)
}

/// A rule's number as a limit, where 0 means no limit.
fn at_most(rule: u64) -> usize {
    match usize::try_from(rule) {
        Ok(0) | Err(_) => usize::MAX,
        Ok(limit) => limit,
    }
}

/// Instantiates and runs; its result is the exit code, and the results of an invoked function.
async fn guest(
    store: &mut Store<State>,
    linked: &Linked,
    entry: &Entry,
    instantiated: &mut Option<Instant>,
) -> Result<(i32, Vec<Val>)> {
    match linked {
        Linked::Module(linked) => {
            let instance = linked.instantiate_async(&mut *store).await?;
            *instantiated = Some(Instant::now());
            Ok((0, entry.call(store, &instance).await?))
        }
        Linked::Component(linked) => {
            let command = linked.instantiate_async(&mut *store).await?;
            *instantiated = Some(Instant::now());
            let result = command.wasi_cli_run().call_run(&mut *store).await?;
            Ok((result.is_err().into(), Vec::new()))
        }
    }
}
