"""Models that are several files, and what is no model at all, from the command line and from a guest.

model_files_test.py WASINN MODELS GUESTS [LANGUAGE_MODEL]"""

import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile

wasinn, models, guests = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve(), pathlib.Path(sys.argv[3])
letters = pathlib.Path(sys.argv[4]) if len(sys.argv) > 4 else None
INPUT = ["--input", "x=[1,1,1,1]"]
HUNG = 120  # seconds; a command that hangs would else never end
failures = []


def run(*arguments, **more):
    more = {"stdin": subprocess.DEVNULL, **more}
    return subprocess.run([wasinn, *map(str, arguments)], capture_output=True, text=True, timeout=HUNG, **more)


def expect(done, code, text):
    """The exit code and a text that stands in the output of the program."""
    output = done.stdout + done.stderr
    if done.returncode != code or text not in output:
        failures.append(f"{' '.join(done.args[1:])}\n  expected exit {code} and {text!r}\n"
                        f"  given exit {done.returncode} and {output!r}")


def listing(*arguments):
    done = run("models", "--json", *arguments)
    if done.returncode != 0:
        failures.append(f"models {arguments}: {done.stderr}")
        return {}
    return {model["name"]: model for model in json.loads(done.stdout)["models"]}


def expect_equal(what, expected, given):
    if expected != given:
        failures.append(f"{what}: expected {expected!r}, given {given!r}")


def plain(folder):
    """A model with its weights beside it, under names that say nothing."""
    folder.mkdir()
    shutil.copy(models / "external.onnx", folder / "net")
    shutil.copy(models / "external.data", folder / "external.data")
    size = sum(file.stat().st_size for file in folder.iterdir())
    listed = listing("--model-dir", folder)
    expect_equal("names beside weights", ["net"], list(listed))
    expect_equal("size with weights", size, listed["net"]["size"])
    expect_equal("files", 2, len(listed["net"]["files"]))
    expect(run("models", "--model-dir", folder), 0, "net and 1 more file")
    expect(run("models", folder / "net"), 0, "external.data")
    expect(run("infer", "net", "--model-dir", folder, *INPUT), 0, "2, 3, 4, 5")
    weights = (folder / "external.data").read_bytes()
    (folder / "external.data").write_bytes(weights[:7])
    expect(run("infer", folder / "net", *INPUT), 125, "at least 16 bytes in its external data 'external.data', given 7")
    (folder / "external.data").unlink()
    expect(run("infer", folder / "net", *INPUT), 125, "expected its external data 'external.data' beside it, given none")
    expect(run("infer", "net", *INPUT, cwd=folder), 125, "net: expected its external data 'external.data' beside it")
    expect(run("models", "--model-dir", folder), 0, "beside it, given none")
    # A guest learns what is wrong, and no path of this machine.
    done = run("run", "--model", f"m={folder / 'net'}", guests / "load.wat", "m")
    expect(done, 103, "external.data")
    (folder / "external.data").symlink_to(models / "external.data")
    expect(run("infer", folder / "net", *INPUT), 125, "leads out of it")


def hub(folder):
    """The cache of a model hub: names are links to files that are named by their content."""
    model = folder / "models--me--tiny"
    snapshot = model / "snapshots" / "rev1" / "onnx"
    snapshot.mkdir(parents=True)
    (model / "blobs").mkdir()
    (model / "snapshots" / "rev1" / "config.json").write_text("{}")
    for blob, name in (("11", "model.onnx"), ("12", "external.data")):
        shutil.copy(models / ("external.onnx" if name == "model.onnx" else name), model / "blobs" / blob)
        (snapshot / name).symlink_to(f"../../../blobs/{blob}")
    expect(run("infer", snapshot / "model.onnx", *INPUT), 0, "2, 3, 4, 5")
    expect_equal("a snapshot", ["model"], list(listing("--model-dir", snapshot)))
    expect_equal("a hub", ["models--me--tiny"], list(listing("--model-dir", folder)))
    expect(run("infer", "models--me--tiny", "--model-dir", folder, *INPUT), 0, "2, 3, 4, 5")
    expect(run("run", "--model-dir", folder, guests / "load.wat", "models--me--tiny"), 0, "")


def special(folder):
    folder.mkdir()
    pipe, sock = folder / "pipe", folder / "socket"
    os.mkfifo(pipe)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(sock))
    (folder / "empty").touch()
    (folder / "none").mkdir()
    (folder / "loop").symlink_to("loop")
    read_end, write_end = os.pipe()
    cases = [
        (pipe, "a pipe", {}),
        (sock, "a socket", {}),
        ("/dev/zero", "a device", {}),
        ("/dev/stdin", "a pipe", {"stdin": subprocess.PIPE}),
        (f"/proc/self/fd/{read_end}", "a pipe", {"pass_fds": [read_end]}),
        (folder / "empty", "an empty file", {}),
        (folder / "none", "the folder", {}),
        (folder / "loop", "Too many levels of symbolic links", {}),
    ]
    config = folder / "wasinn.toml"
    for path, text, more in cases:
        expect(run("models", path, **more), 125, text)
        expect(run("infer", path, **more), 125, text)
        expect(run("infer", "m", "--model", f"m={path}", **more), 125, text)
        config.write_text(f'[models.m]\npath = "{path}"\n')
        expect(run("infer", "m", "--config", config, **more), 125, text)
    os.close(read_end)
    os.close(write_end)
    for path in (pipe, "/dev/zero", sock):
        expect(run("models", "--model-dir", path), 125, "expected a folder")
    # In a folder of models they are left out.
    shutil.copy(models / "add.onnx", folder / "add.onnx")
    expect_equal("special files", ["add", "empty"], sorted(listing("--model-dir", folder)))
    with open(models / "add.onnx", "rb") as file:
        expect(run("models", "/dev/stdin", stdin=file), 0, "onnx")
    secret = folder / "secret.onnx"
    shutil.copy(models / "add.onnx", secret)
    secret.chmod(0)
    # Root reads it all the same, unless it may not.
    less = [] if os.geteuid() else ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
    done = subprocess.run([*less, wasinn, "infer", secret], capture_output=True, text=True, timeout=HUNG)
    expect(done, 125, "Permission denied")
    if letters and letters.exists():
        for option in ("mmproj", "draft", "lora:a"):
            for path, text in ((pipe, "a pipe"), (sock, "a socket"), ("/dev/zero", "a device")):
                spec = f"m={letters},{option}={path}"
                expect(run("infer", "m", "--model", spec, "--input", "prompt=abc"), 125, text)


with tempfile.TemporaryDirectory() as scratch:
    root = pathlib.Path(scratch)
    plain(root / "plain")
    hub(root / "hub")
    special(root / "special")
sys.exit("\n".join(failures) if failures else 0)
