#!/usr/bin/env python3
"""Measures language models; the figures also go to BUILD/bench/llm.json.

    llm.py BUILD PROGRAMS         everything, about ten minutes
    llm.py BUILD PROGRAMS --rows decode prefill
    llm.py BUILD --smoke          tiny, without llama.cpp's programs: the figures mean nothing

BUILD is the build folder; PROGRAMS is the dependency llama.cpp-programs, llama.cpp's own programs from the sources
that the backend is made of. Each way of a row has its turn after the other, and ratios are taken turn by turn. All
run SmolLM2 on as many threads as there are cores, and always take the likeliest token.

A missed goal is said, and is no failure: another machine has other figures.
"""

import argparse
import concurrent.futures
import functools
import http.client
import json
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import time

from run import command, human_time, machine, table

THREADS = len(os.sched_getaffinity(0))
OPTIONS = {"temp": 0, "ignore-eos": True}
FILLER = "The river runs past the old mill and the boats wait under the bridge until the evening comes. "


class Sizes:
    """How much is computed."""

    def __init__(self, smoke):
        self.turns = 1 if smoke else 5
        self.answer = 8 if smoke else 128
        self.prompt = 64 if smoke else 512
        self.history = 80 if smoke else 700
        self.system = 60 if smoke else 500
        self.rounds = 20 if smoke else 200
        self.texts = 8 if smoke else 64


class Host:
    """wasinn_bench_llm: runs guests at the same time, and llama.cpp natively."""

    def __init__(self, build, *models, threads=0):
        arguments = [build / "bin/wasinn_bench_llm", "--build", build, "--threads", threads]
        for model in models:
            arguments += ["--model", model]
        # Its end is seen by the next question.
        self.process = subprocess.Popen([str(argument) for argument in arguments], text=True,  # pylint: disable=consider-using-with
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, question):
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"wasinn_bench_llm ended with {self.process.wait()}")
        return json.loads(line)

    def guests(self, *prompts, model="smol", **options):
        """Guests at the same time, each with a list of prompts in turn: (wall ns, what each said of its prompts)."""
        given = json.dumps({**OPTIONS, **{name.replace("_", "-"): value for name, value in options.items()}})
        answer = self.ask({"guests": [[model, given, *texts] for texts in prompts]})
        return answer["wall_ns"], answer["guests"]

    def guest(self, *texts, **options):
        return self.guests(texts, **options)[1][0]

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Server:
    """llama-server with eight slots."""

    def __init__(self, programs, model, slots):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process = subprocess.Popen(  # pylint: disable=consider-using-with
            [programs / "bin/llama-server", "-m", model, "-t", str(THREADS), "-np", str(slots), "-c", "8192", "--host",
             "127.0.0.1", "--port", str(self.port), "--offline", "--no-slots", "--log-disable"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not self.is_up():
            if self.process.poll() is not None:
                sys.exit(f"llama-server ended with {self.process.returncode}")
            time.sleep(0.1)

    def is_up(self):
        try:
            return self.request("GET", "/health")[0] == 200
        except OSError:
            return False

    def request(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.request(method, path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read()

    def complete(self, prompt, tokens):
        status, body = self.request("POST", "/completion", json.dumps(
            {"prompt": prompt, "n_predict": tokens, "temperature": 0, "ignore_eos": True, "cache_prompt": False}))
        if status != 200 or json.loads(body)["tokens_predicted"] != tokens:
            sys.exit(f"llama-server: expected {tokens} tokens, given {status} {body[:300]}")

    def wall_ns(self, prompts, tokens):
        """All at the same time."""
        with concurrent.futures.ThreadPoolExecutor(len(prompts)) as pool:
            start = time.perf_counter_ns()
            for done in [pool.submit(self.complete, prompt, tokens) for prompt in prompts]:
                done.result()
            return time.perf_counter_ns() - start

    def close(self):
        self.process.terminate()
        self.process.wait()


class Bench:
    """What the rows share; each row gives its results."""

    def __init__(self, build, programs, smoke):
        self.build, self.programs, self.sizes = build, programs, Sizes(smoke)
        self.model = build / "models/smollm2/model.gguf"
        self.host = Host(build, f"smol={self.model}")
        self.lengths = {}  # in words, of texts of so many tokens
        self.number = time.time_ns() % 10**8
        # Everything is in place for the first turn.
        self.host.guest("Once upon a time", n_predict=2)

    def fresh(self, tokens):
        """A text of so many tokens, whose beginning no other one has."""

        def words(number):
            # A token for each digit.
            return f"{number:09} is the chapter. {FILLER * (tokens // 15 + 2)}".split(" ")

        def count(length):
            text = " ".join(words(0)[:length])
            return self.host.guest(text, n_predict=1)[0]["usage"]["input_tokens"]

        if tokens not in self.lengths:
            low, high = 1, len(words(0))
            while low < high:
                middle = (low + high + 1) // 2
                low, high = (middle, high) if count(middle) <= tokens else (low, middle - 1)
            self.lengths[tokens] = low
        self.number += 1
        return " ".join(words(self.number)[:self.lengths[tokens]])

    def llama_bench(self, *arguments):
        """Tokens per second of each of three runs."""
        done = command([self.programs / "bin/llama-bench", "-m", self.model, "-t", THREADS, "-r", 3, "-o", "json",
                        *arguments])
        return statistics.median(json.loads(done.stdout)[0]["samples_ts"])

    def turns(self, *ways):
        """The figures of each way, by turn."""
        return list(zip(*([way() for way in ways] for _ in range(self.sizes.turns))))


def row(what, unit, ours, against, theirs, goal=None, more_is_better=True, ratios=None):
    """One line of the table: medians, and the median of the turns' ratios."""
    result = {"what": what, "unit": unit, "ours": list(ours), "against": against, "theirs": list(theirs)}
    result["ratios"] = ratios = ratios or [a / b for a, b in zip(ours, theirs)]
    if ratios:
        result["ratio"] = statistics.median(ratios)
        if goal is not None:
            result["goal"] = goal
            result["more_is_better"] = more_is_better
            result["met"] = result["ratio"] >= goal if more_is_better else result["ratio"] <= goal
    return result


def decode_rate(host, tokens):
    done = host.guest("Once", "Twice", "Often", n_predict=tokens + 1, cache_prompt=False)
    return statistics.median(tokens * 1e9 / (one["total_ns"] - one["first_ns"]) for one in done)


def prefill_rate(host, prompt):
    done = host.guest(prompt, prompt, prompt, n_predict=1, cache_prompt=False)
    return statistics.median(one["usage"]["input_tokens"] * 1e9 / one["first_ns"] for one in done)


def run_decode(bench):
    tokens = bench.sizes.answer

    def ours():
        return decode_rate(bench.host, tokens)

    if bench.programs is None:
        return [row("decode", "tokens/s", [ours()], "", [])]
    mine, theirs = bench.turns(ours, lambda: bench.llama_bench("-p", 0, "-n", tokens))
    return [row("decode, one guest", "tokens/s", mine, "llama-bench", theirs, 0.98)]


def run_prefill(bench):
    tokens = bench.sizes.prompt
    prompt = bench.fresh(tokens)

    def ours():
        return prefill_rate(bench.host, prompt)

    if bench.programs is None:
        return [row("prefill", "tokens/s", [ours()], "", [])]
    mine, theirs = bench.turns(ours, lambda: bench.llama_bench("-p", tokens, "-n", 0))
    return [row(f"prefill of {tokens} tokens, one guest", "tokens/s", mine, "llama-bench", theirs, 0.97)]


def run_eight(bench):
    tokens = bench.sizes.answer
    prompts = [f"Story {i}: once upon a time there was" for i in range(8)]
    total = len(prompts) * tokens * 1e9

    def at_once():
        wall, _ = bench.host.guests(*([prompt] for prompt in prompts), n_predict=tokens, cache_prompt=False)
        return total / wall

    def in_turn():
        return total / sum(bench.host.guests([prompt], n_predict=tokens, cache_prompt=False)[0] for prompt in prompts)

    if bench.programs is None:
        mine, alone = bench.turns(at_once, in_turn)
        return [row("8 guests at once", "tokens/s", mine, "one after another", alone)]
    server = Server(bench.programs, bench.model, 8)
    try:
        server.wall_ns(prompts, 4)
        mine, alone, slots, requests = bench.turns(
            at_once, in_turn, lambda: total / server.wall_ns(prompts, tokens),
            lambda: total / sum(server.wall_ns([prompt], tokens) for prompt in prompts))
    finally:
        server.close()
    return [row("8 guests at once", "tokens/s", mine, "llama-server, 8 slots", slots, 0.95),
            row("8 guests at once", "tokens/s", mine, "one after another", alone, 2.5),
            row("what this machine allows: llama-server, 8 slots", "tokens/s", slots, "one after another", requests)]


def run_deterministic(bench):
    """The cost of completions that do not depend on each other."""
    tokens = bench.sizes.answer
    prompt = bench.fresh(bench.sizes.prompt)
    prompts = [f"Story {i}: once upon a time there was" for i in range(8)]
    host = Host(bench.build, f"smol={bench.model},backend=ggml,deterministic=true")

    def eight(of):
        wall, done = of.guests(*([prompt] for prompt in prompts), n_predict=tokens, cache_prompt=False)
        return len(prompts) * tokens * 1e9 / wall, [one[0]["hash"] for one in done]

    alone = [host.guest(prompt, n_predict=tokens, cache_prompt=False)[0]["hash"] for prompt in prompts]
    results = []
    for what, way, much in (("decode, one guest", decode_rate, tokens), ("prefill", prefill_rate, prompt)):
        mine, theirs = bench.turns(functools.partial(way, host, much), functools.partial(way, bench.host, much))
        results.append(row(f"deterministic: {what}", "tokens/s", mine, "without the option", theirs))
    mine, theirs = bench.turns(lambda: eight(host), lambda: eight(bench.host))
    host.close()
    if any(hashes != alone for _, hashes in mine):
        sys.exit("expected the texts of eight guests at once to be those of each alone, given others")
    results.append(row("deterministic: 8 guests at once", "tokens/s", [one for one, _ in mine], "without the option",
                       [one for one, _ in theirs]))
    return results


def chat_turn(text):
    return f"<|im_start|>user\n{text}<|im_end|>\n<|im_start|>assistant\n"


def run_second_turn(bench):
    def both():
        first = chat_turn(bench.fresh(bench.sizes.history - 20))
        texts = (first, "+<|im_end|>\n" + chat_turn("And what came next?"))
        again = bench.host.guest(*texts, n_predict=10)[1]["first_ns"]
        full = bench.host.guest(*texts, n_predict=10, cache_prompt=False)[1]["first_ns"]
        return again, full

    (pairs,) = bench.turns(both)
    return [row(f"second turn of a chat, {bench.sizes.history} tokens of history: first token", "ns",
                [again for again, _ in pairs], "full prefill", [full for _, full in pairs], 0.1, False)]


def run_shared_prompt(bench):
    questions = ("How long is it?", "Who built the mill?", "Where do the boats go?", "When does the evening come?")

    def both():
        system = f"<|im_start|>system\n{bench.fresh(bench.sizes.system)}<|im_end|>\n"
        times = [bench.host.guest(system + chat_turn(question), n_predict=4)[0]["first_ns"] for question in questions]
        return times[3], times[0]

    (pairs,) = bench.turns(both)
    return [row(f"4th guest with the same {bench.sizes.system} tokens before its question: first token", "ns",
                [fourth for fourth, _ in pairs], "the first guest", [first for _, first in pairs], 0.15, False)]


def first_byte_ns(arguments):
    start = time.perf_counter_ns()
    with subprocess.Popen([str(argument) for argument in arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL) as process:
        first = process.stdout.read(1)
        elapsed = time.perf_counter_ns() - start
        process.stdout.read()
    if not first or process.returncode != 0:
        sys.exit(f"{' '.join(map(str, arguments[:4]))} ended with {process.returncode}")
    return elapsed


def run_start(bench):
    prompt = "Once upon a time there was"
    guest = [bench.build / "bin/wasinn", "run", "--model", f"smol={bench.model}", bench.build / "guests/bench_llm.wasm",
             "smol", json.dumps({**OPTIONS, "n-predict": 4}), prompt]
    first_byte_ns(guest)
    what = "first token after `wasinn run`, model in the page cache"
    if bench.programs is None:
        return [row(what, "ns", [first_byte_ns(guest)], "", [])]
    program = [bench.programs / "bin/llama-completion", "-m", bench.model, "-t", THREADS, "-n", 4, "--temp", 0, "-no-cnv",
               "--no-display-prompt", "-p", prompt]
    first_byte_ns(program)
    mine, theirs, cold = bench.turns(lambda: statistics.median(first_byte_ns(guest) for _ in range(3)),
                                     lambda: statistics.median(first_byte_ns(program) for _ in range(3)),
                                     lambda: statistics.median(first_byte_ns([*program, "--no-warmup"]) for _ in range(3)))
    return [row(what, "ns", mine, "llama-completion", theirs, 1.1, False),
            row(what, "ns", mine, "the same, --no-warmup", cold, 1.1, False)]


def run_token(bench):
    """A model that takes no time, on one thread: what is left is the way from the guest to llama.cpp and back."""
    model = bench.build / "models/test-ggml/ggml/alphabet/model.gguf"
    prompt, tokens = "abc", bench.sizes.rounds
    host = Host(bench.build, f"tiny={model}", threads=1)

    def guest():
        done = host.guest(*[prompt] * 5, model="tiny", n_predict=tokens, cache_prompt=False)
        return statistics.median(one["total_ns"] / tokens for one in done), done[0]["hash"]

    def native():
        runs = [host.ask({"native": {"model": str(model), "prompt": prompt, "tokens": tokens, "threads": 1}})
                for _ in range(5)]
        return statistics.median(one["total_ns"] / tokens for one in runs), runs[0]["hash"]

    guest()
    mine, theirs = bench.turns(guest, native)
    host.close()
    if mine[0][1] != theirs[0][1]:
        sys.exit("expected the guest's completion to be llama.cpp's, given another")
    result = row("a token through compute_single and get_output_single", "ns", [one for one, _ in mine],
                 "llama.cpp's own API", [one for one, _ in theirs])
    result["besides_ns"] = statistics.median(a - b for (a, _), (b, _) in zip(mine, theirs))
    result["goal_besides_ns"] = 20000
    result["met"] = result["besides_ns"] <= result["goal_besides_ns"]
    return [result]


def run_embeddings(bench):
    texts = [f"Number {i}: a short text about the river and the boats" for i in range(bench.sizes.texts)]
    bench.host.guest(json.dumps(texts), task="embedding")

    def together():
        return bench.host.guest(json.dumps(texts), task="embedding")[0]["total_ns"]

    def one_by_one():
        return sum(one["total_ns"] for one in bench.host.guest(*texts, task="embedding"))

    what = f"embeddings of {len(texts)} short texts at once"
    if bench.programs is None:
        mine, theirs = bench.turns(together, one_by_one)
        return [row(what, "ns", mine, "one by one", theirs)]
    tokens = bench.host.guest(texts[0], task="embedding")[0]["usage"]["input_tokens"]
    mine, theirs, many, few = bench.turns(
        together, one_by_one, lambda: 1e9 / bench.llama_bench("-p", 512, "-n", 0),
        lambda: 1e9 / bench.llama_bench("-p", tokens, "-n", 0))
    return [row(what, "ns", mine, "one by one", theirs, 0.5, False),
            row("what this machine allows: llama-bench, a token of 512 at once", "ns", many, f"of {tokens} at once", few)]


ROWS = {"decode": run_decode, "prefill": run_prefill, "eight": run_eight, "deterministic": run_deterministic,
        "second-turn": run_second_turn, "shared-prompt": run_shared_prompt, "start": run_start, "token": run_token,
        "embeddings": run_embeddings}


def human(values, unit):
    if not values:
        return ""
    middle = statistics.median(values)
    return human_time(middle) if unit == "ns" else f"{middle:.1f}/s"


def show(results):
    lines = []
    for one in results:
        ratio = goal = verdict = ""
        if "ratio" in one:
            ratios = one["ratios"]
            ratio = f"{one['ratio']:.3f} x ({min(ratios):.2f} to {max(ratios):.2f})"
        if "goal_besides_ns" in one:
            ratio = f"{human_time(one['besides_ns'])} besides"
            goal = f"<= {human_time(one['goal_besides_ns'])}"
        elif "goal" in one:
            goal = f"{'>=' if one['more_is_better'] else '<='} {one['goal']}"
        if "met" in one:
            verdict = "met" if one["met"] else "MISSED"
        lines.append([one["what"], human(one["ours"], one["unit"]), one["against"], human(one["theirs"], one["unit"]), ratio,
                      goal, verdict])
    table("Language models: SmolLM2-135M Q4_1, medians; ratios of the same turn, in brackets from the least to the most",
          ["WHAT", "HERE", "AGAINST", "THERE", "RATIO", "GOAL", ""], lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("programs", type=pathlib.Path, nargs="?")
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS))
    parser.add_argument("--turns", type=int, help="how often each way is measured; default 5")
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--json", type=pathlib.Path, help="where the figures go, instead of BUILD/bench/llm.json")
    arguments = parser.parse_args()
    build = arguments.build.resolve()

    here = machine()
    print(f"{here['cpu']}, {here['cores']} cores, {here['memory_gib']} GiB, {here['system']}; "
          f"load {here['load_before']:.1f}", flush=True)
    bench = Bench(build, arguments.programs and arguments.programs.resolve(), arguments.smoke)
    if arguments.turns:
        bench.sizes.turns = arguments.turns
    results = []
    for name in arguments.rows:
        print(f"{name} ...", file=sys.stderr, flush=True)
        results += ROWS[name](bench)
    bench.host.close()
    show(results)
    here["load_after"] = os.getloadavg()[0]
    path = arguments.json or build / "bench" / ("llm-smoke.json" if arguments.smoke else "llm.json")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"machine": here, "smoke": arguments.smoke, "rows": results}, indent=1) + "\n",
                    encoding="utf-8")
    goals = [one["met"] for one in results if "met" in one]
    print(f"\n{sum(goals)} of {len(goals)} goals met; load {here['load_before']:.1f} before, {here['load_after']:.1f} after "
          f"(other work on the machine makes figures worse); {path}")


if __name__ == "__main__":
    main()
