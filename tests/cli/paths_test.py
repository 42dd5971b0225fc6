#!/usr/bin/env python3
"""Any path can be written on every command line: paths_test.py WASINN MODEL.onnx."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

GUESTS = pathlib.Path(__file__).resolve().parent / "guests"
# Those of the second list need quotes where something stands beside the path.
PLAIN = ["a,b", "k=v", "ünï cødé", "[x,y]", "it's", 'say "x"', "-dash", "@at", "a%20b"]
QUOTED = ["a,k=v", "a,b=c d", "a::b", '"q"', "a:b,c=d::e"]


def quoted(path):
    return '"' + path.replace('"', '""') + '"'


class Runner:
    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        self.count = self.wrong = 0

    def run(self, *words):
        done = subprocess.run([self.program, *words], capture_output=True, text=True, cwd=self.folder, check=False)
        return done.returncode, done.stdout, done.stderr

    def check(self, name, given, expected):
        self.count += 1
        if given != expected:
            self.wrong += 1
            print(f"{name}: expected {expected!r}, given {given!r}")

    def listed(self, *words):
        code, out, errors = self.run("models", "--json", *words)
        return [model["path"] for model in json.loads(out)["models"]] if code == 0 else errors

    def ends(self, *words):
        code, _, errors = self.run("run", "--no-cache", *words)
        return code or errors


def check_models(runner, name, text):
    path = f"{name}/m.onnx"
    as_file, as_folder = text(path), text(name)
    runner.check(f"--model {as_file}", runner.listed("--model", f"m={as_file}"), [path])
    runner.check(f"--model {as_file},..", runner.listed("--model", f"m={as_file},backend=onnx,target=cpu"), [path])
    load = GUESTS / "load.wat"
    for flag, spec in {
        "--nn-preload": f"m:ONNX:CPU:{as_file}",
        "--wasi-nn-graph": f"m:ONNX:CPU:{as_file}",
    }.items():
        runner.check(f"{flag} {spec}", runner.ends(f"{flag}={spec}", load, "m"), "")
    runner.check(f"--dir {as_folder}::/d", runner.ends("--dir", f"{as_folder}::/d::ro", GUESTS / "show.wat"), "")
    runner.check(f"--map-dir /d::{as_folder}", runner.ends("--map-dir", f"/d::{as_folder}", GUESTS / "show.wat"), "")
    graph = f"nn,nn-graph=onnx::{quoted(f'{name}/models/{name}')},cli"
    runner.check(f"-S {graph}", runner.ends("-S", graph, load, name), "")


def check_whole_arguments(runner, name, echo):
    path, folder = f"./{name}/m.onnx", f"{name}/out"
    inside = [f"{name}/models/{name}/model.onnx"]
    runner.check(f"--model-dir={name}", runner.listed(f"--model-dir={name}/models"), inside)
    runner.check(f"--config={name}", runner.listed(f"--config={name}/wasinn.toml"), inside)
    inputs = [f"--input=a=@./{name}/a.json", "--input=b=[1, 1, 1, 1]"]
    runner.check(f"infer {path}", runner.run("infer", path, *inputs, f"--output={folder}")[0], 0)
    runner.check(f"--output {folder}", (runner.folder / folder / "sum.npy").exists(), True)
    back = [f"--input=a=@./{folder}/sum.npy", "--input=b=[1, 1, 1, 1]"]
    code, out, errors = runner.run("infer", "--json", path, *back)
    runner.check(f"--input {folder}", json.loads(out)["outputs"][0]["data"] if code == 0 else errors, [3, 4, 5, 6])
    code, out, errors = runner.run("infer", "--json", echo, f"--input=@./{name}/text",
                                   f"--option=chunk_bytes=@./{name}/number")
    runner.check(f"--input, --option {name}", json.loads(out)["outputs"][0]["data"] if code == 0 else errors,
                 list("@ü".encode()))


def check_commands_are_files(runner, model):
    """A model's file may have the name of a command."""
    for name in ("models", "run", "infer"):
        shutil.copy(model, runner.folder / name)
        runner.check(f"models {name}", runner.run("models", name)[0], 0)


def main():
    program, model = (pathlib.Path(word).resolve() for word in sys.argv[1:])
    with tempfile.TemporaryDirectory(prefix="wasinn-paths-") as folder:
        runner = Runner(program, pathlib.Path(folder))
        echo = pathlib.Path(folder, "model.echo")
        echo.write_text("wasinn-echo\n", encoding="utf-8")
        for name in PLAIN + QUOTED:
            place = runner.folder / name
            os.makedirs(place / "models" / name)
            shutil.copy(model, place / "models" / name / "model.onnx")
            shutil.copy(model, place / "m.onnx")
            toml = json.dumps(f"models/{name}/model.onnx", ensure_ascii=False)
            for file, text in {"a.json": "[[1, 2, 3, 4]]", "text": "@ü", "number": "1",
                               "wasinn.toml": f"[models.m]\npath = {toml}\n"}.items():
                (place / file).write_text(text, encoding="utf-8")
            if name in PLAIN:
                check_models(runner, name, str)
            check_models(runner, name, quoted)
            check_whole_arguments(runner, name, echo)
        check_commands_are_files(runner, model)
    print(f"{runner.count} checks, {runner.wrong} failed")
    return 1 if runner.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
