//! What a guest needs from the engine, read from its sections without compiling it.

use wasmparser::{
    CanonicalFunction, CanonicalOption, ComponentDefinedType, ComponentType,
    ComponentTypeDeclaration, ElementItems, Encoding, InstanceTypeDeclaration, MemoryType, Parser,
    Payload, TypeRef,
};

/// Pages of a memory and elements of a table that fit a slot of the pool.
const POOLED_PAGES: u64 = 1 << 16;
pub const POOLED_ELEMENTS: usize = 100_000;
/// Bytes that Wasmtime keeps for each item of an instance, or slightly more.
const GLOBAL_BYTES: usize = 16;
const ELEMENT_BYTES: usize = 16;
const FUNCTION_BYTES: usize = 32;
const IMPORT_BYTES: usize = 40;
const INSTANCE_BYTES: usize = 4096;

#[derive(Default, Debug, PartialEq)]
pub struct Needs {
    pub shared_memory: bool,
    /// A memory with 64-bit addresses that may grow above 4 GiB, or a table that may grow above what
    /// the pool has.
    pub may_grow_large: bool,
    /// Functions of components that are async, and what belongs to them.
    pub concurrency: bool,
    /// Bytes that an instance of its largest core module takes, besides memories and tables.
    pub instance_bytes: usize,
}

/// If a guest cannot be read, the result covers the part before its first error; compiling reports
/// that error.
pub fn read(binary: &[u8]) -> Needs {
    let mut needs = Needs::default();
    let mut module_bytes = 0;
    for payload in Parser::new(0).parse_all(binary) {
        let Ok(payload) = payload else { break };
        if let Payload::Version { encoding: Encoding::Module, .. } = payload {
            module_bytes = INSTANCE_BYTES;
        }
        module_bytes += needs.add(payload).unwrap_or(0);
        needs.instance_bytes = needs.instance_bytes.max(module_bytes);
    }
    needs
}

impl Needs {
    /// Records a section; returns the number of bytes that each instance keeps for it.
    fn add(&mut self, payload: Payload<'_>) -> wasmparser::Result<usize> {
        let mut bytes = 0;
        match payload {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    bytes += IMPORT_BYTES;
                    if let TypeRef::Memory(ty) = import?.ty {
                        self.add_memory(&ty);
                    }
                }
            }
            Payload::MemorySection(section) => {
                for ty in section {
                    self.add_memory(&ty?);
                }
            }
            Payload::TableSection(section) => {
                for table in section {
                    let maximum = table?.ty.maximum;
                    self.may_grow_large |=
                        maximum.is_none_or(|maximum| maximum > POOLED_ELEMENTS as u64);
                }
            }
            Payload::FunctionSection(section) => bytes = section.count() as usize * FUNCTION_BYTES,
            Payload::GlobalSection(section) => bytes = section.count() as usize * GLOBAL_BYTES,
            Payload::ElementSection(section) => {
                for element in section {
                    let count = match element?.items {
                        ElementItems::Functions(items) => items.count(),
                        ElementItems::Expressions(_, items) => items.count(),
                    };
                    bytes += count as usize * ELEMENT_BYTES;
                }
            }
            Payload::ComponentTypeSection(section) => {
                for ty in section {
                    self.concurrency |= is_async_type(&ty?);
                }
            }
            Payload::ComponentCanonicalSection(section) => {
                for function in section {
                    self.concurrency |= is_async_function(&function?);
                }
            }
            _ => {}
        }
        Ok(bytes)
    }

    fn add_memory(&mut self, ty: &MemoryType) {
        self.shared_memory |= ty.shared;
        self.may_grow_large |=
            ty.memory64 && ty.maximum.is_none_or(|maximum| maximum > POOLED_PAGES);
    }
}

fn is_async_type(ty: &ComponentType<'_>) -> bool {
    match ty {
        ComponentType::Instance(declarations) => declarations.iter().any(|declaration| {
            matches!(declaration, InstanceTypeDeclaration::Type(ty) if is_async_type(ty))
        }),
        ComponentType::Component(declarations) => declarations.iter().any(|declaration| {
            matches!(declaration, ComponentTypeDeclaration::Type(ty) if is_async_type(ty))
        }),
        ComponentType::Func(ty) => ty.async_,
        ComponentType::Defined(ty) => {
            matches!(ty, ComponentDefinedType::Future(_) | ComponentDefinedType::Stream(_))
        }
        ComponentType::Resource { .. } => false,
    }
}

fn is_async_function(function: &CanonicalFunction) -> bool {
    match function {
        CanonicalFunction::Lift { options, .. } | CanonicalFunction::Lower { options, .. } => {
            let is_async = |option: &CanonicalOption| {
                matches!(option, CanonicalOption::Async | CanonicalOption::Callback(_))
            };
            options.iter().any(is_async)
        }
        CanonicalFunction::ResourceNew { .. }
        | CanonicalFunction::ResourceDrop { .. }
        | CanonicalFunction::ResourceRep { .. } => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needs(text: &str) -> Needs {
        read(&wat::parse_str(text).unwrap())
    }

    #[test]
    fn memories() {
        assert_eq!(needs("(module)"), Needs { instance_bytes: INSTANCE_BYTES, ..Needs::default() });
        assert!(needs("(module (memory 1 2 shared))").shared_memory);
        assert!(needs("(module (import \"a\" \"b\" (memory 1 2 shared)))").shared_memory);
        assert!(needs("(component (core module (memory 1 2 shared)))").shared_memory);
        assert!(needs("(module (memory i64 1))").may_grow_large);
        assert!(needs("(module (memory i64 1 65537))").may_grow_large);
        assert!(!needs("(module (memory i64 1 65536) (memory 1))").may_grow_large);
        assert!(needs("(module (table 1 funcref))").may_grow_large);
        assert!(!needs("(module (table 1 100000 funcref))").may_grow_large);
    }

    #[test]
    fn concurrency() {
        assert!(!needs("(component (type (func)) (core module))").concurrency);
        assert!(needs("(component (core func (canon task.cancel)))").concurrency);
        assert!(needs("(component (component (core func (canon waitable-set.new))))").concurrency);
        assert!(needs("(component (type (stream u8)))").concurrency);
        assert!(needs("(component (type (func async)))").concurrency);
        assert!(needs("(component (type (instance (type (func async)))))").concurrency);
        assert!(needs("(component (type (component (type (future)))))").concurrency);
        assert!(
            needs(
                "(component (import \"f\" (func $f async))
                   (core func (canon lower (func $f) async)))"
            )
            .concurrency
        );
    }

    #[test]
    fn instances_of_the_largest_module_count() {
        let small = needs("(module (global i32 (i32.const 0)))").instance_bytes;
        assert_eq!(small, INSTANCE_BYTES + GLOBAL_BYTES);
        let nested = "(component
            (core module (func $f) (table 2 funcref) (elem funcref (ref.func $f) (ref.func $f)))
            (core module))";
        assert_eq!(
            needs(nested).instance_bytes,
            INSTANCE_BYTES + FUNCTION_BYTES + 2 * ELEMENT_BYTES
        );
    }

    #[test]
    fn broken_guests_are_read_up_to_the_error() {
        let binary = wat::parse_str("(module (memory i64 1) (func (export \"f\")))").unwrap();
        for size in 0..binary.len() {
            read(&binary[..size]);
        }
        assert!(read(&binary[..binary.len() - 1]).may_grow_large);
    }
}
