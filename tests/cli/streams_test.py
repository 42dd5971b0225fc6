#!/usr/bin/env python3
"""Standard streams that are closed, full or without a reader: streams_test.py BUILD.

No command hangs, aborts, or loses output with success; what is closed is not taken by files that are
opened later. Nothing here is decided by time."""

import contextlib
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

GUESTS = pathlib.Path(__file__).resolve().parent / "guests"
LOST = "cannot write to standard output: "


def commands(build):
    """What prints, each with the exit code that it has with streams in order."""
    wasinn, model = build / "bin/wasinn", build / "models/test/add.onnx"
    run = [wasinn, "run", "--no-cache"]
    infer = [wasinn, "infer", model, "--input", "a=[1, 2, 3, 4]", "--input", "b=[1, 2, 3, 4]"]
    yield 0, [wasinn, "--help"]
    yield 0, [wasinn, "--version"]
    yield 0, [wasinn, "run", "--help"]
    yield 0, [wasinn, "run", "--help-policy"]
    yield 0, [wasinn, "run", "--help-compat"]
    yield 0, [wasinn, "conformance", "--help"]
    yield 0, [wasinn, "backends"]
    yield 0, [wasinn, "backends", "--json"]
    yield 0, [wasinn, "models"]
    yield 0, [wasinn, "models", "--json", model]
    yield 0, [wasinn, "models", "--options"]
    yield 0, [wasinn, "inspect", GUESTS / "show.wat"]
    yield 0, [wasinn, "inspect", "--json", GUESTS / "show.wat"]
    yield 0, infer
    yield 0, [*infer, "--json"]
    yield 0, [*run, GUESTS / "show.wat"]
    yield 3, [*run, GUESTS / "warns.wat"]
    yield 7, [*run, GUESTS / "lines.wat"]
    yield 7, [*run, "--instances", "3", GUESTS / "lines.wat"]
    if (build / "bin/wasinn-conformance").exists():
        yield 0, [build / "bin/wasinn-conformance", "--version"]
    yield 0, [wasinn, "completion", "bash"]
    chats = build / "models/smollm2/model.gguf"
    if chats.exists():
        yield 0, [wasinn, "chat", chats, "-p", "Hello", "--option", "n-predict=2"]
        yield 0, [wasinn, "chat", chats, "-p", "Hello", "--option", "n-predict=2", "--json"]
        yield 0, [wasinn, "infer", chats, "--input", "prompt=Hello", "--option", "n-predict=2"]


@contextlib.contextmanager
def full():
    with open("/dev/full", "wb") as device:
        yield device


@contextlib.contextmanager
def no_reader():
    reader, writer = os.pipe()
    os.close(reader)
    yield writer
    os.close(writer)


def close(*descriptors):
    def closing():
        for descriptor in descriptors:
            os.close(descriptor)

    return closing


def run(command, **streams):
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams}
    done = subprocess.run(command, check=False, **streams)
    return done.returncode, (done.stdout or b"").decode(), (done.stderr or b"").decode()


def lost_output(command, usual):
    """What is wrong with the command where its stdout cannot be written."""
    # A guest that fails anyway says so itself.
    expected = usual or 125
    with full() as device:
        code, _, errors = run(command, stdout=device)
        yield "full", (code, LOST + "No space left on device" in errors), (expected, True)
    code, _, errors = run(command, preexec_fn=close(1))
    yield "closed", (code, LOST + "Bad file descriptor" in errors), (expected, True)
    code, _, _ = run(command, preexec_fn=close(0, 1, 2))
    yield "all closed", code, expected
    with no_reader() as pipe:
        yield "no reader", run(command, stdout=pipe)[0], -signal.SIGPIPE
        code, _, errors = run(command, stdout=pipe, restore_signals=False)
        yield "no reader, SIGPIPE ignored", (code, LOST + "Broken pipe" in errors), (expected, True)


def lost_errors(command, usual):
    """The same where what people should know cannot be written: it goes on."""
    _, expected, _ = run(command)
    with full() as device, no_reader() as pipe:
        for name, streams in {
            "stderr full": {"stderr": device},
            "stderr closed": {"preexec_fn": close(2)},
            "stderr without a reader": {"stderr": pipe, "restore_signals": False},
            "stdin closed": {"preexec_fn": close(0)},
            "stdin and stderr closed": {"preexec_fn": close(0, 2)},
        }.items():
            code, out, _ = run(command, **streams)
            # Times and their kind are not compared.
            yield name, (code, len(out) > 0), (usual, len(expected) > 0)


def stats(build):
    """--stats is asked for, and lost with stderr."""
    command = [build / "bin/wasinn", "run", "--no-cache", "--stats", GUESTS / "show.wat"]
    yield "stats", run(command)[0], 0
    yield "stats, stderr closed", run(command, preexec_fn=close(2))[0], 125
    with full() as device:
        yield "stats, stderr full", run(command, stderr=device)[0], 125


def files(build):
    """Files that a command opens do not get the numbers of streams that are closed."""
    wasinn, model = build / "bin/wasinn", build / "models/test/add.onnx"
    with tempfile.TemporaryDirectory() as folder:
        saves = [wasinn, "infer", model, "--input", "a=[1, 2, 3, 4]", "--input", "b=[1, 2, 3, 4]", "-o"]
        run([*saves, f"{folder}/usual"])
        for number, closed in enumerate([(0,), (1,), (2,), (0, 1, 2)]):
            run([*saves, f"{folder}/{number}"], preexec_fn=close(*closed))
            for file in pathlib.Path(folder, "usual").iterdir():
                same = pathlib.Path(folder, str(number), file.name).read_bytes() == file.read_bytes()
                yield f"{file.name} with {closed} closed", same, True
    # A guest reads nothing, and not what else is open.
    echo = [wasinn, "run", "--no-cache", GUESTS / "echo.wat"]
    yield "a guest's stdin closed", run(echo, preexec_fn=close(0)), (0, "", "")
    chats = build / "models/smollm2/model.gguf"
    if chats.exists():
        yield "a chat's stdin closed", run([wasinn, "chat", chats], preexec_fn=close(0)), (0, "", "")


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    wrong = count = 0
    for usual, command in commands(build):
        title = " ".join(str(word) for word in command)
        checks = [("usual", run(command)[0], usual), *lost_output(command, usual), *lost_errors(command, usual)]
        for name, given, expected in checks:
            count += 1
            if given != expected:
                wrong += 1
                print(f"{title}\n  {name}: expected {expected}, given {given}")
    for name, given, expected in [*stats(build), *files(build)]:
        count += 1
        if given != expected:
            wrong += 1
            print(f"{name}: expected {expected}, given {given}")
    print(f"{count} checks, {wrong} failed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
