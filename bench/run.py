#!/usr/bin/env python3
"""Measures and prints a table; the figures also go to BUILD/bench/results.json.

    run.py BUILD                 everything, about three minutes
    run.py BUILD --parts loops   only some parts
    run.py BUILD --smoke         tiny: shows that every part works, the figures mean nothing

Parts:
    loops   guests of both ABIs against the same loop in C++ on ONNX Runtime, taking turns
    memory  what 100 sessions on one graph cost
    cold    `wasinn run` from nothing, in parts, with and without the code cache
    micro   the core without a Wasm engine (Google Benchmark)

A missed goal is said, and is no failure: another machine has other figures.
"""

import argparse
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import time

PARTS = ("loops", "memory", "cold", "micro")
DIALECTS = {"witx": "core module", "wit": "component"}
US = 1e3
MS = 1e6
KIB = 1024

# The goals: a round's overhead in ns, or its ratio to the native loop's round.
OVERHEAD_GOALS = {"witx": 1.5 * US, "wit": 3 * US}
OVERHEAD_TASKS = ("echo", "add")
RATIO_GOALS = {"identity": 1.15, "magika": 1.01, "magika-2": 1.01, "ocr-rec": 1.01, "ocr-rec-2": 1.01}


def way_goal(native_copy_ns):
    """A tensor's way in or out: one and a half copies, and two microseconds."""
    return 1.5 * native_copy_ns + 2 * US


def command(arguments, **options):
    """Its standard output; a failure ends this program with what it said."""
    done = subprocess.run([str(argument) for argument in arguments], text=True, capture_output=True, check=False,
                          **options)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, arguments))}\nended with {done.returncode}: {done.stderr.strip()}")
    return done


def table(title, header, rows):
    print(f"\n{title}\n")
    cells = [header, *rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    for row in cells:
        texts = [cell.ljust(width) if i == 0 else cell.rjust(width) for i, (cell, width) in enumerate(zip(row, widths))]
        print("  " + "  ".join(texts).rstrip())


def human_time(ns):
    for unit, size in (("s", 1e9), ("ms", MS), ("us", US)):
        if abs(ns) >= size:
            return f"{ns / size:.2f} {unit}"
    return f"{ns:.0f} ns"


def verdict(value, goal):
    return "met" if value <= goal else "MISSED"


# ---------------------------------------------------------------- the machine


def machine():
    cpu = "unknown"
    try:
        for line in pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                cpu = line.split(":", 1)[1].strip()
                break
    except OSError:
        pass
    return {"cpu": cpu, "cores": len(os.sched_getaffinity(0)), "system": platform.platform(),
            "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
            "load_before": os.getloadavg()[0]}


# ---------------------------------------------------------------- parts


def run_loops(build, arguments):
    extra = ["--turns", 1, "--batch-ms", 0.1, "--min-rounds", 1] if arguments.smoke else ["--turns", arguments.turns]
    if arguments.tasks:
        extra += [word for task in arguments.tasks for word in ("--task", task)]
    return json.loads(command([build / "bin/wasinn_bench", "--build", build, *extra]).stdout)


def goals_of(task):
    """The goals of a task, as (what, dialect, value, goal) in ns or as a ratio."""
    goals = []
    for dialect in DIALECTS:
        lane = task[dialect]
        if task["name"] in OVERHEAD_TASKS:
            goals.append(("overhead", dialect, lane["overhead_ns"]["median"], OVERHEAD_GOALS[dialect]))
        if task["name"] in RATIO_GOALS:
            goals.append(("ratio", dialect, lane["ratio"]["median"], RATIO_GOALS[task["name"]]))
        if task["name"] == "identity":
            for way in ("set", "get"):
                goals.append((way, dialect, lane[f"{way}_ns"]["median"],
                              way_goal(task["native"][f"{way}_ns"]["median"])))
    return goals


def show_loops(tasks):
    rows = []
    for task in tasks:
        rows.append([f"{task['name']}, native", human_time(task["native"]["round_ns"]["median"]), "", "", "", "", ""])
        for dialect in DIALECTS:
            lane = task[dialect]
            ratio = lane["ratio"]
            wanted = [(what, value, goal) for what, of, value, goal in goals_of(task)
                      if of == dialect and what in ("overhead", "ratio")]
            what, value, goal = wanted[0]
            goal_text = human_time(goal) if what == "overhead" else f"{goal:.2f} x"
            # The echo loop without a framework is two tiny copies: a ratio to it says nothing.
            meaningful = task["name"] != "echo"
            rows.append([f"{task['name']}, {dialect}", human_time(lane["round_ns"]["median"]),
                         human_time(lane["overhead_ns"]["median"]),
                         f"{ratio['median']:.3f}" if meaningful else "",
                         f"{ratio['low']:.3f} to {ratio['high']:.3f}" if meaningful else "", goal_text,
                         verdict(value, goal)])
        if "native_spinning" in task:
            lane = task["native_spinning"]
            rows.append([f"{task['name']}, native with spinning threads", human_time(lane["round_ns"]["median"]),
                         human_time(lane["overhead_ns"]["median"]), f"{lane['ratio']['median']:.3f}",
                         f"{lane['ratio']['low']:.3f} to {lane['ratio']['high']:.3f}", "", ""])
    table("A round of set, compute and get: medians; overhead and ratio against the native loop of the same turn",
          ["TASK", "ROUND", "OVERHEAD", "RATIO", "HALF OF THE TURNS", "GOAL", ""], rows)

    rows = []
    for task in tasks:
        for lane in ("native", *DIALECTS):
            goals = {what: goal for what, dialect, _, goal in goals_of(task) if dialect == lane}
            row = [f"{task['name']}, {lane}"]
            for phase in ("set", "compute", "get"):
                value = task[lane][f"{phase}_ns"]["median"]
                goal = goals.get(phase)
                row += [human_time(value), "" if goal is None else f"{human_time(goal)} {verdict(value, goal)}"]
            rows.append(row)
    table("Its parts (with two looks at the clock in each round, which the guests pay more for)",
          ["TASK", "SET", "GOAL", "COMPUTE", "", "GET", "GOAL"], rows)


def run_memory(build, arguments):
    count = 3 if arguments.smoke else 100
    results = []
    for task in ("add", "magika"):
        for kind in ("session", "idle", "hold"):
            # A process each: memory that an earlier one freed would be used again.
            results += json.loads(command([build / "bin/wasinn_bench", "--build", build, "--task", task,
                                           "--memory", kind, "--count", count]).stdout)
    return results


def show_memory(results):
    each = {(result["name"], result["kind"]): result["bytes_each"] for result in results}
    rows = []
    for name in dict.fromkeys(result["name"] for result in results):
        rows.append([name, *(f"{bytes_ / KIB:.1f} KiB" for bytes_ in (
            each[name, "session"], each[name, "idle"], each[name, "hold"], each[name, "hold"] - each[name, "idle"]))])
    table(f"Resident memory for each of {results[0]['count']} that are alive, on one graph",
          ["MODEL", "SESSION WITHOUT A GUEST", "IDLE GUEST", "GUEST AFTER A ROUND", "DIFFERENCE"], rows)


COLD_STEPS = ("engine", "code", "instantiate", "model_load", "run", "total")


def cold_run(build, guest, cache):
    """One run in a process of its own: its own figures, and the time around it, in ms."""
    sample = "hello.c"
    arguments = [build / "bin/wasinn", "run", "--stats=json", *cache, "--model",
                 f"magika={build}/models/magika/model.onnx", "--dir", f"{build}/models::/models",
                 "--dir", f"{build}/samples::/samples", build / "guests" / f"{guest}.wasm", f"/samples/{sample}"]
    start = time.perf_counter()
    done = command(arguments, stdin=subprocess.DEVNULL)
    wall = (time.perf_counter() - start) * 1e3
    if sample not in done.stdout:
        sys.exit(f"{guest}: expected a line about {sample}, given: {done.stdout}")
    line = next(line for line in reversed(done.stderr.splitlines()) if line.startswith("{"))
    stats = json.loads(line)
    return {**{step: stats[f"{step}_ms"] for step in COLD_STEPS}, "process": wall, "code_cached": stats["code_cached"]}


def run_cold(build, arguments):
    turns = 1 if arguments.smoke else arguments.turns
    results = []
    with tempfile.TemporaryDirectory() as folder:
        for guest in ("magika_c", "magika_cpp"):
            ways = {"compiled": ["--no-cache"], "cached": ["--cache-dir", folder]}
            cold_run(build, guest, ways["cached"])
            taken = {way: [] for way in ways}
            for _ in range(turns):
                for way, flags in ways.items():
                    one = cold_run(build, guest, flags)
                    if one.pop("code_cached") != (way == "cached"):
                        sys.exit(f"{guest}: expected code that is {way}, given the other")
                    taken[way].append(one)
            for way, runs in taken.items():
                medians = {step: statistics.median(run[step] for run in runs) for step in runs[0]}
                results.append({"guest": guest, "code_is": way, "turns": turns, "median_ms": medians})
    return results


def show_cold(results):
    rows = [[f"{result['guest']}, code {result['code_is']}",
             *(f"{result['median_ms'][step]:.2f}" for step in (*COLD_STEPS, "process"))] for result in results]
    table("`wasinn run` of one file's type, a process each, in ms (files in the page cache; run holds the model's load)",
          ["GUEST", "ENGINE", "CODE", "INSTANTIATE", "MODEL LOAD", "RUN", "TOTAL", "WHOLE PROCESS"], rows)


def run_micro(build, arguments):
    flags = ["--benchmark_format=json"]
    if arguments.smoke:
        flags += ["--benchmark_min_time=0.001"]
    else:
        flags += ["--benchmark_repetitions=5", "--benchmark_report_aggregates_only=true",
                  "--benchmark_enable_random_interleaving=true", "--benchmark_min_time=0.1"]
    report = json.loads(command([build / "bin/wasinn_bench_micro", *flags]).stdout)
    wanted = [run for run in report["benchmarks"] if run.get("aggregate_name", "median") == "median"]
    return [{"name": run["run_name"], "ns": run["real_time"], "cpu_ns": run["cpu_time"]} for run in wanted]


def show_micro(results):
    table("The core without a Wasm engine: medians",
          ["CALL", "TIME", "CPU"], [[run["name"], human_time(run["ns"]), human_time(run["cpu_ns"])] for run in results])


# ---------------------------------------------------------------- all of it


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--tasks", nargs="+", help="of the part loops, only these")
    parser.add_argument("--turns", type=int, default=21, help="how often each loop is measured; default 21")
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--json", type=pathlib.Path, help="where the figures go, instead of BUILD/bench/results.json")
    arguments = parser.parse_args()
    build = arguments.build.resolve()

    results = {"machine": machine(), "smoke": arguments.smoke}
    here = results["machine"]
    print(f"{here['cpu']}, {here['cores']} cores, {here['memory_gib']} GiB, {here['system']}; "
          f"load {here['load_before']:.1f}", flush=True)
    runs = {"loops": (run_loops, show_loops), "memory": (run_memory, show_memory), "cold": (run_cold, show_cold),
            "micro": (run_micro, show_micro)}
    for part in arguments.parts:
        run, show = runs[part]
        results[part] = run(build, arguments)
        show(results[part])
        sys.stdout.flush()
    here["load_after"] = os.getloadavg()[0]

    goals = [(task["name"], *goal) for task in results.get("loops", []) for goal in goals_of(task)]
    results["goals"] = [{"task": task, "what": what, "dialect": dialect, "value": value, "goal": goal,
                         "met": value <= goal} for task, what, dialect, value, goal in goals]
    path = arguments.json or build / "bench" / ("smoke.json" if arguments.smoke else "results.json")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    met = sum(goal["met"] for goal in results["goals"])
    print(f"\n{met} of {len(results['goals'])} goals met; load {here['load_before']:.1f} before, "
          f"{here['load_after']:.1f} after (other work on the machine makes figures worse); {path}")


if __name__ == "__main__":
    main()
