#!/usr/bin/env python3
"""Sums up a results folder of ./dev: ctest's JUnit files and steps.txt. Names each failure, then prints one line
`N passed, N failed, N skipped`. Status 1 when something failed or nothing ran.

usage: summary.py FOLDER

Where WASINN_ALLOWED_SKIPS names a file, a test that is skipped counts as failed unless a line of the file begins with a
pattern of its name; the rest of that line says why it may be skipped.
"""

import collections
import fnmatch
import os
import pathlib
import re
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


def allowed_skips():
    """(pattern, reason) of each line of the file, or None if every test may be skipped."""
    path = os.environ.get("WASINN_ALLOWED_SKIPS")
    if not path:
        return None
    lines = [line for line in pathlib.Path(path).read_text().splitlines() if line and not line.startswith("#")]
    return [re.split(r"\s{2,}", line, maxsplit=1) for line in lines]


def judged(results):
    """The results, in which a skip that is not allowed is a failure, and an allowed one has its reason."""
    allowed = allowed_skips()
    for status, name in results:
        if status == "skipped" and allowed is not None:
            reason = next((why for pattern, why in allowed if fnmatch.fnmatch(name, pattern)), None)
            yield ("failed", f"{name}: skipped, which is not allowed") if reason is None else (status, f"{name}: {reason}")
        else:
            yield status, name


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    results = list(judged(results_of(pathlib.Path(sys.argv[1]))))
    for status, name in results:
        if status != "passed":
            print(f"{status}: {name}")
    count = collections.Counter(status for status, _ in results)
    print(f"{count['passed']} passed, {count['failed']} failed, {count['skipped']} skipped", flush=True)
    return 1 if count["failed"] or not count["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
