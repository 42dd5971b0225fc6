#!/usr/bin/env python3
"""Checks that the folders of src/ keep their order: a file includes only its own folder and lower ones.

Also that backends stay outside: of src/ they may include only the .def tables, which hold facts and no code.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
ORDER = ["base", "tensor", "backend", "model", "sched", "session", "dialect", "capi"]
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"')
SOURCES = {".h", ".hpp", ".cc", ".c", ".def"}


def includes_of(path):
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if match := INCLUDE.match(line):
            yield number, match.group(1)


def sources_below(folder):
    return sorted(path for path in folder.rglob("*") if path.suffix in SOURCES)


def check():
    """Returns the violations as lines of text, and how many files were read."""
    wrong, count = [], 0
    for folder in sorted(path for path in (ROOT / "src").iterdir() if path.is_dir()):
        if folder.name not in ORDER:
            wrong.append(f"src/{folder.name}: expected one of the folders {' '.join(ORDER)}")
            continue
        for path in sources_below(folder):
            count += 1
            for number, name in includes_of(path):
                top = name.split("/")[0]
                where = f"{path.relative_to(ROOT)}:{number}"
                if path.name.endswith("_test.cc") and top == "support":
                    continue  # tests/support may use any folder
                if (ROOT / "src" / f"{name}.in").exists():
                    continue  # made from this template by the build
                if top == name or top not in ORDER:
                    wrong.append(f'{where}: expected a path below src/, given "{name}"')
                elif ORDER.index(top) > ORDER.index(folder.name):
                    wrong.append(f'{where}: {folder.name} may not include the higher folder {top} ("{name}")')
    for path in sources_below(ROOT / "backends"):
        count += 1
        for number, name in includes_of(path):
            if name.split("/")[0] in ORDER and not name.endswith(".def") and not path.name.endswith("_test.cc"):
                wrong.append(f'{path.relative_to(ROOT)}:{number}: a backend may not include the core ("{name}")')
    return wrong, count


def main():
    wrong, count = check()
    print("\n".join(wrong) if wrong else f"{count} files keep the order {' < '.join(ORDER)}")
    return 1 if wrong or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
