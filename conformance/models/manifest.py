"""The models folder of the suite: models/<framework>/<name>/..., and manifest.json, which tells the
runner what is there. Each script that makes models adds its framework and leaves the others alone."""

import fcntl
import json
import pathlib


def write_if_other(path, data):
    """Writes only what differs, so that a build sees no change where there is none."""
    if path.is_file() and path.read_bytes() == data:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{path.name}.part")
    scratch.write_bytes(data)
    scratch.replace(path)


class Framework:
    """The models of one framework; `encoding` is its name in src/model/encoding.def. Leave the `with`
    block to enter them into the manifest."""

    def __init__(self, folder, name, encoding):
        self.folder = pathlib.Path(folder)
        self.name = name
        self.encoding = encoding
        self.models = {}

    def add(self, model, files, beside=None):
        """`files` are the graph builders in their order, {name: bytes}; by convention model.<ext>.
        `beside` are those that the model itself names, such as external weights."""
        beside = beside or {}
        for name, data in {**files, **beside}.items():
            write_if_other(self.folder / self.name / model / name, data)
        self.models[model] = {
            "files": [f"{model}/{name}" for name in files],
            "bytes": sum(len(data) for data in files.values()),
        }

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind is not None:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        # Several scripts may run at once.
        with open(self.folder / ".manifest.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            path = self.folder / "manifest.json"
            manifest = json.loads(path.read_text()) if path.is_file() else {"frameworks": {}}
            manifest["frameworks"][self.name] = {"encoding": self.encoding, "models": self.models}
            manifest["frameworks"] = dict(sorted(manifest["frameworks"].items()))
            write_if_other(path, (json.dumps(manifest, indent=1) + "\n").encode())
        print(f"{self.name}: {len(self.models)} models in {self.folder / self.name}")
