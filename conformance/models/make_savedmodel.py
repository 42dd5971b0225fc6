#!/usr/bin/env python3
"""Makes the suite's models for TensorFlow: SavedModels without variables, one signature each.

    make_savedmodel.py FOLDER        the suite's models folder; no package, no network

The messages are written by hand, field by field, so that a build needs no TensorFlow; check_models.py loads the
models with it.
"""

import argparse
import pathlib
import struct

from logical import MODELS
from manifest import Framework

# DataType of tensorflow/core/framework/types.proto.
TYPES = {"f32": 1, "f64": 2, "i32": 3, "u8": 4, "i16": 5, "i8": 6, "string": 7, "i64": 9, "bool": 10, "bf16": 14,
         "u16": 17, "f16": 19, "u32": 22, "u64": 23}
# What every graph of TensorFlow 2 has.
PRODUCER = 1087


def varint(value):
    value &= (1 << 64) - 1
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def field(number, value):
    """One field of a message: numbers are varints; text, bytes and messages are preceded by their length."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    if isinstance(value, str):
        value = value.encode()
    return varint(number << 3 | 2) + varint(len(value)) + value


def entry(number, key, message):
    """An entry of a map whose keys are text."""
    return field(number, field(1, key) + field(2, message))


def shape(dims):
    """TensorShapeProto: dim = 2 { size = 1 }, unknown_rank = 3."""
    if dims is None:
        return field(3, 1)
    return b"".join(field(2, field(1, dim)) for dim in dims)


def node(name, operation, inputs=(), **attributes):
    """NodeDef: name = 1, op = 2, input = 3, attr = 5; attributes are encoded AttrValues."""
    out = field(1, name) + field(2, operation) + b"".join(field(3, source) for source in inputs)
    return out + b"".join(entry(5, key, value) for key, value in attributes.items())


def of_type(dtype):
    """AttrValue: type = 6."""
    return field(6, TYPES[dtype])


def info(port):
    """TensorInfo: name = 1, dtype = 2, tensor_shape = 3."""
    return field(1, f"{port.name}:0") + field(2, TYPES[port.dtype]) + field(3, shape(port.dims))


def compute(output, port):
    """The nodes of one output."""
    arguments = list(output.arguments)
    if output.operation == "identity":
        return [node(output.name, "Identity", arguments, T=of_type(port.dtype))]
    nodes = []
    if output.operation == "double":
        arguments *= 2
    if output.operation == "increment":
        # AttrValue: tensor = 8; TensorProto: dtype = 1, tensor_shape = 2, tensor_content = 4.
        one = field(1, TYPES[port.dtype]) + field(2, shape(port.dims)) + field(4, struct.pack("<f", 1))
        nodes.append(node("one", "Const", dtype=of_type(port.dtype), value=field(8, one)))
        arguments.append("one")
    return [*nodes, node(output.name, "AddV2", arguments, T=of_type(port.dtype))]


def build(model):
    # AttrValue: shape = 7.
    nodes = [node(port.name, "Placeholder", dtype=of_type(port.dtype), shape=field(7, shape(port.dims)))
             for port in model.inputs]
    # SignatureDef: inputs = 1, outputs = 2, method_name = 3.
    signature = b"".join(entry(1, port.name, info(port)) for port in model.inputs)
    for output in model.outputs:
        port = model.output_port(output)
        nodes += compute(output, port)
        signature += entry(2, output.name, info(port))
    signature += field(3, "tensorflow/serving/predict")
    # GraphDef: node = 1, versions = 4 { producer = 1 }.
    graph = b"".join(field(1, one) for one in nodes) + field(4, field(1, PRODUCER))
    # MetaGraphDef: meta_info_def = 1 { tags = 4, tensorflow_version = 5 }, graph_def = 2, signature_def = 5.
    meta = field(1, field(4, "serve") + field(5, "2.0.0")) + field(2, graph) + entry(5, "serving_default", signature)
    # SavedModel: saved_model_schema_version = 1, meta_graphs = 2.
    return {"saved_model.pb": field(1, 1) + field(2, meta)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    with Framework(parser.parse_args().folder, "tensorflow", "tensorflow") as framework:
        for model in MODELS:
            framework.add(model.name, build(model))


if __name__ == "__main__":
    main()
