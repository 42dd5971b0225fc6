#!/usr/bin/env python3
"""Makes the suite's language models: GGUF, 296 tokens, 0.3 MB each.

    make_gguf.py FOLDER              the suite's models folder; no package, no network

alphabet, of the architecture llama. Its answers are known: after a letter comes the next of the alphabet, after a digit the next digit, after z and 9 the
end. Attention and feed-forward add nothing; a token's embedding is a random vector of 1 and -1, and the row of the output
matrix for a token is the sum of the embeddings that it follows. So the right token wins by far, whatever a framework does
to the numbers.

backwards, an adapter (LoRA) that turns the order of letters and digits around. tools, the alphabet with a chat template
that knows tools. rank, of the architecture qwen3, scores a document by its last letter: the later in the alphabet, the
higher. errs, as a draft model, guesses
the alphabet and errs after each fifth letter. sections, of the architecture qwen2vl, is the alphabet with places of several parts, which cannot be moved.
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
# Pooling types of llama.cpp.
POOLING_RANK = 4

# A template as those of models that call tools by <tool_call> and JSON.
TOOL_TEMPLATE = """\
{%- if tools %}
{{- '<|im_start|>system\\n' }}
{%- if messages[0].role == 'system' %}{{- messages[0].content + '\\n\\n' }}{%- endif %}
{{- 'Tools:\\n<tools>' }}
{%- for tool in tools %}{{- '\\n' }}{{- tool | tojson }}{%- endfor %}
{{- '\\n</tools>\\nCall one like this:\\n<tool_call>\\n{"name": NAME, "arguments": OBJECT}\\n</tool_call><|im_end|>\\n' }}
{%- elif messages[0].role == 'system' %}
{{- '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}
{%- endif %}
{%- for message in messages %}
{%- if message.role == 'user' or (message.role == 'system' and not loop.first) %}
{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}
{%- elif message.role == 'assistant' %}
{{- '<|im_start|>assistant' }}
{%- if message.content %}{{- '\\n' + message.content }}{%- endif %}
{%- for tool_call in message.tool_calls %}
{{- '\\n<tool_call>\\n{"name": "' + tool_call.function.name + '", "arguments": ' }}
{{- tool_call.function.arguments | tojson }}{{- '}\\n</tool_call>' }}
{%- endfor %}
{{- '<|im_end|>\\n' }}
{%- elif message.role == 'tool' %}
{{- '<|im_start|>user\\n<tool_response>\\n' + message.content + '\\n</tool_response><|im_end|>\\n' }}
{%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}
"""

# Token types of llama.cpp.
NORMAL, IS_UNKNOWN, CONTROL, BYTE = 1, 2, 3, 6


def vocabulary():
    """(text, type) of each token: special ones, all bytes, a blank, letters and digits."""
    tokens = [("<unk>", IS_UNKNOWN), ("<s>", CONTROL), ("</s>", CONTROL)]
    tokens += [(f"<0x{byte:02X}>", BYTE) for byte in range(256)]
    return tokens + [(text, NORMAL) for text in ("\u2581", *string.ascii_lowercase, *string.digits)]


def followed(tokens, rows=(string.ascii_lowercase, string.digits), errs=False):
    """The numbers of the tokens that each token comes after; with `errs`, a comes after each fifth letter."""
    number = {text: i for i, (text, _) in enumerate(tokens)}
    before = [[] for _ in tokens]
    for row in rows:
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


def metadata(tokens, architecture="llama", name="alphabet"):
    return {
        "general.architecture": string_value(architecture),
        "general.name": string_value(name),
        "general.alignment": u32(ALIGNMENT),
        f"{architecture}.context_length": u32(CONTEXT),
        f"{architecture}.embedding_length": u32(SIZE),
        f"{architecture}.block_count": u32(BLOCKS),
        f"{architecture}.feed_forward_length": u32(FEED_FORWARD),
        f"{architecture}.attention.head_count": u32(HEADS),
        f"{architecture}.attention.head_count_kv": u32(HEADS),
        f"{architecture}.attention.layer_norm_rms_epsilon": f32(1e-5),
        f"{architecture}.rope.dimension_count": u32(SIZE // HEADS),
        f"{architecture}.vocab_size": u32(len(tokens)),
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


def embeddings_of(tokens):
    numbers = random.Random(1)
    return [[numbers.choice((-1.0, 1.0)) for _ in range(SIZE)] for _ in tokens]


def output_rows(embeddings, before):
    return [[SCALE * sum(embeddings[one][i] for one in ones) for i in range(SIZE)] for ones in before]


def tensors(tokens, errs=False):
    """Name: (dims, the innermost first; numbers)."""
    embeddings = embeddings_of(tokens)
    rows = output_rows(embeddings, followed(tokens, errs=errs))
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


def write(values, weights):
    head = b"GGUF" + struct.pack("<IQQ", 3, len(weights), len(values))
    for key, (kind, data) in values.items():
        head += text(key) + struct.pack("<I", kind) + data
    body = b""
    for name, (dims, numbers) in weights.items():
        head += text(name) + struct.pack("<I", len(dims)) + struct.pack(f"<{len(dims)}Q", *dims)
        head += struct.pack("<IQ", F32, len(body))
        body += pad(struct.pack(f"<{len(numbers)}f", *numbers))
    return {"model.gguf": pad(head) + body}


def build():
    tokens = vocabulary()
    return write(metadata(tokens), tensors(tokens))


def build_errs():
    tokens = vocabulary()
    return write(metadata(tokens, name="errs"), tensors(tokens, errs=True))


def build_tools():
    tokens = vocabulary()
    return write(metadata(tokens, name="tools") | {"tokenizer.chat_template": string_value(TOOL_TEMPLATE)}, tensors(tokens))


def build_backwards():
    """What it adds to the output matrix as a product of two: of rank SIZE, so that the first of them does nothing."""
    tokens = vocabulary()
    embeddings = embeddings_of(tokens)
    now = output_rows(embeddings, followed(tokens))
    then = output_rows(embeddings, followed(tokens, (string.ascii_lowercase[::-1], string.digits[::-1])))
    identity = [float(i == j) for i in range(SIZE) for j in range(SIZE)]
    change = [one - other for row, old in zip(then, now) for one, other in zip(row, old)]
    values = {
        "general.architecture": string_value("llama"),
        "general.type": string_value("adapter"),
        "general.name": string_value("backwards"),
        "general.alignment": u32(ALIGNMENT),
        "adapter.type": string_value("lora"),
        "adapter.lora.alpha": f32(SIZE),
    }
    return write(values, {
        "output.weight.lora_a": ((SIZE, SIZE), identity),
        "output.weight.lora_b": ((SIZE, len(tokens)), change),
    })


def build_rank():
    tokens = vocabulary()
    embeddings = embeddings_of(tokens)
    number = {token: i for i, (token, _) in enumerate(tokens)}
    # The score is a softmax of two; the second label's row is zero.
    row = [sum((place - 12.5) * embeddings[number[letter]][i] for place, letter in enumerate(string.ascii_lowercase)) / 400
           for i in range(SIZE)]
    values = metadata(tokens, "qwen3", "rank") | {
        "qwen3.attention.key_length": u32(SIZE // HEADS),
        "qwen3.attention.value_length": u32(SIZE // HEADS),
        "qwen3.pooling_type": u32(POOLING_RANK),
        "qwen3.classifier.output_labels": array([string_value("yes"), string_value("no")]),
        "tokenizer.chat_template.rerank": string_value("q{query}d{document}"),
    }
    weights = tensors(tokens) | {"cls.output.weight": ((SIZE, 2), row + [0.0] * SIZE)}
    for block in range(BLOCKS):
        for name in ("attn_q_norm", "attn_k_norm"):
            weights[f"blk.{block}.{name}.weight"] = ((SIZE // HEADS,), [1.0] * (SIZE // HEADS))
    return write(values, weights)


def build_sections():
    tokens = vocabulary()
    values = metadata(tokens, "qwen2vl", "sections") | {
        "qwen2vl.rope.dimension_sections": array([(5, struct.pack("<i", size)) for size in (4, 2, 2, 0)]),
    }
    weights = tensors(tokens)
    for block in range(BLOCKS):
        for name in ("attn_q", "attn_k", "attn_v"):
            weights[f"blk.{block}.{name}.bias"] = ((SIZE,), [0.0] * SIZE)
    return write(values, weights)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    with Framework(parser.parse_args().folder, "ggml", "ggml") as framework:
        framework.add("alphabet", build())
        framework.add("errs", build_errs())
        framework.add("backwards", build_backwards())
        framework.add("tools", build_tools())
        framework.add("rank", build_rank())
        framework.add("sections", build_sections())


if __name__ == "__main__":
    main()
