#!/usr/bin/env python3
"""docs/cli.md and --help tell the same: docs_test.py WASINN DOCS."""

import pathlib
import re
import subprocess
import sys


def help_of(program, *words):
    return subprocess.run(
        [program, *words, "--help"], capture_output=True, text=True, check=True
    ).stdout


def main():
    program, docs = sys.argv[1], pathlib.Path(sys.argv[2]).read_text(encoding="utf-8")
    wrong = []
    commands = re.findall(r"^  ([a-z]+)  ", help_of(program).split("Exit codes")[0], re.M)
    if len(commands) < 5:
        wrong.append(f"expected five commands in --help, given {commands}")
    text = "".join(help_of(program, command) for command in commands)
    # These stand in no table because they explain themselves.
    general = {"--help", "--threads", "--memory-budget"}
    for flag in sorted(set(re.findall(r"--[a-z][a-z-]+", text)) - general):
        # Long forms of Wasmtime's flags: the tables have the short ones.
        if flag in ("--wasi", "--wasm", "--codegen", "--optimize", "--debug"):
            flag = {"--wasi": "-S", "--wasm": "-W", "--codegen": "-C", "--optimize": "-O",
                    "--debug": "-D"}[flag]
        if f"`{flag}" not in docs and f" {flag}" not in docs:
            wrong.append(f"{flag}: in --help, not in the docs")
    for command in commands:
        if f"`wasinn {command} " not in docs:
            wrong.append(f"{command}: in --help, not in the docs")

    lines = help_of(program).split("Exit codes:\n")[1].splitlines()
    from_help = dict(re.match(r"  (\S+) +(.*)", line).groups() for line in lines if line)
    # "stopped by SIGINT (143 by SIGTERM)" is two rows of the table.
    from_help["143"] = "stopped by SIGTERM"
    from_help["130"] = "stopped by SIGINT"
    table = docs.split("## Exit codes")[1].split("\n## ")[0]
    from_docs = dict(re.findall(r"^\| (\d\S*) \| (.*) \|$", table, re.M))
    plain = lambda rows: {code: meaning.replace("`", "") for code, meaning in rows.items()}
    if plain(from_docs) != plain(from_help):
        wrong.append(f"exit codes: --help has {from_help}, the docs have {from_docs}")
    print("\n".join(wrong) or f"{len(commands)} commands, {len(from_docs)} exit codes: the same")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
