#!/usr/bin/env python3
"""Homes, caches and folders that are not there or cannot be written: places_test.py WASINN MODEL.onnx.

Each command runs, or ends with one clear line and exit code 125 (127 for a guest that is not there)."""

import os
import pathlib
import subprocess
import sys
import tempfile

GUESTS = pathlib.Path(__file__).resolve().parent / "guests"


def main():
    program, model = (str(pathlib.Path(word).resolve()) for word in sys.argv[1:])
    wrong = count = 0

    def check(name, given, expected):
        nonlocal wrong, count
        count += 1
        if given != expected:
            wrong += 1
            print(f"{name}: expected {expected!r}, given {given!r}")

    commands = {
        "run": ["run", GUESTS / "show.wat"],
        "models": ["models", "--json", "--model", f"m={model}"],
        "infer": ["infer", "--json", model, "--input=a=[1, 2, 3, 4]", "--input=b=[1, 2, 3, 4]"],
        "inspect": ["inspect", GUESTS / "show.wat"],
        "backends": ["backends"],
    }
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "file")
        file.write_text("", encoding="utf-8")
        here = pathlib.Path(folder, "here")
        here.mkdir()
        for title, changes in {
            "as usual": {"HOME": folder},
            "no HOME": {},
            "an empty HOME": {"HOME": ""},
            "no such HOME": {"HOME": "/proc/nonexistent/home"},
            "a HOME that cannot be written": {"HOME": "/proc"},
            "a HOME that is a file": {"HOME": str(file)},
            "a relative HOME": {"HOME": "home"},
            "a relative cache": {"HOME": folder, "XDG_CACHE_HOME": "cache"},
            "a cache that is a file": {"HOME": folder, "XDG_CACHE_HOME": str(file)},
            "no such TMPDIR": {"HOME": folder, "TMPDIR": "/proc/nonexistent/tmp"},
            "no variables": None,
        }.items():
            env = {} if changes is None else {"PATH": os.environ["PATH"], **changes}
            for name, words in commands.items():
                done = subprocess.run([program, *words], env=env, cwd=here, capture_output=True, text=True, check=False)
                check(f"{title}: {name}", (done.returncode, bool(done.stdout)), (0, True))
                check(f"{title}: {name}: lines on stderr", len(done.stderr.splitlines()) <= 1, True)
            check(f"{title}: files left", os.listdir(here), [])

        # The shell stays in a folder that is deleted then.
        def in_deleted(*words):
            script = 'mkdir "$0" && cd "$0" && rmdir "$0" && exec "$@"'
            return subprocess.run(["sh", "-c", script, f"{folder}/deleted", program, *words],
                                  capture_output=True, text=True, check=False)

        for name, words in commands.items():
            done = in_deleted(*words)
            check(f"in a deleted folder: {name}", (done.returncode, bool(done.stdout), done.stderr), (0, True, ""))
        for name, words, code in (
            ("run", ["run", "guest.wasm"], 127),
            ("run --dir", ["run", "--dir", ".", GUESTS / "show.wat"], 0),
            ("run --dir", ["run", "--dir", "data", GUESTS / "show.wat"], 125),
            ("run -S", ["run", "-S", "nn-graph=onnx::data", GUESTS / "show.wat"], 125),
            ("infer", ["infer", "m.onnx"], 125),
            ("infer --output", [*commands["infer"], "--output", "out"], 125),
            ("models", ["models", "--model-dir", "models"], 125),
            ("models --config", ["models", "--config", "wasinn.toml"], 125),
        ):
            done = in_deleted(*words)
            check(f"in a deleted folder: {name}", done.returncode, code)
            said = [line for line in done.stderr.splitlines() if line.startswith("wasinn: error: ")]
            check(f"in a deleted folder: {name}: errors", len(said), 0 if code == 0 else 1)
    print(f"{count} checks, {wrong} failed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
