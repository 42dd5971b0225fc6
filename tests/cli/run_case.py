#!/usr/bin/env python3
"""Runs one golden case of the command line and compares all that a user would see.

    run_case.py --build BUILD [--rebase] CASE.txt...

A case is a text: remarks (#), then commands with what they gave.

    $ wasinn run ${GUESTS}/exit.wat 3
    stdin: some text            only where something reads it; several are lines
    typed: some text            the same on a terminal, which only stdin is
    exit 3
    stdout:
      | lines of the output
    stderr:
      | wasinn: error: ...

A command's words are split as a shell does, nothing else of a shell is there. Each case runs in an
empty folder ${TMP}. Names that commands may use, and that stand for the same paths in outputs:
${BUILD}, ${MODELS} (the test models), ${LETTERS} and ${SMOLLM2} (language models), ${GUESTS} (the guests of this folder), ${TMP}, ${PYTHON} (one
that has numpy). Times and addresses, which change from run to run, appear as "N ms",
"N tokens/s" and "0xN".
Exit codes: 0 as expected, 1 not, 77 skipped (a model, numpy or another part is not there).
"""

import argparse
import difflib
import os
import pathlib
import pty
import re
import shlex
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
SKIPPED = 77
LANGUAGE_MODELS = {
    "LETTERS": "models/test-ggml/ggml/alphabet/model.gguf",
    "SMOLLM2": "models/smollm2/model.gguf",
}


def names(build, folder, python):
    return {
        "MODELS": str(build / "models" / "test"),
        "LETTERS": str(build / LANGUAGE_MODELS["LETTERS"]),
        "SMOLLM2": str(build / LANGUAGE_MODELS["SMOLLM2"]),
        "BUILD": str(build),
        "GUESTS": str(HERE / "guests"),
        "TMP": folder,
        "PYTHON": python,
    }


def fill(text, known):
    for name, value in known.items():
        text = text.replace("${" + name + "}", value)
    return text


def normal(text, known):
    # Longer paths first: the models lie inside the build folder.
    for name, value in sorted(known.items(), key=lambda item: -len(item[1])):
        if name != "PYTHON":
            text = text.replace(value, "${" + name + "}")
    text = re.sub(r"\b\d+(\.\d+)? (ms|s)\b", r"N ms", text)
    text = re.sub(r'("[a-z_]+_(ms|per_second)\\?": ?)[0-9.e+-]+', r"\1N", text)
    text = re.sub(r"\b([a-z]+_ms +)[0-9.]+", r"\1N", text)
    text = re.sub(r"\b[0-9.]+ tokens/s", "N tokens/s", text)
    return re.sub(r"0x[0-9a-f]+", "0xN", text)


def read_case(path):
    """The remarks, and for each command its line, how text is given to it, and the text."""
    remarks, commands = [], []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("#") and not commands:
            remarks.append(line)
        elif line.startswith("$ "):
            commands.append([line[2:], "stdin", None])
        elif line.startswith(("stdin: ", "typed: ")):
            way, text = line[:5], line[len("stdin: ") :]
            before = "" if commands[-1][2] is None else commands[-1][2] + "\n"
            commands[-1][1:] = way, before + text
    return remarks, commands


def block(title, text):
    if not text:
        return []
    lines = [f"  | {line}".rstrip() for line in text.splitlines()]
    return [title, *lines] + ([] if text.endswith("\n") else ["  (no line break at the end)"])


def terminal_with(text):
    """A terminal on which the lines were typed, and then Ctrl-D; both of its ends."""
    ours, theirs = pty.openpty()
    os.write(ours, (text + "\n\x04").encode())
    return ours, theirs


def run_command(line, way, text, known, environment):
    words = [fill(word, known) for word in shlex.split(line)]
    if words[0] == "wasinn":
        words[0] = str(pathlib.Path(known["BUILD"]) / "bin" / "wasinn")
    ends = terminal_with(text) if way == "typed" else ()
    done = subprocess.run(
        words,
        **({"stdin": ends[1]} if ends else {"input": (text or "").encode()}),
        capture_output=True,
        cwd=known["TMP"],
        env=environment,
        timeout=120,
        check=False,
    )
    for end in ends:
        os.close(end)
    seen = [f"$ {line}"]
    if text is not None:
        seen += [f"{way}: {part}" for part in text.split("\n")]
    code = done.returncode if done.returncode >= 0 else f"by signal {-done.returncode}"
    seen.append(f"exit {code}")
    for title, stream in (("stdout:", done.stdout), ("stderr:", done.stderr)):
        seen += block(title, normal(stream.decode(errors="backslashreplace"), known))
    return seen


def run_case(path, build, python):
    remarks, commands = read_case(path)
    with tempfile.TemporaryDirectory(prefix="wasinn-cli-") as folder:
        known = names(build, folder, python)
        environment = {
            "PATH": "/usr/bin:/bin",
            "HOME": folder,
            "LC_ALL": "C.UTF-8",
            "WASINN_TEST": "from the environment",
        }
        seen = list(remarks)
        for line, way, text in commands:
            seen += ["", *run_command(line, way, text, known, environment)]
    return "\n".join(seen).strip("\n") + "\n"


def missing(path, build, python):
    text = path.read_text(encoding="utf-8")
    if "${MODELS}" in text and not (build / "models" / "test" / "add.onnx").exists():
        return "the test models were not built"
    for name, file in LANGUAGE_MODELS.items():
        if "${" + name + "}" in text and not (build / file).exists():
            return f"{file} was not built"
    if "${PYTHON}" in text and not python:
        return "no Python with numpy was given (--python)"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--python", default="", help="a Python that has numpy")
    parser.add_argument("--rebase", action="store_true", help="write what came as what is expected")
    parser.add_argument("cases", type=pathlib.Path, nargs="+")
    options = parser.parse_args()
    build = options.build.resolve()
    status = 0
    for path in options.cases:
        reason = missing(path, build, options.python)
        if reason:
            print(f"skipped {path.stem}: {reason}")
            status = status or SKIPPED
            continue
        seen = run_case(path, build, options.python)
        expected = path.read_text(encoding="utf-8")
        if options.rebase:
            path.write_text(seen, encoding="utf-8")
        elif seen != expected:
            status = 1
            sys.stdout.writelines(
                difflib.unified_diff(
                    expected.splitlines(True), seen.splitlines(True), str(path), "what came"
                )
            )
            print(f"to accept it: {sys.argv[0]} --build {options.build} --rebase {path}")
    return status


if __name__ == "__main__":
    sys.exit(main())
