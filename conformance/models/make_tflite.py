#!/usr/bin/env python3
"""Makes the suite's models for TensorFlow Lite.

    make_tflite.py FOLDER            the suite's models folder; needs the package flatbuffers, no network

check_models.py loads the models with an interpreter.
"""

import argparse
import pathlib
import struct

import flatbuffers

from logical import MODELS
from manifest import Framework

# Every tensor has a rank; the interpreter has no bf16.
LEFT_OUT = ("identity_any_rank", "identity_bf16")

# TensorType of tensorflow/lite/schema/schema.fbs.
TYPES = {"f32": 0, "f16": 1, "i32": 2, "u8": 3, "i64": 4, "string": 5, "bool": 6, "i16": 7, "i8": 9, "f64": 10,
         "u64": 12, "u32": 15, "u16": 16}
# BuiltinOperator, and the options that go with it: their number in BuiltinOptions and how many fields they have.
ADD, RESHAPE, SHAPE = 0, 22, 77
OPTIONS = {ADD: (11, 2), RESHAPE: (17, 1), SHAPE: (55, 1)}
OPERATORS = (ADD, RESHAPE, SHAPE)
SCHEMA_VERSION = 3


class Builder(flatbuffers.Builder):
    def table(self, slots, **fields):
        """A table with `slots` fields. Fields are s0, s1, ...: numbers with their width, or offsets."""
        self.StartObject(slots)
        for name, (width, value) in fields.items():
            getattr(self, f"Prepend{width}Slot")(int(name[1:]), value, 0)
        return self.EndObject()

    def offsets(self, values):
        self.StartVector(4, len(values), 4)
        for value in reversed(values):
            self.PrependUOffsetTRelative(value)
        return "UOffsetTRelative", self.EndVector()

    def numbers(self, values):
        self.StartVector(4, len(values), 4)
        for value in reversed(values):
            self.PrependInt32(value)
        return "UOffsetTRelative", self.EndVector()

    def text(self, value):
        return "UOffsetTRelative", self.CreateString(value)


class Graph:
    """The parts of one model while it is written."""

    def __init__(self):
        self.builder = Builder(1024)
        # Buffer 0 is the one of all tensors without data.
        self.buffers = [b""]
        self.tensors = []
        self.operators = []

    def tensor(self, name, dtype, dims, data=None):
        """Tensor: shape 0, type 1, buffer 2, name 3, shape_signature 7, has_rank 8. Its number."""
        buffer = 0
        if data is not None:
            buffer = len(self.buffers)
            self.buffers.append(data)
        b = self.builder
        fields = {"s3": b.text(name), "s0": b.numbers([max(dim, 1) if dim == -1 else dim for dim in dims])}
        if -1 in dims:
            fields["s7"] = b.numbers(dims)
        self.tensors.append(b.table(10, s1=("Int8", TYPES[dtype]), s2=("Uint32", buffer), s8=("Bool", True), **fields))
        return len(self.tensors) - 1

    def operator(self, kind, inputs, output):
        """Operator: opcode_index 0, inputs 1, outputs 2, builtin_options_type 3, builtin_options 4."""
        b = self.builder
        number, slots = OPTIONS[kind]
        # ShapeOptions.out_type.
        options = b.table(slots, **({"s0": ("Int8", TYPES["i32"])} if kind == SHAPE else {}))
        self.operators.append(b.table(
            14, s1=b.numbers(inputs), s2=b.numbers([output]), s0=("Uint32", OPERATORS.index(kind)),
            s3=("Uint8", number), s4=("UOffsetTRelative", options)))

    def finish(self, name, inputs, outputs):
        """`inputs` and `outputs`: the numbers of tensors by name."""
        b = self.builder

        def signature_ports(ports):
            # TensorMap: name 0, tensor_index 1.
            return b.offsets([b.table(2, s0=b.text(key), s1=("Uint32", number)) for key, number in ports.items()])

        # SubGraph: tensors 0, inputs 1, outputs 2, operators 3, name 4.
        subgraph = b.table(5, s0=b.offsets(self.tensors), s1=b.numbers(list(inputs.values())),
                           s2=b.numbers(list(outputs.values())), s3=b.offsets(self.operators), s4=b.text(name))
        # SignatureDef: inputs 0, outputs 1, signature_key 2, subgraph_index 4.
        signature = b.table(5, s0=signature_ports(inputs), s1=signature_ports(outputs), s2=b.text("serving_default"))
        # OperatorCode: deprecated_builtin_code 0, version 2, builtin_code 3.
        codes = [b.table(4, s0=("Int8", kind), s2=("Int32", 1), s3=("Int32", kind)) for kind in OPERATORS]
        # Buffer: data 0.
        buffers = [b.table(1, **({"s0": ("UOffsetTRelative", b.CreateByteVector(data))} if data else {}))
                   for data in self.buffers]
        # Model: version 0, operator_codes 1, subgraphs 2, description 3, buffers 4, signature_defs 7.
        model = b.table(8, s0=("Uint32", SCHEMA_VERSION), s1=b.offsets(codes), s2=b.offsets([subgraph]),
                        s3=b.text("wasinn"), s4=b.offsets(buffers), s7=b.offsets([signature]))
        b.Finish(model, b"TFL3")
        return bytes(b.Output())


def compute(graph, output, port, arguments):
    """The operators of one output; its tensor's number."""
    if output.operation == "identity":
        # There is no identity: give the tensor the shape that it has.
        rank = graph.tensor(f"{output.name}_shape", "i32", (len(port.dims),))
        graph.operator(SHAPE, arguments, rank)
        made = graph.tensor(output.name, port.dtype, port.dims)
        graph.operator(RESHAPE, [*arguments, rank], made)
        return made
    if output.operation == "double":
        arguments = arguments * 2
    if output.operation == "increment":
        arguments = [*arguments, graph.tensor("one", port.dtype, port.dims, struct.pack("<f", 1))]
    made = graph.tensor(output.name, port.dtype, port.dims)
    graph.operator(ADD, arguments, made)
    return made


def build(model):
    graph = Graph()
    inputs = {port.name: graph.tensor(port.name, port.dtype, port.dims) for port in model.inputs}
    outputs = {output.name: compute(graph, output, model.output_port(output), [inputs[name] for name in output.arguments])
               for output in model.outputs}
    return {"model.tflite": graph.finish(model.name, inputs, outputs)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    with Framework(parser.parse_args().folder, "tensorflowlite", "tensorflowlite") as framework:
        for model in MODELS:
            if model.name not in LEFT_OUT:
                framework.add(model.name, build(model))


if __name__ == "__main__":
    main()
