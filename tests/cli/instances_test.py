#!/usr/bin/env python3
"""`wasinn run --instances` keeps the instances' lines apart: instances_test.py WASINN."""

import collections
import pathlib
import signal
import subprocess
import sys

GUESTS = pathlib.Path(__file__).resolve().parent / "guests"
COUNT = 8


def main():
    command = [sys.argv[1], "run", "--no-cache", "--instances", str(COUNT)]
    wrong = []

    def check(what, given, expected):
        if given != expected:
            wrong.append(f"{what}: expected {expected!r}, given {given!r}")

    done = subprocess.run([*command, GUESTS / "lines.wat"], capture_output=True, text=True, check=False)
    lines = collections.defaultdict(list)
    for line in done.stdout.splitlines():
        label, _, text = line.partition(" ")
        lines[label].append(text)
    check("labels", sorted(lines), [f"[{i}]" for i in range(COUNT)])
    for label, texts in lines.items():
        check(f"lines of {label}", texts, ["first second"] * 200 + ["end"])
    check("exit code", done.returncode, 7)
    check("stderr", done.stderr, "")

    # None of them reads what is meant for one.
    read = subprocess.run([*command, GUESTS / "echo.wat"], input="text", capture_output=True, text=True, check=False)
    check("stdin", (read.stdout, read.stderr, read.returncode), ("", "", 0))

    trapped = subprocess.run([*command, GUESTS / "trap.wat"], capture_output=True, text=True, check=False)
    check("exit code of traps", trapped.returncode, 134)
    check("traps told", trapped.stderr.count("] wasm trap: wasm `unreachable`"), COUNT)

    with subprocess.Popen([*command, GUESTS / "spin.wat"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True) as spin:
        # Then all of them are past the point where the signal would end the process itself.
        for _ in range(COUNT):
            spin.stdout.readline()
        spin.send_signal(signal.SIGTERM)
        _, errors = spin.communicate(timeout=60)
    check("exit code when stopped", spin.returncode, 143)
    check("instances stopped", errors.count("wasinn: error: ["), COUNT)
    print("\n".join(wrong) or f"{COUNT} instances: as expected")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
