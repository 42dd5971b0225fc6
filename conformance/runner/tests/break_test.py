#!/usr/bin/env python3
"""A group of the suite can fail: break_test.py RUNNER SUITE NATIVE-PROGRAM GROUP.

The native program is run with `--break GROUP`, which makes it answer one thing of that group wrongly; then at least one
case of the group must fail. Exit codes: 0 it does, 1 it does not.
"""

import json
import pathlib
import subprocess
import sys
import tempfile


def main():
    runner, suite, program, group = sys.argv[1:]
    host = pathlib.Path(suite, "hosts", "wasinn-inproc.toml").read_text(encoding="utf-8")
    broken = host.replace('run = ["{program}", ', f'run = ["{{program}}", "--break", "{group}", ')
    if broken == host:
        print("expected the template of wasinn-inproc to start with {program}, given another")
        return 1
    with tempfile.TemporaryDirectory(prefix="wasinn-break-") as folder:
        file = pathlib.Path(folder, "broken.toml")
        file.write_text(broken, encoding="utf-8")
        report = pathlib.Path(folder, "report.json")
        done = subprocess.run(
            [runner, "--suite", suite, "--host", file, "--host-program", f"wasinn-inproc={program}", "--group", group,
             "--report", report],
            capture_output=True, text=True, check=False)
        if not report.exists():
            print(done.stdout, done.stderr, sep="\n")
            return 1
        results = json.loads(report.read_text(encoding="utf-8"))["hosts"][0]["results"]
    failed = [result["id"] for result in results if result["result"] == "fail"]
    print(f"{len(failed)} of {len(results)} results of {group} failed, exit code {done.returncode}")
    print("\n".join(failed[:10]))
    # The other ways to end would tell that the program does not run at all.
    return 0 if failed and done.returncode == 1 else 1


if __name__ == "__main__":
    sys.exit(main())
