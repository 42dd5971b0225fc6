//! A compiled and linked guest.

use crate::component_imports;
use crate::engine::{Code, Compiled, DEFAULT_STACK, Instance, Memory, Runtime, Setup};
use crate::entry;
use crate::failure::{Failure, describe, guarded};
use crate::ffi;
use crate::guest::{Guest, Kind};
use crate::needs::{self, Needs};
use crate::precompiled;
use crate::state::State;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use tokio::sync::watch;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, InstancePre as ComponentPre};
use wasmtime::{Engine, ExternType, InstancePre, Module, UnknownImportError, ValType};
use wasmtime_wasi::p2::bindings::CommandPre;

/// A guest whose imports are resolved, ready to be instantiated.
pub enum Linked {
    Module(InstancePre<State>),
    Component(CommandPre<State>),
}

impl Linked {
    pub fn engine(&self) -> &Engine {
        match self {
            Linked::Module(linked) => linked.module().engine(),
            Linked::Component(linked) => linked.engine(),
        }
    }
}

/// Shared with threads that link it for a run.
pub struct Program {
    instance: Arc<Instance>,
    wasm: Vec<u8>,
    kind: Kind,
    needs: Needs,
    /// The setup for runs whose session has no rule that requires another one.
    setup: Setup,
    linked: Arc<Linked>,
    /// The guest linked for other setups, each made by the first run that needs it.
    others: Mutex<Vec<(Setup, watch::Receiver<Option<LinkResult>>)>>,
}

type LinkResult = Result<Arc<Linked>, Failure>;

pub struct Stats {
    pub compile_ns: u64,
    pub link_ns: u64,
    pub from_cache: bool,
}

impl Program {
    /// `code` is what `compile` gave for this guest, if it was compiled ahead of time. It must come
    /// from a trusted source, since it becomes machine code of this process.
    pub fn load(
        instance: Arc<Instance>,
        guest: Guest<'_>,
        code: Option<&[u8]>,
    ) -> Result<(Arc<Program>, Stats), Failure> {
        let needs = needs::read(&guest.binary);
        if needs.shared_memory {
            return Err(Failure::new(ffi::UNSUPPORTED_OPERATION, SHARED_MEMORY));
        }
        let wanted = setup(&instance, &needs, false, DEFAULT_STACK);
        let (linked, setup, stats) = build(&instance, &guest.binary, guest.kind, wanted, code)?;
        let program = Program {
            wasm: guest.binary.into_owned(),
            kind: guest.kind,
            needs,
            setup,
            linked: Arc::new(linked),
            others: Mutex::default(),
            instance,
        };
        Ok((Arc::new(program), stats))
    }

    /// Whether the guest has an entry for a run that invokes no function.
    pub fn check_start(&self) -> Result<(), Failure> {
        match &*self.linked {
            Linked::Module(linked) => entry::start_of(linked.module()).map(|_| ()),
            Linked::Component(_) => Ok(()),
        }
    }

    /// The setups to try, one after the other, when there is no room for a guest.
    pub fn setups(&self, metered: bool, stack: usize) -> Vec<Setup> {
        let mut first = setup(&self.instance, &self.needs, metered, stack);
        if first.fits_pool() && self.setup.memory != Memory::Pooled {
            first.memory = self.setup.memory;
        }
        [Memory::Pooled, Memory::Reserved, Memory::Moving]
            .into_iter()
            .skip_while(|memory| *memory != first.memory)
            .map(|memory| Setup { memory, ..first })
            .collect()
    }

    /// Bytes that an instance of its largest module takes, besides memories and tables.
    pub fn instance_bytes(&self) -> usize {
        self.needs.instance_bytes
    }

    pub fn instance(&self) -> &Instance {
        &self.instance
    }

    /// The guest for a setup. Compiling may take long, so a separate thread does it once for all
    /// runs; if a run is stopped in the meantime, the next one uses the result.
    pub async fn linked(self: &Arc<Program>, setup: Setup) -> LinkResult {
        if setup == self.setup {
            return Ok(self.linked.clone());
        }
        let mut result = self.start_linking(setup)?;
        let result = match result.wait_for(Option::is_some).await {
            Ok(result) => result.clone().expect("waited for it"),
            Err(_) => Err(Failure::new(ffi::RUNTIME_ERROR, "the thread that compiles is gone")),
        };
        if result.is_err() {
            // There may be room for it next time.
            self.others().retain(|(other, _)| *other != setup);
        }
        result
    }

    fn start_linking(
        self: &Arc<Program>,
        setup: Setup,
    ) -> Result<watch::Receiver<Option<LinkResult>>, Failure> {
        let mut others = self.others();
        if let Some((_, result)) = others.iter().find(|(other, _)| *other == setup) {
            return Ok(result.clone());
        }
        let (sender, result) = watch::channel(None);
        let program = self.clone();
        let link = move || {
            let linked =
                guarded(|| build(&program.instance, &program.wasm, program.kind, setup, None));
            drop(program);
            sender.send_replace(Some(linked.map(|(linked, ..)| Arc::new(linked))));
        };
        let spawned = std::thread::Builder::new().name("wasinn-compile".to_owned()).spawn(link);
        spawned.map_err(|error| Failure::no_thread(&error))?;
        others.push((setup, result.clone()));
        Ok(result)
    }

    fn others(
        &self,
    ) -> std::sync::MutexGuard<'_, Vec<(Setup, watch::Receiver<Option<LinkResult>>)>> {
        self.others.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const SHARED_MEMORY: &str = "expected a guest without shared memory, given one that has some: a \
     guest that waits on it cannot be stopped, and its growth escapes the rule guest_memory";

fn setup(instance: &Instance, needs: &Needs, metered: bool, stack: usize) -> Setup {
    let concurrent = needs.concurrency || instance.features.concurrent;
    let setup = Setup { memory: instance.memory, metered, concurrent, stack };
    match setup.memory {
        Memory::Pooled if !setup.fits_pool() || needs.may_grow_large => {
            Setup { memory: Memory::Reserved, ..setup }
        }
        _ => setup,
    }
}

/// A guest and its code for this machine and this version of Wasmtime, as a file.
pub fn compile(instance: &Instance, guest: &Guest<'_>) -> Result<Vec<u8>, Failure> {
    let setup = setup(instance, &needs::read(&guest.binary), false, DEFAULT_STACK);
    let runtime = instance.runtime(setup)?;
    let compiled = instance.compile(&runtime, &guest.binary, guest.kind, false)?;
    Ok(precompiled::write(&guest.binary, &compiled.bytes))
}

/// The guest for a setup, or for Reserved if it does not fit the pool: its instance is too large,
/// or it has several memories or a very large table.
fn build(
    instance: &Instance,
    wasm: &[u8],
    kind: Kind,
    setup: Setup,
    code: Option<&[u8]>,
) -> Result<(Linked, Setup, Stats), Failure> {
    let start = Instant::now();
    let (mut setup, mut again) = (setup, false);
    let mut compiled = match code {
        Some(code) => Compiled { bytes: code.to_vec(), from_cache: true },
        None => instance.compile(&*instance.runtime(setup)?, wasm, kind, again)?,
    };
    let (runtime, code) = loop {
        let runtime = instance.runtime(setup)?;
        match compiled.load(&runtime.engine, kind) {
            Ok(code) => break (runtime, code),
            Err(_) if setup.memory == Memory::Pooled => setup.memory = Memory::Reserved,
            Err(error) if code.is_some() => return Err(other_code(&error)),
            Err(error) if compiled.from_cache && !again => {
                let text = describe(&error);
                let text = format!("compiled code in the cache is not used: {text}");
                instance.log(ffi::LOG_WARN, &text);
                again = true;
                compiled = instance.compile(&runtime, wasm, kind, again)?;
            }
            Err(error) => {
                return Err(Failure::wasmtime(
                    ffi::INVALID_ARGUMENT,
                    "cannot use the guest",
                    &error,
                ));
            }
        }
    };
    let loaded = Instant::now();
    let linked = match code {
        Code::Module(module) => Linked::Module(link_module(&runtime, &module)?),
        Code::Component(component) => Linked::Component(link_component(&runtime, &component)?),
    };
    let stats = Stats {
        compile_ns: (loaded - start).as_nanos() as u64,
        link_ns: loaded.elapsed().as_nanos() as u64,
        from_cache: compiled.from_cache,
    };
    Ok((linked, setup, stats))
}

fn other_code(error: &wasmtime::Error) -> Failure {
    Failure::wasmtime(
        ffi::INVALID_ARGUMENT,
        "expected code compiled by this version for this machine, given code of another, so compile \
         the guest again",
        error,
    )
}

fn link_module(runtime: &Runtime, module: &Module) -> Result<InstancePre<State>, Failure> {
    runtime.core.instantiate_pre(module).map_err(|error| {
        match error.downcast_ref::<UnknownImportError>() {
            Some(unknown) => Failure::new(
                ffi::NOT_FOUND,
                format!(
                    "the guest imports {}::{}, {}, which nothing provides",
                    one_line(unknown.module()),
                    one_line(unknown.name()),
                    type_text(&unknown.ty())
                ),
            ),
            None => Failure::wasmtime(ffi::INVALID_ARGUMENT, "cannot link the guest", &error),
        }
    })
}

/// A name as it stands in a text: with line breaks in it, what follows would look like a line of the
/// program's own.
fn one_line(name: &str) -> String {
    let mut line = String::with_capacity(name.len());
    for c in name.chars() {
        if c.is_control() { line.extend(c.escape_default()) } else { line.push(c) }
    }
    line
}

pub fn type_text(ty: &ExternType) -> String {
    match ty {
        ExternType::Func(ty) => {
            let list = |types: &mut dyn Iterator<Item = ValType>| {
                types.map(|ty| ty.to_string()).collect::<Vec<_>>().join(", ")
            };
            let results = list(&mut ty.results());
            let arrow = if results.is_empty() { "" } else { " -> " };
            format!("func({}){arrow}{results}", list(&mut ty.params()))
        }
        ExternType::Global(_) => "a global".to_owned(),
        ExternType::Table(_) => "a table".to_owned(),
        ExternType::Memory(_) => "a memory".to_owned(),
        ExternType::Tag(_) => "a tag".to_owned(),
    }
}

fn link_component(runtime: &Runtime, component: &Component) -> Result<CommandPre<State>, Failure> {
    let linked: ComponentPre<State> =
        runtime.component.instantiate_pre(component).map_err(|error| {
            match [missing_imports(runtime, component), unknown_functions(runtime, component)]
                .concat()
                .as_slice()
            {
                [] => Failure::wasmtime(ffi::NOT_FOUND, "cannot link the guest", &error),
                missing => Failure::new(
                    ffi::NOT_FOUND,
                    format!(
                        "the guest imports {}, which nothing provides",
                        one_line(&missing.join(" and "))
                    ),
                ),
            }
        })?;
    CommandPre::new(linked).map_err(|_| {
        let ty = component.component_type();
        let names: Vec<&str> = ty.exports(&runtime.engine).map(|(name, _)| name).take(8).collect();
        Failure::argument(format!(
            "expected a command, which exports wasi:cli/run@0.2; given a component that exports [{}]",
            names.join(", ")
        ))
    })
}

/// Imports of a component that does not link whose very name is unknown here.
fn missing_imports(runtime: &Runtime, component: &Component) -> Vec<String> {
    let engine = &runtime.engine;
    let needs_code = |item: &ComponentItem| match item {
        ComponentItem::ComponentInstance(instance) => {
            instance.exports(engine).any(|(_, export)| !matches!(export.ty, ComponentItem::Type(_)))
        }
        item => !matches!(item, ComponentItem::Type(_)),
    };
    component
        .component_type()
        .imports(engine)
        .filter(|(name, import)| !component_imports::provided(name) && needs_code(&import.ty))
        .map(|(name, _)| name.to_owned())
        .collect()
}

/// Functions that the core offers and this crate cannot wrap.
fn unknown_functions(runtime: &Runtime, component: &Component) -> Vec<String> {
    let (engine, ty) = (&runtime.engine, component.component_type());
    let mut unknown = Vec::new();
    for (interface, import) in ty.imports(engine) {
        if let ComponentItem::ComponentInstance(instance) = &import.ty {
            let names = instance.exports(engine).map(|(name, _)| name);
            unknown.extend(names.filter_map(|name| component_imports::why_not(interface, name)));
        }
    }
    unknown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_on_their_line() {
        assert_eq!(one_line("a\nb\u{1b}[31m\0"), "a\\nb\\u{1b}[31m\\u{0}");
        assert_eq!(one_line("[method]x.\u{fc}"), "[method]x.\u{fc}");
    }
}
