#!/usr/bin/env python3
"""Checks that the binary interface of include/wasinn has not changed since it was recorded in scripts/abi_v1.txt.

The layout is measured, not read: a C program made from the headers prints the offset and size of every field of every
struct, and the value of every enumerator and number macro; it is compiled once as C11. What was recorded must still
be there unchanged. New names may be appended: a struct that starts with `struct_size` may grow at its end.

usage: check_abi_freeze.py [--update]     --update records the interface as it is now
"""

import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
RECORD = ROOT / "scripts" / "abi_v1.txt"
HEADERS = ["types.h", "wasinn.h", "adapter.h", "backend.h"]
STRUCT = re.compile(r"typedef struct (\w+) \{(.*?)\} (\w+);", re.S)
ENUM = re.compile(r"typedef enum (\w+)(?: WASINN_ENUM_TYPE)? \{(.*?)\} \w+;", re.S)
MACRO = re.compile(r"^#define (WASINN_\w+) +\(?\d\w*\)?\s*$", re.M)
FIELD = re.compile(r"\(\*(\w+)\)\s*\(|(\w+)\s*(?:\[[^\]]*\])*\s*$")


def without_comments(text):
    return re.sub(r"/\*.*?\*/|//[^\n]*", " ", text, flags=re.S)


def fields_of(body):
    for declaration in filter(None, (part.strip() for part in body.split(";"))):
        match = FIELD.search(declaration)
        yield match.group(1) or match.group(2)


def program():
    lines = ["#include <stddef.h>", "#include <stdio.h>"]
    lines += [f"#include <wasinn/{header}>" for header in HEADERS]
    lines.append("int main(void) {")
    for header in HEADERS:
        text = without_comments((ROOT / "include/wasinn" / header).read_text(encoding="utf-8"))
        for _, body, name in STRUCT.findall(text):
            lines.append(f'  printf("struct {name} size %zu\\n", sizeof({name}));')
            for field in fields_of(body):
                lines.append(f'  printf("field {name}.{field} at %zu size %zu\\n", offsetof({name}, {field}), '
                             f"sizeof((({name}*)0)->{field}));")
        for _, body in ENUM.findall(text):
            for item in filter(None, (part.split("=")[0].strip() for part in body.split(","))):
                lines.append(f'  printf("value {item} %lld\\n", (long long)({item}));')
        for name in MACRO.findall(text):
            lines.append(f'  printf("value {name} %lld\\n", (long long)({name}));')
    return "\n".join([*lines, "  return 0;", "}", ""])


def measure():
    """Returns the interface as {name: description}."""
    with tempfile.TemporaryDirectory() as scratch:
        source = pathlib.Path(scratch, "abi.c")
        source.write_text(program(), encoding="utf-8")
        subprocess.run(["cc", "-std=c11", "-I", ROOT / "include", source, "-o", f"{scratch}/abi"], check=True)
        lines = subprocess.run([f"{scratch}/abi"], check=True, capture_output=True, text=True).stdout.splitlines()
    return {" ".join(line.split()[:2]): " ".join(line.split()[2:]) for line in lines}


def differences(recorded, given):
    may_grow = {name.split()[1].split(".")[0] for name, at in recorded.items()
                if name.endswith(".struct_size") and at.startswith("at 0 ")}
    for name, expected in recorded.items():
        now = given.get(name, "gone")
        if now == expected:
            continue
        kind, item = name.split()
        if kind == "struct" and item in may_grow and now != "gone" and int(now.split()[1]) > int(expected.split()[1]):
            continue
        yield f"{name}: expected {expected}, given {now}"
    for name, now in given.items():
        owner = name.split()[1].split(".")[0]
        if name.startswith("field ") and name not in recorded and f"struct {owner}" in recorded:
            size = int(recorded[f"struct {owner}"].split()[1])
            if owner not in may_grow or int(now.split()[1]) < size:
                yield f"{name}: a new field must come after the first {size} bytes of a struct with struct_size, given {now}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--update", action="store_true", help="record the interface as it is now")
    given = measure()
    if parser.parse_args().update:
        RECORD.write_text("".join(f"{name} {what}\n" for name, what in given.items()), encoding="utf-8")
        print(f"recorded {len(given)} facts in {RECORD.relative_to(ROOT)}")
        return 0
    recorded = {" ".join(line.split()[:2]): " ".join(line.split()[2:])
                for line in RECORD.read_text(encoding="utf-8").splitlines()}
    wrong = list(differences(recorded, given))
    print("\n".join(wrong) if wrong else f"{len(recorded)} facts of the binary interface are as recorded")
    return 1 if wrong or not recorded else 0


if __name__ == "__main__":
    sys.exit(main())
