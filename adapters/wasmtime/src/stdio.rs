//! A guest's standard streams: over the caller's callbacks, or the process's own.

use crate::ffi;
use crate::state::Stop;
use std::ffi::{CString, c_int, c_void};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::pin::Pin;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use tokio::io::AsyncWrite;
use wasmtime_wasi::async_trait;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError, StreamResult};

/// The maximum number of bytes that a guest may pass in one write.
const WRITE_SIZE: usize = 1 << 20;
/// How long a write waits before it checks whether the guest was stopped, in milliseconds.
const TURN: c_int = 50;

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
}

impl Sink for Callback {
    fn write_all(&self, bytes: &[u8]) -> StreamResult<()> {
        unsafe { (self.write)(self.self_, ffi::Bytes::new(bytes)) }
        Ok(())
    }
}

/// The process's stdout or stderr. A write that would block waits in turns on the guest's thread,
/// so that a stop ends it and leaves no thread behind.
#[derive(Clone)]
pub struct Inherited {
    fd: c_int,
    way: Arc<OnceLock<Way>>,
    stop: Arc<Stop>,
    /// errno of the first failed write, since guests often ignore such errors.
    errno: Arc<AtomicI32>,
}

/// How to write without being blocked.
enum Way {
    /// Files do not block.
    File,
    /// A pipe or terminal that was opened again, for this process alone to set it non-blocking.
    Reopened(OwnedFd),
    Socket,
    /// A pipe that cannot be opened again: only as much is written as it reports room for.
    Small,
}

impl Way {
    fn of(fd: c_int) -> Way {
        let mut stat = MaybeUninit::<libc::stat>::uninit();
        if unsafe { libc::fstat(fd, stat.as_mut_ptr()) } != 0 {
            return Way::File;
        }
        // A descriptor that replaced a closed stream: if it were opened again, it would receive
        // output that must be dropped.
        if unsafe { libc::fcntl(fd, libc::F_GETFL) } & libc::O_ACCMODE == libc::O_RDONLY {
            return Way::File;
        }
        match unsafe { stat.assume_init() }.st_mode & libc::S_IFMT {
            libc::S_IFREG => Way::File,
            libc::S_IFSOCK => Way::Socket,
            _ => {
                let path = CString::new(format!("/proc/self/fd/{fd}")).expect("has no NUL");
                let flags = libc::O_WRONLY | libc::O_NONBLOCK | libc::O_CLOEXEC | libc::O_NOCTTY;
                match unsafe { libc::open(path.as_ptr(), flags) } {
                    -1 => Way::Small,
                    opened => Way::Reopened(unsafe { OwnedFd::from_raw_fd(opened) }),
                }
            }
        }
    }

    /// The number of bytes written; WouldBlock if it has no room.
    fn write(&self, fd: c_int, bytes: &[u8]) -> io::Result<usize> {
        let data = bytes.as_ptr().cast();
        let written = match self {
            Way::File => unsafe { libc::write(fd, data, bytes.len()) },
            Way::Reopened(fd) => unsafe { libc::write(fd.as_raw_fd(), data, bytes.len()) },
            Way::Socket => unsafe { libc::send(fd, data, bytes.len(), libc::MSG_DONTWAIT) },
            Way::Small => {
                if !wait_writable(fd, 0) {
                    return Err(io::ErrorKind::WouldBlock.into());
                }
                unsafe { libc::write(fd, data, bytes.len().min(libc::PIPE_BUF)) }
            }
        };
        usize::try_from(written).map_err(|_| io::Error::last_os_error())
    }
}

fn wait_writable(fd: c_int, milliseconds: c_int) -> bool {
    let mut poll = libc::pollfd { fd, events: libc::POLLOUT, revents: 0 };
    unsafe { libc::poll(&mut poll, 1, milliseconds) > 0 }
}

impl Inherited {
    pub fn new(fd: c_int, stop: &Arc<Stop>) -> Inherited {
        Inherited { fd, way: Arc::default(), stop: stop.clone(), errno: Arc::default() }
    }

    /// errno of the first failed write; 0: none failed.
    pub fn errno(&self) -> i32 {
        self.errno.load(Ordering::Relaxed)
    }

    fn note(&self, error: &io::Error) {
        let errno = error.raw_os_error().unwrap_or_default();
        let _ = self.errno.compare_exchange(0, errno, Ordering::Relaxed, Ordering::Relaxed);
    }
}

impl Sink for Inherited {
    fn write_all(&self, mut bytes: &[u8]) -> StreamResult<()> {
        let way = self.way.get_or_init(|| Way::of(self.fd));
        while !bytes.is_empty() {
            if self.stop.is_set() {
                return Err(StreamError::Trap(Stop::error()));
            }
            match way.write(self.fd, bytes) {
                Ok(written) => bytes = &bytes[written..],
                Err(error) => match error.kind() {
                    io::ErrorKind::WouldBlock => {
                        wait_writable(self.fd, TURN);
                    }
                    io::ErrorKind::Interrupted => {}
                    kind => {
                        self.note(&error);
                        return match (kind, error.raw_os_error()) {
                            // This process lacks the stream: only the caller learns about it.
                            (_, Some(libc::EBADF)) => Ok(()),
                            (io::ErrorKind::BrokenPipe, _) => Err(StreamError::Closed),
                            _ => Err(StreamError::LastOperationFailed(error.into())),
                        };
                    }
                },
            }
        }
        Ok(())
    }

    fn is_terminal(&self) -> bool {
        unsafe { libc::isatty(self.fd) == 1 }
    }
}

/// A guest's standard output.
#[derive(Clone)]
pub enum Stdout {
    Callback(Callback),
    Inherited(Inherited),
}

impl Stdout {
    /// Of the first write to the process's own output that failed; 0: none did.
    pub fn errno(&self) -> i32 {
        match self {
            Stdout::Callback(_) => 0,
            Stdout::Inherited(inherited) => inherited.errno(),
        }
    }
}

impl Sink for Stdout {
    fn write_all(&self, bytes: &[u8]) -> StreamResult<()> {
        match self {
            Stdout::Callback(callback) => callback.write_all(bytes),
            Stdout::Inherited(inherited) => inherited.write_all(bytes),
        }
    }

    fn is_terminal(&self) -> bool {
        match self {
            Stdout::Callback(callback) => callback.is_terminal(),
            Stdout::Inherited(inherited) => inherited.is_terminal(),
        }
    }
}

/// Where a stream goes.
pub trait Sink: Clone + Send + Sync + 'static {
    fn write_all(&self, bytes: &[u8]) -> StreamResult<()>;

    fn is_terminal(&self) -> bool {
        false
    }
}

/// A standard stream of a guest, as both versions of WASI want it.
#[derive(Clone)]
pub struct Stream<S>(pub S);

impl<S: Sink> IsTerminal for Stream<S> {
    fn is_terminal(&self) -> bool {
        self.0.is_terminal()
    }
}

impl<S: Sink + Unpin> StdoutStream for Stream<S> {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

impl<S: Sink> OutputStream for Stream<S> {
    fn write(&mut self, bytes: bytes::Bytes) -> StreamResult<()> {
        self.0.write_all(&bytes)
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(WRITE_SIZE)
    }
}

#[async_trait]
impl<S: Sink> Pollable for Stream<S> {
    async fn ready(&mut self) {}
}

impl<S: Sink + Unpin> AsyncWrite for Stream<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(match self.0.write_all(bytes) {
            Ok(()) => Ok(bytes.len()),
            Err(StreamError::Closed) => Err(io::ErrorKind::BrokenPipe.into()),
            Err(error) => Err(io::Error::other(error.to_string())),
        })
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
