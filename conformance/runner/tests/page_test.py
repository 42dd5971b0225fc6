#!/usr/bin/env python3
"""The HTML report in a real browser, with a host that prints markup: page_test.py RUNNER [PICTURES].

Checks texts, that nothing is fetched, that no script of a host runs, widths, links and filter, with and without
scripts, in light and dark. With PICTURES, a folder, it leaves screenshots there. Exit codes: 0 good, 1 not, 77 no
browser.
"""

import pathlib
import re
import subprocess
import sys
import tempfile

import browser

EVIL = "</pre></td><script>window.broken=1</script><img src=http://127.0.0.1:1/x onerror=window.broken=1>"
CASE = """
[[case]]
name = "{name}"
dialect = ["witx", "wamr"]
guest = "core"
checks = "The answer of {name} is 0."
source = "specification"
rule = "wasi-nn.witx set_input"
why = "Guests match on it."
wrong = {{ errno = "5" }}
expect = {{ errno = "0", out = "1 2 3" }}
"""
HOST = """
name = "{name}"
title = "{title}"
program = "{program}"
version = ["{{program}}", "version"]
run = ["{{program}}", "{{stem}}", "{{args}}"]
[claims]
dialects = ["witx"]
[[deviation]]
cases = "layout/known@*"
reason = "This host is known to do so."
"""
# Each case is a behaviour.
PROGRAM = f"""#!/bin/sh
case "$2" in
  good|known_but_good) echo errno=0; echo 'out=1 2 3'; echo done ;;
  bad) echo errno=5; echo "out={EVIL}"; echo 'log {EVIL}'; echo '{EVIL}' >&2; echo done ;;
  known) echo 'setup={EVIL}'; echo done ;;
  crash) echo '{EVIL}' >&2; kill -SEGV $$ ;;
  *) [ "$1" = version ] && echo 'h 1.0 {EVIL}' ;;
esac
"""


def make_report(runner, folder):
    suite = folder / "suite"
    (suite / "cases").mkdir(parents=True)
    (suite / "models").mkdir()
    (suite / "models" / "manifest.json").write_text('{"frameworks": {}}')
    for group, names in (("layout", ["good", "bad", "known", "crash"]), ("types", ["good"])):
        text = f'group = "{group}"\ntitle = "Group {group}"\nabout = "What it is about & <why>."\n'
        (suite / "cases" / f"{group}.toml").write_text(text + "".join(CASE.format(name=name) for name in names))
    program = folder / "program"
    program.write_text(PROGRAM)
    program.chmod(0o755)
    command = [runner, "--suite", suite, "--report", folder / "report.html"]
    for name, title, file in (("one", "The first host", program), ("two", "The second host", program),
                              ("three", "A host with a long name that is nowhere", folder / "none")):
        host = folder / f"{name}.toml"
        host.write_text(HOST.format(name=name, title=title, program=file))
        command += ["--host", host]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 1:
        sys.exit(f"expected exit code 1, given {done.returncode}\n{done.stdout}{done.stderr}")
    return folder / "report.html"


def luminance(colour):
    channels = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(front, back):
    bright, dark = sorted((luminance(front), luminance(back)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


# The text's colour and that of the nearest ground behind it, for everything that has text of its own.
COLOURS = """
[...document.querySelectorAll('body *')].filter(e => e.offsetParent &&
    [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())).map(e => {
  var ground = e;
  while (ground && getComputedStyle(ground).backgroundColor === 'rgba(0, 0, 0, 0)') ground = ground.parentElement;
  return [e.className || e.tagName, getComputedStyle(e).color,
          getComputedStyle(ground || document.body).backgroundColor];
})
"""


class Checks:
    def __init__(self):
        self.wrong = []

    def that(self, what, given, expected=True):
        if given != expected:
            self.wrong.append(f"{what}: expected {expected!r}, given {given!r}")


def look(page, address, pictures, checks):
    wide = (1280, 900, "wide"), (320, 700, "phone"), (768, 900, "tablet")
    for dark in (False, True):
        for width, height, name in wide:
            page.size(width, height, dark)
            page.open(address)
            scheme = "dark" if dark else "light"
            if pictures:
                page.picture(pictures / f"{name}-{scheme}.png")
            page.evaluate("document.querySelectorAll('details').forEach(e => { e.open = true })")
            checks.that(f"width of the page at {width}", page.evaluate("document.documentElement.scrollWidth"), width)
            for what, front, back in page.evaluate(COLOURS):
                checks.that(f"contrast of {what} in {scheme}, {front} on {back}", contrast(front, back) >= 4.5)
            if pictures:
                page.evaluate("document.querySelector('details.case').scrollIntoView()")
                page.picture(pictures / f"{name}-{scheme}-open.png")


def read(page, address, checks):
    page.size(1280, 900)
    page.open(address)
    text = page.evaluate("document.body.innerText")
    for part in ("4 of 10 results good on 2 hosts, 4 deviations, 2 known", "Group layout", "Group types",
                 "What it is about & <why>.", "The first host", "h 1.0 </pre></td><script>window.broken=1</script>",
                 "is not on this machine"):
        checks.that(f"text {part!r}", part in text)
    opened = page.evaluate("document.querySelectorAll('details').forEach(e => { e.open = true }); document.body.innerText")
    for part in ("The answer of bad is 0.", "wasi-nn.witx set_input", "Guests match on it.", "killed by SIGSEGV",
                 "This host is known to do so.", "does not claim wamr", "not as expected", EVIL):
        checks.that(f"opened text {part!r}", part in opened)
    checks.that("a host's script", page.evaluate("typeof window.broken"), "undefined")
    checks.that("elements that hosts made", page.evaluate("document.querySelectorAll('img').length"), 0)


def use(page, address, checks):
    def shown():
        return page.evaluate(
            "[...document.querySelectorAll('details.case:not(.hidden)')].map(e => e.getAttribute('data-id')).join(' ')")

    page.open(address)
    link = page.evaluate("document.querySelector('a.cell').getAttribute('href')")
    page.evaluate("document.querySelector('a.cell').click()")
    # Links are followed in a task of their own.
    for _ in range(200):
        if page.evaluate("location.hash"):
            break
    page.evaluate("window.dispatchEvent(new HashChangeEvent('hashchange'))")
    checks.that("a cell's details", page.evaluate(f"document.getElementById('{link[1:]}').open"))
    page.evaluate("var f = document.getElementById('filter'); f.value = 'CRASH witx'; f.dispatchEvent(new Event('input'))")
    checks.that("filtered", shown(), "layout/crash@witx layout/crash@witx")
    page.evaluate("f.value = ''; f.dispatchEvent(new Event('input'));"
                  "var k = document.getElementById('kind'); k.value = 'known'; k.dispatchEvent(new Event('change'))")
    checks.that("known ones", shown(), "layout/known@witx layout/known@witx")
    page.evaluate("k.value = 'all'; k.dispatchEvent(new Event('change'))")
    checks.that("all again", len(shown().split()), 10)
    page.evaluate("document.getElementById('open').click()")
    checks.that("closed ones", page.evaluate("document.querySelectorAll('details:not([open])').length"), 0)


def without_scripts(page, address, checks):
    page.scripts(False)
    page.open(address)
    checks.that("tools without scripts", page.evaluate("getComputedStyle(document.querySelector('.tools')).display"),
                "none")
    checks.that("cases without scripts", page.evaluate("document.querySelectorAll('details.case').length"), 10)
    page.scripts(True)


def main():
    program = browser.find()
    if not program:
        print("skipped: no chromium on PATH")
        return 77
    pictures = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else None
    if pictures:
        pictures.mkdir(parents=True, exist_ok=True)
    checks = Checks()
    with tempfile.TemporaryDirectory(prefix="wasinn-page-") as folder:
        address = make_report(sys.argv[1], pathlib.Path(folder)).as_uri()
        with browser.Browser(program) as page:
            look(page, address, pictures, checks)
            read(page, address, checks)
            use(page, address, checks)
            without_scripts(page, address, checks)
            checks.that("errors of scripts", sorted(set(page.errors))[:3], [])
            checks.that("addresses asked for", {request.split("#")[0] for request in page.requests}, {address})
    print("\n".join(checks.wrong) or "the page is as it should be")
    return 1 if checks.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
