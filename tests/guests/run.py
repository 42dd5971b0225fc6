#!/usr/bin/env python3
"""Runs test guests in the program and checks how they end.

usage: run.py --list                 names of all cases, one a line
       run.py --build FOLDER CASE    runs one case; exit code 0: passed, 77: skipped

A case is a guest (build/guests), what it may see, and what is expected of it.
"""

import argparse
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import build_other

SKIPPED = 77
SOURCE = Path(__file__).resolve().parent.parent.parent
SNAPSHOTS = ("2024-10-28", "2024-08-19", "2024-06-25")
# A program or model of the host: a guest that can load these by name has left its sandbox.
HOST_PATHS = ["/etc/passwd", "/bin/sh", "../models/test/add.onnx", "models/test/add.onnx", "add.onnx"]


@dataclass
class Case:
    name: str
    guest: str
    args: list[str]
    models: list[str] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    # Folders below the build folder that the guest sees, each under its own name.
    dirs: list[str] = field(default_factory=list)
    exit_code: int = 0
    stdout: str | None = None
    stdout_words: list[str] = field(default_factory=list)
    stderr_words: list[str] = field(default_factory=list)
    # Files below the build folder without which the case is skipped.
    needs: list[str] = field(default_factory=list)
    stdin: str = ""
    # So many at once, each of which must print what one alone does.
    instances: int = 1
    # A toolchain of build_other.py that makes the guest when the test runs.
    toolchain: str | None = None


def witx_cases():
    def case(name, *args, **kwargs):
        return Case(f"witx-{name}", "witx", [name.replace("-", "_"), *args], **kwargs)

    for kind in ("f16", "f32", "f64", "u8", "i32", "i64", "old-u8", "old-i32"):
        model = "identity_" + kind.removeprefix("old-")
        yield Case(f"witx-identity-{kind}", "witx", ["identity", model, kind], [model])
    carried = {"bf16": 2, "i8": 1, "i16": 2, "u16": 2, "u32": 4, "u64": 8, "bool": 1}
    for kind, size in carried.items():
        model = f"identity_{kind}"
        yield Case(f"witx-carried-{kind}", "witx", ["carried", model, str(size)], [model])
    yield case("strings", models=["identity_string"])
    for name in ("add", "repeated", "handle_numbers", "with_config"):
        yield case(name, models=["add"])
    for name in ("multi_io", "scalar", "dynamic", "optional"):
        yield case(name, models=[name])
    yield case("external", "/models/test/external.onnx", models=["external"], dirs=["models"])
    for name in ("copied_at_set_input", "many_contexts", "size_probe", "untidy_records"):
        yield case(name, models=["identity_f32"])
    yield case("large_tensor", models=["identity_602112"])
    for label, encoding in (("onnx", 1), ("autodetect", 5)):
        yield Case(
            f"witx-from_bytes-{label}",
            "witx",
            ["from_bytes", "/models/test/add.onnx", str(encoding)],
            dirs=["models"],
        )
    yield case("before_load")
    for name in ("bad_handles", "bad_pointers_of_load", "bad_pointers_of_tensors", "bad_enums"):
        yield case(name, models=["add"])
    for name in ("bad_shapes", "bad_types", "bad_indices", "too_early"):
        yield case(name, models=["add"])
    yield case("unknown_names", *HOST_PATHS, "", "ADD", "add ", models=["add"])
    yield case("bad_models", "/models/test/add.onnx", dirs=["models"])
    yield case("explained", models=["add"], flags=["--log-level", "warn"], stderr_words=["4", "5"])


def policy_cases():
    """What the policy forbids is refused, and the rule is named."""
    file = "/models/test/add.onnx"
    refusals = [
        ("name", "add", "models=multi_io", "models"),
        ("bytes", file, "load_bytes=false", "load_bytes"),
        ("bytes", file, "max_model_bytes=64", "max_model_bytes"),
        ("contexts", "3", "max_contexts=3", "max_contexts"),
    ]
    for what, argument, rule, word in refusals:
        yield Case(
            f"witx-refused-{word}",
            "witx",
            ["refused", what, argument],
            ["add", "multi_io"],
            flags=["--policy", rule],
            dirs=["models"],
            stderr_words=[word],
        )
    for snapshot in SNAPSHOTS:
        yield Case(
            f"wit-{snapshot}-refused",
            f"wit_{snapshot}",
            ["refused", "add", file],
            ["add", "multi_io"],
            flags=["--policy", "models=multi_io", "--policy", "load_bytes=false"],
            dirs=["models"],
        )


def wit_cases(snapshot):
    guest = f"wit_{snapshot}"

    def case(name, *args, **kwargs):
        return Case(f"wit-{snapshot}-{name}", guest, [name, *args], **kwargs)

    for kind in ("f16", "f32", "f64", "bf16", "u8", "i32", "i64"):
        model = f"identity_{kind}"
        yield Case(f"wit-{snapshot}-identity-{kind}", guest, ["identity", model, kind], [model])
    for kind, size in {"i8": 1, "u16": 2, "u64": 8, "bool": 1}.items():
        model = f"identity_{kind}"
        yield Case(f"wit-{snapshot}-carried-{kind}", guest, ["carried", model, str(size)], [model])
    yield case("tensor_methods")
    for name in ("two_inputs", "inputs_by_index", "left_behind"):
        yield case(name, models=["add"])
    for name in ("multi_io", "scalar", "dynamic", "optional"):
        yield case(name, models=[name])
    for name in ("copied_at_construction", "many_contexts", "chained"):
        yield case(name, models=["identity_f32"])
    yield case("from_bytes", "/models/test/add.onnx", dirs=["models"])
    for name in ("wrong_length", "wrong_shape", "wrong_type", "wrong_name", "missing_input"):
        yield case(name, models=["add"])
    yield case("unknown_names", *HOST_PATHS, "ADD", "add ", models=["add"])
    yield case("bad_models", "/models/test/add.onnx", dirs=["models"])
    if snapshot == "2024-06-25":
        yield Case(f"wit-{snapshot}-new_error", "wit_new_error", [])
    if snapshot == "2024-10-28":
        yield case("large_from_bytes", "/models/test/large.onnx", dirs=["models"])


def extension_cases():
    """The example guests of wasinn's own extension, with the echo backend and with ONNX models."""
    file = "{build}/models/test/add.onnx"
    talk = ["--model", f"talk={file},backend=echo"]
    echo = (
        '{"backend":"echo","encoding":null,"target":"cpu",'
        '"inputs":[{"name":"","dtype":null,"dims":null,"optional":false}],'
        '"outputs":[{"name":"","dtype":null,"dims":null,"optional":false}],'
        '"metadata":{"producer":"wasinn-echo"}}\n'
    )
    text = "Hello, world"
    pieces = "piece: Hello\npiece: , wor\npiece: ld\nend\n"
    options = '{"chunk_bytes": 5, "chunk_delay_ms": 20}'
    yield Case(
        "extension-c-stream",
        "extension_c",
        ["talk", options, "600000", text],
        flags=talk,
        stdout=echo + pieces,
    )
    yield Case(
        "extension-c-whole",
        "extension_c",
        ["talk", "", "600000", text],
        flags=talk,
        stdout=echo + pieces,
    )
    yield Case(
        "extension-c-deadline",
        "extension_c",
        ["talk", '{"delay_ms": 600000}', "5", text],
        flags=talk,
        exit_code=1,
        stdout=echo + "not ready after 5 ms\nwait: error 5, cancelled: the run was cancelled\n",
    )
    yield Case(
        "extension-c-unknown-option",
        "extension_c",
        ["talk", '{"speed": 1}', "5", text],
        flags=talk,
        exit_code=1,
        stdout=echo + "init: error 1, invalid_argument: backend echo: unknown context option 'speed' (there are: "
        "delay_ms, fail, chunk_bytes, chunk_delay_ms, allocate_bytes, ignore_cancel, input_fail, "
        "early_output, async)\n",
    )
    yield Case(
        "extension-c-onnx",
        "extension_c",
        ["identity_u8", "", "600000", text],
        ["identity_u8"],
        stdout_words=['{"backend":"onnx"', '"dtype":"u8","dims":[-1]', pieces],
    )
    yield Case(
        "extension-c-onnx-refused",
        "extension_c",
        ["add", "", "5", text],
        ["add"],
        exit_code=1,
        stdout_words=["set_input: error 1, invalid_argument: input 0 ('a'): expected f32 [4], given u8 [12]"],
    )
    yield Case(
        "extension-why",
        "extension_why",
        [],
        ["add"],
        stdout="7: no model is registered under the name 'adder'\n",
    )
    yield Case(
        "extension-rust-two",
        "extension_rust",
        ["talk", options, text, "Guten Tag"],
        flags=talk,
        stdout=f"{echo}{text}\nGuten Tag\n",
    )
    yield Case(
        "extension-rust-onnx",
        "extension_rust",
        ["identity_u8", "", text, "Guten Tag"],
        ["identity_u8"],
        stdout_words=['{"backend":"onnx"', f"{text}\nGuten Tag\n"],
    )
    yield Case(
        "extension-rust-error",
        "extension_rust",
        ["nothing", "", text],
        flags=talk,
        exit_code=1,
        stdout="error 7 (not_found): no model is registered under the name 'nothing'\n",
    )
    yield Case(
        "javascript-extension",
        "extension_javascript",
        [],
        flags=talk,
        stdout="",
        toolchain="javascript-extension",
    )


def chat_cases():
    """The chat guest with a real language model, as WasmEdge's guests talk to one."""

    def flags(options='"temp": 0'):
        model = "smollm2={build}/models/smollm2/model.gguf"
        system = "LLAMA_SYSTEM=You are a helpful assistant."
        return ["--model", model, "--env", system, "--env", f"LLAMA_OPTIONS={{{options}}}"]

    question = "What is the capital of France?"
    needs = ["models/smollm2/model.gguf"]
    yield Case(
        "chat-c-arguments",
        "chat_c",
        ["smollm2", question, "And of Germany?"],
        flags=flags(),
        needs=needs,
        # The second turn goes on with what the first one has computed.
        stdout_words=[f"> {question}\nThe capital of France is Paris.\n[7 tokens, ", "Berlin", " 34 of 49 input tokens"],
    )
    yield Case(
        "chat-c-stdin",
        "chat_c",
        ["smollm2"],
        flags=flags(),
        needs=needs,
        stdin=f"\n{question}\r\n",
        stdout_words=["Paris", "0 of 27 input tokens reused]\n"],
    )
    yield Case(
        "chat-c-too-long",
        "chat_c",
        ["smollm2", "word " * 200],
        flags=flags('"ctx-size": 64'),
        needs=needs,
        exit_code=1,
        stderr_words=["the chat is too long for the context", "compute_single failed with error 102"],
    )
    yield Case(
        "chat-c-full",
        "chat_c",
        ["smollm2", "Write a long story."],
        flags=flags('"ctx-size": 64, "temp": 0'),
        needs=needs,
        exit_code=1,
        stderr_words=["the context is full", "compute_single failed with error 101"],
    )
    yield Case(
        "chat-c-bad-option",
        "chat_c",
        ["smollm2", question],
        flags=flags('"temp": -1'),
        needs=needs,
        exit_code=1,
        stderr_words=["set_input failed with error 1", "expected a number from 0 to 100, given -1"],
    )
    yield Case("chat-c-no-model", "chat_c", ["nothing"], exit_code=1, stderr_words=["load_by_name failed with error"])


def llm_cases():
    """The example guests for language models, with a real one that always takes the likeliest token."""
    model = "models/smollm2/model.gguf"
    common = {"flags": ["--model", f"smol={{build}}/{model}"], "needs": [model, "lib/wasinn/backends/ggml.so"]}
    text = {**common, "flags": [*common["flags"], "--dir", "{source}/guests/llm::/text"]}
    capital = "What is the capital of France?"
    yield Case(
        "llm-stream",
        "llm_stream",
        ["smol", "600", capital],
        stdout_words=["Paris"],
        stderr_words=['"finish":"end"'],
        **common,
    )
    yield Case(
        "llm-stream-deadline",
        "llm_stream",
        ["smol", "0", capital],
        exit_code=1,
        stdout_words=["(no end after 0 s)"],
        **common,
    )
    alike = {**common, "flags": ["--model", f"smol={{build}}/{model},backend=ggml,deterministic=true"]}
    yield Case("llm-eight", "llm_stream", ["smol", "600", "Tell me about the sea."], instances=8, **alike)
    preload = {**common, "flags": ["--nn-preload", f"default:GGML:AUTO:{{build}}/{model}"]}
    for name in ("streaming", "full", "embedding", "grammar", "json_schema", "unload_rounds", "set_input_twice",
                 "metadata_first", "preload", "interleaved"):  # fmt: skip
        yield Case(f"wasmedge-{name}", "wasmedge_llm", [name, "default"], **preload)
    two = {**common, "flags": [*preload["flags"], "--nn-preload", f"other:GGML:AUTO:{{build}}/{model}"]}
    yield Case("wasmedge-two_models", "wasmedge_llm", ["two_models", "default", "other"], **two)
    alphabet = "{build}/models/test-ggml/ggml/alphabet"
    seeing = f"default={alphabet}/model.gguf,backend=ggml,mmproj={alphabet}/mmproj.gguf"
    pictures = {**common, "flags": ["--model", seeing, "--dir", f"{alphabet}::/pics"]}
    yield Case("wasmedge-image", "wasmedge_llm", ["image", "default", "/pics/red.png"], **pictures)
    none = {**common, "flags": ["--nn-preload", "default:GGML:AUTO:model-not-found.gguf"]}
    yield Case("wasmedge-model_not_found", "wasmedge_llm", ["model_not_found", "default"], **none)
    questions = {"keeper": (1, "Who is the keeper of the lighthouse?", "Ingrid Solberg")}
    questions["railway"] = (3, "When was the railway built?", "1874")
    for name, (paragraph, question, fact) in questions.items():
        yield Case(
            f"llm-rag-{name}",
            "llm_rag",
            ["smol", "/text/facts.txt", question],
            stdout_words=[f"From paragraph {paragraph} of 4.", fact],
            **text,
        )


def other_cases():
    """The same addition, from toolchains that not every machine has."""
    expected = {
        "go": "[11 22 33 44] 16\n",
        "python": "11.0 22.0 33.0 44.0\n",
        "assemblyscript": "",
        "javascript": "",
    }
    for kind, stdout in expected.items():
        yield Case(f"{kind}-add", f"add_{kind}", [], ["add"], stdout=stdout, toolchain=kind)


def all_cases():
    yield from witx_cases()
    for snapshot in SNAPSHOTS:
        yield from wit_cases(snapshot)
    yield from policy_cases()
    yield from extension_cases()
    yield from chat_cases()
    yield from llm_cases()
    yield from other_cases()


def compare_instances(command: list[str], count: int, alone: str, folder: str) -> list[str]:
    """What is wrong when so many run at once: each line of theirs begins with "[i] "."""
    together = subprocess.run(
        [*command[:2], "--instances", str(count), *command[2:]],
        capture_output=True, text=True, errors="replace", cwd=folder, check=False,
    )  # fmt: skip
    problems = [] if together.returncode == 0 else [f"{count} at once: exit code {together.returncode}"]
    lines = together.stdout.splitlines(keepends=True)
    for i in range(count):
        mark = f"[{i}] "
        text = "".join(line.removeprefix(mark) for line in lines if line.startswith(mark))
        if text != alone:
            problems.append(f"{i} of {count} at once: expected {alone!r}, given {text!r}")
    return problems


def run(case: Case, build: Path) -> int:
    guest = build / "guests" / f"{case.guest}.wasm"
    if case.toolchain is not None:
        try:
            build_other.build(case.toolchain, guest)
        except build_other.Missing as reason:
            print(f"skipped: {reason}")
            return SKIPPED
    if not guest.exists():
        print(f"skipped: {guest} was not built")
        return SKIPPED
    for needed in case.needs:
        if not (build / needed).exists():
            print(f"skipped: {build / needed} was not built")
            return SKIPPED
    flags = [flag.replace("{build}", str(build)).replace("{source}", str(SOURCE)) for flag in case.flags]
    command = [str(build / "bin" / "wasinn"), "run", *flags]
    for model in case.models:
        command += ["--model", f"{model}={build / 'models' / 'test' / model}.onnx"]
    for folder in case.dirs:
        command += ["--dir", f"{build / folder}::/{folder}"]
    command += [str(guest), *case.args]
    # An empty folder as the current one: no relative path of the host leads to a model.
    with tempfile.TemporaryDirectory() as empty:
        result = subprocess.run(
            command,
            input=case.stdin,
            capture_output=True,
            text=True,
            errors="replace",
            cwd=empty,
            check=False,
        )
        problems = compare_instances(command, case.instances, result.stdout, empty) if case.instances > 1 else []
    if result.returncode != case.exit_code:
        problems.append(f"expected exit code {case.exit_code}, given {result.returncode}")
    if case.stdout is not None and result.stdout != case.stdout:
        problems.append(f"expected stdout {case.stdout!r}")
    for word in case.stdout_words:
        if word not in result.stdout:
            problems.append(f"expected {word!r} on stdout")
    for word in case.stderr_words:
        if word not in result.stderr:
            problems.append(f"expected {word!r} on stderr")
    if problems:
        print("$", *command)
        print(*problems, sep="\n")
        print(f"--- stdout\n{result.stdout}--- stderr\n{result.stderr}---")
        return 1
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--build", type=Path)
    parser.add_argument("case", nargs="?")
    arguments = parser.parse_args()
    cases = {case.name: case for case in all_cases()}
    if arguments.list:
        print(*cases, sep="\n")
        return 0
    if arguments.build is None or arguments.case not in cases:
        parser.error(f"expected --build and one of the cases of --list, given {arguments.case}")
    return run(cases[arguments.case], arguments.build.resolve())


if __name__ == "__main__":
    sys.exit(main())
