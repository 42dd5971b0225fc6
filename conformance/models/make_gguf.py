#!/usr/bin/env python3
"""Makes the suite's language model: GGUF, architecture llama, 296 tokens, 0.3 MB.

    make_gguf.py FOLDER              the suite's models folder; no package, no network

Its answers are known: after a letter comes the next of the alphabet, after a digit the next digit, after z and 9 the
end. Attention and feed-forward add nothing; a token's embedding is a random vector of 1 and -1, and the row of the output
matrix for a token is the sum of the embeddings that it follows. So the right token wins by far, whatever a framework does
to the numbers.

Beside it lies draft.gguf, which guesses its answers and errs after each fifth letter.
"""

import argparse
import pathlib
import random
import string
import struct

from manifest import Framework

SIZE = 64
HEADS = 4
FEED_FORWARD = 64
BLOCKS = 1
CONTEXT = 256
ALIGNMENT = 32
F32 = 0
# How far the right token is ahead, in units that softmax sees.
SCALE = 0.5

UNKNOWN, BEGIN, END = 0, 1, 2
# Token types of llama.cpp.
NORMAL, IS_UNKNOWN, CONTROL, BYTE = 1, 2, 3, 6


def vocabulary():
    """(text, type) of each token: special ones, all bytes, a blank, letters and digits."""
    tokens = [("<unk>", IS_UNKNOWN), ("<s>", CONTROL), ("</s>", CONTROL)]
    tokens += [(f"<0x{byte:02X}>", BYTE) for byte in range(256)]
    return tokens + [(text, NORMAL) for text in ("\u2581", *string.ascii_lowercase, *string.digits)]


def followed(tokens, errs):
    """The numbers of the tokens that each token comes after; with `errs`, a comes after each fifth letter."""
    number = {text: i for i, (text, _) in enumerate(tokens)}
    before = [[] for _ in tokens]
    for row in (string.ascii_lowercase, string.digits):
        for one, other in zip(row, row[1:]):
            wrong = errs and one in string.ascii_lowercase[4::5]
            before[number["a" if wrong else other]].append(number[one])
        before[END].append(number[row[-1]])
    return before


def text(value):
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


# A value's type in GGUF, and its bytes.
def u32(value):
    return 4, struct.pack("<I", value)


def f32(value):
    return 6, struct.pack("<f", value)


def boolean(value):
    return 7, struct.pack("<?", value)


def string_value(value):
    return 8, text(value)


def array(values):
    """Of values of one type."""
    return 9, struct.pack("<IQ", values[0][0], len(values)) + b"".join(data for _, data in values)


def metadata(tokens):
    return {
        "general.architecture": string_value("llama"),
        "general.name": string_value("alphabet"),
        "general.alignment": u32(ALIGNMENT),
        "llama.context_length": u32(CONTEXT),
        "llama.embedding_length": u32(SIZE),
        "llama.block_count": u32(BLOCKS),
        "llama.feed_forward_length": u32(FEED_FORWARD),
        "llama.attention.head_count": u32(HEADS),
        "llama.attention.head_count_kv": u32(HEADS),
        "llama.attention.layer_norm_rms_epsilon": f32(1e-5),
        "llama.rope.dimension_count": u32(SIZE // HEADS),
        "llama.vocab_size": u32(len(tokens)),
        "tokenizer.ggml.model": string_value("llama"),
        "tokenizer.ggml.tokens": array([string_value(token) for token, _ in tokens]),
        "tokenizer.ggml.scores": array([f32(0) for _ in tokens]),
        "tokenizer.ggml.token_type": array([(5, struct.pack("<i", kind)) for _, kind in tokens]),
        "tokenizer.ggml.unknown_token_id": u32(UNKNOWN),
        "tokenizer.ggml.bos_token_id": u32(BEGIN),
        "tokenizer.ggml.eos_token_id": u32(END),
        "tokenizer.ggml.add_bos_token": boolean(True),
        "tokenizer.ggml.add_space_prefix": boolean(False),
    }


def tensors(tokens, errs):
    """Name: (dims, the innermost first; numbers)."""
    numbers = random.Random(1)
    embeddings = [[numbers.choice((-1.0, 1.0)) for _ in range(SIZE)] for _ in tokens]
    rows = [[SCALE * sum(embeddings[one][i] for one in before) for i in range(SIZE)] for before in followed(tokens, errs)]
    made = {
        "token_embd.weight": ((SIZE, len(tokens)), [value for row in embeddings for value in row]),
        "output_norm.weight": ((SIZE,), [1.0] * SIZE),
        "output.weight": ((SIZE, len(tokens)), [value for row in rows for value in row]),
    }
    for block in range(BLOCKS):
        for name in ("attn_norm", "ffn_norm"):
            made[f"blk.{block}.{name}.weight"] = ((SIZE,), [1.0] * SIZE)
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            made[f"blk.{block}.{name}.weight"] = ((SIZE, SIZE), [0.0] * SIZE * SIZE)
        for name, dims in (("ffn_gate", (SIZE, FEED_FORWARD)), ("ffn_up", (SIZE, FEED_FORWARD)),
                           ("ffn_down", (FEED_FORWARD, SIZE))):
            made[f"blk.{block}.{name}.weight"] = (dims, [0.0] * SIZE * FEED_FORWARD)
    return made


def pad(data):
    return data + bytes(-len(data) % ALIGNMENT)


def build(errs=False):
    tokens = vocabulary()
    values = metadata(tokens)
    weights = tensors(tokens, errs)
    head = b"GGUF" + struct.pack("<IQQ", 3, len(weights), len(values))
    for key, (kind, data) in values.items():
        head += text(key) + struct.pack("<I", kind) + data
    body = b""
    for name, (dims, numbers) in weights.items():
        head += text(name) + struct.pack("<I", len(dims)) + struct.pack(f"<{len(dims)}Q", *dims)
        head += struct.pack("<IQ", F32, len(body))
        body += pad(struct.pack(f"<{len(numbers)}f", *numbers))
    return pad(head) + body


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    with Framework(parser.parse_args().folder, "ggml", "ggml") as framework:
        framework.add("alphabet", {"model.gguf": build()}, beside={"draft.gguf": build(errs=True)})


if __name__ == "__main__":
    main()
