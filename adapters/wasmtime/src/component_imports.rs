//! Registers the core's import table for components. Each signature that the core uses has a typed
//! wrapper here, because untyped wrappers would turn each byte of a list into a value of its own.

use crate::call::PendingCall;
use crate::core_imports::table_text;
use crate::ffi;
use crate::host;
use crate::pollable;
use crate::state::State;
use crate::values::{Arguments, FromReturned, Returned};
use crate::wit_types::{
    Context, ErrorCode, ErrorResource, ExecutionTarget, Failure, Graph, GraphEncoding,
    PromptContext, Status, Tensor, TensorType, check_enums, resource_type,
};
use wasmtime::component::{
    ComponentNamedList, Lift, Linker, LinkerInstance, Lower, Resource, WasmList, WasmStr,
};
use wasmtime::{Error, Result, StoreContextMut};
use wasmtime_wasi::p2::DynPollable;

type Row = &'static ffi::ComponentImport;
type Register = fn(&mut LinkerInstance<'_, State>, &str, Row) -> Result<()>;

/// result<T, own<error>>
type Fallible<T> = std::result::Result<T, Resource<ErrorResource>>;

const WRAPPERS: &[(&str, Register)] = &[
    (
        "(list<u32>, tensor-type, list<u8>) -> own<tensor>",
        add::<(WasmList<u32>, TensorType, WasmList<u8>), Resource<Tensor>>,
    ),
    ("(borrow<tensor>) -> list<u32>", add::<(Resource<Tensor>,), Vec<u32>>),
    ("(borrow<tensor>) -> tensor-type", add::<(Resource<Tensor>,), TensorType>),
    ("(borrow<tensor>) -> list<u8>", add::<(Resource<Tensor>,), bytes::Bytes>),
    (
        "(list<list<u8>>, graph-encoding, execution-target) -> result<own<graph>, own<error>>",
        add::<(Vec<WasmList<u8>>, GraphEncoding, ExecutionTarget), Fallible<Resource<Graph>>>,
    ),
    ("(string) -> result<own<graph>, own<error>>", add::<(WasmStr,), Fallible<Resource<Graph>>>),
    (
        "(borrow<graph>) -> result<own<graph-execution-context>, own<error>>",
        add::<(Resource<Graph>,), Fallible<Resource<Context>>>,
    ),
    (
        "(borrow<graph-execution-context>, list<tuple<string, own<tensor>>>) -> \
         result<list<tuple<string, own<tensor>>>, own<error>>",
        add::<
            (Resource<Context>, Vec<(WasmStr, Resource<Tensor>)>),
            Fallible<Vec<(String, Resource<Tensor>)>>,
        >,
    ),
    (
        "(borrow<graph-execution-context>, string, own<tensor>) -> result<_, own<error>>",
        add::<(Resource<Context>, WasmStr, Resource<Tensor>), Fallible<()>>,
    ),
    (
        "(borrow<graph-execution-context>) -> result<_, own<error>>",
        add::<(Resource<Context>,), Fallible<()>>,
    ),
    (
        "(borrow<graph-execution-context>, string) -> result<own<tensor>, own<error>>",
        add::<(Resource<Context>, WasmStr), Fallible<Resource<Tensor>>>,
    ),
    ("(borrow<error>) -> error-code", add::<(Resource<ErrorResource>,), ErrorCode>),
    ("(borrow<error>) -> string", add::<(Resource<ErrorResource>,), String>),
    ("(error-code, string) -> own<error>", add::<(ErrorCode, WasmStr), Resource<ErrorResource>>),
    ("(borrow<graph>) -> list<string>", add::<(Resource<Graph>,), Vec<String>>),
    (
        "(borrow<graph>, string) -> option<string>",
        add::<(Resource<Graph>, WasmStr), Option<String>>,
    ),
    (
        "(borrow<graph>, string, string) -> result<_, string>",
        add::<(Resource<Graph>, WasmStr, WasmStr), std::result::Result<(), String>>,
    ),
    (
        "(own<graph>) -> result<own<context>, string>",
        add::<(Resource<Graph>,), std::result::Result<Resource<PromptContext>, String>>,
    ),
    (
        "(borrow<context>, string) -> result<string, string>",
        add::<(Resource<PromptContext>, WasmStr), std::result::Result<String, String>>,
    ),
    ("() -> option<record<code: u32, name: string, text: string>>", add::<(), Option<Failure>>),
    ("(borrow<graph>) -> result<string, own<error>>", add::<(Resource<Graph>,), Fallible<String>>),
    ("() -> result<string, own<error>>", add::<(), Fallible<String>>),
    (
        "(borrow<graph>, string) -> result<own<graph-execution-context>, own<error>>",
        add::<(Resource<Graph>, WasmStr), Fallible<Resource<Context>>>,
    ),
    (
        "(borrow<graph-execution-context>, list<tuple<string, own<tensor>>>) -> \
         result<_, own<error>>",
        add::<(Resource<Context>, Vec<(WasmStr, Resource<Tensor>)>), Fallible<()>>,
    ),
    (
        "(borrow<graph-execution-context>) -> result<status, own<error>>",
        add::<(Resource<Context>,), Fallible<Status>>,
    ),
    (
        "(borrow<graph-execution-context>, u32) -> result<status, own<error>>",
        add::<(Resource<Context>, u32), Fallible<Status>>,
    ),
    ("(borrow<graph-execution-context>) -> result<own<pollable>, own<error>>", add_subscribe),
    (
        "(borrow<graph-execution-context>, string, u32) -> result<option<list<u8>>, own<error>>",
        add::<(Resource<Context>, WasmStr, u32), Fallible<Option<bytes::Bytes>>>,
    ),
    (
        "(borrow<graph-execution-context>) -> \
         result<list<tuple<string, own<tensor>>>, own<error>>",
        add::<(Resource<Context>,), Fallible<Vec<(String, Resource<Tensor>)>>>,
    ),
];

pub fn table() -> &'static [ffi::ComponentImport] {
    let mut count = 0;
    unsafe { ffi::slice(host::wasinn_component_imports(&mut count), count) }
}

/// Whether the linker has something under an import's name. For WASI's own packages the linker
/// accepts any 0.2 version; only linking shows whether it has every function that the guest wants.
pub fn provided(import: &str) -> bool {
    const WASI: [&str; 7] = [
        "wasi:cli/",
        "wasi:clocks/",
        "wasi:filesystem/",
        "wasi:http/",
        "wasi:io/",
        "wasi:random/",
        "wasi:sockets/",
    ];
    WASI.iter().any(|package| import.starts_with(package))
        || table().iter().any(|row| table_text(row.interface).is_ok_and(|name| name == import))
}

fn wrapper(signature: &str) -> Option<Register> {
    WRAPPERS.iter().find(|(known, _)| *known == signature).map(|(_, register)| *register)
}

/// Why a function that the core offers is not in the linker: this crate lacks its signature.
pub fn why_not(interface: &str, function: &str) -> Option<String> {
    let row = table().iter().find(|row| {
        table_text(row.interface).is_ok_and(|text| text == interface)
            && table_text(row.name).is_ok_and(|text| text == function)
    })?;
    let signature = table_text(row.signature).ok()?;
    match wrapper(signature) {
        Some(_) => None,
        None => Some(format!(
            "{interface}#{function}, whose signature `{signature}` this adapter does not know"
        )),
    }
}

/// Adds every function that this crate knows. It reports the others (of a newer core) to `unknown`;
/// only guests that import them fail to link.
pub fn add_to_linker(linker: &mut Linker<State>, unknown: &dyn Fn(&str)) -> Result<()> {
    check_enums()?;
    let mut count = 0;
    let resources: &'static [ffi::ComponentResource] =
        unsafe { ffi::slice(host::wasinn_component_resources(&mut count), count) };
    for row in resources {
        let (interface, name) = (table_text(row.interface)?, table_text(row.name)?);
        let Some(ty) = resource_type(name) else {
            unknown(&format!("resource {interface}#{name}: this adapter does not know it"));
            continue;
        };
        linker.instance(interface)?.resource(name, ty, move |store, rep| {
            unsafe { (row.drop)(store.data().session.0, rep) };
            Ok(())
        })?;
    }
    for row in table() {
        let (interface, name) = (table_text(row.interface)?, table_text(row.name)?);
        match wrapper(table_text(row.signature)?) {
            Some(register) => register(&mut linker.instance(interface)?, name, row)?,
            None => unknown(&why_not(interface, name).unwrap_or_default()),
        }
    }
    Ok(())
}

fn add<P, R>(instance: &mut LinkerInstance<'_, State>, name: &str, row: Row) -> Result<()>
where
    P: Arguments + ComponentNamedList + Lift + Send + 'static,
    R: FromReturned + Lower + Send + 'static,
    (R,): ComponentNamedList + Lower,
{
    if row.may_block != 0 {
        instance.func_wrap_async(name, move |store: StoreContextMut<'_, State>, params: P| {
            match call(&store, row, &params, true) {
                Ok(Called::Pending(call)) => {
                    Box::new(async move { Ok((R::take(wait(store, call).await?)?,)) })
                }
                Ok(Called::Ended(returned)) => {
                    Box::new(std::future::ready(R::take(returned).map(|result| (result,))))
                }
                Err(error) => Box::new(std::future::ready(Err(error))),
            }
        })
    } else {
        instance.func_wrap(name, move |store: StoreContextMut<'_, State>, params: P| {
            match call(&store, row, &params, false)? {
                Called::Ended(returned) => Ok((R::take(returned)?,)),
                Called::Pending(_) => Err(pending_without_leave()),
            }
        })
    }
}

/// A function that gives a pollable, which is one of the engine's own resources.
fn add_subscribe(instance: &mut LinkerInstance<'_, State>, name: &str, row: Row) -> Result<()> {
    instance.func_wrap(
        name,
        move |mut store: StoreContextMut<'_, State>, params: (Resource<Context>,)| {
            let returned = match call(&store, row, &params, false)? {
                Called::Ended(returned) => returned,
                Called::Pending(_) => return Err(pending_without_leave()),
            };
            let answer: Fallible<Resource<DynPollable>> = match returned.take_pollable()? {
                Ok((raw, release)) => {
                    Ok(pollable::add_to_table(&mut store.data_mut().table, raw, release)?)
                }
                Err(error) => Err(error),
            };
            Ok((answer,))
        },
    )
}

enum Called {
    Ended(Returned),
    Pending(PendingCall),
}

fn call<P: Arguments>(
    store: &StoreContextMut<'_, State>,
    row: Row,
    params: &P,
    may_wait: bool,
) -> Result<Called> {
    let session = store.data().session;
    let mut returned = Returned::empty();
    let mut pending = std::ptr::null_mut();
    let place = if may_wait { &raw mut pending } else { std::ptr::null_mut() };
    let state = params.lend_to(store, |args| unsafe {
        (row.call)(session.0, args.as_ptr(), args.len(), returned.as_mut_ptr(), place)
    })?;
    match state {
        ffi::CALL_DONE => {
            store.data().output.write()?;
            Ok(Called::Ended(returned))
        }
        ffi::CALL_PENDING => Ok(Called::Pending(PendingCall::new(pending))),
        _ => Err(session.trap()),
    }
}

async fn wait(store: StoreContextMut<'_, State>, call: PendingCall) -> Result<Returned> {
    let session = store.data().session;
    let output = store.data().output.clone();
    output.write_until_ended(&call).await?;
    let mut returned = Returned::empty();
    match call.finish_component(returned.as_mut_ptr()) {
        ffi::CALL_DONE => Ok(returned),
        _ => Err(session.trap()),
    }
}

fn pending_without_leave() -> Error {
    Error::msg("the core left a call pending that must not block")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;
    use wasmtime::Engine;

    #[test]
    fn unknown_rows_are_told_and_stop_nothing() {
        let engine = Engine::default();
        let mut linker = Linker::new(&engine);
        let told = RefCell::new(Vec::new());
        add_to_linker(&mut linker, &|text| told.borrow_mut().push(text.to_owned())).unwrap();
        assert_eq!(
            *told.borrow(),
            [
                "resource next:nn/map@1.0.0#atlas: this adapter does not know it",
                "next:nn/map@1.0.0#find, whose signature `(map<string>) -> u8` this adapter does \
                 not know",
            ]
        );
        assert_eq!(why_not("next:nn/map@1.0.0", "find").as_ref(), told.borrow().last());
        assert_eq!(why_not("next:nn/map@1.0.0", "name"), None);
        assert_eq!(why_not("next:nn/map@1.0.0", "none"), None);
    }
}
