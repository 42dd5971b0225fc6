#!/usr/bin/env python3
"""A real bash completes words of wasinn; zsh and fish take their scripts where they are installed.

completion_test.py WASINN"""

import pathlib
import shutil
import subprocess
import sys
import tempfile

# Prints what bash would offer for the words, the last of which is being typed. `=` is a word of its own, as in
# a real command line.
ASK = r"""
eval "$("$WASINN" completion bash)"
compopt() { :; }
COMP_WORDS=("$WASINN" "$@"); COMP_CWORD=$#
_wasinn
printf '%s\n' "${COMPREPLY[@]}"
complete -p wasinn >&2
"""


def offers(program, folder, *words):
    done = subprocess.run(["bash", "--norc", "-c", ASK, "bash", *words], cwd=folder, text=True,
                          capture_output=True, env={"WASINN": program, "PATH": "/usr/bin:/bin"}, check=True)
    if done.stderr != "complete -F _wasinn wasinn\n":
        sys.exit(f"expected a function for wasinn and no errors, given {done.stderr!r}")
    return [line for line in done.stdout.splitlines() if line]


def main():
    program, wrong = sys.argv[1], []

    def expect(words, *wanted, without=()):
        given = offers(program, folder, *words)
        missing = [one for one in wanted if one not in given]
        extra = [one for one in without if one in given]
        if missing or extra:
            wrong.append(f"{words}: expected {missing} and none of {extra}, given {given}")

    with tempfile.TemporaryDirectory() as folder:
        for name in ("guest.wasm", "model.onnx"):
            (pathlib.Path(folder) / name).touch()
        (pathlib.Path(folder) / "models").mkdir()
        expect([""], "run", "infer", "completion", "guest.wasm", without=["--model"])
        expect(["in"], "infer", "inspect", without=["run", "guest.wasm"])
        expect(["--mod"], "--model", "--model-dir", without=["--help"])
        expect(["--ver"], "--version", "--verbose")
        expect(["run", "--co"], "--config", "--compat", "--compute-timeout")
        expect(["run", "-"], "-W", "--invoke", without=["--heap-size"])
        expect(["infer", "--rep"], "--repeat")
        expect(["run", "--log-level", ""], "debug", "info", "warn", "error", "off")
        expect(["run", "--log-level", "="], "debug", "off")
        expect(["run", "--log-level", "=", "de"], "debug", without=["info"])
        expect(["run", "--log-level=de"], "--log-level=debug")
        expect(["--model", "m", "=", "model.onnx", "gu"], "guest.wasm")
        expect(["run", "--model", "m", "=", "model.onnx", "--po"], "--policy")
        expect(["run", "--model", "m", "=", "mod"], "model.onnx")
        expect(["run", "--nn-preload", "m", ":", "ONNX", ":", "CPU", ":", "x", "--po"], "--policy")
        expect(["run", "--model-dir", ""], "models", without=["guest.wasm"])
        expect(["run", "--config", "mo"], "model.onnx")
        expect(["run", "guest.wasm", "--he"], without=["--help"])
        expect(["run", "--", "gu"], "guest.wasm")
        expect(["infer", "mo"], "model.onnx", "models")
        expect(["completion", ""], "bash", "zsh", "fish", without=["guest.wasm"])
        expect(["cache", "c"], "clear", without=["list"])
        expect(["run", "--threads", ""], without=["guest.wasm"])
        expect(["nothing", "--mod"], without=["--help"])
        for shell in ("bash", "zsh", "fish"):
            script = subprocess.run([program, "completion", shell], capture_output=True, check=True).stdout
            if shutil.which(shell) is None:
                print(f"{shell} is not installed: its script was not read")
                continue
            # -n reads a script without running it.
            read = subprocess.run([shell, "-n", "/dev/stdin"], input=script, capture_output=True)
            if read.returncode != 0 or read.stderr:
                wrong.append(f"{shell} does not take its script: {read.stderr.decode()}")
    print("\n".join(wrong) or "bash completes commands, options, choices and files")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
