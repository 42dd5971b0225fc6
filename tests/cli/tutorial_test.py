#!/usr/bin/env python3
"""Runs the commands of docs/tutorial.md and compares their output: tutorial_test.py SOURCE BUILD.

A code block after "save ... as `NAME`" is written to that file. The commands of all `console` blocks run in one shell
in a temporary folder that looks like the root of the checkout. `...` in the expected output matches any text.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
MARK = "\x1e"


def blocks(text):
    """(language, content, the text since the block before) of each fenced block."""
    before = 0
    for found in re.finditer(r"^```(\w*)\n(.*?)^```$", text, re.M | re.S):
        yield found[1], found[2], text[before:found.start()]
        before = found.end()


def commands(block):
    """(command, expected output) of a console block; lines that end in a backslash are continued."""
    lines = block.splitlines()
    at = 0
    while at < len(lines):
        command = lines[at].removeprefix("$ ")
        at += 1
        while command.endswith("\\"):
            command += "\n" + lines[at]
            at += 1
        expected = []
        while at < len(lines) and not lines[at].startswith("$ "):
            expected.append(lines[at])
            at += 1
        yield command, "".join(line + "\n" for line in expected)


def matches(expected, given):
    return re.fullmatch(".*".join(map(re.escape, expected.split("..."))), given, re.S) is not None


def missing(source, build):
    needed = [build / "models/test/add.onnx", build / "models/smollm2/model.gguf", build / "guests/chat_c.wasm"]
    return [str(path) for path in needed if not path.exists()] + \
        [tool for tool in ("bash", "cmake", "clang-22") if shutil.which(tool) is None]


def main():
    source, build = (pathlib.Path(argument).resolve() for argument in sys.argv[1:])
    if lacks := missing(source, build):
        print("skipped: expected " + ", ".join(lacks))
        return SKIPPED
    text = (source / "docs/tutorial.md").read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name in ("guests", "include", "scripts"):
            (root / name).symlink_to(source / name)
        (root / "build").symlink_to(build)
        steps = []
        for language, content, before in blocks(text):
            if name := re.search(r"\b[Ss]ave\b[^.]*\bas\s+`([^`]+)`:\s*$", before):
                (root / name[1]).write_text(content, encoding="utf-8")
            elif language == "console":
                steps += commands(content)
        # The mark after each command keeps the exit code for the next one, which may print it.
        script = "".join(f"{command}\nstatus=$?; printf '{MARK}'; (exit $status)\n" for command, _ in steps)
        environment = os.environ | {"XDG_CONFIG_HOME": str(root / "config")}
        environment.pop("DESTDIR", None)
        done = subprocess.run(["bash", "-c", script], cwd=root, env=environment, text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    outputs = done.stdout.split(MARK)
    wrong = 0
    if len(outputs) != len(steps) + 1 or not steps:
        print(f"expected {len(steps)} outputs, given {len(outputs) - 1}:\n{done.stdout}")
        wrong += 1
    for (command, expected), given in zip(steps, outputs):
        if not matches(expected, given):
            print(f"$ {command}\n--- expected\n{expected}--- given\n{given}")
            wrong += 1
    print(f"{len(steps)} commands, {wrong} differ")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
