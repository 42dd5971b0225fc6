#!/usr/bin/env python3
"""Real shells complete words of wasinn: completion_test.py WASINN SHELL. Exit code 77: the shell is not there."""

import os
import pathlib
import pty
import shutil
import subprocess
import sys
import tempfile

# Prints what bash would offer for the words, the last of which is being typed. `=` is a word of its own, as in
# a real command line.
BASH = r"""
eval "$(wasinn completion bash)"
compopt() { :; }
COMP_WORDS=(wasinn "$@"); COMP_CWORD=$#
_wasinn
printf '%s\n' "${COMPREPLY[@]}"
complete -p wasinn >&2
"""

FISH = r"""
wasinn completion fish | source
complete -C "$argv"
"""

# Completes the line as a user's key does, and writes all that is offered into a file. Calls of compadd in which the
# completion functions look at matches for themselves offer nothing.
ZSH = r"""
setopt no_auto_list no_beep
autoload -Uz compinit && compinit -D -u
eval "$(wasinn completion zsh)"
compadd() {
  if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then builtin compadd "$@"; return; fi
  local -a hits
  builtin compadd -O hits "$@"
  print -rC1 -- $IPREFIX$^hits >>$OFFERS
  builtin compadd "$@"
}
answer() { BUFFER=$LINE; CURSOR=$#BUFFER; zle complete-word; exit 0 }
zle -N answer
bindkey '^X' answer
"""


def run_bash(environment, folder, words):
    done = subprocess.run(["bash", "--norc", "-c", BASH, "bash", *words], cwd=folder, text=True,
                          capture_output=True, env=environment, check=True)
    if done.stderr != "complete -F _wasinn wasinn\n":
        sys.exit(f"expected a function for wasinn and no errors, given {done.stderr!r}")
    return done.stdout


def line_of(words):
    """The words as a command line, in which a word may contain `=`."""
    line = "wasinn"
    for word in words:
        glued = word in ("=", ":") or line[-1] in "=:"
        line += word if glued else " " + word
    return line


def run_fish(environment, folder, words):
    done = subprocess.run(["fish", "--no-config", "-c", FISH, line_of(words)], cwd=folder, text=True,
                          capture_output=True, env=environment, check=True)
    if done.stderr:
        sys.exit(f"expected no errors of fish, given {done.stderr!r}")
    return "".join(line.split("\t")[0].rstrip("/") + "\n" for line in done.stdout.splitlines())


def run_zsh(environment, folder, words):
    scratch = pathlib.Path(environment["HOME"])
    (scratch / "ask.zsh").write_text(ZSH)
    offers = scratch / "offers"
    offers.write_text("")
    terminal, other = pty.openpty()
    shell = subprocess.Popen(["zsh", "-f", "-i"], stdin=other, stdout=other, stderr=other, cwd=folder,
                             start_new_session=True,
                             env=environment | {"TERM": "xterm", "LINE": line_of(words), "OFFERS": str(offers)})
    os.close(other)
    os.write(terminal, f"source {scratch}/ask.zsh\n\x18".encode())
    said = b""
    try:
        while part := os.read(terminal, 65536):
            said += part
    except OSError:
        pass  # its end
    os.close(terminal)
    if shell.wait() != 0:
        sys.exit(f"expected zsh to complete `{line_of(words)}`, given {said.decode(errors='replace')}")
    return offers.read_text()


SHELLS = {"bash": run_bash, "fish": run_fish, "zsh": run_zsh}


def main():
    program, shell, wrong = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2], []
    if shutil.which(shell) is None:
        print(f"skipped: {shell} is not installed")
        return 77

    def expect(words, *wanted, without=()):
        given = [line for line in SHELLS[shell](environment, folder, words).splitlines() if line]
        missing = [one for one in wanted if one not in given]
        extra = [one for one in without if one in given]
        if missing or extra:
            wrong.append(f"{words}: expected {missing} and none of {extra}, given {given}")

    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as home:
        # It is called by its name, as a user does.
        (pathlib.Path(home) / "wasinn").symlink_to(program)
        environment = {"PATH": f"{home}:/usr/bin:/bin", "HOME": home, "LC_ALL": "C.UTF-8"}
        for name in ("guest.wasm", "model.onnx"):
            (pathlib.Path(folder) / name).touch()
        (pathlib.Path(folder) / "models").mkdir()
        expect([""], "run", "infer", "completion", "guest.wasm", without=["--model"])
        expect(["in"], "infer", "inspect", without=["run", "guest.wasm"])
        expect(["--mod"], "--model", "--model-dir", without=["--help"])
        expect(["--ver"], "--version", "--verbose")
        expect(["run", "--co"], "--config", "--compat", "--compute-timeout")
        expect(["run", "-"], "-W", "--invoke", without=["--heap-size"])
        expect(["infer", "--rep"], "--repeat")
        expect(["run", "--log-level", ""], "debug", "info", "warn", "error", "off")
        # Bash takes what follows `=` for a word of its own.
        glued = "" if shell == "bash" else "--log-level="
        expect(["run", "--log-level", "="], glued + "debug", glued + "off")
        expect(["run", "--log-level", "=", "de"], glued + "debug", without=[glued + "info"])
        expect(["run", "--log-level=de"], "--log-level=debug")
        expect(["--model", "m", "=", "model.onnx", "gu"], "guest.wasm")
        expect(["run", "--model", "m", "=", "model.onnx", "--po"], "--policy")
        expect(["run", "--model", "m", "=", "mod"], "model.onnx" if shell == "bash" else "m=model.onnx")
        expect(["run", "--nn-preload", "m", ":", "ONNX", ":", "CPU", ":", "x", "--po"], "--policy")
        expect(["run", "--model-dir", ""], "models", without=["guest.wasm"])
        expect(["run", "--config", "mo"], "model.onnx")
        expect(["run", "guest.wasm", "--he"], without=["--help"])
        expect(["run", "--", "gu"], "guest.wasm")
        expect(["infer", "mo"], "model.onnx", "models")
        expect(["completion", ""], "bash", "zsh", "fish", without=["guest.wasm"])
        expect(["cache", "c"], "clear", without=["list"])
        expect(["run", "--threads", ""], without=["guest.wasm"])
        expect(["nothing", "--mod"], without=["--help"])
    print("\n".join(wrong) or f"{shell} completes commands, options, choices and files")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
