"""A guest that adds two vectors through wasi:nn: the ABI as a Python programmer meets it."""

import struct
import sys

from wit_world import exports
from wit_world.imports import graph
from wit_world.imports.inference import GraphExecutionContext
from wit_world.imports.tensor import Tensor, TensorType
from componentize_py_types import Err


def floats(values: list[float]) -> Tensor:
    return Tensor([len(values)], TensorType.FP32, struct.pack(f"<{len(values)}f", *values))


def add(context: GraphExecutionContext) -> tuple[float, ...]:
    inputs = [("a", floats([1, 2, 3, 4])), ("b", floats([10, 20, 30, 40]))]
    [(name, output)] = context.compute(inputs)
    assert name == "sum", name
    return struct.unpack("<4f", output.data())


class Run(exports.Run):
    def run(self) -> None:
        try:
            print(*add(graph.load_by_name("add").init_execution_context()))
        except Err as failure:
            print(failure.value.data(), file=sys.stderr)
            raise Err(None) from failure
