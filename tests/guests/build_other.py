#!/usr/bin/env python3
"""Builds a guest with a toolchain that not every machine has.

usage: build_other.py go|python|assemblyscript|javascript OUTPUT.wasm

Exit code 0: built, or up to date; 77: the toolchain is missing, and stdout says so.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SKIPPED = 77
ROOT = Path(__file__).resolve().parent.parent.parent
GUESTS = ROOT / "guests"


class Missing(Exception):
    """A toolchain that is not here; its text is the reason to skip."""


def run(command: list, **kwargs) -> None:
    result = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, check=False, **kwargs
    )
    if result.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{result.stdout}{result.stderr}")


def cached(name: str) -> Path:
    """The folder of a dependency, or of the cache itself."""
    command = [str(ROOT / "scripts" / "deps.sh"), "path", name]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    return Path(result.stdout.strip())


def wit_folder(parent: Path) -> Path:
    """The world of a command-line component that uses models, with the packages it needs."""
    folder = parent / "wit"
    shutil.copytree(GUESTS / "wit" / "command", folder)
    shutil.copytree(GUESTS / "wit" / "2024-10-28", folder / "deps" / "nn")
    return folder


def wit_folder_with_extensions(parent: Path) -> Path:
    """The same with the drafts and wasinn's own package."""
    folder = parent / "wit"
    shutil.copytree(GUESTS / "wit" / "command-extensions", folder)
    shutil.copytree(GUESTS / "wit" / "command" / "deps", folder / "deps")
    shutil.copytree(GUESTS / "wit" / "drafts" / "2024-10-28", folder / "deps" / "nn")
    shutil.copytree(GUESTS / "wit" / "wasinn", folder / "deps" / "wasinn")
    shutil.copytree(GUESTS / "wit" / "wasi" / "io", folder / "deps" / "io")
    return folder


def build_go(output: Path, _scratch: Path) -> None:
    go = shutil.which("go")
    if go is None:
        raise Missing("expected go 1.21 or newer, found none")
    version = subprocess.run([go, "env", "GOVERSION"], capture_output=True, text=True, check=True)
    match = re.match(r"go(\d+)\.(\d+)", version.stdout)
    if match is None or (int(match[1]), int(match[2])) < (1, 21):
        raise Missing(f"expected go 1.21 or newer, found {version.stdout.strip()}")
    settings = {"GOOS": "wasip1", "GOARCH": "wasm", "GOTOOLCHAIN": "local", "GOFLAGS": ""}
    run(
        [go, "build", "-trimpath", "-ldflags=-s", "-o", output, "."],
        cwd=GUESTS / "go",
        env=os.environ | settings,
    )


def build_python(output: Path, scratch: Path) -> None:
    tool = cached("venv") / "bin" / "componentize-py"
    if not tool.exists():
        raise Missing(f"expected {tool}, found none")
    # Beside the sources Python would leave compiled files.
    shutil.copy(GUESTS / "python" / "app.py", scratch)
    wit = wit_folder(scratch)
    run([tool, "-d", wit, "-w", "command", "componentize", "app", "-p", scratch, "-o", output])


def node_tool(name: str) -> Path:
    """A program of the packages of guests/js, which are installed into the cache once."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        raise Missing("expected node and npm, found none")
    folder = cached("cache") / "npm-guests"
    lock = GUESTS / "js" / "package-lock.json"
    stamp = folder / "node_modules" / ".stamp"
    if not stamp.exists() or stamp.read_bytes() != lock.read_bytes():
        folder.mkdir(parents=True, exist_ok=True)
        for file in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(GUESTS / "js" / file, folder)
        # Not `npm ci`: it refuses the lock file, which lacks bindings published for no platform yet.
        # The versions and hashes of the lock file hold here as well.
        install = subprocess.run(
            [npm, "install", "--ignore-scripts"], cwd=folder, capture_output=True, text=True, check=False
        )
        if install.returncode != 0:
            raise Missing(f"npm could not install the packages of guests/js: {install.stderr[-500:]}")
        shutil.copy(lock, stamp)
    return folder / "node_modules" / ".bin" / name


def build_assemblyscript(output: Path, _scratch: Path) -> None:
    source = GUESTS / "assemblyscript" / "add.ts"
    run([node_tool("asc"), source, "--outFile", output, "--use", "abort=", "--runtime", "stub", "-O"])


def build_javascript(output: Path, scratch: Path) -> None:
    tool = node_tool("componentize-qjs")
    source = GUESTS / "js" / "add.js"
    run([tool, "--sync", "-w", wit_folder(scratch), "-n", "command", "-j", source, "-o", output])


def build_javascript_extension(output: Path, scratch: Path) -> None:
    tool = node_tool("componentize-qjs")
    source = GUESTS / "js" / "extension.js"
    wit = wit_folder_with_extensions(scratch)
    run([tool, "--sync", "-w", wit, "-n", "command-extensions", "-j", source, "-o", output])


# How, and from which folder of guests/.
KINDS = {
    "go": (build_go, "go"),
    "python": (build_python, "python"),
    "assemblyscript": (build_assemblyscript, "assemblyscript"),
    "javascript": (build_javascript, "js"),
    "javascript-extension": (build_javascript_extension, "js"),
}


def newest(*paths: Path) -> float:
    return max(file.stat().st_mtime for path in paths for file in path.rglob("*"))


def build(kind: str, output: Path) -> None:
    """Raises Missing when the toolchain is not here."""
    make, folder = KINDS[kind]
    sources = newest(GUESTS / folder, GUESTS / "wit")
    if output.exists() and output.stat().st_mtime > sources:
        return
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        made = Path(scratch) / "guest.wasm"
        make(made, Path(scratch))
        # A build that is stopped here must not leave half a file that looks up to date.
        part = output.with_suffix(".part")
        shutil.copy(made, part)
        part.rename(output)


def main() -> int:
    if len(sys.argv) != 3 or sys.argv[1] not in KINDS:
        sys.exit(f"usage: build_other.py {'|'.join(KINDS)} OUTPUT.wasm")
    try:
        build(sys.argv[1], Path(sys.argv[2]).resolve())
    except Missing as reason:
        print(f"skipped: {reason}")
        return SKIPPED
    return 0


if __name__ == "__main__":
    sys.exit(main())
