//! The functions of `wasi_ephemeral_nn` and `wasinn_nn` that the guest uses, made safe.

mod raw {
    /// The record that `set_input` reads.
    #[repr(C)]
    pub struct Tensor {
        pub dims: *const u32,
        pub dims_len: u32,
        pub kind: u32,
        pub data: *const u8,
        pub data_len: u32,
    }

    #[link(wasm_import_module = "wasi_ephemeral_nn")]
    extern "C" {
        pub fn load_by_name(name: *const u8, len: usize, graph: *mut u32) -> i32;
        pub fn set_input(context: u32, index: u32, tensor: *const Tensor) -> i32;
    }

    #[link(wasm_import_module = "wasinn_nn")]
    extern "C" {
        pub fn last_error(code: *mut u32, text: *mut u8, max: usize, written: *mut usize) -> i32;
        pub fn code_name(code: u32, text: *mut u8, max: usize, written: *mut usize) -> i32;
        pub fn describe_graph(graph: u32, text: *mut u8, max: usize, written: *mut usize) -> i32;
        pub fn describe_host(text: *mut u8, max: usize, written: *mut usize) -> i32;
        pub fn init_execution_context_with_options(
            graph: u32,
            options: *const u8,
            len: usize,
            context: *mut u32,
        ) -> i32;
        pub fn start(context: u32) -> i32;
        pub fn wait(context: u32, timeout: u32, status: *mut u32) -> i32;
        pub fn read(context: u32, index: u32, out: *mut u8, max: usize, written: *mut usize)
            -> i32;
    }
}

const SUCCESS: i32 = 0;
const TOO_LARGE: i32 = 7;
const END: i32 = 100;
const U8: u32 = 3;

/// The session's last error.
#[derive(Debug)]
pub struct Error {
    pub code: u32,
    pub name: String,
    pub text: String,
}

impl Error {
    fn last() -> Error {
        let mut code = 0;
        let text =
            text(|out, max, written| unsafe { raw::last_error(&mut code, out, max, written) });
        let name = text_of_code(code);
        Error {
            code,
            name,
            text: text.unwrap_or_default(),
        }
    }
}

fn text_of_code(code: u32) -> String {
    text(|out, max, written| unsafe { raw::code_name(code, out, max, written) }).unwrap_or_default()
}

/// A text of the host: asks for its size, then for the text.
fn text(mut call: impl FnMut(*mut u8, usize, *mut usize) -> i32) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let mut size = 0;
        match call(bytes.as_mut_ptr(), bytes.len(), &mut size) {
            SUCCESS => {
                bytes.truncate(size);
                return Some(String::from_utf8_lossy(&bytes).into_owned());
            }
            TOO_LARGE => bytes.resize(size, 0),
            _ => return None,
        }
    }
}

fn check(errno: i32) -> Result<(), Error> {
    if errno == SUCCESS {
        Ok(())
    } else {
        Err(Error::last())
    }
}

pub fn describe_host() -> Result<String, Error> {
    text(|out, max, written| unsafe { raw::describe_host(out, max, written) })
        .ok_or_else(Error::last)
}

pub struct Graph(u32);

impl Graph {
    pub fn load_by_name(name: &str) -> Result<Graph, Error> {
        let mut graph = 0;
        check(unsafe { raw::load_by_name(name.as_ptr(), name.len(), &mut graph) })?;
        Ok(Graph(graph))
    }

    pub fn describe(&self) -> Result<String, Error> {
        text(|out, max, written| unsafe { raw::describe_graph(self.0, out, max, written) })
            .ok_or_else(Error::last)
    }
}

#[derive(PartialEq)]
pub enum Status {
    Running,
    Readable,
    Done,
}

pub struct Context(u32);

impl Context {
    pub fn new(graph: &Graph, options: &str) -> Result<Context, Error> {
        let mut context = 0;
        check(unsafe {
            raw::init_execution_context_with_options(
                graph.0,
                options.as_ptr(),
                options.len(),
                &mut context,
            )
        })?;
        Ok(Context(context))
    }

    pub fn set_text(&self, index: u32, text: &str) -> Result<(), Error> {
        let dims = [text.len() as u32];
        let tensor = raw::Tensor {
            dims: dims.as_ptr(),
            dims_len: 1,
            kind: U8,
            data: text.as_ptr(),
            data_len: text.len() as u32,
        };
        check(unsafe { raw::set_input(self.0, index, &tensor) })
    }

    pub fn start(&self) -> Result<(), Error> {
        check(unsafe { raw::start(self.0) })
    }

    pub fn wait(&self, milliseconds: u32) -> Result<Status, Error> {
        let mut status = 0;
        check(unsafe { raw::wait(self.0, milliseconds, &mut status) })?;
        Ok(match status {
            0 => Status::Running,
            1 => Status::Readable,
            _ => Status::Done,
        })
    }

    /// The next bytes of an output: empty when none have come yet, `None` at the end.
    pub fn read(&self, index: u32) -> Result<Option<Vec<u8>>, Error> {
        let mut bytes = vec![0; 4096];
        let mut size = 0;
        match unsafe { raw::read(self.0, index, bytes.as_mut_ptr(), bytes.len(), &mut size) } {
            END => Ok(None),
            errno => {
                check(errno)?;
                bytes.truncate(size);
                Ok(Some(bytes))
            }
        }
    }
}
