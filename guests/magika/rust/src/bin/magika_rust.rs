//! A file-type teller as a core module: Magika through the crate wasi-nn.

use magika_guest::{Model, INPUT};
use wasi_nn::{ExecutionTarget, GraphBuilder, GraphEncoding, GraphExecutionContext, TensorType};

struct Witx(GraphExecutionContext<'static>);

impl Model for Witx {
    fn run(&mut self, input: &[i32], count: usize) -> Result<Vec<f32>, String> {
        let mut scores = vec![0f32; count];
        let mut call = || -> Result<usize, wasi_nn::Error> {
            self.0.set_input(0, TensorType::I32, &[1, INPUT], input)?;
            self.0.compute()?;
            self.0.get_output(0, &mut scores)
        };
        let bytes = call().map_err(|error| error.to_string())?;
        scores.truncate(bytes / std::mem::size_of::<f32>());
        Ok(scores)
    }
}

fn open() -> Result<Witx, wasi_nn::Error> {
    let graph =
        GraphBuilder::new(GraphEncoding::Onnx, ExecutionTarget::CPU).build_from_cache("magika")?;
    // A context borrows its graph; this one lives as long as the program.
    let graph = Box::leak(Box::new(graph));
    Ok(Witx(graph.init_execution_context()?))
}

fn main() {
    magika_guest::main(open().map_err(|error| error.to_string()))
}
