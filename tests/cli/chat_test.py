#!/usr/bin/env python3
"""A person chats on a terminal: chat_test.py WASINN MODEL.gguf (exit code 77 without the model).

The program gets a pseudo-terminal; what a person would see is compared step by step, so that nothing
depends on how fast the model is.
"""

import os
import pathlib
import pty
import re
import select
import sys
import tempfile
import termios
import time

SKIPPED = 77
PATIENCE = 100  # seconds after which a step is given up
SYSTEM = "You are a helpful assistant."
LONG = "Count from one to one hundred thousand."


class Terminal:
    """The program on a terminal of its own."""

    def __init__(self, *command):
        self.seen = ""
        self.at = 0
        self.process, self.fd = pty.fork()
        if self.process == 0:
            os.environ.update(TERM="xterm", LC_ALL="C.UTF-8")
            os.environ.pop("NO_COLOR", None)
            os.execv(command[0], command)

    def read(self):
        """False at the end of the program."""
        if not select.select([self.fd], [], [], PATIENCE)[0]:
            raise AssertionError(f"nothing more came after:\n{self.seen}")
        try:
            data = os.read(self.fd, 4096)
        except OSError:
            data = b""
        self.seen += data.decode(errors="surrogateescape")
        return bool(data)

    def until(self, pattern):
        """What is seen up to the pattern, since the last one."""
        while not (found := re.search(pattern, self.seen[self.at :], re.S)):
            if not self.read():
                raise AssertionError(f"expected {pattern!r}, given {self.seen[self.at:]!r} after {self.seen[:self.at]!r}")
        text = self.seen[self.at : self.at + found.end()]
        self.at += found.end()
        return text

    def send(self, text):
        os.write(self.fd, text.encode())

    def prompt(self):
        text = self.until(r"\n\r?> $")
        # What is typed before the program reads keys itself would be echoed twice.
        end = time.monotonic() + PATIENCE
        while termios.tcgetattr(self.fd)[3] & termios.ICANON and time.monotonic() < end:
            time.sleep(0.001)
        return text

    def line(self, text):
        """Types a line, and gives what comes until the next prompt."""
        self.send(text + "\n")
        return self.prompt()

    def end(self):
        while self.read():
            pass
        os.close(self.fd)
        return os.waitstatus_to_exitcode(os.waitpid(self.process, 0)[1])


def check(condition, text):
    if not condition:
        raise AssertionError(text)


def chat(program, model, *flags):
    terminal = Terminal(program, "chat", model, "--option", "temp=0", "--system", SYSTEM, *flags)
    terminal.prompt()
    return terminal


def test_answers(program, model):
    terminal = chat(program, model)
    text = terminal.line("What is the capital of France?")
    check("The capital of France is Paris." in text, text)
    check(re.search(r"\[7 tokens, [0-9.]+ tokens/s, the first after .*0 of 27 input", text), text)
    # Two lines; the second turn goes on with what the first has computed.
    terminal.send("And of\\\n")
    terminal.until(r"\. $")
    text = terminal.line("Germany?")
    check("Berlin" in text and re.search(r"3\d of \d\d input tokens reused", text), text)
    text = terminal.line("/retry")
    check("Berlin" in text, text)
    terminal.send("\x04")
    check(terminal.end() == 0, terminal.seen)


def test_stop(program, model):
    """Ctrl-C stops an answer, and the chat goes on; at the prompt it ends the chat."""
    terminal = chat(program, model, "--option", "ignore-eos=true")
    terminal.send(LONG + "\n")
    terminal.until(r"\n\S+")  # the answer has begun
    terminal.send("\x03")
    text = terminal.prompt()
    check("stopped]" in text, text)
    # The line before, from the history, before its answer can begin or after.
    terminal.send("\x1b[A\n")
    terminal.until(re.escape(LONG))
    terminal.until(r"\n\S+")
    terminal.send("\x03")
    check("stopped]" in terminal.prompt(), terminal.seen)
    check("3\r\n" in terminal.line("/set n-predict 3") + terminal.line("/set"), terminal.seen)
    text = terminal.line("Who are you?")
    check("[3 tokens" in text and "cut at n-predict" in text, text)
    # What comes behind an answer of one's own is no prompt from before.
    terminal.send("/system\n")
    terminal.until(re.escape(SYSTEM))
    terminal.prompt()
    terminal.send("half a li\x03")
    check(terminal.end() == 130, terminal.seen)


def test_lines(program, model):
    """Characters of several bytes are edited as one, and text of many lines is one message."""
    terminal = chat(program, model, "--option", "n-predict=1")
    terminal.send("/system Antworte auf Deutsch: grün日\x7f\x7fn.\n")
    terminal.prompt()
    text = terminal.line("/system")
    check("Antworte auf Deutsch: grün." in text, text)
    terminal.send('"""def f():\n')
    terminal.until(r"\. $")
    terminal.line('  return 1"""')
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "chat.json")
        terminal.line(f"/save {file}")
        check("def f():\\n  return 1" in file.read_text(encoding="utf-8"), file.read_text(encoding="utf-8"))
        terminal.line("/clear")
        check("2 messages" in terminal.line(f"/load {file}"), terminal.seen)
    text = terminal.line("/sate")
    check('expected a command, given "/sate"' in text and "/save" in text, text)
    terminal.send("/quit\n")
    check(terminal.end() == 0, terminal.seen)


def main():
    program, model = sys.argv[1:]
    if not pathlib.Path(model).exists():
        print(f"skipped: {model} is not there")
        return SKIPPED
    for test in (test_answers, test_stop, test_lines):
        test(program, model)
        print(f"ok: {test.__name__}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
