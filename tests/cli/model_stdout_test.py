#!/usr/bin/env python3
"""What a model writes to a guest's standard output, by its option stream-stdout: model_stdout_test.py WASINN MODEL.

MODEL goes on with the alphabet. Nothing here is decided by time: a write that a stop does not end would never end."""

import os
import pathlib
import signal
import subprocess
import sys

GUEST = pathlib.Path(__file__).resolve().parent / "guests" / "write_answer.wat"


def fill(pipe):
    os.set_blocking(pipe, False)
    try:
        while True:
            os.write(pipe, b" " * 4096)
    except BlockingIOError:
        os.set_blocking(pipe, True)


def main():
    if not pathlib.Path(sys.argv[2]).exists():
        print("skipped: the model is not there")
        return 77
    run = [sys.argv[1], "run", "--no-config", "--model", f"m={sys.argv[2]}"]
    wrong = []

    def expect(what, given, wanted):
        if given != wanted:
            wrong.append(f"{what}: expected {wanted}, given {given}")

    done = subprocess.run([*run, GUEST], capture_output=True, text=True)
    expect("the answer", (done.returncode, done.stdout), (0, "defg"))
    expect("an option that is known", "stream-stdout" in done.stderr, False)
    done = subprocess.run([*run, "--instances", "2", GUEST], capture_output=True, text=True)
    expect("two guests", (done.returncode, sorted(done.stdout.split())), (0, ["[0]", "[1]", "defg", "defg"]))
    with open("/dev/full", "wb") as full:
        done = subprocess.run([*run, GUEST], stdout=full, stderr=subprocess.PIPE, text=True)
    expect("a full disk", done.returncode, 125)
    expect("a full disk is told", "cannot write to standard output: " in done.stderr, True)
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([*run, GUEST], stdout=writer, stderr=subprocess.PIPE, text=True)
    os.close(writer)
    expect("no reader", done.returncode, -signal.SIGPIPE)
    reader, writer = os.pipe()
    fill(writer)
    done = subprocess.run([*run, "--timeout", "2s", GUEST], stdout=writer, stderr=subprocess.PIPE, text=True)
    expect("a full pipe", done.returncode, 124)
    os.close(reader)
    os.close(writer)
    print("\n".join(wrong) or "models write to the standard output of guests that ask for it")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
