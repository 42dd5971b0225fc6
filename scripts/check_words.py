#!/usr/bin/env python3
"""Checks the words in tracked text files: no addresses of package registries, no paths of one machine, no notes of
unfinished work, no trailing blanks, no line ends of another system."""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Written in pieces, so that this file passes its own check.
RULES = [
    (re.compile(r"\b(?:pypi\.o" r"rg|files\.pythonhosted\.o" r"rg|crates\.i" r"o|registry\.npmjs\.o" r"rg|"
                r"repo\d?\.mav" r"en|proxy\.golang\.o" r"rg|deb\.debian\.o" r"rg|arti" r"factory)\b"), "the address of a registry"),
    (re.compile(r"(?<![\w.$}])/(?:wo" r"rk|ro" r"ot|home/\w+)/"), "a path of one machine"),
    (re.compile(r"\b(?:TO" r"DO|FIX" r"ME|X" r"XX|HA" r"CK)\b"), "a note of unfinished work"),
    (re.compile(r"[ \t]+$"), "blanks at the end of the line"),
    (re.compile(r"\r"), "a carriage return"),
]
# Written by cargo, which puts the address of its index beside every crate.
EXEMPT = {"Cargo.lock": {"the address of a registry"}}
# Sample files and expected outputs are as they are.
VERBATIM = ("tests/data/", "fuzz/seeds/")


def main():
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.split(b"\0")
    wrong, count = [], 0
    for name in filter(None, (name.decode() for name in names)):
        path = ROOT / name
        if not path.is_file() or name.startswith(VERBATIM):
            continue
        data = path.read_bytes()
        if b"\0" in data:
            continue
        count += 1
        for number, line in enumerate(data.decode("utf-8", "replace").split("\n"), 1):
            for pattern, what in RULES:
                if pattern.search(line) and what not in EXEMPT.get(path.name, ()):
                    wrong.append(f"{name}:{number}: {what}: {line.strip()[:80]}")
    print("\n".join(wrong) if wrong else f"{count} text files are clean")
    return 1 if wrong or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
