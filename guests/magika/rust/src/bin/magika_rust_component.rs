//! A file-type teller as a component: Magika through wasi:nn@0.2.0-rc-2024-10-28, declared by hand
//! as the canonical ABI lowers it. `wasm-tools component embed` and `component new` do the rest.

#![no_main]

use magika_guest::{Model, INPUT};
use std::alloc::Layout;

const I32: u32 = 5;

#[link(wasm_import_module = "wasi:nn/tensor@0.2.0-rc-2024-10-28")]
extern "C" {
    #[link_name = "[constructor]tensor"]
    fn tensor_new(dims: *const u32, rank: usize, ty: u32, data: *const u8, bytes: usize) -> u32;
    #[link_name = "[method]tensor.data"]
    fn tensor_data(this: u32, result: *mut List);
    #[link_name = "[resource-drop]tensor"]
    fn tensor_drop(this: u32);
}

#[link(wasm_import_module = "wasi:nn/graph@0.2.0-rc-2024-10-28")]
extern "C" {
    #[link_name = "load-by-name"]
    fn load_by_name(name: *const u8, length: usize, result: *mut Handle);
    #[link_name = "[method]graph.init-execution-context"]
    fn init(this: u32, result: *mut Handle);
    #[link_name = "[resource-drop]graph"]
    fn graph_drop(this: u32);
}

#[link(wasm_import_module = "wasi:nn/inference@0.2.0-rc-2024-10-28")]
extern "C" {
    #[link_name = "[method]graph-execution-context.compute"]
    fn compute(this: u32, inputs: *const Named, count: usize, result: *mut Outputs);
    #[link_name = "[resource-drop]graph-execution-context"]
    fn context_drop(this: u32);
}

#[link(wasm_import_module = "wasi:nn/errors@0.2.0-rc-2024-10-28")]
extern "C" {
    #[link_name = "[method]error.data"]
    fn error_data(this: u32, result: *mut List);
    #[link_name = "[resource-drop]error"]
    fn error_drop(this: u32);
}

/// A list or string that the host has allocated through `cabi_realloc`.
#[repr(C)]
struct List {
    pointer: *mut u8,
    length: usize,
}

impl List {
    const EMPTY: List = List {
        pointer: std::ptr::null_mut(),
        length: 0,
    };

    fn take(self) -> Vec<u8> {
        if self.length == 0 {
            return Vec::new();
        }
        // SAFETY: the host filled `length` bytes of an allocation of that size.
        let bytes = unsafe { std::slice::from_raw_parts(self.pointer, self.length) }.to_vec();
        // SAFETY: cabi_realloc made it with malloc, nothing refers to it any more.
        unsafe { free(self.pointer) };
        bytes
    }
}

/// result<own<resource>, own<error>>
#[repr(C)]
struct Handle {
    is_error: u8,
    handle: u32,
}

#[repr(C)]
struct Named {
    name: List,
    tensor: u32,
}

/// result<list<named-tensor>, own<error>>: on error `pointer` holds the error's handle.
#[repr(C)]
struct Outputs {
    is_error: u8,
    pointer: *mut Named,
    length: usize,
}

extern "C" {
    fn free(pointer: *mut u8);
    fn realloc(pointer: *mut u8, size: usize) -> *mut u8;
    fn __wasm_call_ctors();
}

/// # Safety
/// Called by the host only, as the canonical ABI demands.
#[no_mangle]
pub unsafe extern "C" fn cabi_realloc(
    old: *mut u8,
    _old_size: usize,
    alignment: usize,
    size: usize,
) -> *mut u8 {
    if size == 0 {
        return alignment as *mut u8;
    }
    let new = realloc(old, size);
    if new.is_null() {
        std::alloc::handle_alloc_error(Layout::from_size_align_unchecked(size, 1));
    }
    new
}

/// Replaces the C library's start file and main (linked with -nostartfiles): naming the constructors
/// here keeps the linker from running constructors and destructors around cabi_realloc.
///
/// # Safety
/// Called by the host only, once.
#[no_mangle]
pub unsafe extern "C" fn _start() {
    __wasm_call_ctors();
    magika_guest::main(Component::open("magika"))
}

fn text_of(error: u32) -> String {
    let mut text = List::EMPTY;
    // SAFETY: `error` is an owned handle, dropped here.
    unsafe {
        error_data(error, &mut text);
        error_drop(error);
    }
    String::from_utf8_lossy(&text.take()).into_owned()
}

fn checked(call: impl FnOnce(*mut Handle)) -> Result<u32, String> {
    let mut result = Handle {
        is_error: 0,
        handle: 0,
    };
    call(&mut result);
    if result.is_error == 0 {
        Ok(result.handle)
    } else {
        Err(text_of(result.handle))
    }
}

struct Component {
    context: u32,
}

impl Component {
    fn open(name: &str) -> Result<Self, String> {
        // SAFETY: the pointers stay valid during the calls; the graph's handle is dropped once.
        unsafe {
            let graph = checked(|result| load_by_name(name.as_ptr(), name.len(), result))?;
            let context = checked(|result| init(graph, result));
            graph_drop(graph);
            Ok(Component { context: context? })
        }
    }
}

impl Drop for Component {
    fn drop(&mut self) {
        // SAFETY: owned, dropped once.
        unsafe { context_drop(self.context) }
    }
}

impl Model for Component {
    fn run(&mut self, input: &[i32], _count: usize) -> Result<Vec<f32>, String> {
        let dims = [1, INPUT as u32];
        let name = "bytes";
        let mut result = Outputs {
            is_error: 0,
            pointer: std::ptr::null_mut(),
            length: 0,
        };
        // SAFETY: the pointers stay valid during the calls; compute consumes the tensor.
        unsafe {
            let bytes = std::mem::size_of_val(input);
            let tensor = tensor_new(dims.as_ptr(), dims.len(), I32, input.as_ptr().cast(), bytes);
            let name = List {
                pointer: name.as_ptr().cast_mut(),
                length: name.len(),
            };
            compute(self.context, &Named { name, tensor }, 1, &mut result);
        }
        if result.is_error != 0 {
            return Err(text_of(result.pointer as u32));
        }
        let mut scores = Vec::new();
        for index in 0..result.length {
            // SAFETY: the host filled `length` records; each is taken once, each tensor dropped once.
            unsafe {
                let output = result.pointer.add(index).read();
                output.name.take();
                let mut data = List::EMPTY;
                if index == 0 {
                    tensor_data(output.tensor, &mut data);
                }
                tensor_drop(output.tensor);
                let data = data.take();
                scores.extend(
                    data.chunks_exact(4)
                        .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])),
                );
            }
        }
        // SAFETY: allocated by the host through cabi_realloc, unless the list is empty.
        unsafe {
            if result.length != 0 {
                free(result.pointer.cast());
            }
        }
        Ok(scores)
    }
}
