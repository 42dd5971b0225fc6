#!/usr/bin/env python3
"""scripts/lint.sh has no check of a toolchain that is not that of the cargo which builds: lint_test.py LINT_SH."""

import pathlib
import subprocess
import sys
import tempfile


def program(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho {text}\n")
    path.chmod(0o755)


def main():
    lint, wrong = sys.argv[1], []
    with tempfile.TemporaryDirectory() as scratch:
        first, second = pathlib.Path(scratch) / "first", pathlib.Path(scratch) / "second"
        # Newer than any that the project asks for, and alone where it lies.
        program(first / "cargo", "cargo 1.999.0")
        python = pathlib.Path(sys.executable).parent
        environment = {"PATH": f"{first}:{second}:{python}:/usr/bin:/bin", "HOME": scratch}
        for check, name in (("clippy", "clippy"), ("rustfmt", "fmt")):
            def has():
                return subprocess.run([lint, "has", check], env=environment, capture_output=True).returncode == 0

            program(second / f"cargo-{name}", f"{check} of another toolchain")
            if has():
                wrong.append(f"{check}: expected none beside this cargo, given that of another folder")
            program(first / f"cargo-{name}", check)
            if not has():
                wrong.append(f"{check}: expected the one beside this cargo, given none")
            program(first / f"cargo-{name}", "not installed; exit 1")
            if has():
                wrong.append(f"{check}: expected none, given one that does not start")
    print("\n".join(wrong) or "checks of the crate are those of the cargo that builds it")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
