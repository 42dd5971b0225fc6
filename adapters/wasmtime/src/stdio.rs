//! A guest's standard streams over the caller's callbacks.

use crate::ffi;
use std::ffi::c_void;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::AsyncWrite;
use wasmtime_wasi::async_trait;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

/// Bytes that a guest may hand over in one write.
const WRITE_SIZE: usize = 1 << 20;

/// Hands what the guest writes to a callback, at once and unbuffered.
#[derive(Clone, Copy)]
pub struct Callback {
    write: ffi::Write,
    self_: *mut c_void,
}
// The caller promises that its writers may be called from any thread; a guest is on one at a time.
unsafe impl Send for Callback {}
unsafe impl Sync for Callback {}

impl Callback {
    pub fn new(write: ffi::Write, self_: *mut c_void) -> Callback {
        Callback { write, self_ }
    }

    fn call(&self, bytes: &[u8]) {
        unsafe { (self.write)(self.self_, ffi::Bytes::new(bytes)) }
    }
}

impl IsTerminal for Callback {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Callback {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(*self)
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(*self)
    }
}

impl OutputStream for Callback {
    fn write(&mut self, bytes: bytes::Bytes) -> StreamResult<()> {
        self.call(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(WRITE_SIZE)
    }
}

#[async_trait]
impl Pollable for Callback {
    async fn ready(&mut self) {}
}

impl AsyncWrite for Callback {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.call(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
