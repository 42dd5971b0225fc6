#!/usr/bin/env python3
"""Sums up a results folder of ./dev: ctest's JUnit files and steps.txt. Names each failure, then prints one line
`N passed, N failed, N skipped`. Status 1 when something failed or nothing ran.

usage: summary.py FOLDER
"""

import collections
import pathlib
import sys
import xml.etree.ElementTree as ElementTree


def results_of(folder):
    """Yields (status, name) for every test case and step."""
    for report in sorted(folder.glob("*.xml")):
        for case in ElementTree.parse(report).getroot().iter("testcase"):
            if case.find("failure") is not None or case.get("status") == "fail":
                status = "failed"
            elif case.find("skipped") is not None or case.get("status") != "run":
                status = "skipped"
            else:
                status = "passed"
            yield status, f"{report.stem}: {case.get('name')}"
    steps = folder / "steps.txt"
    if steps.exists():
        for line in steps.read_text().splitlines():
            status, name = line.split(maxsplit=1)
            yield status, name


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    results = list(results_of(pathlib.Path(sys.argv[1])))
    for status, name in results:
        if status != "passed":
            print(f"{status}: {name}")
    count = collections.Counter(status for status, _ in results)
    print(f"{count['passed']} passed, {count['failed']} failed, {count['skipped']} skipped", flush=True)
    return 1 if count["failed"] or not count["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
