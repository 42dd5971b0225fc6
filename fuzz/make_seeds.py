#!/usr/bin/env python3
"""Writes the seed inputs of the fuzz targets to seeds/TARGET/NAME.

The targets' own comments say how they read their bytes. The files are in the repository; run this
after changing one of the encodings.
"""

import pathlib
import struct

SEEDS = pathlib.Path(__file__).resolve().parent / "seeds"
MODEL = b"wasinn-echo\ninput x u8 2\noutput y u8 2\n"


def u32(*values):
    return struct.pack(f"<{len(values)}I", *values)


def f32(*values):
    return struct.pack(f"<{len(values)}f", *values)


# ---------------------------------------------------------------- witx_args, legacy_args

LOAD, LOAD_BY_NAME, LOAD_WITH_CONFIG, INIT, SET_INPUT, COMPUTE, GET_OUTPUT = range(7)
STEP, GET_STEP, FINI, UNLOAD, FINALIZE = range(7, 12)
WAIT, POKE, EXTENSION, RECORD = 24, 25, 26, 31
# Rows of wasinn_nn.
X_ERROR, X_NAME, X_GRAPH, X_HOST, X_INIT, X_START, X_POLL, X_WAIT, X_CANCEL, X_READ = range(10)
HANDLE, DIMS, DATA, TENSOR, OUT, CONTENT, BUILDERS = 256, 512, 528, 544, 768, 1024, 1200


def operand(value):
    if value < 0x80:
        return bytes([value])
    if value % 16 == 0 and value // 16 < 0x70:
        return bytes([0x80 + value // 16])
    return b"\xf0" + u32(value)


def step(what, *operands):
    return bytes([what]) + b"".join(operand(value) for value in operands)


def extension(row, *operands):
    return bytes([EXTENSION, row]) + b"".join(operand(value) for value in operands)


def poke(at, content):
    return step(POKE, at) + bytes([len(content)]) + content


def prepared(name, dims, number, data):
    """A context 0 of the model at address `name`, with its first input set."""
    return (step(LOAD_BY_NAME, name, 1, HANDLE) + step(INIT, 0, HANDLE) + poke(DIMS, u32(*dims)) + poke(DATA, data)
            + step(RECORD, TENSOR, DIMS, len(dims), number, DATA, len(data)) + step(SET_INPUT, 0, 0, TENSOR))


def witx_args():
    rounds = prepared(0, [2], 1, f32(1, 2)) + step(COMPUTE, 0) + step(GET_OUTPUT, 0, 0, OUT, 8, HANDLE)
    yield "round", rounds
    yield "round_with_waker", bytes([WAIT, 1]) + rounds
    yield "abandoned", bytes([WAIT, 2]) + rounds
    yield "any_type", prepared(1, [4], 3, b"abcd") + step(COMPUTE, 0) + step(GET_OUTPUT, 0, 0, OUT, 0, HANDLE)
    yield "old_u8", prepared(1, [4], 2, b"abcd")
    yield "carried", (prepared(1, [1, 4], 3, b"abcd") + step(SET_INPUT, 0, 1, TENSOR) + step(SET_INPUT, 0, 2, TENSOR))
    yield "load", (poke(CONTENT, MODEL) + step(RECORD, BUILDERS, CONTENT, len(MODEL), CONTENT, len(MODEL), 0)
                   + step(LOAD, BUILDERS, 1, 5, 0, HANDLE) + step(LOAD, BUILDERS, 2, 5, 0, HANDLE))
    yield "config", poke(CONTENT, b'{"delay_ms": 3}') + step(LOAD_WITH_CONFIG, 0, 1, CONTENT, 15, HANDLE)
    stream = prepared(1, [8], 3, b"abcdefgh") + step(STEP, 0) + step(GET_STEP, 0, 0, OUT, 8, HANDLE)
    yield "stream", stream + step(STEP, 0) + step(STEP, 0) + step(STEP, 0) + step(STEP, 0) + step(FINI, 0)
    yield "stream_with_waker", bytes([WAIT, 1]) + stream + step(COMPUTE, 0) + step(GET_OUTPUT, 0, 0, OUT, 8, HANDLE)
    yield "given_back", stream + step(UNLOAD, 0) + step(STEP, 0) + step(FINI, 0) + step(FINALIZE, 0) + step(UNLOAD, 0)
    yield "outside", (step(LOAD_BY_NAME, 0xFFFFFFFF, 2, HANDLE) + step(LOAD, 0xFFFFFFF8, 2, 5, 0, HANDLE)
                      + step(SET_INPUT, 0, 0, 2040) + step(GET_OUTPUT, 0, 0, 16, 0xFFFFFFFF, 0))
    run = (extension(X_START, 0) + extension(X_POLL, 0, HANDLE) + extension(X_WAIT, 0, 5, HANDLE)
           + extension(X_READ, 0, 0, OUT, 3, HANDLE) + extension(X_CANCEL, 0) + extension(X_WAIT, 0, 0xFFFFFFFF, HANDLE))
    yield "run", prepared(0, [2], 1, f32(1, 2)) + run
    yield "run_with_waker", bytes([WAIT, 1]) + prepared(0, [2], 1, f32(1, 2)) + run
    yield "run_abandoned", bytes([WAIT, 2]) + prepared(0, [2], 1, f32(1, 2)) + run
    options = b'{"chunk_bytes": 2, "delay_ms": 1}'
    yield "texts", (step(LOAD_BY_NAME, 0, 1, HANDLE) + poke(CONTENT, options)
                    + extension(X_INIT, 0, CONTENT, len(options), HANDLE) + extension(X_GRAPH, 0, OUT, 300, HANDLE)
                    + extension(X_HOST, OUT, 0, HANDLE) + extension(X_GRAPH, 7, OUT, 300, HANDLE)
                    + extension(X_ERROR, HANDLE, OUT, 300, HANDLE) + extension(X_NAME, 1, OUT, 300, HANDLE))


OLD_LOAD, OLD_BY_NAME, OLD_INIT, OLD_SET_INPUT, OLD_RUN, OLD_GET_OUTPUT = range(6)
OLD_LIST = 736


def legacy_prepared(name, dims, number, data):
    return (step(OLD_BY_NAME, name, 1, HANDLE) + step(OLD_INIT, 0, HANDLE) + poke(DIMS, u32(*dims)) + poke(DATA, data)
            + step(RECORD, OLD_LIST, DIMS, len(dims), 0, 0, 0) + step(RECORD, TENSOR, OLD_LIST, number, DATA, 0, 0)
            + step(OLD_SET_INPUT, 0, 0, TENSOR))


def legacy_args():
    rounds = (legacy_prepared(0, [2], 1, f32(1, 2)) + step(OLD_RUN, 0) + poke(HANDLE, u32(4))
              + step(OLD_GET_OUTPUT, 0, 0, OUT, HANDLE))
    yield "round", rounds
    yield "round_with_waker", bytes([WAIT, 1]) + rounds
    yield "abandoned", bytes([WAIT, 2]) + rounds
    yield "bytes", (legacy_prepared(1, [5], 2, b"abcde") + step(OLD_RUN, 0) + poke(HANDLE, u32(1))
                    + step(OLD_GET_OUTPUT, 0, 0, OUT, HANDLE) + step(OLD_GET_OUTPUT, 0, 0, OUT, HANDLE))
    yield "load", (poke(CONTENT, MODEL) + step(RECORD, BUILDERS, CONTENT, len(MODEL), BUILDERS, 1, 0)
                   + step(OLD_LOAD, BUILDERS + 8, 6, 0, HANDLE) + step(OLD_LOAD, BUILDERS + 8, 5, 0, HANDLE))
    yield "outside", (step(OLD_BY_NAME, 0xFFFFFFFF, 2, HANDLE) + step(OLD_LOAD, 0xFFFFFFF8, 6, 0, HANDLE)
                      + step(OLD_SET_INPUT, 0, 0, 2040) + step(OLD_GET_OUTPUT, 0, 0, 2047, HANDLE))


# ---------------------------------------------------------------- wit_args

# Rows of the table of component imports: the snapshots, the newest the last, then the drafts of each,
# then wasinn:nn.
OLD, NEW = 0, 25
TENSOR_NEW, TENSOR_DIMS, TENSOR_TY, TENSOR_DATA, GRAPH_LOAD, GRAPH_BY_NAME, GRAPH_INIT = range(7)
OLD_SET, OLD_COMPUTE, OLD_GET, OLD_ERROR = 7, 8, 9, 10
NEW_COMPUTE, NEW_CODE, NEW_DATA, IMPORTS, RESOURCES = 32, 33, 34, 61, 15
LIST, GET, SET, PROMPT_INIT, PROMPT = range(45, 50)
X_LAST, X_GRAPH_TEXT, X_HOST_TEXT, X_OPTIONS, X_BEGIN, X_STATUS, X_UNTIL, X_END, X_PIECE, X_OUTPUTS, X_NEWS = range(50, 61)


def text(content):
    return bytes([len(content)]) + content


def new_tensor(base, dims, ty, data):
    return bytes([base + TENSOR_NEW, len(dims), *dims, ty]) + text(data)


def context(base, name):
    return bytes([base + GRAPH_BY_NAME]) + text(name) + bytes([base + GRAPH_INIT, 0])


def wit_args():
    compute = bytes([NEW_COMPUTE, 0, 1]) + text(b"x") + bytes([0])
    rounds = context(NEW, b"m") + new_tensor(NEW, [2], 1, f32(1, 2)) + compute
    yield "round", rounds + bytes([NEW + TENSOR_DIMS, 0, NEW + TENSOR_TY, 0, NEW + TENSOR_DATA, 0])
    yield "round_with_waker", bytes([IMPORTS + RESOURCES, 1]) + rounds
    yield "abandoned", bytes([IMPORTS + RESOURCES, 2]) + rounds
    yield "older", (context(OLD, b"m") + new_tensor(OLD, [2], 1, f32(1, 2)) + bytes([OLD_SET, 0]) + text(b"x")
                    + bytes([0, OLD_COMPUTE, 0, OLD_GET, 0]) + text(b"y") + bytes([OLD + TENSOR_DATA, 0]))
    yield "carried", (context(NEW, b"n") + new_tensor(NEW, [2], 4, b"ab") + new_tensor(NEW, [1, 4], 4, b"abcd")
                      + bytes([NEW_COMPUTE, 0, 2]) + text(b"a") + bytes([0]) + text(b"b") + bytes([1]))
    yield "load", bytes([NEW + GRAPH_LOAD, 1]) + text(MODEL) + bytes([6, 0]) + bytes([NEW + GRAPH_INIT, 0])
    yield "error", (bytes([OLD_ERROR, 3]) + text(b"why") + bytes([NEW_CODE, 0, NEW_DATA, 0])
                    + bytes([NEW + GRAPH_BY_NAME]) + text(b"none") + bytes([NEW_DATA, 1]))
    yield "properties", (bytes([NEW + GRAPH_BY_NAME]) + text(b"m") + bytes([LIST, 0, GET, 0]) + text(b"input.0.name")
                         + bytes([SET, 0]) + text(b"option.delay_ms") + text(b"1") + bytes([SET, 0]) + text(b"target")
                         + text(b"gpu") + bytes([NEW + GRAPH_INIT, 0]))
    prompt = bytes([NEW + GRAPH_BY_NAME]) + text(b"p") + bytes([PROMPT_INIT, 0, PROMPT, 0]) + text(b"hello")
    yield "prompt", prompt
    yield "prompt_with_waker", bytes([IMPORTS + RESOURCES, 1]) + prompt
    yield "prompt_refused", bytes([NEW + GRAPH_BY_NAME]) + text(b"m") + bytes([PROMPT_INIT, 0, PROMPT, 0]) + text(b"hello")
    run = (bytes([NEW + GRAPH_BY_NAME]) + text(b"m") + bytes([X_OPTIONS, 0]) + text(b'{"chunk_bytes": 3}')
           + new_tensor(NEW, [2], 1, f32(1, 2)) + bytes([X_BEGIN, 0, 1]) + text(b"x") + bytes([0, X_STATUS, 0, X_NEWS, 0])
           + bytes([X_UNTIL, 0, 9, X_PIECE, 0]) + text(b"y") + bytes([5, X_OUTPUTS, 0, X_END, 0, X_UNTIL, 0, 9]))
    yield "run", run
    yield "run_with_waker", bytes([IMPORTS + RESOURCES, 1]) + run
    yield "run_abandoned", bytes([IMPORTS + RESOURCES, 2]) + run
    yield "texts", (bytes([X_LAST, NEW + GRAPH_BY_NAME]) + text(b"none") + bytes([X_LAST, NEW + GRAPH_BY_NAME])
                    + text(b"m") + bytes([X_GRAPH_TEXT, 0, X_GRAPH_TEXT, 3, X_HOST_TEXT]))
    yield "drops", rounds + bytes([IMPORTS, 0, IMPORTS + 1, 0, IMPORTS + 2, 0, IMPORTS + 3, 0])


# ---------------------------------------------------------------- dialects_agree

FLOATS, ANY, CARRIED, TWO, STREAMED, NONE = range(6)
AS_F16, AS_F32, AS_U8, AS_I32 = range(4)


def dialects_agree():
    def one(ports, type_, dims, data):
        return bytes([ports, type_, len(dims), *dims]) + text(data)

    yield "floats", bytes([FLOATS]) + one(0, AS_F32, [2, 1], f32(1, 2)) + one(0, AS_F32, [1, 2], f32(1, 2))
    yield "waker", bytes([0x80 | STREAMED]) + one(0, AS_U8, [7], b"abcdefg")
    yield "any", bytes([ANY]) + one(0, AS_F16, [3], b"abcdef") + one(0, AS_I32, [0, 9], b"") + one(5, AS_U8, [], b"a")
    yield "carried", bytes([CARRIED]) + one(0, AS_U8, [1, 4], b"abcd") + one(0, AS_U8, [1, 2], b"abcd")
    yield "two", bytes([TWO]) + one(0, AS_U8, [2], b"ab") + one(5, AS_I32, [1], b"abcd") + one(2, AS_U8, [4], u32(0))
    yield "none", bytes([NONE])
    yield "wrong", bytes([FLOATS]) + one(0, AS_F32, [2], b"abc") + one(3, AS_U8, [255], b"\xff" * 4)
    yield "deep", bytes([ANY]) + one(0, AS_U8, [1] * 17, b"a") + one(0, AS_U8, [1] * 16, b"a")


# ---------------------------------------------------------------- the others

F32, I16, U8, U32, STRING = 3, 6, 9, 11, 14


def tensor_metadata():
    def one(port, port_dims, dtype, dims, dialect, data):
        shape = [1] if port_dims is None else [0, len(port_dims), *(dim & 0xFF for dim in port_dims)]
        return bytes([port, *shape, dtype, len(dims), *dims, dialect]) + data

    yield "fits", one(F32, [2], F32, [2], 0, f32(1, 2))
    yield "dynamic", one(F32, [-1, 2], F32, [1, 2], 1, f32(1, 2))
    yield "any", one(0, None, U8, [2, 0], 2, b"")
    yield "carried_elements", one(I16, [2, 2], U8, [2, 2], 0, b"abcdefgh")
    yield "carried_bytes", one(I16, [2, 2], U8, [2, 4], 0, b"abcdefgh")
    yield "scalar", one(F32, [], F32, [], 1, f32(1))
    yield "strings", one(STRING, [2], U8, [2], 1, u32(3) + b"one" + u32(0))
    yield "strings_bytes", one(STRING, [-1], U8, [11], 1, u32(3) + b"one" + u32(0))
    huge = bytes([0xFE]) + b"\xff" * 8
    yield "huge", bytes([0, 1, U8, 2]) + huge + huge + b"\0" + b"a"
    yield "huge_beside_zero", bytes([0, 1, U32, 2, 0]) + huge + b"\0"


def config():
    yield "file", (b'tmodel_dirs = ["models"]\n[models.a]\npath = "a.onnx"\nbackend = "onnx"\ntarget = "cpu"\n'
                   b'threads = 2\n[policy]\nmodels = ["a"]\nmax_graphs = 3\n')
    yield "file_wrong", b't[models.a]\npath = 1\n[polizy]\nx = [1, {y = 2}]\n'
    yield "spec", b"mname=path.onnx,backend=onnx,target=auto,encoding=onnx,load=start,threads=2"
    yield "spec_wrong", b"mname=,=x,"
    yield "rule_size", b"pmax_tensor_bytes=1.5GiB"
    yield "rule_time", b"pcompute_timeout=1500ms"
    yield "rule_names", b"pmodels=a, b,*"


def golden_format():
    yield "witx", (b'model m echo a=b\n  input x u8 2\n\ncase one # remark\ndata n text "m\\x00\\n"\n'
                   b"tensor t [1 2] 3 u8 1 2\nwitx load_by_name $n $n.size $t+4\nerrno 0\nmem $t f32 1 -2.5\n")
    yield "wit", (b'snapshots 2024-10-28\npolicy a ""\ncase a\nwit graph [method]graph.x $g [("a" $t)] hex(00ff) -> c\n'
                  b'returns error not-found "why"\ntrap\nerror contains "x"\ndrop graph $g\n')


def echo_model():
    yield "raw", b"anything"
    yield "all", (b"wasinn-echo\n# remark\ninput x u8 -1\ninput y any *\ninput z f32 scalar optional\n"
                  b"output a u8 *\noutput b any\noption delay_ms 1\noption chunk_bytes 3\n")
    yield "plain", MODEL
    yield "wrong", b"wasinn-echo\r\ninput x u8 1,,2\n"
    yield "many", b"wasinn-echo\n" + b"input x u8\n" * 65


def npy():
    def file(header, data, version=b"\1\0"):
        head = header.encode() + b"\n"
        size = struct.pack("<H" if version[0] == 1 else "<I", len(head))
        return b"\x93NUMPY" + version + size + head + data

    def header(descr, shape, order="False"):
        return f"{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}"

    yield "f4", file(header("<f4", "(2,)"), f32(1, 2))
    yield "scalar", file(header("<i8", "()"), b"\0" * 8)
    yield "v3", file(header("|u1", "(1, 2)"), b"ab", b"\3\0")
    yield "unicode", file(header("<U2", "(2,)"), u32(97, 98, 99, 0))
    yield "bytes", file(header("|S3", "(2,)"), b"abcd\0\0")
    yield "fortran", file(header("<f4", "(2, 1)", "True"), f32(1, 2))
    yield "huge", file(header("<f8", "(4294967296, 4294967296)"), b"")


def onnx_files():
    def field(number, content):
        tag = number << 3 | 2
        head = bytes([tag]) if number < 16 else bytes([tag & 0x7f | 0x80, tag >> 7])
        return head + bytes([len(content)]) + content

    def tensor(**entries):
        return b"".join(field(13, field(1, key.encode()) + field(2, value.encode()))
                        for key, value in entries.items()) + b"\x70\x01"

    def model(graph):
        return b"\x08\x08" + field(7, graph)

    yield "initializer", model(field(5, tensor(location="weights", offset="8", length="16")))
    yield "node", model(field(1, field(5, field(5, tensor(location="w/x")))))
    yield "body", model(field(1, field(5, field(6, field(1, field(5, field(10, tensor(location="x"))))))))
    yield "function", field(25, field(7, field(5, field(5, tensor(location="x")))))
    yield "cut", model(field(5, tensor(location="weights")))[:-9]


def gguf():
    def text(content):
        return struct.pack("<Q", len(content)) + content.encode()

    def number(key, value):
        return text(key) + u32(4, value)

    def texts(key, *values):
        return text(key) + u32(9, 8) + struct.pack("<Q", len(values)) + b"".join(text(value) for value in values)

    def file(keys, tensors=b"", tensor_count=0, data=b"", version=3):
        head = b"GGUF" + u32(version) + struct.pack("<QQ", tensor_count, len(keys)) + b"".join(keys) + tensors
        return head + bytes(-len(head) % 32) + data

    keys = [text("general.architecture") + u32(8) + text("llama"), number("llama.block_count", 1),
            number("llama.context_length", 8), number("llama.embedding_length", 4),
            number("llama.attention.head_count", 1), texts("tokenizer.ggml.tokens", "a", "b")]
    tensor = text("x.weight") + u32(2) + struct.pack("<QQ", 4, 2) + u32(0) + struct.pack("<Q", 0)
    yield "plain", file(keys)
    yield "tensor", file(keys, tensor, 1, bytes(32))
    yield "cut", file(keys, tensor, 1, bytes(31))
    yield "lists", file([*keys, text("tokenizer.ggml.scores") + u32(9, 6) + struct.pack("<Q", 2) + f32(0, 1),
                         number("general.alignment", 32), number("tokenizer.ggml.bos_token_id", 1)])
    yield "old", file(keys, version=1)

    def said(key, value):
        return text(key) + u32(8) + text(value)

    half = [text(f"x.weight.lora_{one}") + u32(2) + struct.pack("<QQ", 4, 4) + u32(0) + struct.pack("<Q", place)
            for one, place in (("a", 0), ("b", 64))]
    yield "adapter", file([said("general.architecture", "llama"), said("general.type", "adapter"),
                           said("adapter.type", "lora"), text("adapter.lora.alpha") + u32(6) + f32(4)],
                          b"".join(half), 2, bytes(128))


def ggml_images():
    import base64
    import zlib

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    png = (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 2, 8, 2, 0, 0, 0))
           + chunk(b"IDAT", zlib.compress(bytes(14))) + chunk(b"IEND", b""))
    uri = b"data:image/png;base64," + base64.b64encode(png)
    yield "prompt", b'a<img src="' + uri + b'">b'
    yield "framed", b"x<__media__>y".ljust(len(png) + 4) + u32(len(png)) + png
    yield "chat", b'[{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "' + uri + b'"}}]}]'
    yield "jpeg", b"<img src='data:image/jpeg;base64," + base64.b64encode(
        b"\xff\xd8\xff\xc0\0\x0b\x08\0\x08\0\x08\1\1\x11\0\xff\xda") + b"'>"


def ggml_grammar():
    yield "rules", b'root ::= "a" [b-d]+ (x | "\\u20ac"){1,3} # comment\nx ::= x "y" | . | ""\n'
    yield "inverted", b'root ::= "a"{3,2}'
    yield "powers", b'root ::= ((("a"{100}){100}){100})'
    yield "ambiguous", b'root ::= (("a")*)* root root | [^\\x00-\\x1F]'
    yield "tokens", b'root ::= <[7]> !<[8]> <none>'
    yield "object", (b'{"type": "object", "properties": {"a": {"type": "integer", "minimum": -5, "maximum": 120}, "b": {"$ref": '
                     b'"#/$defs/s"}}, "required": ["a"], "additionalProperties": {"enum": [1, "x", null]}, "$defs": {"s": '
                     b'{"type": "string", "pattern": "^[a-c\\\\d]{2,3}(x|y)?"}}}')
    yield "list", (b'{"type": "array", "prefixItems": [{"type": "number", "exclusiveMinimum": 0}], "items": {"anyOf": [{"const": 1}, '
                   b'{"type": "string", "format": "date-time"}]}, "minItems": 1, "maxItems": 4}')
    yield "merged", (b'{"allOf": [{"$ref": "#/$defs/a"}, {"minLength": 2}], "$defs": {"a": {"type": ["string", "null"]}}}')
    yield "circle", b'{"allOf": [{"$ref": "#/$defs/a"}], "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}}'


def ggml_options():
    yield "some", b'{"temp": 0.5, "top-k": 7, "embedding": true, "reverse-prompt": ["a", "b"]}'
    yield "schema", b'{"json-schema": {"type": "object"}, "grammar": "root ::= \\"a\\""}'
    yield "bias", b'{"logit-bias": {"5": -1.5, "6": false}, "seed": 4294967295}'
    yield "pairs", b'{"logit_bias": [[5, 1], [99, false]], "kv-cells": 4, "model_name": "x"}'
    yield "deep", b"[" * 100


def ggml_texts():
    yield "list", b'["a", "some text", ""]'
    yield "rank", b'{"query": "a", "documents": ["b", "c"]}'
    yield "tools", (b'{"tools": [{"type": "function", "function": {"name": "add", "parameters": {"type": "object", '
                    b'"properties": {"a": {"type": "integer"}}}}}], "tool_choice": {"type": "function", "function": '
                    b'{"name": "add"}}, "parallel_tool_calls": false}')
    yield "none", b'{"tools": [{"type": "function", "function": {"name": "x"}}], "tool_choice": "none"}'


def ggml_state():
    def state(places):
        cells = b"".join(struct.pack("<iIi", place, 1, 0) for place in places)
        rows = u32(1) + struct.pack("<Q", 4) + bytes(4 * len(places))
        return u32(0xaf143cd8, 0, 1, len(places)) + cells + u32(0, 1) + rows + rows

    yield "sealed", bytes([1, 1]) + state([0, 1])
    yield "twice", bytes([1, 1]) + state([1, 1])
    yield "number", bytes([1, 0]) + state([0])[:-1] + b"\x7c"
    yield "open", bytes([0, 0]) + b"WASINNS1" + struct.pack("<QQQQ", 7, 1, 4, 0) + u32(3, 0)
    yield "huge", bytes([0, 0]) + b"WASINNS1" + struct.pack("<QQQQ", 7, 2**62, 4, 0)


def main():
    for target in (witx_args, legacy_args, wit_args, dialects_agree, tensor_metadata, config, golden_format, echo_model, npy,
                   onnx_files, gguf, ggml_grammar, ggml_images, ggml_options, ggml_texts, ggml_state):
        folder = SEEDS / target.__name__
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in target():
            (folder / name).write_bytes(content)


if __name__ == "__main__":
    main()
