#!/usr/bin/env python3
"""Runs the ggml backend's builds for processors: cpus_run_test.py WASINN MODEL PLUGIN.

The simplest of the builds beside the plug-in and the one that it chooses give the same completion; a build that is not
there is an error that says so; no module exports more than it must.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile


def infer(wasinn, folder, model, cpu):
    environment = os.environ | ({"WASINN_GGML_CPU": cpu} if cpu else {})
    return subprocess.run(
        [wasinn, "infer", "--json", "--backend-path", folder, model, "--input", "prompt=abc", "--input",
         'options={"n-predict": 8, "temp": 0}'],
        env=environment, capture_output=True, text=True, check=False)


def answer(wasinn, folder, model, cpu):
    done = infer(wasinn, folder, model, cpu)
    if done.returncode != 0:
        sys.exit(f"{cpu or 'the chosen one'}: expected an answer, given status {done.returncode}: {done.stderr}")
    outputs = {output["name"]: output.get("text") for output in json.loads(done.stdout)["outputs"]}
    return outputs["response"]


def expect_error(wasinn, folder, model, cpu, text):
    done = infer(wasinn, folder, model, cpu)
    if done.returncode != 125 or text not in done.stderr:
        sys.exit(f"{cpu}: expected status 125 and '{text}', given {done.returncode}: {done.stderr}")


def main():
    wasinn, model, plugin = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
    modules = sorted((plugin.parent / "ggml").glob("*.so"))
    for module in [plugin, *modules]:
        symbols = subprocess.run(["nm", "-D", "--defined-only", module], capture_output=True, text=True, check=True)
        names = [line.split()[-1] for line in symbols.stdout.splitlines() if " A " not in line]
        expected = ["wasinn_backend_entry_v1"] + (["wasinn_ggml_self_test"] if module != plugin else [])
        if names != expected:
            sys.exit(f"{module}: expected {expected} as its only symbols, given {names}")
    chosen = answer(wasinn, plugin.parent, model, None)
    names = [module.stem for module in modules]
    if "x64" in names and answer(wasinn, plugin.parent, model, "x64") != chosen:
        sys.exit("expected the same answer from every build, given another from x64")
    expect_error(wasinn, plugin.parent, model, "abacus", "WASINN_GGML_CPU: expected one of ")
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(plugin, folder)
        expect_error(wasinn, folder, model, names[0], f"expected the build for processor {names[0]} in ")
    print(f"{len(modules)} builds, the answer is {chosen}")


if __name__ == "__main__":
    main()
