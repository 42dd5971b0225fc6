// A guest that adds two vectors through wasi:nn: the ABI as a JavaScript programmer meets it.
import { loadByName } from "wasi:nn/graph@0.2.0-rc-2024-10-28";
import { Tensor } from "wasi:nn/tensor@0.2.0-rc-2024-10-28";

function floats(values) {
  const data = new Uint8Array(new Float32Array(values).buffer);
  return new Tensor(new Uint32Array([values.length]), "FP32", data);
}

// The engine has no console: a failure tells by the exit code alone.
export const run = {
  run() {
    const context = loadByName("add").initExecutionContext();
    const outputs = context.compute([
      ["a", floats([1, 2, 3, 4])],
      ["b", floats([10, 20, 30, 40])],
    ]);
    const [[name, output]] = outputs;
    const sum = new Float32Array(output.data().slice().buffer);
    if (outputs.length !== 1 || name !== "sum" || sum.join() !== "11,22,33,44") {
      throw new Error(`expected sum 11,22,33,44, given ${name} ${sum.join()}`);
    }
  },
};
