#!/usr/bin/env python3
"""Makes a tiny model of random weights of each kind of architecture, FOLDER/NAME.gguf: an encoder with and without a
pooling, an encoder that ranks, an encoder with a decoder, an encoder alone, one whose attention looks ahead, an embedder
with windows, two with a recurrent memory, a hybrid and a mixture of experts.

    make_architectures.py FOLDER
"""

import pathlib
import random
import string
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "conformance" / "models"))

from make_gguf import (CONTROL, HEADS, IS_UNKNOWN, NORMAL, SIZE, array, boolean, f32, metadata, string_value, u32,  # noqa: E402
                       vocabulary, write)

HEAD = SIZE // HEADS
NUMBERS = random.Random(7)


def i32(value):
    return 5, struct.pack("<i", value)


def dense(*dims):
    count = 1
    for dim in dims:
        count *= dim
    return dims, [NUMBERS.gauss(0, 0.2) for _ in range(count)]


def ones(*dims):
    count = 1
    for dim in dims:
        count *= dim
    return dims, [1.0] * count


def common(tokens):
    return {
        "token_embd.weight": dense(SIZE, len(tokens)),
        "output_norm.weight": ones(SIZE),
        "output.weight": dense(SIZE, len(tokens)),
    }


def attention(block, norms=("attn_norm",), names=("attn_q", "attn_k", "attn_v", "attn_output")):
    made = {f"blk.{block}.{name}.weight": dense(SIZE, SIZE) for name in names}
    return made | {f"blk.{block}.{name}.weight": ones(SIZE) for name in norms}


def feed_forward(block):
    return {f"blk.{block}.{name}.weight": dense(SIZE, SIZE) for name in ("ffn_gate", "ffn_up", "ffn_down")} | {
        f"blk.{block}.ffn_norm.weight": ones(SIZE)}


def head_norms(block):
    return {f"blk.{block}.{name}.weight": ones(HEAD) for name in ("attn_q_norm", "attn_k_norm")}


def noncausal():
    tokens = vocabulary()
    values = metadata(tokens, "llama", "noncausal") | {"llama.attention.causal": boolean(False)}
    return values, common(tokens) | attention(0) | feed_forward(0)


def t5(architecture, decodes):
    tokens = vocabulary()
    values = metadata(tokens, architecture, architecture) | {
        f"{architecture}.attention.key_length": u32(HEAD),
        f"{architecture}.attention.value_length": u32(HEAD),
        f"{architecture}.attention.relative_buckets_count": u32(32),
        f"{architecture}.decoder_start_token_id": u32(0),
    }
    weights = {"token_embd.weight": dense(SIZE, len(tokens)), "output.weight": dense(SIZE, len(tokens))}
    for side in ("enc", "dec") if decodes else ("enc",):
        block = f"{side}.blk.0."
        weights |= {f"{side}.output_norm.weight": ones(SIZE), block + "attn_norm.weight": ones(SIZE),
                    block + "ffn_norm.weight": ones(SIZE), block + "attn_rel_b.weight": dense(HEADS, 32)}
        names = ["attn_q", "attn_k", "attn_v", "attn_o", "ffn_gate", "ffn_up", "ffn_down"]
        if side == "dec":
            weights[block + "cross_attn_norm.weight"] = ones(SIZE)
            names += ["cross_attn_q", "cross_attn_k", "cross_attn_v", "cross_attn_o"]
        weights |= {block + name + ".weight": dense(SIZE, SIZE) for name in names}
    return values, weights


def bert(pooling, ranks=False):
    tokens = [("[PAD]", CONTROL), ("[UNK]", IS_UNKNOWN), ("[CLS]", CONTROL), ("[SEP]", CONTROL)]
    tokens += [("\u2581" + letter, NORMAL) for letter in string.ascii_lowercase] + [(letter, NORMAL) for letter in string.ascii_lowercase]
    values = metadata(tokens, "bert", "bert") | {
        "bert.attention.layer_norm_epsilon": f32(1e-5),
        "bert.attention.causal": boolean(False),
        "bert.pooling_type": u32(pooling),
        "tokenizer.ggml.model": string_value("bert"),
        "tokenizer.ggml.token_type_count": u32(2),
        "tokenizer.ggml.unknown_token_id": u32(1),
        "tokenizer.ggml.bos_token_id": u32(2),
        "tokenizer.ggml.eos_token_id": u32(3),
        "tokenizer.ggml.seperator_token_id": u32(3),
        "tokenizer.ggml.padding_token_id": u32(0),
    }
    weights = {"token_embd.weight": dense(SIZE, len(tokens)), "position_embd.weight": dense(SIZE, 256),
               "token_types.weight": dense(SIZE, 2), "token_embd_norm.weight": ones(SIZE), "token_embd_norm.bias": dense(SIZE)}
    for name in ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_up", "ffn_down"):
        weights |= {f"blk.0.{name}.weight": dense(SIZE, SIZE), f"blk.0.{name}.bias": dense(SIZE)}
    for name in ("attn_output_norm", "layer_output_norm"):
        weights |= {f"blk.0.{name}.weight": ones(SIZE), f"blk.0.{name}.bias": dense(SIZE)}
    if ranks:
        weights |= {"cls.weight": dense(SIZE, SIZE), "cls.bias": dense(SIZE), "cls.output.weight": dense(SIZE, 1),
                    "cls.output.bias": dense(1)}
    return values, weights


def gemma_embedding(blocks):
    tokens = vocabulary()
    values = metadata(tokens, "gemma-embedding", "gemma-embedding") | {
        "gemma-embedding.block_count": u32(blocks),
        "gemma-embedding.attention.key_length": u32(HEAD),
        "gemma-embedding.attention.value_length": u32(HEAD),
        "gemma-embedding.attention.sliding_window": u32(16),
        "gemma-embedding.pooling_type": u32(1),
    }
    weights = common(tokens)
    for block in range(blocks):
        weights |= attention(block, ("attn_norm", "post_attention_norm", "post_ffw_norm"))
        weights |= feed_forward(block) | head_norms(block)
    return values, weights


def mamba():
    tokens = vocabulary()
    inner, state, rank, kernel = 2 * SIZE, 16, 4, 4
    values = metadata(tokens, "mamba", "mamba") | {
        "mamba.feed_forward_length": u32(0),
        "mamba.attention.head_count": u32(0),
        "mamba.ssm.conv_kernel": u32(kernel),
        "mamba.ssm.inner_size": u32(inner),
        "mamba.ssm.state_size": u32(state),
        "mamba.ssm.time_step_rank": u32(rank),
    }
    return values, common(tokens) | {
        "blk.0.attn_norm.weight": ones(SIZE),
        "blk.0.ssm_in.weight": dense(SIZE, 2 * inner),
        "blk.0.ssm_conv1d.weight": dense(kernel, inner),
        "blk.0.ssm_conv1d.bias": dense(inner),
        "blk.0.ssm_x.weight": dense(inner, rank + 2 * state),
        "blk.0.ssm_dt.weight": dense(rank, inner),
        "blk.0.ssm_dt.bias": dense(inner),
        "blk.0.ssm_a": ((state, inner), [-1.0] * state * inner),
        "blk.0.ssm_d": ones(inner),
        "blk.0.ssm_out.weight": dense(inner, SIZE),
    }


def rwkv7():
    tokens = vocabulary()
    rank = 8
    values = metadata(tokens, "rwkv7", "rwkv7") | {
        "rwkv7.attention.head_count": u32(0),
        "rwkv7.attention.layer_norm_epsilon": f32(1e-5),
        "rwkv7.wkv.head_size": u32(HEAD),
        "rwkv7.attention.decay_lora_rank": u32(rank),
        "rwkv7.attention.iclr_lora_rank": u32(rank),
        "rwkv7.attention.value_residual_mix_lora_rank": u32(rank),
        "rwkv7.attention.gate_lora_rank": u32(rank),
        "rwkv7.token_shift_count": u32(2),
    }
    weights = common(tokens) | {"output_norm.bias": dense(SIZE), "token_embd_norm.weight": ones(SIZE), "token_embd_norm.bias": dense(SIZE)}
    for name in ("attn_norm", "attn_norm_2", "time_mix_ln"):
        weights |= {f"blk.0.{name}.weight": ones(SIZE), f"blk.0.{name}.bias": dense(SIZE)}
    for name in "wavg":
        if name != "g":
            weights[f"blk.0.time_mix_{name}0.weight"] = dense(SIZE)
        weights |= {f"blk.0.time_mix_{name}1.weight": dense(SIZE, rank), f"blk.0.time_mix_{name}2.weight": dense(rank, SIZE)}
    weights["blk.0.time_mix_lerp_fused.weight"] = dense(SIZE, 1, 1, 6)
    for name in ("k_k", "k_a", "r_k"):
        weights[f"blk.0.time_mix_{name}.weight"] = dense(SIZE)
    for name in ("key", "value", "receptance", "output"):
        weights[f"blk.0.time_mix_{name}.weight"] = dense(SIZE, SIZE)
    weights |= {"blk.0.channel_mix_lerp_k.weight": dense(SIZE, 1, 1), "blk.0.channel_mix_key.weight": dense(SIZE, SIZE),
                "blk.0.channel_mix_value.weight": dense(SIZE, SIZE)}
    return values, weights


def lfm2():
    tokens = vocabulary()
    values = metadata(tokens, "lfm2", "lfm2") | {
        "lfm2.block_count": u32(2),
        "lfm2.shortconv.l_cache": u32(3),
        "lfm2.attention.head_count_kv": array([i32(0), i32(HEADS)]),
    }
    weights = common(tokens)
    weights["token_embd_norm.weight"] = weights.pop("output_norm.weight")
    weights |= {"blk.0.attn_norm.weight": ones(SIZE), "blk.0.shortconv.conv.weight": dense(3, SIZE),
                "blk.0.shortconv.in_proj.weight": dense(SIZE, 3 * SIZE), "blk.0.shortconv.out_proj.weight": dense(SIZE, SIZE)}
    return values, weights | attention(1) | head_norms(1) | feed_forward(0) | feed_forward(1)


def qwen3moe():
    tokens = vocabulary()
    experts = 4
    values = metadata(tokens, "qwen3moe", "qwen3moe") | {
        "qwen3moe.attention.key_length": u32(HEAD),
        "qwen3moe.attention.value_length": u32(HEAD),
        "qwen3moe.expert_count": u32(experts),
        "qwen3moe.expert_used_count": u32(2),
        "qwen3moe.expert_feed_forward_length": u32(32),
    }
    weights = common(tokens) | attention(0, ("attn_norm", "ffn_norm")) | head_norms(0)
    return values, weights | {
        "blk.0.ffn_gate_inp.weight": dense(SIZE, experts),
        "blk.0.ffn_gate_exps.weight": dense(SIZE, 32, experts),
        "blk.0.ffn_up_exps.weight": dense(SIZE, 32, experts),
        "blk.0.ffn_down_exps.weight": dense(32, SIZE, experts),
    }


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, made in {
            "noncausal": noncausal(),
            "t5": t5("t5", True),
            "t5encoder": t5("t5encoder", False),
            "bert": bert(1),
            "bert-nopool": bert(0),
            "bert-rank": bert(4, ranks=True),
            # The first has layers with and without windows, the other lacks those that llama.cpp counts on.
            "gemma-embedding": gemma_embedding(6),
            "gemma-embedding-one": gemma_embedding(1),
            "mamba": mamba(),
            "rwkv7": rwkv7(),
            "lfm2": lfm2(),
            "qwen3moe": qwen3moe(),
    }.items():
        (folder / f"{name}.gguf").write_bytes(write(*made)["model.gguf"])


if __name__ == "__main__":
    main()
