//! An opened adapter: Wasmtime engines, their linkers, and the code cache.

use crate::cache::{self, Cache};
use crate::component_imports;
use crate::core_imports;
use crate::failure::{Failure, describe};
use crate::ffi;
use crate::state::State;
use std::ffi::{CStr, OsStr, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use wasmtime::component::{self, Component};
use wasmtime::{
    Caller, Config, Engine, InstanceAllocationStrategy, Linker, Module, PoolingAllocationConfig,
    Result,
};
use wasmtime_wasi::I32Exit;

/// The host's services, valid until the adapter is closed.
struct Log {
    self_: *mut c_void,
    log: Option<unsafe extern "C" fn(*mut c_void, ffi::LogLevel, ffi::Str)>,
}
unsafe impl Send for Log {}
unsafe impl Sync for Log {}

/// How guests get memory, and whether their work is counted. Each way needs an engine of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// From slots made in advance: starting and ending a guest takes a third of the time.
    Pooled,
    /// From the system, for guests that the pool has no room for.
    OnDemand,
    /// As OnDemand, and counting fuel, which slows a guest down.
    Metered,
}

/// Guests that the pool holds at the same time. Its address space is 4 GiB a memory.
const POOL_GUESTS: u32 = 64;

fn pool() -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(POOL_GUESTS)
        .total_core_instances(4 * POOL_GUESTS)
        .total_memories(POOL_GUESTS)
        .total_tables(2 * POOL_GUESTS)
        .total_stacks(POOL_GUESTS)
        .max_component_instance_size(1 << 20)
        .max_core_instance_size(1 << 20)
        .max_memory_size(1 << 32)
        .table_elements(100_000)
        // Clearing this much by hand is faster than having the kernel map it anew.
        .linear_memory_keep_resident(1 << 20)
        .table_keep_resident(1 << 16)
        .async_stack_keep_resident(1 << 16);
    pool
}

/// A Wasmtime engine with everything registered that guests may import.
pub struct Runtime {
    pub engine: Engine,
    pub core: Linker<State>,
    pub component: component::Linker<State>,
}

impl Runtime {
    /// What this crate does not know of the core's tables is told to `unknown`.
    fn new(mode: Mode, unknown: &dyn Fn(&str)) -> Result<Runtime> {
        let mut config = Config::new();
        config.epoch_interruption(true).consume_fuel(mode == Mode::Metered);
        if mode == Mode::Pooled {
            config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool()));
        }
        let engine = Engine::new(&config)?;

        let mut core = Linker::new(&engine);
        wasmtime_wasi::p1::add_to_linker_async(&mut core, State::p1)?;
        // WASI's own refuses exit codes from 126 on; real guests use them.
        core.allow_shadowing(true);
        core.func_wrap(
            "wasi_snapshot_preview1",
            "proc_exit",
            |_: Caller<'_, State>, code: i32| -> Result<()> { Err(I32Exit(code).into()) },
        )?;
        core.allow_shadowing(false);
        core_imports::add_to_linker(&mut core)?;

        let mut component = component::Linker::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut component)?;
        wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut component)?;
        component_imports::add_to_linker(&mut component, unknown)?;
        Ok(Runtime { engine, core, component })
    }
}

pub struct Instance {
    /// By mode; made when first needed.
    runtimes: [OnceLock<Result<Runtime, String>>; 3],
    /// Pooled, unless this process may not have that much address space.
    pub mode: Mode,
    cache: Option<Cache>,
    log: Log,
}

pub enum Code {
    Module(Module),
    Component(Component),
}

impl Instance {
    /// # Safety
    /// `host` must be valid, and its services until the instance is dropped.
    pub unsafe fn open(host: &ffi::AdapterHost) -> Result<Arc<Instance>, Failure> {
        let mut instance = Instance {
            runtimes: Default::default(),
            mode: Mode::Pooled,
            cache: None,
            log: Log { self_: host.self_, log: host.log },
        };
        if let Err(failure) = instance.runtime(Mode::Pooled) {
            instance.mode = Mode::OnDemand;
            instance.runtime(Mode::OnDemand)?;
            instance.log(ffi::LOG_DEBUG, &format!("no pool of guest memory: {}", failure.text));
        }
        if !host.cache_dir.is_null() {
            let dir = unsafe { CStr::from_ptr(host.cache_dir) };
            let dir = Path::new(OsStr::from_bytes(dir.to_bytes()));
            match Cache::open(dir) {
                Ok(cache) => instance.cache = Some(cache),
                Err(error) => instance.log(
                    ffi::LOG_WARN,
                    &format!("compiled code is not kept: folder {}: {error}", dir.display()),
                ),
            }
        }
        Ok(Arc::new(instance))
    }

    pub fn runtime(&self, mode: Mode) -> Result<&Runtime, Failure> {
        self.runtimes[mode as usize]
            .get_or_init(|| {
                Runtime::new(mode, &|text| self.log(ffi::LOG_WARN, text))
                    .map_err(|error| describe(&error))
            })
            .as_ref()
            .map_err(|text| {
                Failure::new(ffi::RUNTIME_ERROR, format!("cannot start Wasmtime: {text}"))
            })
    }

    fn log(&self, level: ffi::LogLevel, text: &str) {
        if let Some(log) = self.log.log {
            unsafe { log(self.log.self_, level, ffi::Str::new(text.as_bytes())) }
        }
    }

    /// Code for a guest in binary form, and whether it came from the cache.
    pub fn code(
        &self,
        runtime: &Runtime,
        wasm: &[u8],
        is_component: bool,
    ) -> Result<(Code, bool), Failure> {
        let engine = &runtime.engine;
        let Some(cache) = &self.cache else {
            return Ok((compile(engine, wasm, is_component)?, false));
        };
        let key = cache::key(wasm, &engine.precompile_compatibility_hash());
        match cache.get(&key) {
            Ok(Some(stored)) => match unsafe { deserialize(engine, &stored, is_component) } {
                Ok(code) => return Ok((code, true)),
                Err(error) => self.log(
                    ffi::LOG_WARN,
                    &format!("compiled code in the cache is not used: {}", describe(&error)),
                ),
            },
            Ok(None) => {}
            Err(error) => {
                self.log(
                    ffi::LOG_WARN,
                    &format!("cannot read the cache of compiled code: {error}"),
                );
            }
        }
        let code = compile(engine, wasm, is_component)?;
        let stored = serialize(&code).map_err(|error| describe(&error)).and_then(|bytes| {
            cache.put(&key, &bytes).map_err(|error| error.to_string())?;
            Ok(bytes.len())
        });
        match stored {
            Ok(size) => self.log(ffi::LOG_DEBUG, &format!("kept {size} bytes of compiled code")),
            Err(error) => {
                self.log(
                    ffi::LOG_WARN,
                    &format!("cannot write the cache of compiled code: {error}"),
                );
            }
        }
        Ok((code, false))
    }
}

fn compile(engine: &Engine, wasm: &[u8], is_component: bool) -> Result<Code, Failure> {
    if is_component {
        Component::from_binary(engine, wasm).map(Code::Component)
    } else {
        Module::from_binary(engine, wasm).map(Code::Module)
    }
    .map_err(|error| Failure::wasmtime(ffi::INVALID_ARGUMENT, "cannot compile the guest", &error))
}

fn serialize(code: &Code) -> Result<Vec<u8>> {
    match code {
        Code::Module(module) => module.serialize(),
        Code::Component(component) => component.serialize(),
    }
}

/// # Safety
/// The bytes must come from `serialize`: the cache's checksum and key stand for that.
unsafe fn deserialize(engine: &Engine, bytes: &[u8], is_component: bool) -> Result<Code> {
    if is_component {
        unsafe { Component::deserialize(engine, bytes) }.map(Code::Component)
    } else {
        unsafe { Module::deserialize(engine, bytes) }.map(Code::Module)
    }
}
