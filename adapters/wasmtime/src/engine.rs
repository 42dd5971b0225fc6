//! An opened adapter: Wasmtime engines, their linkers, and the code cache.

use crate::cache::{self, Cache};
use crate::component_imports;
use crate::core_imports;
use crate::failure::Failure;
use crate::features::Features;
use crate::ffi;
use crate::guest::Kind;
use crate::needs::POOLED_ELEMENTS;
use crate::open_files;
use crate::state::State;
use std::ffi::{CStr, OsStr, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex, PoisonError, RwLock};
use wasmtime::component::{self, Component};
use wasmtime::{
    Caller, Config, Engine, InstanceAllocationStrategy, Linker, Module, PoolingAllocationConfig,
    Result,
};
use wasmtime_wasi::I32Exit;

/// Where a guest's memory comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Memory {
    /// From slots made in advance: starting and ending a guest then takes a third of the time.
    Pooled,
    /// From the system, with 4 GiB of addresses for each memory.
    Reserved,
    /// From the system, moved to another place when it grows: for processes with a limited address
    /// space. This is slower, since each access is checked.
    Moving,
}

/// How a guest is run. Each setup needs a Wasmtime engine of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Setup {
    pub memory: Memory,
    /// Whether fuel is counted, which slows a guest down.
    pub metered: bool,
    /// Whether components may have async functions, which makes their other calls a little slower.
    pub concurrent: bool,
    /// Bytes of stack.
    pub stack: usize,
}

/// Wasmtime's own limits of a stack, for the guest and for the host's functions that it calls.
pub const DEFAULT_STACK: usize = 512 << 10;
const HOST_STACK: usize = 1536 << 10;

impl Setup {
    pub fn new(memory: Memory) -> Setup {
        Setup { memory, metered: false, concurrent: false, stack: DEFAULT_STACK }
    }

    /// The pool is for most guests, not for all; its slots are alike.
    pub fn fits_pool(self) -> bool {
        !self.metered && !self.concurrent && self.stack == DEFAULT_STACK
    }

    fn config(self, features: &Features) -> Config {
        let mut config = Config::new();
        config
            .epoch_interruption(true)
            .consume_fuel(self.metered)
            .concurrency_support(self.concurrent)
            .max_wasm_stack(self.stack)
            .async_stack_size(self.stack + HOST_STACK);
        match self.memory {
            Memory::Pooled => {
                config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool()));
            }
            Memory::Reserved => {}
            Memory::Moving => {
                config
                    .memory_reservation(0)
                    .memory_reservation_for_growth(1 << 20)
                    .memory_guard_size(1 << 16);
            }
        }
        features.apply(&mut config);
        config
    }
}

/// The host's services, until the adapter is closed.
struct Log {
    self_: *mut c_void,
    log: Option<unsafe extern "C" fn(*mut c_void, ffi::LogLevel, ffi::Str)>,
}
unsafe impl Send for Log {}
unsafe impl Sync for Log {}

/// Guests that the pool holds at the same time, most of them with one memory, some with a GC heap,
/// which takes the slot of a memory. Each slot takes 4 GiB of addresses.
const POOL_GUESTS: u32 = 64;
const POOL_MEMORIES: u32 = 2 * POOL_GUESTS;
const POOL_INSTANCES: u32 = 4 * POOL_GUESTS;

fn pool() -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(POOL_GUESTS)
        .total_core_instances(POOL_INSTANCES)
        .total_memories(POOL_MEMORIES)
        .total_tables(2 * POOL_GUESTS)
        // One stack for each guest that has an instance, so that no guest lacks a stack later.
        .total_stacks(POOL_INSTANCES)
        .max_component_instance_size(1 << 20)
        .max_core_instance_size(1 << 20)
        .max_memory_size(1 << 32)
        .table_elements(POOLED_ELEMENTS)
        // Clearing this many bytes by hand is faster than having the kernel map them again.
        .linear_memory_keep_resident(1 << 20)
        .table_keep_resident(1 << 16)
        .async_stack_keep_resident(1 << 16);
    pool
}

/// A Wasmtime engine with everything registered that guests may import.
pub struct Runtime {
    setup: Setup,
    pub engine: Engine,
    pub core: Linker<State>,
    pub component: component::Linker<State>,
}

impl Runtime {
    /// Entries of the core's tables that this crate does not know are reported to `unknown`.
    fn new(setup: Setup, features: &Features, unknown: &dyn Fn(&str)) -> Result<Runtime> {
        let engine = Engine::new(&setup.config(features))?;

        let mut core = Linker::new(&engine);
        wasmtime_wasi::p1::add_to_linker_async(&mut core, State::p1)?;
        // WASI's own function refuses exit codes from 126 on, but real guests use them.
        core.allow_shadowing(true);
        core.func_wrap(
            "wasi_snapshot_preview1",
            "proc_exit",
            |_: Caller<'_, State>, code: i32| -> Result<()> { Err(I32Exit(code).into()) },
        )?;
        open_files::add_to_core_linker(&mut core)?;
        core.allow_shadowing(false);
        core_imports::add_to_linker(&mut core)?;

        let mut component = component::Linker::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut component)?;
        component.allow_shadowing(true);
        open_files::add_to_component_linker(&mut component)?;
        component.allow_shadowing(false);
        wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut component)?;
        component_imports::add_to_linker(&mut component, unknown)?;
        Ok(Runtime { setup, engine, core, component })
    }
}

pub struct Instance {
    /// Created when first needed.
    runtimes: Mutex<Vec<(Setup, Arc<Runtime>)>>,
    /// Pooled, unless this process may not have that many addresses.
    pub memory: Memory,
    pub features: Features,
    cache: Option<Cache>,
    log: RwLock<Option<Log>>,
}

/// A guest's machine code as it is stored.
pub struct Compiled {
    pub bytes: Vec<u8>,
    pub from_cache: bool,
}

pub enum Code {
    Module(Module),
    Component(Component),
}

impl Instance {
    /// # Safety
    /// `host` must be valid, and its services until `close`.
    pub unsafe fn open(host: &ffi::AdapterHost) -> Result<Arc<Instance>, Failure> {
        let features = unsafe { text(host.features) };
        let mut instance = Instance {
            runtimes: Mutex::default(),
            memory: Memory::Pooled,
            features: Features::parse(&String::from_utf8_lossy(features.unwrap_or_default()))?,
            cache: None,
            log: RwLock::new(Some(Log { self_: host.self_, log: host.log })),
        };
        if let Err(failure) = instance.runtime(Setup::new(Memory::Pooled)) {
            instance.memory = if reserves() { Memory::Reserved } else { Memory::Moving };
            instance.runtime(Setup::new(instance.memory))?;
            let text = format!("no pool of guest memory, {:?} instead: ", instance.memory);
            instance.log(ffi::LOG_DEBUG, &(text + &failure.text));
        }
        if let Some(dir) = unsafe { text(host.cache_dir) } {
            let dir = Path::new(OsStr::from_bytes(dir));
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

    /// Ends the use of the host's services. All runs have ended, but code may still be compiling
    /// for one that was stopped.
    pub fn close(&self) {
        *self.log.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub fn runtime(&self, setup: Setup) -> Result<Arc<Runtime>, Failure> {
        let mut runtimes = self.runtimes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, runtime)) = runtimes.iter().find(|(known, _)| *known == setup) {
            return Ok(runtime.clone());
        }
        let runtime = Runtime::new(setup, &self.features, &|text| self.log(ffi::LOG_WARN, text))
            .map_err(|error| Failure::wasmtime(ffi::BUSY, "cannot start Wasmtime", &error))?;
        let runtime = Arc::new(runtime);
        runtimes.push((setup, runtime.clone()));
        Ok(runtime)
    }

    pub fn log(&self, level: ffi::LogLevel, text: &str) {
        let log = self.log.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(Log { self_, log: Some(log) }) = &*log {
            unsafe { log(*self_, level, ffi::Str::new(text.as_bytes())) }
        }
    }

    /// Code for a guest in binary form, from the cache unless `again` is set, which means that the
    /// cached code is unusable.
    pub fn compile(
        &self,
        runtime: &Runtime,
        wasm: &[u8],
        kind: Kind,
        again: bool,
    ) -> Result<Compiled, Failure> {
        let Some(cache) = &self.cache else {
            let bytes = self.compile_now(runtime, wasm, kind)?;
            return Ok(Compiled { bytes, from_cache: false });
        };
        let key = cache::key(wasm, &runtime.engine.precompile_compatibility_hash());
        if !again {
            match cache.get(&key) {
                Ok(Some(bytes)) => return Ok(Compiled { bytes, from_cache: true }),
                Ok(None) => {}
                Err(error) => {
                    let text = format!("cannot read the cache of compiled code: {error}");
                    self.log(ffi::LOG_WARN, &text);
                }
            }
        }
        let bytes = self.compile_now(runtime, wasm, kind)?;
        match cache.put(&key, &bytes) {
            Ok(()) => {
                self.log(ffi::LOG_DEBUG, &format!("kept {} bytes of compiled code", bytes.len()));
            }
            Err(error) => {
                let text = format!("cannot write the cache of compiled code: {error}");
                self.log(ffi::LOG_WARN, &text);
            }
        }
        Ok(Compiled { bytes, from_cache: false })
    }

    fn compile_now(&self, runtime: &Runtime, wasm: &[u8], kind: Kind) -> Result<Vec<u8>, Failure> {
        // Checks that this process can start the compile threads; without them rayon panics.
        static PARALLEL: LazyLock<bool> =
            LazyLock::new(|| rayon::ThreadPoolBuilder::new().build_global().is_ok());
        let compile = |engine: &Engine| match kind {
            Kind::Module => engine.precompile_module(wasm),
            Kind::Component => engine.precompile_component(wasm),
        };
        let compiled = if *PARALLEL {
            compile(&runtime.engine)
        } else {
            let mut setup = runtime.setup;
            if setup.memory == Memory::Pooled {
                // The code is the same, and this engine needs no pool.
                setup.memory = Memory::Reserved;
            }
            Engine::new(setup.config(&self.features).parallel_compilation(false))
                .and_then(|engine| compile(&engine))
        };
        compiled.map_err(|error| {
            Failure::wasmtime(ffi::INVALID_ARGUMENT, "cannot compile the guest", &error)
        })
    }
}

/// # Safety
/// `text` must be NULL or end with a NUL, and outlive the result.
unsafe fn text<'a>(text: *const std::ffi::c_char) -> Option<&'a [u8]> {
    (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) }.to_bytes())
}

/// Whether this process has enough address space for one more memory.
pub fn reserves() -> bool {
    const SIZE: usize = 5 << 30;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
    unsafe {
        let place = libc::mmap(std::ptr::null_mut(), SIZE, libc::PROT_NONE, flags, -1, 0);
        place != libc::MAP_FAILED && libc::munmap(place, SIZE) == 0
    }
}

impl Compiled {
    pub fn load(&self, engine: &Engine, kind: Kind) -> Result<Code> {
        // Safe, since the bytes come from `compile`: the cache's checksum and key stand for that.
        match kind {
            Kind::Module => unsafe { Module::deserialize(engine, &self.bytes) }.map(Code::Module),
            Kind::Component => {
                unsafe { Component::deserialize(engine, &self.bytes) }.map(Code::Component)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_the_same_wherever_memory_that_stays_comes_from() {
        let key = |memory, stack| {
            let setup = Setup { stack, ..Setup::new(memory) };
            let engine = Engine::new(&setup.config(&Features::default())).unwrap();
            cache::key(b"guest", &engine.precompile_compatibility_hash())
        };
        assert_eq!(key(Memory::Pooled, DEFAULT_STACK), key(Memory::Reserved, DEFAULT_STACK));
        assert_eq!(key(Memory::Reserved, 1 << 24), key(Memory::Reserved, DEFAULT_STACK));
        assert_ne!(key(Memory::Moving, DEFAULT_STACK), key(Memory::Reserved, DEFAULT_STACK));
    }
}
