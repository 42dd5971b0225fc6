#!/usr/bin/env python3
"""Makes the suite's models for ONNX and for the echo backend.

    make_models.py FOLDER            the suite's models folder; seconds, no network

Needs the `onnx` package. The files are the same, byte for byte, each time.
"""

import argparse
import pathlib
import sys

from onnx import helper

from manifest import Framework

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
import make_models as onnx_models  # noqa: E402  (of the scripts folder)

F32, I64 = onnx_models.F32, onnx_models.I64
MANY = 16


def pass_through(name, ports):
    """An ONNX model that returns its inputs: (input, output, dims, type) each."""
    return onnx_models.model(
        name,
        [helper.make_node("Identity", [x], [y]) for x, y, _, _ in ports],
        [onnx_models.port(x, dims, dtype) for x, _, dims, dtype in ports],
        [onnx_models.port(y, dims, dtype) for _, y, dims, dtype in ports],
    )


def make_onnx(folder):
    models = dict(onnx_models.identities())
    for make in (onnx_models.add, onnx_models.multi_io, onnx_models.scalar, onnx_models.optional, onnx_models.large):
        models[make.__name__] = make()
    models["pair"] = pass_through("pair", [("a", "a2", [2], F32), ("b", "b2", [2], I64)])
    models["scalar_identity"] = pass_through("scalar_identity", [("x", "y", [], F32)])
    models["many"] = pass_through("many", [(f"i{i}", f"o{i}", [1], F32) for i in range(MANY)])
    with Framework(folder, "onnx", "onnx") as framework:
        for name, model in models.items():
            framework.add(name, {"model.onnx": model.SerializeToString(deterministic=True)})
        external, weights = onnx_models.external()
        framework.add("external", {"model.onnx": external.SerializeToString(deterministic=True)},
                      beside={"external.data": weights})


def echo(ports, **options):
    """An echo model: what it takes it gives back. Ports are (input, output, type, dims)."""
    lines = ["wasinn-echo"]
    lines += [f"input {x} {dtype} {dims}" for x, _, dtype, dims in ports]
    lines += [f"output {y} {dtype} {dims}" for _, y, dtype, dims in ports]
    lines += [f"option {name} {value}" for name, value in options.items()]
    return "".join(f"{line}\n" for line in lines).encode()


def make_echo(folder):
    def one(dtype, dims, **options):
        return echo([("x", "y", dtype, dims)], **options)

    models = {f"identity_{dtype}": one(dtype, "-1") for dtype in onnx_models.ELEMENT_TYPES}
    models |= {
        "identity_any_rank": one("f32", "*"),
        "identity_4": one("f32", "4"),
        "identity_602112": one("f32", "1,3,224,224"),
        "dynamic": one("f32", "-1,3,-1"),
        "zero": one("f32", "-1,0"),
        "scalar_identity": one("f32", "scalar"),
        "pair": echo([("a", "a2", "f32", "2"), ("b", "b2", "i64", "2")]),
        "many": echo([(f"i{i}", f"o{i}", "f32", "1") for i in range(MANY)]),
        "stream": one("u8", "-1", chunk_bytes=3),
        "slow": one("f32", "-1", delay_ms=400),
        "fail": one("f32", "-1", fail="runtime_error"),
    }
    with Framework(folder, "echo", "autodetect") as framework:
        for name, description in models.items():
            framework.add(name, {"model.echo": description})


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    arguments = parser.parse_args()
    make_onnx(arguments.folder)
    make_echo(arguments.folder)


if __name__ == "__main__":
    main()
