#!/usr/bin/env python3
"""Copies the demo models and their label files to a build folder.

usage: stage_models.py --magika FOLDER --rapidocr FOLDER [--smollm2 FOLDER] --output FOLDER

The first three are the unpacked Python packages. Makes, below the output folder:
  magika/model.onnx   the model, a link into the package
  magika/labels.tsv   one line per output: name, threshold, output name, group, text|binary
  ocr-det/model.onnx, ocr-rec/model.onnx
  ocr-rec/keys.txt    one line per character the recognition model can emit, in output order
  smollm2/model.gguf
"""

import argparse
import json
import os
import sys
from pathlib import Path


def find(folder: Path, pattern: str) -> Path:
    found = sorted(folder.rglob(pattern))
    if len(found) != 1:
        sys.exit(f"{folder}: expected one file {pattern}, found {len(found)}")
    return found[0]


def write(path: Path, text: str) -> None:
    """Does not touch an up-to-date file, so that its dependents are not rebuilt."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def link(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_symlink() or target.exists():
        if target.resolve() == source.resolve():
            return
        target.unlink()
    os.symlink(source.resolve(), target)


def magika_labels(config: dict, kinds: dict) -> str:
    lines = []
    for name in config["target_labels_space"]:
        output = config["overwrite_map"].get(name, name)
        threshold = config["thresholds"].get(name, config["medium_confidence_threshold"])
        group = kinds[output]["group"] or "unknown"
        kind = "text" if kinds[output]["is_text"] else "binary"
        lines.append(f"{name}\t{threshold}\t{output}\t{group}\t{kind}\n")
    return "".join(lines)


def varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at += 1
        shift += 7
        if byte < 0x80:
            return value, at


def fields(data: bytes):
    """Yields (number, bytes) for the length-delimited fields of a protobuf message."""
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        kind = tag & 7
        if kind == 0:
            _, at = varint(data, at)
        elif kind == 1:
            at += 8
        elif kind == 5:
            at += 4
        elif kind == 2:
            size, at = varint(data, at)
            yield tag >> 3, data[at : at + size]
            at += size
        else:
            sys.exit(f"not an ONNX model: wire type {kind} at byte {at}")


def onnx_metadata(model: Path) -> dict[str, str]:
    """The custom metadata of an ONNX file: ModelProto field 14, entries of key 1 and value 2."""
    metadata = {}
    for number, entry in fields(model.read_bytes()):
        if number == 14:
            pair = dict(fields(entry))
            metadata[pair[1].decode()] = pair[2].decode()
    return metadata


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--magika", type=Path, required=True)
    parser.add_argument("--rapidocr", type=Path, required=True)
    parser.add_argument("--smollm2", type=Path)
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()

    model = find(arguments.magika, "models/*/model.onnx")
    config = json.loads((model.parent / "config.min.json").read_text(encoding="utf-8"))
    kinds = json.loads(find(arguments.magika, "content_types_kb.min.json").read_text("utf-8"))
    link(model, arguments.output / "magika" / "model.onnx")
    write(arguments.output / "magika" / "labels.tsv", magika_labels(config, kinds))

    link(find(arguments.rapidocr, "PP-OCR*_det_*.onnx"), arguments.output / "ocr-det/model.onnx")
    recognition = find(arguments.rapidocr, "PP-OCR*_rec_*.onnx")
    link(recognition, arguments.output / "ocr-rec/model.onnx")
    keys = onnx_metadata(recognition).get("character")
    if keys is None:
        sys.exit(f'{recognition}: expected the metadata entry "character", found none')
    write(arguments.output / "ocr-rec" / "keys.txt", keys)

    if arguments.smollm2 is not None:
        link(find(arguments.smollm2, "*.gguf"), arguments.output / "smollm2/model.gguf")


if __name__ == "__main__":
    main()
