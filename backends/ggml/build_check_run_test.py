#!/usr/bin/env python3
"""Starts with builds of the ggml backend that do not work: build_check_run_test.py WASINN MODEL WRONG_PLUGIN PLUGIN.

WRONG_PLUGIN has one that dies and one that computes something else. Both are left out with a warning, the third is
taken, and the next start knows that without trying them again.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile


class Start:
    """One run of the program with a home and plug-ins of its own."""

    def __init__(self, wasinn, model, folder, **environment):
        done = subprocess.run(
            [wasinn, "infer", "--json", "--log-level", "warn", "--backend-path", folder, model, "--input", "prompt=abc", "--input",
             'options={"n-predict": 8, "temp": 0}'],
            env=os.environ | {"XDG_CACHE_HOME": str(folder / "cache")} | environment, capture_output=True, text=True,
            check=False)
        self.status, self.stderr, self.text = done.returncode, done.stderr, None
        if done.returncode == 0:
            outputs = {output["name"]: output.get("text") for output in json.loads(done.stdout)["outputs"]}
            self.text = outputs["response"]

    def expect(self, what, *texts, status=0):
        missing = [text for text in texts if text not in self.stderr]
        if self.status != status or missing:
            sys.exit(f"{what}: expected status {status} and {missing} on standard error, given {self.status}: {self.stderr}")


def copy_of(plugin, folder):
    """A plug-in with its builds, whose check program leaves a mark when it is run."""
    shutil.copy(plugin, folder / "ggml.so")
    shutil.copytree(plugin.parent / "ggml", folder / "ggml")
    check = folder / "ggml/wasinn-ggml-check"
    if check.exists():
        check.rename(folder / "check")
    else:
        shutil.copy(pathlib.Path(sys.argv[4]).parent / "ggml/wasinn-ggml-check", folder / "check")
    check.write_text(f'#!/bin/sh\necho $1 >>{folder}/tried\nexec {folder}/check "$@"\n')
    check.chmod(0o755)


def tried(folder):
    path = folder / "tried"
    lines = [pathlib.Path(line).stem for line in path.read_text().splitlines()] if path.exists() else []
    path.unlink(missing_ok=True)
    return lines


def expect_tried(folder, what, names):
    given = tried(folder)
    if given != names:
        sys.exit(f"{what}: expected the builds {names} to be tried, given {given}")


def wrong_builds(wasinn, model, plugin, right):
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        copy_of(plugin, folder)
        shutil.copy(right.parent / "ggml/native.so", folder / "ggml")
        warnings = ["dies.so does not work on this processor (SIGILL in q5_1 weights (CPU) times 1 columns)",
                    "differs.so does not work on this processor (q5_1 weights (CPU) times 1 columns: expected an error"]
        first = Start(wasinn, model, folder)
        first.expect("the first start", *warnings)
        expect_tried(folder, "the first start", ["dies", "differs", "native"])
        if first.text is None or not first.text.startswith("defg"):
            sys.exit(f"expected the next letters, given {first.text}")
        second = Start(wasinn, model, folder)
        second.expect("the second start", *warnings)
        expect_tried(folder, "the second start", [])
        # Another file, and a folder that others may write to.
        os.utime(folder / "ggml/differs.so", ns=(1, 1))
        Start(wasinn, model, folder).expect("a changed build", *warnings)
        expect_tried(folder, "a changed build", ["differs"])
        (folder / "cache/wasinn/ggml").chmod(0o777)
        Start(wasinn, model, folder).expect("a folder of others", *warnings)
        expect_tried(folder, "a folder of others", ["dies", "differs", "native"])
        # None is left.
        (folder / "cache/wasinn/ggml").chmod(0o700)
        Start(wasinn, model, folder, WASINN_GGML_CPU="dies").expect(
            "the only one", "expected a build of llama.cpp that works on this processor, given none; ", warnings[0], status=125)
        tried(folder)
        # Without the program it is used as it is.
        (folder / "ggml/wasinn-ggml-check").unlink()
        shutil.rmtree(folder / "cache")
        Start(wasinn, model, folder, WASINN_GGML_CPU="native").expect("no check", "native.so (")


def right_builds(wasinn, model, plugin):
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        copy_of(plugin, folder)
        for start in ("the first start", "the second start"):
            done = Start(wasinn, model, folder)
            done.expect(start)
            if ".so" in done.stderr:
                sys.exit(f"{start}: expected nothing about builds on standard error, given {done.stderr}")
            if len(tried(folder)) != (1 if start == "the first start" else 0):
                sys.exit(f"{start}: expected one build to be tried once")
        # No home, as a service may have none.
        Start(wasinn, model, folder, XDG_CACHE_HOME="", HOME="").expect("no home")


def main():
    wasinn, model, wrong, right = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3]), pathlib.Path(sys.argv[4])
    wrong_builds(wasinn, model, wrong, right)
    right_builds(wasinn, model, right)


if __name__ == "__main__":
    main()
