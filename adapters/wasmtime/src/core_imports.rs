//! Registers the core's import table for core modules. Functions that have only i32 values (nearly
//! all of them) get a typed wrapper for their number of parameters; the others get an untyped one.

use crate::call::PendingCall;
use crate::ffi;
use crate::host;
use crate::state::State;
use std::ffi::{CStr, c_char};
use wasmtime::{Caller, Engine, Error, Extern, FuncType, Linker, Result, Val, ValType};

type Row = &'static ffi::CoreImport;

pub fn table() -> &'static [ffi::CoreImport] {
    let mut count = 0;
    unsafe { ffi::slice(host::wasinn_core_imports(&mut count), count) }
}

pub fn add_to_linker(linker: &mut Linker<State>) -> Result<()> {
    for row in table() {
        add(linker, row)?;
    }
    Ok(())
}

/// Text of the core's tables, which are ASCII.
pub fn table_text(text: *const c_char) -> Result<&'static str> {
    if text.is_null() {
        return Err(Error::msg("an import table of the core holds NULL instead of a text"));
    }
    Ok(unsafe { CStr::from_ptr(text) }.to_str()?)
}

/// Wraps a row whose parameters are the given names, all i32, and whose result is one i32.
macro_rules! add_typed {
    ($linker:ident, $row:ident, $module:ident, $name:ident; $($arg:ident)*) => {
        if $row.may_block != 0 {
            $linker.func_wrap_async(
                $module,
                $name,
                move |caller: Caller<'_, State>, ($($arg,)*): ($(add_typed!(@u32 $arg),)*)| {
                    call_or_wait(caller, $row, &[$(u64::from($arg)),*])
                },
            )?
        } else {
            $linker.func_wrap(
                $module,
                $name,
                move |mut caller: Caller<'_, State>, $($arg: u32),*| {
                    call_now(&mut caller, $row, &[$(u64::from($arg)),*]).map(|word| word as u32)
                },
            )?
        }
    };
    (@u32 $arg:ident) => { u32 };
}

fn add(linker: &mut Linker<State>, row: Row) -> Result<()> {
    let (module, name) = (table_text(row.module)?, table_text(row.name)?);
    let (params, results) = (table_text(row.params)?, table_text(row.results)?);
    match (params, results) {
        ("", "i") => add_typed!(linker, row, module, name;),
        ("i", "i") => add_typed!(linker, row, module, name; a),
        ("ii", "i") => add_typed!(linker, row, module, name; a b),
        ("iii", "i") => add_typed!(linker, row, module, name; a b c),
        ("iiii", "i") => add_typed!(linker, row, module, name; a b c d),
        ("iiiii", "i") => add_typed!(linker, row, module, name; a b c d e),
        ("iiiiii", "i") => add_typed!(linker, row, module, name; a b c d e f),
        _ => add_untyped(linker, row, module, name, params, results)?,
    };
    Ok(())
}

fn add_untyped<'a>(
    linker: &'a mut Linker<State>,
    row: Row,
    module: &str,
    name: &str,
    params: &str,
    results: &str,
) -> Result<&'a mut Linker<State>> {
    let ty = func_type(linker.engine(), params, results)
        .map_err(|error| Error::msg(format!("import {module}::{name}: {error}")))?;
    let wide = results == "I";
    if row.may_block != 0 {
        linker.func_new_async(module, name, ty, move |caller, params, results| {
            Box::new(async move {
                let args: Vec<u64> = params.iter().map(word_of).collect();
                let word = Box::into_pin(call_or_wait_word(caller, row, &args)).await?;
                set_result(results, word, wide);
                Ok(())
            })
        })
    } else {
        linker.func_new(module, name, ty, move |mut caller, params, results| {
            let args: Vec<u64> = params.iter().map(word_of).collect();
            let word = call_now(&mut caller, row, &args)?;
            set_result(results, word, wide);
            Ok(())
        })
    }
}

fn func_type(engine: &Engine, params: &str, results: &str) -> Result<FuncType> {
    if results.len() > 1 {
        return Err(Error::msg(format!("expected at most one result, given `{results}`")));
    }
    let types = |letters: &str| -> Result<Vec<ValType>> {
        letters
            .chars()
            .map(|letter| match letter {
                'i' => Ok(ValType::I32),
                'I' => Ok(ValType::I64),
                _ => Err(Error::msg(format!("expected types i and I, given `{letters}`"))),
            })
            .collect()
    };
    Ok(FuncType::new(engine, types(params)?, types(results)?))
}

fn word_of(value: &Val) -> u64 {
    match value {
        Val::I32(value) => u64::from(*value as u32),
        Val::I64(value) => *value as u64,
        _ => unreachable!("func_type makes no other type"),
    }
}

fn set_result(results: &mut [Val], word: u64, wide: bool) {
    if let Some(result) = results.first_mut() {
        *result = if wide { Val::I64(word as i64) } else { Val::I32(word as i32) };
    }
}

/// The guest's memory as it is now; only its address and size are taken.
fn memory(caller: &mut Caller<'_, State>) -> ffi::Memory {
    let memory = match caller.data().memory {
        Some(memory) => memory,
        None => match caller.get_export("memory") {
            Some(Extern::Memory(memory)) => *caller.data_mut().memory.insert(memory),
            _ => return ffi::Memory { data: std::ptr::null_mut(), size: 0 },
        },
    };
    let bytes = memory.data_mut(caller);
    ffi::Memory { data: bytes.as_mut_ptr(), size: bytes.len() }
}

fn finish(state: ffi::CallState, result: u64, caller: &Caller<'_, State>) -> Result<u64> {
    match state {
        ffi::CALL_DONE => Ok(result),
        _ => Err(caller.data().session.trap()),
    }
}

fn call_now(caller: &mut Caller<'_, State>, row: Row, args: &[u64]) -> Result<u64> {
    let mut result = 0;
    let memory = memory(caller);
    let session = caller.data().session;
    let state =
        unsafe { (row.call)(session.0, memory, args.as_ptr(), &mut result, std::ptr::null_mut()) };
    finish(state, result, caller)
}

type Word<'a, T> = Box<dyn Future<Output = Result<T>> + Send + 'a>;

fn call_or_wait<'a>(caller: Caller<'a, State>, row: Row, args: &[u64]) -> Word<'a, u32> {
    match call(caller, row, args) {
        Called::Ended(result) => Box::new(std::future::ready(result.map(|word| word as u32))),
        Called::Pending(caller, call) => Box::new(async { Ok(wait(caller, call).await? as u32) }),
    }
}

fn call_or_wait_word<'a>(caller: Caller<'a, State>, row: Row, args: &[u64]) -> Word<'a, u64> {
    match call(caller, row, args) {
        Called::Ended(result) => Box::new(std::future::ready(result)),
        Called::Pending(caller, call) => Box::new(wait(caller, call)),
    }
}

enum Called<'a> {
    Ended(Result<u64>),
    Pending(Caller<'a, State>, PendingCall),
}

fn call<'a>(mut caller: Caller<'a, State>, row: Row, args: &[u64]) -> Called<'a> {
    let mut result = 0;
    let memory = memory(&mut caller);
    let session = caller.data().session;
    let mut pending = std::ptr::null_mut();
    let state = unsafe { (row.call)(session.0, memory, args.as_ptr(), &mut result, &mut pending) };
    match state {
        ffi::CALL_PENDING => Called::Pending(caller, PendingCall::new(pending)),
        state => {
            let written = caller.data().output.write();
            Called::Ended(written.and_then(|()| finish(state, result, &caller)))
        }
    }
}

async fn wait(mut caller: Caller<'_, State>, call: PendingCall) -> Result<u64> {
    let output = caller.data().output.clone();
    output.write_until_ended(&call).await?;
    let mut result = 0;
    let memory = memory(&mut caller);
    let state = call.finish_core(memory, &mut result);
    finish(state, result, &caller)
}
