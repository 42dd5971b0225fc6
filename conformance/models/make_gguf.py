#!/usr/bin/env python3
"""Makes the suite's language models: GGUF, 296 tokens, 0.3 MB each.

    make_gguf.py FOLDER              the suite's models folder; no package, no network

alphabet, of the architecture llama. Its answers are known: after a letter comes the next of the alphabet, after a digit the next digit, after z and 9 the
end. Attention and feed-forward add nothing; a token's embedding is a random vector of 1 and -1, and the row of the output
matrix for a token is the sum of the embeddings that it follows. So the right token wins by far, whatever a framework does
to the numbers.

backwards, an adapter (LoRA) that turns the order of letters and digits around. tools, the alphabet with a chat template
that knows tools. rank, of the architecture qwen3, scores a document by its last letter: the later in the alphabet, the
higher. errs, as a draft model, proposes the alphabet and errs after each fifth letter. sections, of the architecture
qwen2vl, is the alphabet with places of several parts, which cannot be moved.

Beside the alphabet lie
- mmproj.gguf, with which it sees images of 8 x 8: each patch of 4 x 4 is read as a sum of the letters a, k and t, by how
  red, green and blue it is, so after a red image comes b;
- ahead.gguf, the same as a Gemma 3 has it, whose image is read in one pass;
- mixing.gguf, the alphabet with random attention, so that each token and each image counts;
- red.png, such an image;
- qwen.gguf, the same as a Qwen2-VL has it, where an image has rows and columns and fewer positions than tokens, and
  qwen-mmproj.gguf for it.
"""

import argparse
import pathlib
import random
import string
import struct
import zlib

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


def tensors(tokens, errs=False, mixes=False):
    """Name: (dims, the innermost first; numbers). With `mixes`, attention is random."""
    numbers = random.Random(2)
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
            values = [numbers.gauss(0, 0.5) if mixes else 0.0 for _ in range(SIZE * SIZE)]
            made[f"blk.{block}.{name}.weight"] = ((SIZE, SIZE), values)
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


def build(**changes):
    tokens = vocabulary()
    return write(metadata(tokens), tensors(tokens, **changes))


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


def build_sections(**changes):
    tokens = vocabulary()
    values = metadata(tokens, "qwen2vl", "sections") | {
        "qwen2vl.rope.dimension_sections": array([(5, struct.pack("<i", size)) for size in (4, 2, 2, 0)]),
    }
    weights = tensors(tokens, **changes)
    for block in range(BLOCKS):
        for name in ("attn_q", "attn_k", "attn_v"):
            weights[f"blk.{block}.{name}.bias"] = ((SIZE,), [0.0] * SIZE)
    return write(values, weights)


PATCH = 4
SEEN = 16  # width of the projector's encoder


def projector_metadata(kind):
    return {
        "general.architecture": string_value("clip"),
        "general.name": string_value("alphabet"),
        "general.alignment": u32(ALIGNMENT),
        "clip.has_vision_encoder": boolean(True),
        "clip.projector_type": string_value(kind),
        "clip.use_gelu": boolean(True),
        "clip.vision.image_size": u32(2 * PATCH),
        "clip.vision.patch_size": u32(PATCH),
        "clip.vision.embedding_length": u32(SEEN),
        "clip.vision.feed_forward_length": u32(SEEN),
        "clip.vision.projection_dim": u32(SIZE),
        "clip.vision.block_count": u32(2),
        "clip.vision.attention.head_count": u32(2),
        "clip.vision.attention.layer_norm_epsilon": f32(1e-5),
        "clip.vision.projector.scale_factor": u32(1),
        "clip.vision.image_mean": array([f32(0)] * 3),
        "clip.vision.image_std": array([f32(1)] * 3),
    }


def projector_tensors(tokens, kind):
    number = {text: i for i, (text, _) in enumerate(tokens)}
    letters = [embeddings_of(tokens)[number[letter]] for letter in "akt"]
    # Each of the first three channels of the encoder is the mean of a colour; nothing changes them.
    patches = [1.0 / PATCH**2 if colour == channel else 0.0
               for channel in range(SEEN) for colour in range(3) for _ in range(PATCH**2)]
    made = {
        "v.patch_embd.weight": ((PATCH, PATCH, 3, SEEN), patches),
        "v.position_embd.weight": ((SEEN, 4), [0.0] * SEEN * 4),
    }
    for block in range(2):
        for name in ("attn_q", "attn_k", "attn_v", "attn_out", "ffn_up", "ffn_down"):
            made[f"v.blk.{block}.{name}.weight"] = ((SEEN, SEEN), [0.0] * SEEN * SEEN)
            made[f"v.blk.{block}.{name}.bias"] = ((SEEN,), [0.0] * SEEN)
        for name in ("ln1", "ln2"):
            made[f"v.blk.{block}.{name}.weight"] = ((SEEN,), [1.0] * SEEN)
            made[f"v.blk.{block}.{name}.bias"] = ((SEEN,), [0.0] * SEEN)
    colours = [letters[channel][i] if channel < 3 else 0.0 for i in range(SIZE) for channel in range(SEEN)]
    if kind == "gemma3":
        made["mm.soft_emb_norm.weight"] = ((SEEN,), [1.0] * SEEN)
        made["mm.input_projection.weight"] = ((SIZE, SEEN), [colours[i * SEEN + channel] for channel in range(SEEN)
                                                            for i in range(SIZE)])
        return made
    if kind == "qwen2vl_merger":
        # Of four patches in one token the first counts, and a still image comes twice.
        for name in ("v.patch_embd.weight", "v.patch_embd.weight.1"):
            made[name] = ((PATCH, PATCH, 3, SEEN), [value / 2 for value in patches])
        del made["v.position_embd.weight"]
        made["mm.0.weight"] = ((4 * SEEN, SEEN), [20.0 if i == j else 0.0 for i in range(SEEN) for j in range(4 * SEEN)])
    else:
        made["mm.0.weight"] = ((SEEN, SEEN), [20.0 if i == j else 0.0 for i in range(SEEN) for j in range(SEEN)])
    # Far from zero, where GELU is the identity.
    made["mm.0.bias"] = ((SEEN,), [0.0] * SEEN)
    made["mm.2.weight"] = ((SEEN, SIZE), [value / 20 for value in colours])
    made["mm.2.bias"] = ((SIZE,), [0.0] * SIZE)
    return made


def build_projector(kind):
    return write(projector_metadata(kind), projector_tensors(vocabulary(), kind))


def red_image():
    """A PNG of 8 x 8."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + b"\xff\0\0" * 8 for _ in range(8))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    with Framework(parser.parse_args().folder, "ggml", "ggml") as framework:
        beside = {
            "mixing.gguf": build(mixes=True),
            "mmproj.gguf": build_projector("mlp"),
            "ahead.gguf": build_projector("gemma3"),
            "qwen.gguf": build_sections(mixes=True),
            "qwen-mmproj.gguf": build_projector("qwen2vl_merger"),
        }
        framework.add("alphabet", build(), {"red.png": red_image(), **{name: files["model.gguf"] for name, files in beside.items()}})
        framework.add("errs", build_errs())
        framework.add("backwards", build_backwards())
        framework.add("tools", build_tools())
        framework.add("rank", build_rank())
        framework.add("sections", build_sections())


if __name__ == "__main__":
    main()
