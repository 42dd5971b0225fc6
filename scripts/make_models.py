#!/usr/bin/env python3
"""Makes the small ONNX models that the tests and benchmarks use.

    make_models.py FOLDER            all of them; seconds, no network
    make_models.py FOLDER --large    also large.onnx, with 136 MiB of weights

Needs the `onnx` package. The files are the same, byte for byte, each time.
"""

import argparse
import hashlib
import pathlib

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

# The oldest versions with the features that are used here, so that any current ONNX Runtime loads the models.
OPSET = 17
IR_VERSION = 8

ELEMENT_TYPES = {
    "f16": TensorProto.FLOAT16,
    "bf16": TensorProto.BFLOAT16,
    "f32": TensorProto.FLOAT,
    "f64": TensorProto.DOUBLE,
    "i8": TensorProto.INT8,
    "i16": TensorProto.INT16,
    "i32": TensorProto.INT32,
    "i64": TensorProto.INT64,
    "u8": TensorProto.UINT8,
    "u16": TensorProto.UINT16,
    "u32": TensorProto.UINT32,
    "u64": TensorProto.UINT64,
    "bool": TensorProto.BOOL,
    "string": TensorProto.STRING,
}
F32 = TensorProto.FLOAT
I64 = TensorProto.INT64


def port(name, dims, dtype=F32):
    """A graph input or output; `dims` has numbers and names of dynamic sizes; None means any rank."""
    return helper.make_tensor_value_info(name, dtype, dims)


def constant(name, values, dtype=numpy.float32):
    return numpy_helper.from_array(numpy.array(values, dtype), name)


def model(name, nodes, inputs, outputs, initializers=(), opsets=(("", OPSET),)):
    graph = helper.make_graph(nodes, name, inputs, outputs, list(initializers))
    made = helper.make_model(graph, producer_name="wasinn", ir_version=IR_VERSION,
                             opset_imports=[helper.make_opsetid(*opset) for opset in opsets])
    # The checker requires a shape on every port, but a port of any rank has none; runtimes accept both.
    if all(value.type.tensor_type.HasField("shape") for value in inputs if value.type.HasField("tensor_type")):
        onnx.checker.check_model(made)
    return made


def identity(name, dims, dtype=F32):
    return model(name, [helper.make_node("Identity", ["x"], ["y"])], [port("x", dims, dtype)], [port("y", dims, dtype)])


def identities():
    for name, dtype in ELEMENT_TYPES.items():
        yield f"identity_{name}", identity(f"identity_{name}", ["n"], dtype)
    yield "identity_any_rank", identity("identity_any_rank", None)
    yield "identity_4", identity("identity_4", [4])
    yield "identity_602112", identity("identity_602112", [1, 3, 224, 224])
    yield "dynamic", identity("dynamic", ["batch", 3, "width"])
    yield "zero", identity("zero", ["n", 0])


def add():
    """sum = a + b, with every kind of metadata that a model can have."""
    made = model("add", [helper.make_node("Add", ["a", "b"], ["sum"])],
                 [port("a", [4]), port("b", [4])], [port("sum", [4])],
                 opsets=(("", OPSET), ("ai.onnx.ml", 3)))
    made.producer_version = "1.2"
    made.domain = "org.example"
    made.model_version = 7
    made.doc_string = "Adds two vectors."
    made.graph.doc_string = "One node."
    helper.set_model_props(made, {"task": "addition"})
    return made


def multi_io():
    """a2 = 2 a (f32), b2 = 2 b (i64)."""
    return model("multi_io",
                 [helper.make_node("Add", ["a", "a"], ["a2"]), helper.make_node("Add", ["b", "b"], ["b2"])],
                 [port("a", [2]), port("b", [2], I64)], [port("a2", [2]), port("b2", [2], I64)])


def scalar():
    """y = x + 1, both of rank 0."""
    return model("scalar", [helper.make_node("Add", ["x", "one"], ["y"])], [port("x", [])], [port("y", [])],
                 [constant("one", 1)])


def optional():
    """y = x + bias; the bias is [10, 20] unless it is given."""
    return model("optional", [helper.make_node("Add", ["x", "bias"], ["y"])],
                 [port("x", [2]), port("bias", [2])], [port("y", [2])], [constant("bias", [10, 20])])


def string_concat():
    """y = x followed by an exclamation mark, for each string."""
    mark = helper.make_tensor("mark", TensorProto.STRING, [1], [b"!"])
    return model("string_concat", [helper.make_node("StringConcat", ["x", "mark"], ["y"])],
                 [port("x", ["n"], TensorProto.STRING)], [port("y", ["n"], TensorProto.STRING)], [mark],
                 opsets=(("", 20),))


def reshape():
    """y = x as 2 x 3; the run fails if x does not have six elements."""
    return model("reshape", [helper.make_node("Reshape", ["x", "shape"], ["y"])],
                 [port("x", ["n"])], [port("y", [2, 3])], [constant("shape", [2, 3], numpy.int64)])


def passthrough():
    """Outputs in the memory of other tensors, if a framework avoids the copy: the input, directly and through
    nodes that change no byte; a constant; one result twice."""
    nodes = [helper.make_node("Add", ["x", "c"], ["plus"]), helper.make_node("Identity", ["plus"], ["plus_again"]),
             helper.make_node("Identity", ["x"], ["same"]), helper.make_node("Reshape", ["x", "square"], ["reshaped"]),
             helper.make_node("Identity", ["c"], ["constant"])]
    outputs = [port("x", [4]), port("same", [4]), port("reshaped", [2, 2]), port("plus", [4]), port("plus_again", [4]),
               port("c", [1]), port("constant", [1]), port("s", ["n"], TensorProto.STRING)]
    return model("passthrough", nodes, [port("x", [4]), port("s", ["n"], TensorProto.STRING)], outputs,
                 [constant("c", [10]), constant("square", [2, 2], numpy.int64)])


def sequence():
    """Its only output is a sequence, which no wasi-nn guest can receive."""
    return model("sequence", [helper.make_node("SequenceConstruct", ["x", "x"], ["s"])], [port("x", [2])],
                 [helper.make_tensor_sequence_value_info("s", F32, [2])])


def optional_type(name, element):
    """A port that is an optional value."""
    return helper.make_value_info(name, helper.make_optional_type_proto(element))


def optional_tensor():
    """y = x + o if the optional tensor o is given, otherwise 2 x; the output `some` is x, `none` is empty."""
    given = helper.make_graph([helper.make_node("OptionalGetElement", ["o"], ["value"])], "given", [],
                              [port("value", [2])])
    missing = helper.make_graph([helper.make_node("Identity", ["x"], ["same"])], "missing", [], [port("same", [2])])
    element = helper.make_tensor_type_proto(F32, [2])
    nodes = [
        helper.make_node("OptionalHasElement", ["o"], ["has"]),
        helper.make_node("If", ["has"], ["v"], then_branch=given, else_branch=missing),
        helper.make_node("Add", ["x", "v"], ["y"]),
        helper.make_node("Optional", ["x"], ["some"]),
        helper.make_node("Optional", [], ["none"], type=element),
    ]
    return model("optional_tensor", nodes, [port("x", [2]), optional_type("o", element)],
                 [port("y", [2]), optional_type("some", element), optional_type("none", element)],
                 opsets=(("", 18),))


def classifier():
    """The label of two classes as a tensor, and their probabilities as a sequence of maps, as in scikit-learn."""
    nodes = [
        helper.make_node("LinearClassifier", ["x"], ["label", "scores"], domain="ai.onnx.ml",
                         classlabels_ints=[7, 9], coefficients=[1.0, 0.0, 0.0, 1.0], intercepts=[0.0, 0.0],
                         multi_class=0, post_transform="SOFTMAX"),
        helper.make_node("ZipMap", ["scores"], ["probabilities"], domain="ai.onnx.ml", classlabels_int64s=[7, 9]),
    ]
    element = helper.make_map_type_proto(I64, helper.make_tensor_type_proto(F32, []))
    sequence_of_maps = helper.make_value_info("probabilities", helper.make_sequence_type_proto(element))
    return model("classifier", nodes, [port("x", [None, 2])], [port("label", [None], I64), sequence_of_maps],
                 opsets=(("", OPSET), ("ai.onnx.ml", 3)))


def sequence_input():
    """y = the first tensor of the sequence s, plus x."""
    nodes = [
        helper.make_node("SequenceAt", ["s", "first"], ["v"]),
        helper.make_node("Add", ["v", "x"], ["y"]),
    ]
    return model("sequence_input", nodes, [helper.make_tensor_sequence_value_info("s", F32, [2]), port("x", [2])],
                 [port("y", [2])], [constant("first", 0, numpy.int64)])


def slow():
    """y = x, after some seconds of small matrix products in a loop."""
    size, trips = 128, 100000
    # A rotation of the rows: after any number of steps the sum is still `size`.
    turn = numpy.roll(numpy.eye(size, dtype=numpy.float32), 1, axis=0)
    body = helper.make_graph(
        [helper.make_node("MatMul", ["m", "turn"], ["m_next"]), helper.make_node("Identity", ["go"], ["go_on"])],
        "step", [port("i", [], I64), port("go", [], TensorProto.BOOL), port("m", [size, size])],
        [port("go_on", [], TensorProto.BOOL), port("m_next", [size, size])])
    nodes = [
        helper.make_node("Mul", ["turn", "x"], ["m_first"]),
        helper.make_node("Loop", ["trips", "", "m_first"], ["m_last"], body=body),
        helper.make_node("ReduceMean", ["m_last"], ["mean"], keepdims=0),
        helper.make_node("Mul", ["mean", "size"], ["y"]),
    ]
    return model("slow", nodes, [port("x", [1])], [port("y", [1])],
                 [constant("turn", turn), constant("trips", trips, numpy.int64), constant("size", [size])])


def large():
    """y = w[i] of a table of 34 Mi floats, w[i] = i."""
    table = numpy.arange(34 << 20, dtype=numpy.float32)
    return model("large", [helper.make_node("Gather", ["w", "i"], ["y"])], [port("i", [1], I64)],
                 [port("y", [1])], [constant("w", table)])


def external():
    """y = x + [1, 2, 3, 4], and the bytes of external.data that hold the numbers."""
    made = model("external", [helper.make_node("Add", ["x", "w"], ["y"])], [port("x", [4])], [port("y", [4])],
                 [constant("w", [1, 2, 3, 4])])
    weights = made.graph.initializer[0]
    data = weights.raw_data
    weights.ClearField("raw_data")
    weights.data_location = TensorProto.EXTERNAL
    for key, value in (("location", "external.data"), ("offset", "0"), ("length", str(len(data)))):
        weights.external_data.add(key=key, value=value)
    return made, data


def write(folder, name, data):
    """Writes only files that differ, so that a build sees no unnecessary change."""
    path = folder / name
    if not path.is_file() or path.read_bytes() != data:
        scratch = folder / f".{name}.part"
        scratch.write_bytes(data)
        scratch.replace(path)
    return path


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--large", action="store_true", help="also make large.onnx (136 MiB)")
    arguments = parser.parse_args()
    folder = arguments.folder
    folder.mkdir(parents=True, exist_ok=True)

    models = dict(identities())
    for make in (add, multi_io, scalar, optional, string_concat, reshape, passthrough, sequence, sequence_input,
                 optional_tensor, classifier, slow):
        models[make.__name__] = make()
    if arguments.large:
        models["large"] = large()
    models["external"], weights = external()

    for name, made in models.items():
        write(folder, f"{name}.onnx", made.SerializeToString(deterministic=True))
    write(folder, "external.data", weights)
    whole = models["add"].SerializeToString(deterministic=True)
    write(folder, "truncated.onnx", whole[: len(whole) // 2])
    write(folder, "garbage.onnx", b"".join(hashlib.sha256(bytes([i])).digest() for i in range(32)))
    write(folder, "empty.onnx", b"")
    print(f"make_models: {len(models)} models and 3 broken ones in {folder}")


if __name__ == "__main__":
    main()
