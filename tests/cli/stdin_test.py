#!/usr/bin/env python3
"""Guests and models come through standard input, whether it is a pipe or a file.

stdin_test.py WASINN MODEL.onnx LETTERS.gguf"""

import json
import subprocess
import sys
import tempfile

# (module (func (export "_start")))
WASM = (b"\0asm\1\0\0\0" b"\1\4\1\x60\0\0" b"\3\2\1\0" b"\7\x0a\1\6_start\0\0"
        b"\x0a\4\1\2\0\x0b")


def main():
    program, model, letters = sys.argv[1:]
    wrong = []

    def run(words, data, code=0):
        done = subprocess.run([program, *words], input=data, capture_output=True, timeout=100)
        if done.returncode != code:
            wrong.append(f"{words}: expected exit code {code}, given {done.returncode}: {done.stderr.decode()}")
        return done.stdout.decode()

    run(["-"], WASM)
    run(["inspect", "-"], WASM)
    with open(model, "rb") as file:
        onnx = file.read()
    inputs = ["--input", "a=[1,2,3,4]", "--input", "b=[1,1,1,1]"]
    answer = run(["infer", "-", *inputs, "--json"], onnx)
    if not wrong and json.loads(answer)["outputs"][0]["data"] != [2, 3, 4, 5]:
        wrong.append(f"expected 2 3 4 5, given {answer}")
    described = run(["models", "-", "--json"], onnx)
    if not wrong and json.loads(described)["size"] != len(onnx):
        wrong.append(f"expected a model of {len(onnx)} bytes, given {described}")
    with tempfile.TemporaryFile() as file:
        file.write(onnx)
        file.seek(0)
        done = subprocess.run([program, "infer", "-", *inputs], stdin=file, capture_output=True)
        if done.returncode != 0:
            wrong.append(f"a model in a file: {done.stderr.decode()}")
    try:
        with open(letters, "rb") as file:
            gguf = file.read()
    except FileNotFoundError:
        print("the language model was not built: not tried")
        gguf = None
    if gguf:
        run(["infer", "-", "--input", "prompt=abc", "--option", "n-predict=2"], gguf)
    print("\n".join(wrong) or "guests and models of standard input run")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
