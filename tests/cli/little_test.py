#!/usr/bin/env python3
"""A process that may have little: addresses, open files, threads, a cache; and streams that nobody
reads or writes. Each run works, or ends with one clear line and code 125; none hangs.

little_test.py WASINN"""

import os
import pathlib
import resource
import subprocess
import sys
import tempfile

GUESTS = pathlib.Path(__file__).resolve().parent / "guests"
WASINN = sys.argv[1]
NOBODY = 65534
wrong = []


def check(what, given, expected):
    if given != expected:
        wrong.append(f"{what}: expected {expected!r}, given {repr(given)[:300]}")


def limits(**values):
    """For preexec_fn: sets limits by the names of `resource`, soft and hard."""

    def set_all():
        for name, value in values.items():
            resource.setrlimit(getattr(resource, name), (value, value))

    return set_all


def run(*arguments, before=None, **more):
    return subprocess.run([WASINN, *map(str, arguments)], capture_output=True, text=True, check=False,
                          preexec_fn=before, timeout=100, **more)


def check_one_line(what, done):
    """It worked, or says why not in one line."""
    if done.returncode == 0:
        return
    check(f"{what}: exit code", done.returncode, 125)
    lines = done.stderr.splitlines()
    if len(lines) != 1 or not lines[0].startswith("wasinn: error: "):
        wrong.append(f"{what}: expected one line that tells the error, given {lines}")


def check_streams(folder):
    """Nobody reads what a guest writes, or writes what it reads: its time limit ends it."""
    errors = folder / "errors.wat"
    component = (GUESTS / "flood_component.wat").read_text()
    errors.write_text(component.replace("cli/stdout", "cli/stderr").replace("get-stdout", "get-stderr"))
    for name, words, stream in (
        ("p1 to stdout", [GUESTS / "flood.wat"], "stdout"),
        ("p1 to stderr", [GUESTS / "flood.wat", "x"], "stderr"),
        ("p2 to stdout", [GUESTS / "flood_component.wat"], "stdout"),
        ("p2 to stderr", [errors], "stderr"),
        ("instances to stdout", ["--instances", "3", GUESTS / "flood.wat"], "stdout"),
        ("instances to stderr", ["--instances", "3", GUESTS / "flood.wat", "x"], "stderr"),
    ):
        reader, writer = os.pipe()
        streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, stream: writer}
        words = ["run", "--no-cache", "--timeout", "300ms", *words]
        done = subprocess.run([WASINN, *map(str, words)], stdin=subprocess.DEVNULL, check=False,
                              timeout=100, **streams)
        check(f"{name}, which nobody reads", done.returncode, 124)
        os.close(reader)
        os.close(writer)

    model = folder / "model"
    model.write_text("any bytes are an echo model")
    done = run("run", "--no-cache", "--timeout", "300ms", "--model",
               f"m={model},backend=echo,load_delay_ms=600000", GUESTS / "load.wat", "m")
    check("a model that does not load", done.returncode, 124)

    reader, writer = os.pipe()
    done = run("run", "--no-cache", "--timeout", "300ms", GUESTS / "echo.wat", stdin=reader)
    check("stdin, which nobody writes", done.returncode, 124)
    os.close(reader)
    os.close(writer)


def check_addresses():
    for size in (3 << 30, 2 << 30, 1 << 30, 512 << 20, 256 << 20, 128 << 20):
        for words in ([GUESTS / "exit.wat", "0"], ["--fuel", "100000", GUESTS / "exit.wat", "0"],
                      ["--instances", "20", GUESTS / "exit.wat", "0"]):
            done = run("run", "--no-cache", *words, before=limits(RLIMIT_AS=size))
            check_one_line(f"{size >> 20} MiB of addresses, {words[0]}", done)
            if size >= 1 << 30:
                check(f"{size >> 20} MiB of addresses, {words[0]}", (done.returncode, done.stderr), (0, ""))


def check_files(folder):
    for count in (1024, 64):
        done = run("run", "--no-cache", "--instances", "600", GUESTS / "lines.wat",
                   before=limits(RLIMIT_NOFILE=count))
        check(f"600 instances with {count} open files", (done.returncode, done.stderr), (7, ""))
        check("their lines", done.stdout.count("] end\n"), 600)
    # A limit that may be raised is raised.
    done = run("run", "--no-cache", "--dir", folder, "--instances", "200", GUESTS / "exit.wat", "0",
               before=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 1024)))
    check("folders beyond the soft limit", (done.returncode, done.stderr), (0, ""))
    for count in range(3, 40):
        done = run("run", "--no-cache", "--dir", folder, GUESTS / "exit.wat", "0",
                   before=limits(RLIMIT_NOFILE=count))
        # Below, the loader finds no libraries and says so itself.
        if done.returncode != 127:
            check_one_line(f"{count} open files", done)


def check_threads(folder):
    """Limits of processes do not hold for root."""
    if os.geteuid() != 0:
        print("skipped: threads (expected root, who may become another user)")
        return
    program = folder / "wasinn"
    program.write_bytes(pathlib.Path(WASINN).read_bytes())
    program.chmod(0o755)
    copy = folder / "guest.wat"
    copy.write_text((GUESTS / "echo.wat").read_text())
    os.chmod(folder, 0o755)

    def few(count):
        def become():
            resource.setrlimit(resource.RLIMIT_NPROC, (count, count))
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)

        return become

    for count in range(1, 12):
        for words in ([copy], ["--dir", "/", copy], ["--fuel", "1000000", copy],
                      ["--timeout", "60s", copy], ["--instances", "8", copy]):
            done = subprocess.run([program, "run", "--no-cache", *map(str, words)], input="text",
                                  capture_output=True, text=True, check=False, timeout=100, cwd=folder,
                                  preexec_fn=few(count))
            check_one_line(f"{count} threads, {words[0]}", done)


def check_cache(folder):
    words = ("run", GUESTS / "exit.wat", "0")
    cache = folder / "cache"
    for mode in (0o777, 0o1777, 0o770):
        cache.mkdir(mode=0o700)
        cache.chmod(mode)
        done = run(*words[:1], "--cache-dir", cache, *words[1:])
        check(f"cache of mode {mode:o}", done.returncode, 0)
        check(f"warnings about mode {mode:o}", "only its owner can write to" in done.stderr,
              mode != 0o700)
        check(f"files in the cache of mode {mode:o}", list(cache.iterdir()), [])
        cache.rmdir()
    done = run(*words[:1], "--cache-dir", "/proc/nowhere", *words[1:])
    check("cache that cannot be made", (done.returncode, done.stderr.count("\n")), (0, 1))
    bare = {name: value for name, value in os.environ.items() if name not in ("HOME", "XDG_CACHE_HOME")}
    done = run(*words, env=bare)
    check("no home", (done.returncode, done.stderr), (0, ""))


EATER = """(module (memory (export "memory") 1) (func (export "_start")
  (local $old i32)
  (loop $more
    (local.set $old (memory.grow (i32.const 16)))
    (if (i32.ne (local.get $old) (i32.const -1)) (then
      (memory.fill (i32.shl (local.get $old) (i32.const 16)) (i32.const 7) (i32.const 1048576))
      (br $more))))))"""


def check_memory(folder):
    """In a group of processes with little memory a guest that takes all that it gets ends nobody."""
    eater = folder / "eater.wat"
    eater.write_text(EATER)
    for tree, name in (("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max")):
        group = pathlib.Path(tree) / f"wasinn-little-{os.getpid()}"
        try:
            group.mkdir()
        except OSError:
            continue
        try:
            (group / name).write_text(str(128 << 20))
        except OSError:
            group.rmdir()
            continue
        done = run("run", "--no-cache", eater,
                   before=lambda group=group: (group / "cgroup.procs").write_text(str(os.getpid())))
        check("a guest that eats memory", (done.returncode, done.stderr), (0, ""))
        group.rmdir()
        return
    print("skipped: memory (expected a cgroup that may be made)")


def main():
    # Where nobody may look into: a folder of its own.
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        check_streams(folder)
        check_addresses()
        check_files(folder)
        check_threads(folder)
        check_cache(folder)
        check_memory(folder)
    print("\n".join(wrong) or "little is enough, or told")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
