#!/usr/bin/env python3
"""SIGINT and SIGTERM stop a guest, with the exit codes of docs/cli.md: signals_test.py WASINN."""

import pathlib
import signal
import subprocess
import sys

SPIN = pathlib.Path(__file__).resolve().parent / "guests" / "spin.wat"


def stop(program, number):
    """The exit code and what stands on stderr after the signal. That the guest ends at all shows that it was stopped."""
    with subprocess.Popen(
        [program, "run", "--no-cache", SPIN], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as guest:
        said = guest.stdout.read(len("spinning"))
        if said != b"spinning":
            guest.kill()
            raise AssertionError(f"expected the guest to say spinning, given {said!r}")
        guest.send_signal(number)
        _, errors = guest.communicate()
        return guest.returncode, errors.decode()


def main():
    failed = 0
    for number, expected in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        code, errors = stop(sys.argv[1], number)
        good = code == expected and errors.startswith("wasinn: error: ")
        failed += not good
        print(f"{'ok' if good else 'FAILED'}: {number.name}: exit code {code} (expected {expected})\n  {errors.strip()}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
