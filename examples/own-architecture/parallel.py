"""A checkpoint of parallel.mlir with random weights, and what it computes, in NumPy.

usage: parallel.py make MODEL.gguf
       parallel.py check MODEL.gguf LOGITS.npy "ID ..."
"""

import sys

import gguf
import numpy as np

HIDDEN, LAYERS, HEADS, KV_HEADS, FFN, VOCABULARY = 64, 2, 4, 2, 128, 256
HEAD = HIDDEN // HEADS
EPSILON, THETA = 1e-5, 10000.0


def make(path):
    random = np.random.default_rng(1)
    writer = gguf.GGUFWriter(path, "parallel")
    writer.add_context_length(256)
    writer.add_embedding_length(HIDDEN)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(FFN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_layer_norm_rms_eps(EPSILON)
    writer.add_rope_freq_base(THETA)
    shapes = {"token_embd": (VOCABULARY, HIDDEN), "output_norm": (HIDDEN,)}
    for layer in range(LAYERS):
        shapes |= {f"blk.{layer}.{name}": shape for name, shape in {
            "attn_norm": (HIDDEN,), "attn_q": (HIDDEN, HIDDEN), "attn_k": (KV_HEADS * HEAD, HIDDEN),
            "attn_v": (KV_HEADS * HEAD, HIDDEN), "attn_output": (HIDDEN, HIDDEN), "ffn_up": (FFN, HIDDEN),
            "ffn_down": (HIDDEN, FFN)}.items()}
    for name, shape in shapes.items():
        scale = 0.2 if len(shape) > 1 else 1
        writer.add_tensor(f"{name}.weight", (scale * random.standard_normal(shape)).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def norm(x, weight):
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + EPSILON) * weight


def rotate(x):
    """[tokens, heads, HEAD]; component i turns with i + half."""
    half = HEAD // 2
    angles = np.arange(len(x))[:, None, None] * THETA ** (-np.arange(half) / half)
    a, b = x[..., :half], x[..., half:]
    return np.concatenate([a * np.cos(angles) - b * np.sin(angles), b * np.cos(angles) + a * np.sin(angles)], -1)


def attend(q, k, v):
    k, v = (np.repeat(x, HEADS // KV_HEADS, axis=1) for x in (k, v))
    scores = np.einsum("qhd,khd->hqk", q, k) / np.sqrt(HEAD)
    scores[:, np.triu(np.ones(scores.shape[1:], bool), 1)] = -np.inf
    scores = np.exp(scores - scores.max(-1, keepdims=True))
    return np.einsum("hqk,khd->qhd", scores / scores.sum(-1, keepdims=True), v).reshape(len(q), -1)


def logits(path, tokens):
    tensors = {t.name.removesuffix(".weight"): t.data.astype(np.float64) for t in gguf.GGUFReader(path).tensors}
    h = tensors["token_embd"][tokens]
    for layer in range(LAYERS):
        w = {name: tensors[f"blk.{layer}.{name}"] for name in
             ["attn_norm", "attn_q", "attn_k", "attn_v", "attn_output", "ffn_up", "ffn_down"]}
        n = norm(h, w["attn_norm"])
        q, k, v = ((n @ w[name].T).reshape(len(n), -1, HEAD) for name in ["attn_q", "attn_k", "attn_v"])
        o = attend(rotate(q), rotate(k), v) @ w["attn_output"].T
        h = h + o + np.maximum(n @ w["ffn_up"].T, 0) ** 2 @ w["ffn_down"].T
    return norm(h, tensors["output_norm"]) @ tensors["token_embd"].T


def check(path, computed, ids):
    expected = logits(path, [int(id) for id in ids.split()])
    difference = abs(np.load(computed) - expected).max() / abs(expected).max()
    print(f"{expected.shape[0]} rows of {expected.shape[1]} logits, at most {difference:.1e} of the largest off")
    if not difference < 1e-4:
        sys.exit(1)


commands = {"make": make, "check": check}
commands[sys.argv[1]](*sys.argv[2:])
