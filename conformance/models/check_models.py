#!/usr/bin/env python3
"""Loads the suite's models in a framework's own package, runs them, and compares what they give.

    check_models.py FOLDER FRAMEWORK        exit code 0: all are right; 1: some are not; 77: the package is missing

FRAMEWORK is a folder below FOLDER: openvino, tensorflow, tensorflowlite, pytorch, ggml. `scripts/deps.sh fetch
models-venv` installs the packages that are small enough to be pinned: OpenVINO (which reads SavedModels, too), the
interpreter of TensorFlow Lite, and gguf. TensorFlow and PyTorch are used where the Python that runs this has them.
"""

import argparse
import importlib.util
import pathlib
import sys

import numpy

from logical import MODELS

SKIPPED = 77
NUMPY = {"f16": "f2", "f32": "f4", "f64": "f8", "i8": "i1", "i16": "i2", "i32": "i4", "i64": "i8", "u8": "u1", "u16": "u2",
         "u32": "u4", "u64": "u8", "bool": "?"}


def sample(port):
    """Values for an input; what any framework's numbers hold exactly."""
    dims = [3 if dim == -1 else dim for dim in ((2, 1) if port.dims is None else port.dims)]
    count = int(numpy.prod(dims))
    if port.dtype == "string":
        return numpy.array([["", "inn", "wasi"][i % 3] for i in range(count)]).reshape(dims)
    if port.dtype == "bf16":
        # numpy has no such type: the bits of small integers.
        return (numpy.arange(count, dtype="f4").view("u4") >> 16).astype("u2").reshape(dims)
    return numpy.arange(count).reshape(dims).astype(NUMPY[port.dtype])


def expected(model, output, inputs):
    values = [inputs[name] for name in output.arguments]
    if output.operation == "identity":
        return values[0]
    if output.operation == "increment":
        return values[0] + numpy.float32(1)
    return values[0] + values[-1]


class OpenVino:
    packages = ("openvino",)

    def __init__(self):
        import openvino

        self.openvino = openvino
        self.core = openvino.Core()

    def run(self, model, path, inputs):
        ov = self.openvino
        compiled = self.core.compile_model(str(path), "CPU")
        request = compiled.create_infer_request()
        for port in model.inputs:
            value = inputs[port.name]
            if port.dtype == "bf16":
                tensor = ov.Tensor(value, value.shape, ov.Type.bf16)
            else:
                tensor = ov.Tensor(value)
            request.set_tensor(port.name, tensor)
        request.infer()
        results = [request.get_output_tensor(i) for i in range(len(compiled.outputs))]
        if model.name == "identity_string":
            return [result.str_data for result in results]
        return [result.data.view("u2") if model.name == "identity_bf16" else result.data.copy() for result in results]


class TensorFlow:
    packages = ("tensorflow",)

    def __init__(self):
        import tensorflow

        self.tensorflow = tensorflow

    def run(self, model, path, inputs):
        tf = self.tensorflow
        function = tf.saved_model.load(str(path)).signatures["serving_default"]
        given = {}
        for port in model.inputs:
            value = inputs[port.name]
            given[port.name] = tf.bitcast(value, tf.bfloat16) if port.dtype == "bf16" else tf.constant(value)
        results = [function(**given)[output.name] for output in model.outputs]
        if model.name == "identity_bf16":
            results = [tf.bitcast(result, tf.uint16) for result in results]
        return [numpy.char.decode(result.numpy().astype("S")) if model.name == "identity_string" else result.numpy()
                for result in results]


class TensorFlowLite:
    packages = ("ai_edge_litert",)

    def run(self, model, path, inputs):
        from ai_edge_litert.interpreter import Interpreter

        interpreter = Interpreter(str(path))
        numbers = {detail["name"]: detail["index"] for detail in interpreter.get_input_details()}
        for name, value in inputs.items():
            interpreter.resize_tensor_input(numbers[name], value.shape)
        interpreter.allocate_tensors()
        for name, value in inputs.items():
            interpreter.set_tensor(numbers[name], value.astype("S").astype(object) if value.dtype.kind == "U" else value)
        interpreter.invoke()
        results = {detail["name"]: interpreter.get_tensor(detail["index"]) for detail in interpreter.get_output_details()}
        return [numpy.char.decode(results[output.name].astype("S")) if model.name == "identity_string"
                else results[output.name] for output in model.outputs]


class PyTorch:
    packages = ("torch",)

    def run(self, model, path, inputs):
        import torch

        given = [torch.from_numpy(numpy.ascontiguousarray(inputs[port.name]).reshape(inputs[port.name].shape))
                 for port in model.inputs]
        if model.name == "identity_bf16":
            given = [value.view(torch.bfloat16) for value in given]
        results = torch.jit.load(str(path))(*given)
        results = results if isinstance(results, tuple) else (results,)
        if model.name == "identity_bf16":
            results = [result.view(torch.uint16) for result in results]
        return [result.numpy() for result in results]


def check_ggml(folder):
    """The reader finds every tensor; each has its place in the file."""
    from gguf import GGUFReader

    reader = GGUFReader(str(folder / "alphabet" / "model.gguf"))
    tokens = reader.fields["tokenizer.ggml.tokens"].contents()
    tensors = {tensor.name: tensor.data for tensor in reader.tensors}
    embeddings, output = tensors["token_embd.weight"], tensors["output.weight"]
    wrong = 0
    for row in ("abcdefghijklmnopqrstuvwxyz", "0123456789"):
        for one, other in zip(row, [*row[1:], "</s>"]):
            # What the model computes, since nothing else adds to an embedding whose mean square is 1.
            given = tokens[int(numpy.argmax(output @ embeddings[tokens.index(one)]))]
            if given != other:
                print(f"alphabet: after {one}: expected {other}, given {given}")
                wrong += 1
    print(f"ggml: {len(tensors)} tensors, {len(tokens)} tokens, {wrong} wrong")
    return wrong


# The frameworks that can run the models of each folder; a SavedModel is a folder.
FRAMEWORKS = {"openvino": (OpenVino,), "tensorflow": (TensorFlow, OpenVino), "tensorflowlite": (TensorFlowLite,),
              "pytorch": (PyTorch,)}
# What a framework cannot run of another's models, or computes in another type.
CANNOT = {("tensorflow", OpenVino): ("identity_any_rank",)}


def check(folder, name, framework):
    runner, wrong, checked = framework(), 0, 0
    for model in MODELS:
        path = folder / model.name
        if not path.is_dir() or model.name in CANNOT.get((name, framework), ()):
            continue
        if name != "tensorflow":
            path = next(file for file in sorted(path.iterdir()) if file.suffix != ".bin")
        inputs = {port.name: sample(port) for port in model.inputs}
        checked += 1
        try:
            results = runner.run(model, path, inputs)
        except Exception as error:  # any package's own
            print(f"{model.name}: {type(error).__name__}: {str(error)[:300]}")
            wrong += 1
            continue
        for output, given in zip(model.outputs, results, strict=True):
            wanted = expected(model, output, inputs)
            if numpy.shape(given) != wanted.shape or not numpy.array_equal(given, wanted):
                print(f"{model.name}: {output.name}: expected {wanted!r}, given {given!r}")
                wrong += 1
    print(f"{name} in {framework.__name__}: {checked} models, {wrong} wrong")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("framework", choices=["ggml", *FRAMEWORKS])
    arguments = parser.parse_args()
    folder = arguments.folder / arguments.framework
    if arguments.framework == "ggml":
        if importlib.util.find_spec("gguf") is None:
            print("skipped: the package gguf is missing")
            return SKIPPED
        return 1 if check_ggml(folder) else 0
    usable = [one for one in FRAMEWORKS[arguments.framework] if all(map(importlib.util.find_spec, one.packages))]
    if not usable:
        print(f"skipped: no package for {arguments.framework} here")
        return SKIPPED
    wrong = sum(check(folder, arguments.framework, one) for one in usable)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
