//! A compiled and linked guest.

use crate::component_imports;
use crate::engine::{Code, Instance, Mode, Runtime};
use crate::failure::Failure;
use crate::ffi;
use crate::guest::{self, Kind};
use crate::state::State;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
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

pub struct Program {
    instance: Arc<Instance>,
    wasm: Vec<u8>,
    kind: Kind,
    mode: Mode,
    linked: Arc<Linked>,
    /// The same for the other modes, made by the first run that needs them.
    others: Mutex<Vec<(Mode, Arc<Linked>)>>,
}

pub struct Stats {
    pub compile_ns: u64,
    pub link_ns: u64,
    pub from_cache: bool,
}

impl Program {
    pub fn load(instance: Arc<Instance>, bytes: &[u8]) -> Result<(Program, Stats), Failure> {
        let guest = guest::read(bytes)?;
        let mut mode = instance.mode;
        let (linked, stats) = match build(&instance, &guest.binary, guest.kind, mode) {
            // Maybe it only does not fit the pool: several memories, a very large table.
            Err(_) if mode == Mode::Pooled => {
                mode = Mode::OnDemand;
                build(&instance, &guest.binary, guest.kind, mode)?
            }
            built => built?,
        };
        let program = Program {
            wasm: guest.binary.into_owned(),
            kind: guest.kind,
            mode,
            linked: Arc::new(linked),
            others: Mutex::new(Vec::new()),
            instance,
        };
        Ok((program, stats))
    }

    /// The mode for guests without a fuel limit.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    pub fn linked(&self, mode: Mode) -> Result<Arc<Linked>, Failure> {
        if mode == self.mode {
            return Ok(self.linked.clone());
        }
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, linked)) = others.iter().find(|(other, _)| *other == mode) {
            return Ok(linked.clone());
        }
        let (linked, _) = build(&self.instance, &self.wasm, self.kind, mode)?;
        let linked = Arc::new(linked);
        others.push((mode, linked.clone()));
        Ok(linked)
    }
}

fn build(
    instance: &Instance,
    wasm: &[u8],
    kind: Kind,
    mode: Mode,
) -> Result<(Linked, Stats), Failure> {
    let runtime = instance.runtime(mode)?;
    let start = Instant::now();
    let (code, from_cache) = instance.code(runtime, wasm, kind == Kind::Component)?;
    let compiled = Instant::now();
    let linked = match code {
        Code::Module(module) => Linked::Module(link_module(runtime, &module)?),
        Code::Component(component) => Linked::Component(link_component(runtime, &component)?),
    };
    let stats = Stats {
        compile_ns: (compiled - start).as_nanos() as u64,
        link_ns: compiled.elapsed().as_nanos() as u64,
        from_cache,
    };
    Ok((linked, stats))
}

fn link_module(runtime: &Runtime, module: &Module) -> Result<InstancePre<State>, Failure> {
    check_start(module)?;
    runtime.core.instantiate_pre(module).map_err(|error| {
        match error.downcast_ref::<UnknownImportError>() {
            Some(unknown) => Failure::new(
                ffi::NOT_FOUND,
                format!(
                    "the guest imports {}::{}, {}, which nothing provides",
                    unknown.module(),
                    unknown.name(),
                    type_text(&unknown.ty())
                ),
            ),
            None => Failure::wasmtime(ffi::INVALID_ARGUMENT, "cannot link the guest", &error),
        }
    })
}

fn type_text(ty: &ExternType) -> String {
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

/// A module is run by its `_start`.
fn check_start(module: &Module) -> Result<(), Failure> {
    let given = match module.get_export("_start") {
        Some(ExternType::Func(ty)) if ty.params().len() == 0 && ty.results().len() == 0 => {
            return Ok(());
        }
        Some(ty) => format!("`_start` is {}", type_text(&ty)),
        None if module.get_export("_initialize").is_some() => {
            "a reactor, which exports `_initialize` and no `_start`".to_owned()
        }
        None => {
            let names: Vec<&str> = module.exports().map(|export| export.name()).take(8).collect();
            format!("a module that exports [{}]", names.join(", "))
        }
    };
    Err(Failure::argument(format!(
        "expected a command, which exports `_start` without parameters and results; given {given}"
    )))
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
                    format!("the guest imports {}, which nothing provides", missing.join(" and ")),
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
