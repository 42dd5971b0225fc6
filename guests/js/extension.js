// A guest that reads a model's output in pieces while it computes, and cancels another compute:
// wasinn:nn as a JavaScript programmer meets it.
import { loadByName } from "wasi:nn/graph@0.2.0-rc-2024-10-28";
import { Tensor } from "wasi:nn/tensor@0.2.0-rc-2024-10-28";
import { describeGraph, describeHost, lastError } from "wasinn:nn/info@0.1.0";
import { cancel, initExecutionContext, outputs, read, start, wait } from "wasinn:nn/runs@0.1.0";

// WIT's none is null with some tools and undefined with others.
const none = (value) => value === null || value === undefined;

const NO_DEADLINE = 0xffffffff;
const TEXT = "hello, world";

function expect(what, given, expected) {
  if (given !== expected) throw new Error(`${what}: expected ${expected}, given ${given}`);
}

function startWith(options) {
  const graph = loadByName("talk");
  const context = initExecutionContext(graph, JSON.stringify(options));
  const data = Uint8Array.from(TEXT, (letter) => letter.charCodeAt(0));
  start(context, [["0", new Tensor(new Uint32Array([data.length]), "U8", data)]]);
  return context;
}

function stream() {
  const context = startWith({ chunk_bytes: 5, chunk_delay_ms: 3 });
  let text = "";
  for (let piece = []; !none(piece); ) {
    if (piece.length === 0) wait(context, NO_DEADLINE);
    piece = read(context, "0", 5);
    if (!none(piece)) text += String.fromCharCode(...piece);
  }
  expect("text", text, TEXT);
  expect("outputs", outputs(context).length, 1);
}

function deadline() {
  const context = startWith({ delay_ms: 60000 });
  expect("status", wait(context, 5), "running");
  cancel(context);
  let failed = false;
  try {
    wait(context, NO_DEADLINE);
  } catch {
    failed = true;
  }
  expect("failed", failed, true);
  expect("last error", lastError().name, "cancelled");
}

// The engine has no console: a failure tells by the exit code alone.
export const run = {
  run() {
    expect("no error yet", none(lastError()), true);
    expect("backend", JSON.parse(describeGraph(loadByName("talk"))).backend, "echo");
    expect("models", JSON.parse(describeHost()).models.join(), "talk");
    stream();
    deadline();
  },
};
