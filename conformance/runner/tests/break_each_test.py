#!/usr/bin/env python3
"""Each case of the suite can fail: break_each_test.py RUNNER SUITE REPORT.

REPORT is a JSON report in which all cases that can be run are good. The recorded answers of each result are changed to
those of a host that breaks the case's rule (`wrong`), and judged again: each must fail. Then, in one result of each case,
each key that is judged is taken away by itself: it must fail, too. One process judges all results of such a change. Exit
codes: 0 all fail, 1 not all, 77 the report is not there.
"""

import copy
import json
import pathlib
import subprocess
import sys
import tempfile

GOOD = ("pass", "acceptable", "recorded")


class Runner:
    def __init__(self, runner, suite, folder):
        self.runner, self.suite, self.folder = runner, suite, folder

    def rejudge(self, report):
        """The kind of each result of the report, by its id."""
        before, after = self.folder / "before.json", self.folder / "after.json"
        before.write_text(json.dumps({**report, "groups": []}), encoding="utf-8")
        subprocess.run([self.runner, "--suite", self.suite, "--merge", before, "--rejudge", "--exact", "--brief",
                        "--report", after],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        return {result["id"]: result["result"] for result in results_of(json.loads(after.read_text(encoding="utf-8")))}


def results_of(report):
    return [result for host in report["hosts"] for result in host["results"]]


def broken(report, change):
    """A copy of the report with the results that `change` could break, and only these."""
    again = copy.deepcopy(report)
    for host in again["hosts"]:
        host["results"] = [result for result in host["results"] if change(result)]
    return again


def main():
    if not pathlib.Path(sys.argv[3]).exists():
        print(f"skipped: expected the report {sys.argv[3]}, found none")
        return 77
    report = json.loads(pathlib.Path(sys.argv[3]).read_text(encoding="utf-8"))
    cases = {(group["name"], one["name"]): one for group in report["groups"] for one in group["cases"]}
    for host in report["hosts"]:
        host["results"] = [result for result in host["results"] if result["result"] in GOOD]

    def by_wrong(result):
        wrong = cases[result["group"], result["name"]]["wrong"]
        copies = {value.get("copy") for value in result["values"]}
        changed = 0
        for value in result["values"]:
            # Of several copies, one that is wrong is enough.
            if value["key"] in wrong and value.get("copy") == min(copies, key=str):
                value["given"] = wrong[value["key"]]
                changed += 1
        return changed == len(wrong) > 0

    def by_taking(number):
        def take(result):
            judged = [value for value in result["values"] if value["verdict"] != "recorded"]
            if number >= len(judged):
                return False
            judged[number]["given"] = None
            return True
        return take

    lost = []
    with tempfile.TemporaryDirectory(prefix="wasinn-break-") as folder:
        runner = Runner(sys.argv[1], sys.argv[2], pathlib.Path(folder))
        unchanged = runner.rejudge(report)
        lost += [f"{result}: good when nothing is changed, given {kind}"
                 for result, kind in unchanged.items() if kind not in GOOD]
        kinds = runner.rejudge(broken(report, by_wrong))
        lost += [f"{result}: fails with the answers under `wrong`, given {kind}"
                 for result, kind in kinds.items() if kind != "fail"]
        failing = {id_.split("@")[0] for id_ in kinds}
        ran = {f"{result['group']}/{result['name']}" for result in results_of(report)}
        lost += [f"{name}: a result that `wrong` breaks, given none"
                 for name in sorted(ran - failing) if cases[tuple(name.split("/"))]["wrong"]]
        firsts = {(result["group"], result["name"]): result for result in reversed(results_of(report))}
        report["hosts"] = [{**report["hosts"][0], "results": list(firsts.values())}]
        number = 0
        while results_of(changed := broken(report, by_taking(number))):
            lost += [f"{result}: fails without its judged key {number}, given {kind}"
                     for result, kind in runner.rejudge(changed).items() if kind != "fail"]
            number += 1
    unseen = [name for name in ("/".join(case) for case in cases) if name not in ran]
    print(f"{len(failing)} of {len(cases)} cases fail with a wrong answer, {len(unseen)} did not run in the report")
    print("\n".join(f"expected {line}" for line in lost[:40]))
    return 1 if lost or not failing else 0


if __name__ == "__main__":
    sys.exit(main())
