//! How many files, folders and streams a guest may hold open: each may be a descriptor of this
//! process, whose number is limited for all guests together.

use crate::ffi;
use crate::program::Program;
use crate::state::State;
use std::sync::Arc;
use wasmtime::component::{self, Resource, ResourceTable};
use wasmtime::{AsContextMut, Caller, Error, Extern, Linker, Result, StoreContextMut};
use wasmtime_wasi::filesystem::WasiFilesystemView;
use wasmtime_wasi::p1::wasi_snapshot_preview1::{self, WasiSnapshotPreview1};
use wasmtime_wasi::p2::bindings::filesystem::types::{
    Descriptor, DescriptorFlags, ErrorCode, HostDescriptor, OpenFlags, PathFlags,
};
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream};
use wiggle::GuestMemory;

/// Of preview 1: too many files are open in this process.
const ERRNO_MFILE: i32 = 33;

/// The rule max_open_files for one guest.
pub struct OpenFiles {
    most: usize,
    refused: bool,
    program: Arc<Program>,
}

impl OpenFiles {
    pub fn new(most: usize, program: Arc<Program>) -> OpenFiles {
        OpenFiles { most, refused: false, program }
    }

    fn may_open(&mut self, table: &mut ResourceTable) -> bool {
        if open_in(table) < self.most {
            return true;
        }
        if !std::mem::replace(&mut self.refused, true) {
            let text = format!(
                "policy rule max_open_files: expected at most {} files, folders and streams that the \
                 guest holds open, given one more; it is not opened",
                self.most
            );
            self.program.instance().log(ffi::LOG_WARN, &text);
        }
        false
    }
}

/// Counted when it is asked for, so that nothing which closes one can be forgotten. A stream keeps
/// its file open when the guest has dropped that.
fn open_in(table: &mut ResourceTable) -> usize {
    table
        .iter_mut()
        .filter(|entry| {
            entry.is::<Descriptor>()
                || entry.is::<DynInputStream>()
                || entry.is::<DynOutputStream>()
        })
        .count()
}

fn may_open(state: &mut State) -> bool {
    let State { wasi, table, open_files, .. } = state;
    open_files.may_open(wasi.table(table))
}

/// Puts the check before WASI's own function, preview 1.
pub fn add_to_core_linker(linker: &mut Linker<State>) -> Result<()> {
    type Arguments = (i32, i32, i32, i32, i32, i64, i64, i32, i32);
    linker.func_wrap_async(
        "wasi_snapshot_preview1",
        "path_open",
        |mut caller: Caller<'_, State>, arguments: Arguments| {
            Box::new(async move {
                if !may_open(caller.data_mut()) {
                    return Ok(ERRNO_MFILE);
                }
                let Some(Extern::Memory(memory)) = caller.get_export("memory") else {
                    return Err(Error::msg("missing required memory export"));
                };
                let passed = caller.as_context_mut().hostcall_fuel();
                let (bytes, state) = memory.data_and_store_mut(&mut caller);
                state.p1().set_hostcall_fuel(passed);
                let (dir, lookup, path, size, open, rights, inheriting, flags, out) = arguments;
                wasi_snapshot_preview1::path_open(
                    state.p1(),
                    &mut GuestMemory::Unshared(bytes),
                    dir,
                    lookup,
                    path,
                    size,
                    open,
                    rights,
                    inheriting,
                    flags,
                    out,
                )
                .await
            })
        },
    )?;
    Ok(())
}

/// The same for preview 2.
pub fn add_to_component_linker(linker: &mut component::Linker<State>) -> Result<()> {
    type Arguments = (Resource<Descriptor>, PathFlags, String, OpenFlags, DescriptorFlags);
    type Opened = std::result::Result<Resource<Descriptor>, ErrorCode>;
    linker.instance("wasi:filesystem/types@0.2.12")?.func_wrap_async(
        "[method]descriptor.open-at",
        |mut store: StoreContextMut<'_, State>, arguments: Arguments| {
            Box::new(async move {
                let state = store.data_mut();
                // WASI 0.2 has no code for too many files.
                if !may_open(state) {
                    return Ok((Opened::Err(ErrorCode::InsufficientMemory),));
                }
                let (dir, lookup, path, open, flags) = arguments;
                let opened = match state.filesystem().open_at(dir, lookup, path, open, flags).await
                {
                    Ok(descriptor) => Ok(descriptor),
                    Err(error) => Err(error.downcast()?),
                };
                Ok((opened,))
            })
        },
    )
}
