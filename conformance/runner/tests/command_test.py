#!/usr/bin/env python3
"""The command line of the runner: exit codes, reports, merging, signals: command_test.py RUNNER.

The hosts are small programs that behave in one way each.
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree

CASE = """
[[case]]
name = "{name}"
dialect = "witx"
guest = "core"
checks = "Checks."
source = "ours"
rule = "rule"
why = "why"
wrong = {{ errno = "1" }}
expect = {{ errno = "0" }}
"""
HOST = """
name = "{name}"
title = "T"
program = "{program}"
run = ["{{program}}", "{{args}}"]
[claims]
dialects = ["witx"]
"""


class Suite:
    def __init__(self, folder, runner):
        self.folder, self.runner = folder, runner
        (folder / "cases").mkdir()
        (folder / "hosts").mkdir()
        (folder / "models").mkdir()
        (folder / "models" / "manifest.json").write_text('{"frameworks": {}}')
        text = 'group = "g"\ntitle = "G"\nabout = "A."\n'
        (folder / "cases" / "g.toml").write_text(text + CASE.format(name="a") + CASE.format(name="b"))
        self.host("good", "echo errno=0; echo done")
        self.host("bad", "echo errno=1; echo done")
        self.host("slow", f"echo $$ > {folder}/started; exec sleep 1000")
        (folder / "hosts" / "missing.toml").write_text(HOST.format(name="missing", program="no-such-program"))

    def host(self, name, body):
        program = self.folder / name
        program.write_text(f"#!/bin/sh\n{body}\n")
        program.chmod(0o755)
        (self.folder / "hosts" / f"{name}.toml").write_text(HOST.format(name=name, program=program))

    def command(self, *words):
        return [self.runner, "--suite", str(self.folder), *map(str, words)]

    def run(self, *words):
        return subprocess.run(self.command(*words), capture_output=True, text=True, timeout=120, check=False)


def exit_codes(suite, check):
    file = suite.folder / "hosts" / "good.toml"
    for words, code, part in (
        (["--host", "good"], 0, "2 ✓"),
        (["--host", file], 0, "2 ✓"),
        (["--host", "bad"], 1, "errno: expected 0, given 1"),
        (["--host", "bad", "--case", "g/a"], 1, "1 deviation on bad"),
        (["--host", "good", "--host", "missing"], 3, '"no-such-program" is not on this machine'),
        (["--host", "missing", "--host-program", f"missing={suite.folder}/good"], 0, "2 ✓"),
        (["--host", "god"], 2, "did you mean good?"),
        (["--host", "good", "--host", "good"], 2, "expected each host once"),
        (["--host", "good", "--group", "h"], 2, "--group: expected one of g"),
        (["--host", "good", "--case", "zzz"], 2, "some case matches"),
        (["--host", "good", "--report", "x.pdf"], 2, ".html, .json, .md, .txt, .xml"),
        (["--host", "good", "--host-program", "x"], 2, "expected NAME=PATH"),
        (["--host", "good", "--jobs", "x"], 2, "expected a number"),
        (["--nonsense"], 2, "--nonsense"),
        (["--host", "./none.toml"], 125, "none.toml"),
        (["--merge", suite.folder / "models" / "manifest.json"], 125, "expected the JSON report"),
        (["--host", "good", "--list"], 0, "good  g/b@witx"),
    ):
        done = suite.run(*words)
        check(f"exit code of {words}", done.returncode, code)
        check(f"{part!r} in the output of {words}", part in done.stdout + done.stderr, True)


def reports(suite, check):
    files = {ending: suite.folder / f"r.{ending}" for ending in ("html", "json", "xml", "txt")}
    words = [word for file in files.values() for word in ("--report", file)]
    done = suite.run("--host", "good", "--host", "bad", "--host", "missing", *words)
    check("text report", files["txt"].read_text(), done.stdout)
    check("page", files["html"].read_text().startswith("<!doctype html>"), True)
    results = json.loads(files["json"].read_text())
    check("columns", [host["name"] for host in results["hosts"]], ["good", "bad", "missing"])
    check("results", [result["result"] for host in results["hosts"] for result in host["results"]],
          ["pass", "pass", "fail", "fail", "skip", "skip"])
    # What stands there to repeat a case does repeat it.
    again = subprocess.run(["sh", "-c", results["hosts"][1]["results"][0]["command"]], capture_output=True, text=True,
                           check=False)
    check("again", again.stdout, "errno=1\ndone\n")
    suites = ElementTree.parse(files["xml"]).getroot()
    check("failures in XML", sum(int(one.get("failures")) for one in suites), 2)
    merged = suite.run("--merge", files["json"])
    check("merged", merged.stdout, done.stdout)
    check("exit code of merged", merged.returncode, 1)
    both = suite.run("--host", "good", "--merge", files["json"], "--report", suite.folder / "both.json")
    check("exit code of both", both.returncode, 1)
    check("columns of both", len(json.loads((suite.folder / "both.json").read_text())["hosts"]), 4)
    unwritten = suite.run("--host", "good", "--report", suite.folder / "good" / "r.json")
    check("exit code without the report", unwritten.returncode, 125)


def stopped(suite, check):
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        stopped_by(number, suite, check)


def stopped_by(number, suite, check):
    report, started = suite.folder / "stopped.json", suite.folder / "started"
    started.unlink(missing_ok=True)
    with subprocess.Popen(suite.command("--host", "good", "--host", "slow", "--jobs", "1", "--time-limit", "900",
                                        "--report", report),
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as run:
        while not started.exists() or not started.read_text():
            time.sleep(0.05)
        run.send_signal(number)
        text, _ = run.communicate()
    check(f"exit code when stopped by {number.name}", run.returncode, 130)
    check(f"the host after {number.name}", pathlib.Path("/proc", started.read_text().strip()).exists(), False)
    check("what was run", "2 ✓" in text and "stopped by a signal" in text, True)
    kinds = [result["result"] for host in json.loads(report.read_text())["hosts"] for result in host["results"]]
    check("results when stopped", kinds, ["pass", "pass", "skip", "skip"])


IWASM = """
for word; do
  case $word in --wasi-nn-graph*) echo "unknown option $word" >&2; exit 1;; esac
done
[ "$1" = --native-lib=libwasi_nn_onnx.so ] || exit 1
# load_by_name opens a file of that name in the working folder.
[ "$(cat m)" = "the model" ] && [ "$(ls)" = m ] || exit 1
echo errno=0; echo done
"""
WASMEDGE = """
[ "$1" = --nn-preload ] || exit 1
IFS=: read -r name encoding device xml bin more <<END
$2
END
[ "$name $encoding $device $more" = "m OPENVINO CPU " ] || exit 1
[ "$(cat "$xml")" = "the model" ] && [ "$(cat "$bin")" = "its weights" ] || exit 1
echo errno=0; echo done
"""


def real_host_files(suite, check):
    """The suite's files for other hosts, with stand-ins that take the command lines of the real programs and no others."""
    hosts = pathlib.Path(__file__).resolve().parents[2] / "hosts"
    models = {"onnx": ["m.onnx"], "openvino": ["m.xml", "m.bin"]}
    manifest = {"frameworks": {name: {"encoding": name, "models": {"m": {"files": files}}} for name, files in models.items()}}
    (suite.folder / "models" / "manifest.json").write_text(json.dumps(manifest))
    for name, files in models.items():
        (suite.folder / "models" / name).mkdir()
        for file, text in zip(files, ("the model", "its weights")):
            (suite.folder / "models" / name / file).write_text(text)
    (suite.folder / "guests").mkdir()
    (suite.folder / "guests" / "core.wasm").write_bytes(b"")
    text = 'group = "named"\ntitle = "N"\nabout = "A."\n'
    (suite.folder / "cases" / "named.toml").write_text(text + CASE.format(name="c").replace("guest =", 'models = ["m"]\nguest ='))
    for name, body in (("wamr", IWASM), ("wasmedge", WASMEDGE)):
        suite.host(f"stand-in-{name}", body)
        report = suite.folder / f"{name}.json"
        done = suite.run("--host", hosts / f"{name}.toml", "--host-program", f"{name}={suite.folder}/stand-in-{name}",
                         "--case", "named/c", "--report", report)
        check(f"{name} with its own file", done.returncode, 0)
        results = json.loads(report.read_text())["hosts"][0]["results"]
        check(f"results of {name}", [result["result"] for result in results], ["pass"])
        again = subprocess.run(["sh", "-c", results[0]["command"]], capture_output=True, text=True, check=False)
        check(f"{name} again", again.stdout, "errno=0\ndone\n")


def rejudged(suite, check):
    """Answers of an older run are judged by the rules of today, and the brief report is enough for it."""
    brief, after = suite.folder / "brief.json", suite.folder / "after.json"
    suite.run("--host", "good", "--host", "bad", "--group", "g", "--brief", "--report", brief)
    cases = suite.folder / "cases" / "g.toml"
    before = cases.read_text()
    cases.write_text(before.replace('errno = "0"', 'errno = "1"').replace('wrong = { errno = "1"', 'wrong = { errno = "0"'))
    done = suite.run("--merge", brief, "--rejudge", "--report", after, "--report", suite.folder / "after.md")
    cases.write_text(before)
    check("exit code of rejudged", done.returncode, 1)
    hosts = json.loads(after.read_text())["hosts"]
    check("rejudged", [(result["result"], result["was"]) for host in hosts for result in host["results"]],
          [("fail", "pass")] * 2 + [("pass", "fail")] * 2)
    check("rejudged table", "(2 results changed)" in (suite.folder / "after.md").read_text(), True)


def places(suite, check):
    """The suite beside the program, as the archive has it."""
    os.environ["WASINN_CONFORMANCE_SUITE"] = str(suite.folder)
    done = subprocess.run([suite.runner, "--host", "good"], capture_output=True, text=True, check=False)
    del os.environ["WASINN_CONFORMANCE_SUITE"]
    check("suite from the environment", done.returncode, 0)


def main():
    wrong = []

    def check(what, given, expected):
        if given != expected:
            wrong.append(f"{what}: expected {expected!r}, given {given!r}")

    with tempfile.TemporaryDirectory(prefix="wasinn-command-") as folder:
        suite = Suite(pathlib.Path(folder), sys.argv[1])
        for test in (exit_codes, reports, stopped, places, rejudged, real_host_files):
            test(suite, check)
    print("\n".join(wrong) or "all as expected")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
