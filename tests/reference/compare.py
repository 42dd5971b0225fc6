#!/usr/bin/env python3
"""Compares what a demo guest prints with what the model's own Python package says.

usage: compare.py --build FOLDER magika_c|magika_cpp|magika_rust|magika_rust_component|ocr

Exit code 0: equal, 77: skipped. Runs in the virtual environment that holds the packages.
"""

import argparse
import re
import subprocess
import sys
from pathlib import Path

SKIPPED = 77
# Scores come from the same model and library; only the printed digits may differ.
MAGIKA_TOLERANCE = 0.0002
# The package straightens boxes by a fraction of a pixel and pads lines that it reads together.
OCR_TOLERANCE = 0.05


def run_guest(build: Path, guest: str, models: list[str], files: list[str]) -> list[str]:
    command = [str(build / "bin" / "wasinn"), "run"]
    for model in models:
        command += ["--model", f"{model}={build / 'models' / model / 'model.onnx'}"]
    command += ["--dir", f"{build / 'models'}::/models", "--dir", f"{build / 'samples'}::/samples"]
    command += [str(build / "guests" / f"{guest}.wasm"), *[f"/samples/{file}" for file in files]]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        sys.exit(f"{guest} ended with {result.returncode}:\n{result.stdout}{result.stderr}")
    return result.stdout.splitlines()


def compare_magika(build: Path, guest: str) -> list[str]:
    from magika import Magika

    reference = Magika()
    samples = build / "samples"
    files = sorted(path.name for path in samples.iterdir())
    lines = run_guest(build, guest, ["magika"], files)[1:]
    if len(lines) != len(files):
        return [f"expected {len(files)} rows, given {len(lines)}"]
    problems = []
    kinds = set()
    for file, line in zip(files, lines):
        expected = reference.identify_path(samples / file)
        match = re.fullmatch(r"  (\S+) +(\S+) +([\d.]+) %  (\S+)", line)
        if match is None:
            problems.append(f"not a row: {line}")
            continue
        name, kind, sure, group = match.groups()
        kinds.add(kind)
        wanted = (file, str(expected.output.label), expected.output.group)
        if (name, kind, group) != wanted:
            problems.append(f"{file}: expected {wanted}, given {(name, kind, group)}")
        if abs(float(sure) / 100 - expected.score) > MAGIKA_TOLERANCE:
            problems.append(f"{file}: expected the score {expected.score}, given {sure} %")
    if len(kinds) < 15:
        problems.append(f"expected at least 15 kinds of files, given {len(kinds)}")
    return problems


def compare_ocr(build: Path, guest: str) -> list[str]:
    from rapidocr import RapidOCR

    expected = RapidOCR(params={"Global.log_level": "error"})(build / "samples" / "sign.png")
    lines = run_guest(build, guest, ["ocr-det", "ocr-rec"], ["sign.png"])[2:]
    given = [re.fullmatch(r" +([\d.]+) % +\d+, *\d+ +\d+x\d+ +(.*)", line) for line in lines]
    if None in given:
        return ["not a row: " + lines[given.index(None)]]
    texts = [match[2] for match in given]
    if texts != list(expected.txts):
        return [f"expected {list(expected.txts)}", f"given {texts}"]
    return [
        f"{match[2]}: expected the score {score}, given {match[1]} %"
        for match, score in zip(given, expected.scores)
        if abs(float(match[1]) / 100 - score) > OCR_TOLERANCE
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("guest")
    arguments = parser.parse_args()
    build = arguments.build.resolve()
    if not (build / "guests" / f"{arguments.guest}.wasm").exists():
        print(f"skipped: guest {arguments.guest} was not built")
        return SKIPPED
    compare = compare_ocr if arguments.guest == "ocr" else compare_magika
    problems = compare(build, arguments.guest)
    print(*problems, sep="\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
