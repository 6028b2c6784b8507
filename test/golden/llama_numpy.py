"""Evaluates a Llama model in plain numpy: an independent reference.

usage: llama_numpy.py MODEL.gguf --tokens "1 2 3" [--logits OUT.npy]
                      [--greedy N] [--type f64|f32] [--activations int8]

Writes the logits of every position, f32 [tokens, vocabulary], and prints the
N tokens that continue the text greedily. Weights are dequantised and nothing
else is rounded: the cache and the activations have the type asked for. With
`--activations int8` the input of each quantised matrix is rounded to 8 bits, in
blocks of 32 numbers with a common scale.
"""

import argparse

import gguf
import numpy as np


def rounded_to_int8(x):
    blocks = x.reshape(*x.shape[:-1], -1, 32)
    scales = np.abs(blocks).max(axis=-1, keepdims=True) / 127
    scales[scales == 0] = 1
    return (np.rint(blocks / scales) * scales).reshape(x.shape)


class Llama:
    def __init__(self, path, dtype=np.float64, activations=None):
        self.int8 = activations == "int8"
        reader = gguf.GGUFReader(path)
        self.fields, self.dtype = reader.fields, dtype
        self.stored = {tensor.name: tensor for tensor in reader.tensors}
        self.layers = self.size("block_count")
        self.heads = self.size("attention.head_count")
        self.kv_heads = self.size("attention.head_count_kv", self.heads)
        self.hidden = self.size("embedding_length")
        self.head_dim = self.size("attention.key_length",
                                  self.hidden // self.heads)
        self.eps = self.size("attention.layer_norm_rms_epsilon")
        self.frequencies = float(self.size("rope.freq_base", 10000.0)) ** (
            -np.arange(0, self.head_dim, 2) / self.head_dim)
        if "rope_freqs.weight" in self.stored:
            self.frequencies /= self.weight("rope_freqs")

    def size(self, key, default=None):
        field = self.fields.get("llama." + key)
        if field is None and default is None:
            raise KeyError(f"llama.{key} is missing")
        return default if field is None else field.contents()

    def weight(self, name):
        tensor = self.stored[name + ".weight"]
        return gguf.quants.dequantize(
            tensor.data, tensor.tensor_type).astype(self.dtype)

    def linear(self, x, name):
        is_float = self.stored[name + ".weight"].tensor_type.name in ("F32", "F16", "BF16")
        rounded = rounded_to_int8(x) if self.int8 and not is_float else x
        return rounded @ self.weight(name).T

    def norm(self, x, name):
        scale = np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + self.eps)
        return x / scale * self.weight(name)

    def rope(self, x):
        """Turns the pairs (2i, 2i + 1) of x [tokens, heads, head_dim]."""
        angles = np.outer(np.arange(len(x)), self.frequencies)
        cos = np.cos(angles)[:, None].astype(self.dtype)
        sin = np.sin(angles)[:, None].astype(self.dtype)
        even, odd = x[..., 0::2], x[..., 1::2]
        return np.stack([even * cos - odd * sin, even * sin + odd * cos],
                        axis=-1).reshape(x.shape)

    def attention(self, x, block):
        count, group = len(x), self.heads // self.kv_heads

        def project(name, heads):
            return self.linear(x, block + name).reshape(count, heads, self.head_dim)

        q = self.rope(project("attn_q", self.heads))
        k = self.rope(project("attn_k", self.kv_heads)).repeat(group, axis=1)
        v = project("attn_v", self.kv_heads).repeat(group, axis=1)
        scores = np.einsum("qhd,khd->hqk", q, k) / np.sqrt(self.head_dim)
        future = np.triu(np.ones((count, count), bool), 1)
        scores = np.where(future, -np.inf, scores).astype(self.dtype)
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        scores /= scores.sum(axis=-1, keepdims=True)
        mixed = np.einsum("hqk,khd->qhd", scores, v).reshape(count, -1)
        return self.linear(mixed, block + "attn_output")

    def feed_forward(self, x, block):
        gate = self.linear(x, block + "ffn_gate")
        up = self.linear(x, block + "ffn_up")
        return self.linear(gate / (1 + np.exp(-gate)) * up, block + "ffn_down")

    def logits(self, tokens):
        """[tokens] -> [tokens, vocabulary]"""
        x = self.weight("token_embd")[tokens]
        for layer in range(self.layers):
            block = f"blk.{layer}."
            x = x + self.attention(self.norm(x, block + "attn_norm"), block)
            x = x + self.feed_forward(self.norm(x, block + "ffn_norm"), block)
        tied = "output.weight" not in self.stored
        return self.linear(self.norm(x, "output_norm"),
                           "token_embd" if tied else "output")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model")
    parser.add_argument("--tokens", required=True)
    parser.add_argument("--logits", metavar="OUT.npy")
    parser.add_argument("--greedy", type=int, default=0, metavar="N")
    parser.add_argument("--type", choices=["f64", "f32"], default="f64")
    parser.add_argument("--activations", choices=["int8"])
    args = parser.parse_args()
    model = Llama(args.model, {"f64": np.float64, "f32": np.float32}[args.type],
                  args.activations)
    tokens = [int(token) for token in args.tokens.split()]
    if args.logits:
        np.save(args.logits, model.logits(tokens).astype(np.float32))
    for _ in range(args.greedy):
        tokens.append(int(model.logits(tokens)[-1].argmax()))
    if args.greedy:
        print(*tokens[-args.greedy:])


if __name__ == "__main__":
    main()
