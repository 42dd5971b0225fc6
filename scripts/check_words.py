#!/usr/bin/env python3
"""Checks the words in tracked text files: no addresses of package registries, no paths of one machine, no notes of
unfinished work, no trailing blanks, no line ends of another system, and no words that docs/glossary.md replaces."""

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
# Words that are not those of the field, and phrases that do not make a sentence.
WORDING = [
    (re.compile(r"\bk(?:Mo" r"st|Lea" r"st)[A-Z]\w*|\b\w+(?:Mo" r"st|Lea" r"st)Locked\b"), "a name: expected kMax..., kMin..."),
    (re.compile(r"\b(?:size_t|u?int\d*_t|auto|int|float) (?:mo" r"st|lea" r"st)\b"), "a name: expected max, min"),
    (re.compile(r"\bgues" r"s(?:es|ed|ing)\b"), "a word: expected draft tokens"),
    (re.compile(r"\b[Cc]arry ou" r"t\b|\bCarryOu" r"t\b"), "a word: expected a precise verb"),
    (re.compile(r"\bdims say noth" r"ing\b"), "a phrase: expected dims that are ignored"),
    (re.compile(r"\bhas a sa" r"y\b|\b[Nn]o word o" r"f\b|\bmid" r"st\b|\b[Ww]hile it liv" r"es\b"), "a phrase: expected plain English"),
    (re.compile(r"(?:^|[.:;] |// |# )Wh" r"o (?:has|asks|wants|needs|waits|goes)\b"), "a sentence without a subject"),
    (re.compile(r"(?://|/\*|#) O" r"f (?:a|an) "), "a comment that begins with a fragment"),
]
# Written by cargo, which puts the address of its index beside every crate.
EXEMPT = {"Cargo.lock": {"the address of a registry"}}
# Sample files and expected outputs are as they are.
VERBATIM = ("tests/data/", "fuzz/seeds/")
# Reports have the wording of older runs; a case may speak of guests that guess.
OTHER_WORDING = ("conformance/reports/", "conformance/cases/", "docs/conformance-matrix.")


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
        rules = RULES if name.startswith(OTHER_WORDING) else RULES + WORDING
        for number, line in enumerate(data.decode("utf-8", "replace").split("\n"), 1):
            for pattern, what in rules:
                if pattern.search(line) and what not in EXEMPT.get(path.name, ()):
                    wrong.append(f"{name}:{number}: {what}: {line.strip()[:80]}")
    print("\n".join(wrong) if wrong else f"{count} text files are clean")
    return 1 if wrong or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
