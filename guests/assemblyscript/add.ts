// A guest that adds two vectors through wasi_ephemeral_nn: the ABI as AssemblyScript meets it.

@external("wasi_ephemeral_nn", "load_by_name")
declare function loadByName(name: usize, length: i32, graph: usize): i32;
@external("wasi_ephemeral_nn", "init_execution_context")
declare function initExecutionContext(graph: u32, context: usize): i32;
@external("wasi_ephemeral_nn", "set_input")
declare function setInput(context: u32, index: u32, tensor: usize): i32;
@external("wasi_ephemeral_nn", "compute")
declare function compute(context: u32): i32;
@external("wasi_ephemeral_nn", "get_output")
declare function getOutput(context: u32, index: u32, out: usize, capacity: u32, written: usize): i32;
@external("wasi_snapshot_preview1", "proc_exit")
declare function exit(code: i32): void;

const TYPE_F32: u32 = 1;

@unmanaged
class Tensor {
  dims: usize;
  dimsLength: u32;
  type: u32;
  data: usize;
  dataLength: u32;
}

// The exit code tells the step that failed.
function check(step: i32, errno: i32): void {
  if (errno != 0) exit(step);
}

function setFloats(context: u32, index: u32, values: StaticArray<f32>): void {
  const dims: StaticArray<u32> = [values.length];
  const tensor = new Tensor();
  tensor.dims = changetype<usize>(dims);
  tensor.dimsLength = 1;
  tensor.type = TYPE_F32;
  tensor.data = changetype<usize>(values);
  tensor.dataLength = 4 * values.length;
  check(3, setInput(context, index, changetype<usize>(tensor)));
}

export function _start(): void {
  const name = String.UTF8.encode("add");
  const number = memory.data(4);
  check(1, loadByName(changetype<usize>(name), name.byteLength, number));
  check(2, initExecutionContext(load<u32>(number), number));
  const context = load<u32>(number);
  setFloats(context, 0, [1, 2, 3, 4]);
  setFloats(context, 1, [10, 20, 30, 40]);
  check(4, compute(context));
  const sum = new StaticArray<f32>(4);
  check(5, getOutput(context, 0, changetype<usize>(sum), 16, number));
  check(6, load<u32>(number) != 16);
  for (let i = 0; i < 4; ++i) check(7, <i32>(sum[i] != <f32>((i + 1) * 11)));
}
