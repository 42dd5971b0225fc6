//! The function where a guest begins: its start function, or the export that the caller names.

use crate::failure::Failure;
use crate::ffi;
use crate::program::{Linked, type_text};
use crate::state::State;
use std::ffi::CStr;
use wasmtime::{ExternType, FuncType, Instance, Module, Result, Store, Val, ValType};

const START: &str = "_start";
/// A reactor's constructor; it is also called before a start function.
const INITIALIZE: &str = "_initialize";

pub enum Entry {
    Start,
    /// A reactor, which has nothing to call but its constructor.
    Nothing,
    Call(String, Vec<Val>),
}

impl Entry {
    /// Finds the function that the options ask for.
    ///
    /// # Safety
    /// `options` must be as `wasinn_program_run` asks.
    pub unsafe fn of(linked: &Linked, options: &ffi::RunOptions) -> Result<Entry, Failure> {
        let invoke = (!options.invoke.is_null())
            .then(|| unsafe { CStr::from_ptr(options.invoke) }.to_string_lossy());
        match (linked, invoke) {
            (Linked::Component(_), None) => Ok(Entry::Start),
            (Linked::Component(_), Some(name)) => Err(unsupported(format!(
                "invoke: expected a core module with a function `{name}`, given a component: the \
                 values of its functions are not read from text"
            ))),
            (Linked::Module(linked), None) => start_of(linked.module()),
            (Linked::Module(linked), Some(name)) => {
                let ty = invoked(linked.module(), &name)?;
                let args = unsafe { ffi::slice(options.args, options.arg_count) };
                let texts = args.iter().skip(1).map(|arg| unsafe { CStr::from_ptr(*arg) });
                let texts: Vec<_> = texts.map(CStr::to_string_lossy).collect();
                let values = values(&name, &ty, texts.iter().map(AsRef::as_ref))?;
                Ok(Entry::Call(name.into_owned(), values))
            }
        }
    }

    /// Calls the function; returns the results of an invoked function.
    pub async fn call(&self, store: &mut Store<State>, instance: &Instance) -> Result<Vec<Val>> {
        if let Some(initialize) = instance.get_func(&mut *store, INITIALIZE)
            && !matches!(self, Entry::Call(name, _) if name == INITIALIZE)
        {
            initialize.typed::<(), ()>(&*store)?.call_async(&mut *store, ()).await?;
        }
        let (name, args): (_, &[Val]) = match self {
            Entry::Nothing => return Ok(Vec::new()),
            Entry::Start => (START, &[]),
            Entry::Call(name, args) => (name.as_str(), args),
        };
        let function = instance.get_func(&mut *store, name).expect("checked by `of`");
        let count = function.ty(&*store).results().len();
        let mut results = vec![Val::I32(0); count];
        function.call_async(&mut *store, args, &mut results).await?;
        Ok(results)
    }
}

fn unsupported(text: String) -> Failure {
    Failure::new(ffi::UNSUPPORTED_OPERATION, text)
}

/// The entry of a run that invokes nothing.
pub fn start_of(module: &Module) -> Result<Entry, Failure> {
    let plain = |ty: &FuncType| ty.params().len() == 0 && ty.results().len() == 0;
    let given = match (module.get_export(START), module.get_export(INITIALIZE)) {
        (Some(ExternType::Func(ty)), _) if plain(&ty) => return Ok(Entry::Start),
        (None, Some(ExternType::Func(ty))) if plain(&ty) => return Ok(Entry::Nothing),
        (Some(ty), _) => format!("`{START}` is {}", type_text(&ty)),
        (None, Some(ty)) => format!("`{INITIALIZE}` is {}", type_text(&ty)),
        (None, None) => format!("a module that exports [{}]", exports(module, |_| true)),
    };
    Err(unsupported(format!(
        "expected a command, which exports `{START}`, or a reactor, which exports `{INITIALIZE}`, \
         without parameters and results; given {given}"
    )))
}

fn invoked(module: &Module, name: &str) -> Result<FuncType, Failure> {
    let given = match module.get_export(name) {
        Some(ExternType::Func(ty)) => return Ok(ty),
        Some(ty) => format!("`{name}`, which is {}", type_text(&ty)),
        None => format!("`{name}`"),
    };
    Err(unsupported(format!(
        "invoke: expected one of the functions that the guest exports [{}], given {given}",
        exports(module, |ty| matches!(ty, ExternType::Func(_)))
    )))
}

fn exports(module: &Module, take: impl Fn(&ExternType) -> bool) -> String {
    let names = module.exports().filter(|export| take(&export.ty()));
    names.map(|export| export.name()).take(8).collect::<Vec<_>>().join(", ")
}

/// The values of a function's parameters; further arguments are left to the guest.
fn values<'a>(
    name: &str,
    ty: &FuncType,
    mut args: impl ExactSizeIterator<Item = &'a str>,
) -> Result<Vec<Val>, Failure> {
    let (wanted, given) = (ty.params().len(), args.len());
    if given < wanted {
        return Err(Failure::argument(format!(
            "invoke {name}: expected {wanted} arguments, {}, given {given}",
            type_text(&ExternType::Func(ty.clone()))
        )));
    }
    ty.params()
        .map(|ty| {
            let text = args.next().unwrap_or_default();
            value(&ty, text).ok_or_else(|| {
                let expected = match ty {
                    ValType::I32 | ValType::I64 | ValType::F32 | ValType::F64 => "a number as",
                    _ => "a function whose parameters are numbers, not",
                };
                Failure::argument(format!(
                    "invoke {name}: expected {expected} {ty}, given `{text}`"
                ))
            })
        })
        .collect()
}

/// Integers are decimal or 0x..., signed or unsigned.
fn value(ty: &ValType, text: &str) -> Option<Val> {
    let integer = || match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) => u64::from_str_radix(hex, 16).ok().map(i128::from),
        None => text.parse::<i128>().ok(),
    };
    Some(match ty {
        ValType::I32 => {
            let value = integer()?;
            Val::I32(i32::try_from(value).ok().or(u32::try_from(value).ok().map(|u| u as i32))?)
        }
        ValType::I64 => {
            let value = integer()?;
            Val::I64(i64::try_from(value).ok().or(u64::try_from(value).ok().map(|u| u as i64))?)
        }
        ValType::F32 => Val::F32(text.parse::<f32>().ok()?.to_bits()),
        ValType::F64 => Val::F64(text.parse::<f64>().ok()?.to_bits()),
        _ => return None,
    })
}

/// Results as text for people, one per line.
pub fn text(results: &[Val]) -> String {
    results.iter().map(|result| line(result) + "\n").collect()
}

fn line(result: &Val) -> String {
    let reference = |is_null: bool, name: &str| {
        if is_null { format!("<null {name}>") } else { format!("<{name}>") }
    };
    match result {
        Val::I32(value) => value.to_string(),
        Val::I64(value) => value.to_string(),
        Val::F32(bits) => f32::from_bits(*bits).to_string(),
        Val::F64(bits) => f64::from_bits(*bits).to_string(),
        Val::V128(value) => value.as_u128().to_string(),
        Val::FuncRef(value) => reference(value.is_none(), "funcref"),
        Val::ExternRef(value) => reference(value.is_none(), "externref"),
        Val::AnyRef(value) => reference(value.is_none(), "anyref"),
        Val::ExnRef(value) => reference(value.is_none(), "exnref"),
        Val::ContRef(value) => reference(value.is_none(), "contref"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(ty: ValType, text: &str) -> String {
        value(&ty, text).map_or("none".to_owned(), |value| line(&value))
    }

    #[test]
    fn numbers_are_read_as_wasmtime_reads_them() {
        assert_eq!(number(ValType::I32, "-7"), "-7");
        assert_eq!(number(ValType::I32, "0x10"), "16");
        assert_eq!(number(ValType::I32, "4294967295"), "-1");
        assert_eq!(number(ValType::I32, "4294967296"), "none");
        assert_eq!(number(ValType::I64, "0xffffffffffffffff"), "-1");
        assert_eq!(number(ValType::I64, "1.5"), "none");
        assert_eq!(number(ValType::F32, "1.5"), "1.5");
        assert_eq!(number(ValType::F64, "inf"), "inf");
        assert_eq!(number(ValType::F64, ""), "none");
        assert_eq!(number(ValType::V128, "1"), "none");
    }
}
