#!/usr/bin/env python3
"""Makes the suite's models for PyTorch: TorchScript archives.

    make_torchscript.py FOLDER       the suite's models folder; no package, no network

An archive is a zip of a program's text and of the values in it, of which these models have none. It is written by
hand, so that a build needs no PyTorch. TorchScript knows neither the types nor the dims of inputs, nor names of outputs.
"""

import argparse
import io
import pathlib
import zipfile

from logical import MODELS
from manifest import Framework

# PyTorch has no tensors of strings, and its models cannot say that they want one shape.
LEFT_OUT = ("identity_string", "identity_4")

# An object of the class __torch__.Model without attributes, and an empty tuple, as pickle's protocol 2 has them.
OBJECT = b"\x80\x02c__torch__\nModel\nq\x00)\x81}(ubq\x01."
NO_CONSTANTS = b"\x80\x02)."
# The oldest version of the format that current PyTorch writes.
VERSION = b"3\n"

OPERATIONS = {
    "identity": "torch.clone({0})",
    "add": "torch.add({0}, {1})",
    "double": "torch.add({0}, {0})",
    "increment": "torch.add({0}, 1)",
}


def program(model):
    arguments = "".join(f",\n    {port.name}: Tensor" for port in model.inputs)
    results = [OPERATIONS[output.operation].format(*output.arguments) for output in model.outputs]
    kind, value = "Tensor", results[0]
    if len(results) > 1:
        kind, value = f"Tuple[{', '.join(['Tensor'] * len(results))}]", f"({', '.join(results)})"
    return ("class Model(Module):\n  __parameters__ = []\n  __buffers__ = []\n"
            f"  def forward(self: __torch__.Model{arguments}) -> {kind}:\n    return {value}\n")


def build(model):
    parts = {
        "data.pkl": OBJECT,
        "code/__torch__.py": program(model).encode(),
        "constants.pkl": NO_CONSTANTS,
        "version": VERSION,
        "byteorder": b"little",
    }
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as file:
        for name, data in parts.items():
            # Without a time of its own an entry has that of 1980: the same bytes each time.
            file.writestr(zipfile.ZipInfo(f"model/{name}"), data)
    return {"model.pt": archive.getvalue()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    with Framework(parser.parse_args().folder, "pytorch", "pytorch") as framework:
        for model in MODELS:
            if model.name not in LEFT_OUT:
                framework.add(model.name, build(model))


if __name__ == "__main__":
    main()
