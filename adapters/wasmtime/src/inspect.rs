//! Lists a guest's imports and exports.

use crate::failure::Failure;
use crate::ffi;
use crate::guest::{self, Kind};
use std::ffi::c_void;
use wasmparser::{
    ComponentAlias, ComponentExternalKind, ComponentOuterAliasKind, ComponentType,
    ComponentTypeRef, CompositeInnerType, FuncType, InstanceTypeDeclaration, Parser, Payload,
    TypeBounds, TypeRef, ValType,
};

#[derive(Debug, PartialEq)]
pub struct Import {
    pub module: String,
    pub name: String,
    pub type_: String,
}

#[derive(Debug)]
pub struct Info {
    pub kind: Kind,
    pub is_text: bool,
    pub imports: Vec<Import>,
    pub exports: Vec<String>,
    /// Why it does not load, if it does not.
    pub why_not: Option<String>,
}

pub fn inspect(bytes: &[u8]) -> Result<Info, Failure> {
    let guest = guest::read(bytes)?;
    let (imports, exports) = match guest.kind {
        Kind::Module => module(&guest.binary),
        Kind::Component => component(&guest.binary),
    }
    .map_err(|error| Failure::argument(format!("cannot read the guest: {error}")))?;
    Ok(Info { kind: guest.kind, is_text: guest.is_text, imports, exports, why_not: None })
}

type Listing = wasmparser::Result<(Vec<Import>, Vec<String>)>;

fn module(binary: &[u8]) -> Listing {
    let (mut types, mut imports, mut exports) = (Vec::new(), Vec::new(), Vec::new());
    for payload in Parser::new(0).parse_all(binary) {
        match payload? {
            Payload::TypeSection(section) => {
                for group in section {
                    types.extend(group?.into_types().map(|ty| match ty.composite_type.inner {
                        CompositeInnerType::Func(ty) => Some(ty),
                        _ => None,
                    }));
                }
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import?;
                    imports.push(Import {
                        module: import.module.to_owned(),
                        name: import.name.to_owned(),
                        type_: import_type(&import.ty, &types),
                    });
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    exports.push(export?.name.to_owned());
                }
            }
            _ => {}
        }
    }
    Ok((imports, exports))
}

fn import_type(ty: &TypeRef, types: &[Option<FuncType>]) -> String {
    match ty {
        TypeRef::Func(index) | TypeRef::FuncExact(index) => {
            match types.get(*index as usize).and_then(Option::as_ref) {
                Some(ty) => func_type(ty),
                None => format!("func of type {index}"),
            }
        }
        TypeRef::Table(_) => "table".to_owned(),
        TypeRef::Memory(ty) => format!("memory of at least {} pages", ty.initial),
        TypeRef::Global(ty) => format!("global {}", ty.content_type),
        TypeRef::Tag(_) => "tag".to_owned(),
    }
}

fn func_type(ty: &FuncType) -> String {
    let list =
        |types: &[ValType]| types.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    match ty.results() {
        [] => format!("func({})", list(ty.params())),
        [result] => format!("func({}) -> {result}", list(ty.params())),
        results => format!("func({}) -> ({})", list(ty.params()), list(results)),
    }
}

/// Lists the outermost component; nested components are left out.
fn component(binary: &[u8]) -> Listing {
    // For each entry of the component's type index space: its text, where it is an interface.
    let mut types: Vec<Option<String>> = Vec::new();
    let (mut imports, mut exports, mut depth) = (Vec::new(), Vec::new(), 0);
    for payload in Parser::new(0).parse_all(binary) {
        let payload = payload?;
        match &payload {
            Payload::Version { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            _ => {}
        }
        if depth != 1 {
            continue;
        }
        match payload {
            Payload::ComponentTypeSection(section) => {
                for ty in section {
                    types.push(interface(&ty?));
                }
            }
            Payload::ComponentAliasSection(section) => {
                for alias in section {
                    if matches!(
                        alias?,
                        ComponentAlias::InstanceExport { kind: ComponentExternalKind::Type, .. }
                            | ComponentAlias::Outer { kind: ComponentOuterAliasKind::Type, .. }
                    ) {
                        types.push(None);
                    }
                }
            }
            Payload::ComponentImportSection(section) => {
                for import in section {
                    let import = import?;
                    imports.push(Import {
                        module: import.name.name.to_owned(),
                        name: String::new(),
                        type_: component_import_type(&import.ty, &types),
                    });
                    if matches!(import.ty, ComponentTypeRef::Type(_)) {
                        types.push(None);
                    }
                }
            }
            Payload::ComponentExportSection(section) => {
                for export in section {
                    let export = export?;
                    exports.push(export.name.name.to_owned());
                    if export.kind == ComponentExternalKind::Type {
                        types.push(None);
                    }
                }
            }
            _ => {}
        }
    }
    Ok((imports, exports))
}

fn component_import_type(ty: &ComponentTypeRef, types: &[Option<String>]) -> String {
    match ty {
        ComponentTypeRef::Instance(index) => {
            types.get(*index as usize).cloned().flatten().unwrap_or_else(|| "interface".to_owned())
        }
        ComponentTypeRef::Module(_) => "module".to_owned(),
        ComponentTypeRef::Func(_) => "func".to_owned(),
        ComponentTypeRef::Value(_) => "value".to_owned(),
        ComponentTypeRef::Type(_) => "type".to_owned(),
        ComponentTypeRef::Component(_) => "component".to_owned(),
    }
}

fn interface(ty: &ComponentType<'_>) -> Option<String> {
    let ComponentType::Instance(declarations) = ty else { return None };
    let names: Vec<String> = declarations
        .iter()
        .filter_map(|declaration| match declaration {
            InstanceTypeDeclaration::Export { name, ty } => match ty {
                ComponentTypeRef::Func(_) => Some(name.name.to_owned()),
                ComponentTypeRef::Type(TypeBounds::SubResource) => {
                    Some(format!("resource {}", name.name))
                }
                _ => None,
            },
            _ => None,
        })
        .collect();
    Some(format!("interface {{ {} }}", names.join(", ")))
}

/// The memory behind a `wasinn_guest_info`.
struct Owner {
    _info: Info,
    imports: Vec<ffi::ImportInfo>,
    exports: Vec<ffi::Str>,
}

pub fn to_guest_info(info: Info) -> ffi::GuestInfo {
    let text = |text: &String| ffi::Str::new(text.as_bytes());
    let imports = info
        .imports
        .iter()
        .map(|import| ffi::ImportInfo {
            module: text(&import.module),
            name: text(&import.name),
            type_: text(&import.type_),
        })
        .collect();
    let exports = info.exports.iter().map(text).collect();
    let why_not = info.why_not.as_ref().map_or(ffi::Str::EMPTY, text);
    let (is_component, is_text) = (info.kind == Kind::Component, info.is_text);
    // The texts stay where they are when the vectors that hold them move.
    let owner = Box::new(Owner { _info: info, imports, exports });
    ffi::GuestInfo {
        struct_size: size_of::<ffi::GuestInfo>(),
        is_component: is_component.into(),
        is_text: is_text.into(),
        imports: owner.imports.as_ptr(),
        import_count: owner.imports.len(),
        exports: owner.exports.as_ptr(),
        export_count: owner.exports.len(),
        why_not,
        owner: Box::into_raw(owner).cast::<c_void>(),
    }
}

/// # Safety
/// `info` must come from `to_guest_info`; a second call does nothing.
pub unsafe fn free_guest_info(info: &mut ffi::GuestInfo) {
    if !info.owner.is_null() {
        drop(unsafe { Box::from_raw(info.owner.cast::<Owner>()) });
        info.owner = std::ptr::null_mut();
        (info.imports, info.import_count) = (std::ptr::null(), 0);
        (info.exports, info.export_count) = (std::ptr::null(), 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn import(module: &str, name: &str, type_: &str) -> Import {
        Import { module: module.to_owned(), name: name.to_owned(), type_: type_.to_owned() }
    }

    #[test]
    fn module_lists_functions_memories_and_exports() {
        let info = inspect(
            br#"(module
                (import "wasi_ephemeral_nn" "load_by_name" (func (param i32 i32 i32) (result i32)))
                (import "env" "tick" (func (param i64)))
                (import "env" "mem" (memory 2))
                (import "env" "base" (global i32))
                (memory (export "memory") 1)
                (func (export "_start")))"#,
        )
        .unwrap_or_else(|failure| panic!("{}", failure.text));
        assert!(info.is_text);
        assert_eq!(info.kind, Kind::Module);
        assert_eq!(
            info.imports,
            [
                import("wasi_ephemeral_nn", "load_by_name", "func(i32, i32, i32) -> i32"),
                import("env", "tick", "func(i64)"),
                import("env", "mem", "memory of at least 2 pages"),
                import("env", "base", "global i32"),
            ]
        );
        assert_eq!(info.exports, ["memory", "_start"]);
    }

    #[test]
    fn component_lists_interfaces_of_the_outermost_one() {
        let text = br#"(component
            (type $unused (func))
            (import "wasi:nn/errors@0.2.0-rc-2024-10-28" (instance $errors
                (export "error" (type (sub resource)))))
            (alias export $errors "error" (type $error))
            (import "wasi:nn/graph@0.2.0-rc-2024-10-28" (instance
                (alias outer 1 $error (type $e))
                (export "graph" (type $g (sub resource)))
                (export "load-by-name"
                    (func (param "name" string) (result (result (own $g) (error (own $e))))))))
            (core module $inner (import "hidden" "f" (func)) (func (export "inner")))
            (component (import "also-hidden" (func)))
            (core instance $none)
            (export "out" (core module $inner)))"#;
        let info = inspect(text).unwrap_or_else(|failure| panic!("{}", failure.text));
        assert_eq!(info.kind, Kind::Component);
        assert_eq!(
            info.imports,
            [
                import("wasi:nn/errors@0.2.0-rc-2024-10-28", "", "interface { resource error }"),
                import(
                    "wasi:nn/graph@0.2.0-rc-2024-10-28",
                    "",
                    "interface { resource graph, load-by-name }"
                ),
            ]
        );
        assert_eq!(info.exports, ["out"]);
    }

    #[test]
    fn truncated_guest_is_an_error() {
        let binary = wat::parse_str(r#"(module (import "a" "b" (func)))"#).unwrap();
        for size in 8..binary.len() - 1 {
            if let Err(failure) = inspect(&binary[..size]) {
                assert_eq!(failure.code, ffi::INVALID_ARGUMENT);
            }
        }
        assert!(inspect(&binary[..binary.len() - 2]).is_err());
    }

    #[test]
    fn guest_info_points_to_the_listing_and_frees_once() {
        let info = inspect(br#"(module (import "a" "b" (func)) (func (export "c")))"#);
        let mut info = to_guest_info(info.unwrap_or_else(|failure| panic!("{}", failure.text)));
        let imports = unsafe { ffi::slice(info.imports, info.import_count) };
        assert_eq!(unsafe { imports[0].type_.as_slice() }, b"func()");
        let exports = unsafe { ffi::slice(info.exports, info.export_count) };
        assert_eq!(unsafe { exports[0].as_slice() }, b"c");
        unsafe { free_guest_info(&mut info) };
        unsafe { free_guest_info(&mut info) };
        assert_eq!(info.import_count, 0);
    }
}
