//! The Rust types behind the resources and enums of the component tables' signatures.

use crate::core_imports::table_text;
use crate::ffi;
use crate::host;
use wasmtime::component::{ComponentType, Lift, Lower, ResourceType};
use wasmtime::{Error, Result};

pub struct Tensor;
pub struct Graph;
pub struct Context;
pub struct ErrorResource;
pub struct PromptContext;

/// The record of `wasinn:nn/info`.
#[derive(ComponentType, Lower)]
#[component(record)]
pub struct Failure {
    pub code: u32,
    pub name: String,
    pub text: String,
}

/// The type of a resource by its name in WIT.
pub fn resource_type(name: &str) -> Option<ResourceType> {
    match name {
        "tensor" => Some(ResourceType::host::<Tensor>()),
        "graph" => Some(ResourceType::host::<Graph>()),
        "graph-execution-context" => Some(ResourceType::host::<Context>()),
        "error" => Some(ResourceType::host::<ErrorResource>()),
        "context" => Some(ResourceType::host::<PromptContext>()),
        _ => None,
    }
}

/// An enum whose cases are passed as their index.
pub trait Cases: Copy + 'static {
    const NAME: &'static str;
    const CASES: &'static [(&'static str, Self)];

    fn from_index(index: u32) -> Result<Self> {
        match Self::CASES.get(index as usize) {
            Some((_, case)) => Ok(*case),
            None => Err(Error::msg(format!(
                "{}: expected a case below {}, the core gave {index}",
                Self::NAME,
                Self::CASES.len()
            ))),
        }
    }
}

macro_rules! wit_enum {
    ($type:ident, $name:literal, $($(#[$attr:meta])* $case:ident $text:literal),* $(,)?) => {
        #[derive(Clone, Copy, ComponentType, Lift, Lower)]
        #[component(enum)]
        #[repr(u8)]
        pub enum $type { $($(#[$attr])* $case),* }

        impl Cases for $type {
            const NAME: &'static str = $name;
            const CASES: &'static [(&'static str, Self)] = &[$(($text, $type::$case)),*];
        }
    };
}

wit_enum!(TensorType, "tensor-type",
    #[component(name = "FP16")] F16 "FP16",
    #[component(name = "FP32")] F32 "FP32",
    #[component(name = "FP64")] F64 "FP64",
    #[component(name = "BF16")] Bf16 "BF16",
    #[component(name = "U8")] U8 "U8",
    #[component(name = "I32")] I32 "I32",
    #[component(name = "I64")] I64 "I64",
);
wit_enum!(GraphEncoding, "graph-encoding",
    #[component(name = "openvino")] Openvino "openvino",
    #[component(name = "onnx")] Onnx "onnx",
    #[component(name = "tensorflow")] Tensorflow "tensorflow",
    #[component(name = "pytorch")] Pytorch "pytorch",
    #[component(name = "tensorflowlite")] Tensorflowlite "tensorflowlite",
    #[component(name = "ggml")] Ggml "ggml",
    #[component(name = "autodetect")] Autodetect "autodetect",
);
wit_enum!(ExecutionTarget, "execution-target",
    #[component(name = "cpu")] Cpu "cpu",
    #[component(name = "gpu")] Gpu "gpu",
    #[component(name = "tpu")] Tpu "tpu",
);
wit_enum!(ErrorCode, "error-code",
    #[component(name = "invalid-argument")] InvalidArgument "invalid-argument",
    #[component(name = "invalid-encoding")] InvalidEncoding "invalid-encoding",
    #[component(name = "timeout")] Timeout "timeout",
    #[component(name = "runtime-error")] RuntimeError "runtime-error",
    #[component(name = "unsupported-operation")] UnsupportedOperation "unsupported-operation",
    #[component(name = "too-large")] TooLarge "too-large",
    #[component(name = "not-found")] NotFound "not-found",
    #[component(name = "security")] Security "security",
    #[component(name = "unknown")] Unknown "unknown",
);
wit_enum!(Status, "status",
    #[component(name = "running")] Running "running",
    #[component(name = "readable")] Readable "readable",
    #[component(name = "done")] Done "done",
);

/// Compares the enums above with the core's, so that no number can mean two things.
pub fn check_enums() -> Result<()> {
    let mut count = 0;
    let table: &[ffi::ComponentEnum] =
        unsafe { ffi::slice(host::wasinn_component_enums(&mut count), count) };
    for row in table {
        let (name, cases) = (table_text(row.name)?, table_text(row.cases)?);
        match name {
            TensorType::NAME => check::<TensorType>(cases)?,
            GraphEncoding::NAME => check::<GraphEncoding>(cases)?,
            ExecutionTarget::NAME => check::<ExecutionTarget>(cases)?,
            ErrorCode::NAME => check::<ErrorCode>(cases)?,
            Status::NAME => check::<Status>(cases)?,
            // The signatures that name it have no wrapper either.
            _ => {}
        }
    }
    Ok(())
}

fn check<T: Cases>(given: &str) -> Result<()> {
    if T::CASES.iter().map(|(name, _)| *name).eq(given.split_ascii_whitespace()) {
        return Ok(());
    }
    let expected: Vec<&str> = T::CASES.iter().map(|(name, _)| *name).collect();
    Err(Error::msg(format!(
        "enum {}: expected the cases `{}`, the core gives `{given}`",
        T::NAME,
        expected.join(" ")
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_must_match_in_order() {
        check::<ExecutionTarget>("cpu gpu tpu").unwrap();
        let error = check::<ExecutionTarget>("gpu cpu tpu").unwrap_err().to_string();
        assert!(error.contains("expected the cases `cpu gpu tpu`"), "{error}");
        assert!(check::<ExecutionTarget>("cpu gpu").is_err());
    }

    #[test]
    fn index_out_of_range_is_an_error() {
        assert!(matches!(ErrorCode::from_index(8), Ok(ErrorCode::Unknown)));
        assert!(ErrorCode::from_index(9).is_err());
    }
}
