"""BERT's hidden states in plain numpy, of a folder as Hugging Face writes it."""

import math

import numpy as np


def norm(x, tensors, name, eps):
    x = x - x.mean(-1, keepdims=True)
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + eps) * tensors[f"{name}.weight"] + tensors[f"{name}.bias"]


def linear(x, tensors, name):
    return x @ tensors[f"{name}.weight"].T.astype(np.float64) + tensors[f"{name}.bias"]


def hidden_states(config, tensors, ids, types):
    """[tokens, hidden], of tensors by their names without "bert."."""
    heads, eps = config["num_attention_heads"], config["layer_norm_eps"]
    embeddings = {name: tensors[f"embeddings.{name}_embeddings.weight"] for name in ["word", "position", "token_type"]}
    x = embeddings["word"][ids] + embeddings["position"][:len(ids)] + embeddings["token_type"][types].astype(np.float64)
    x = norm(x, tensors, "embeddings.LayerNorm", eps)
    for layer in range(config["num_hidden_layers"]):
        name = f"encoder.layer.{layer}"
        q, k, v = (linear(x, tensors, f"{name}.attention.self.{part}").reshape(len(ids), heads, -1).swapaxes(0, 1)
                   for part in ["query", "key", "value"])
        scores = q @ k.swapaxes(1, 2) / math.sqrt(q.shape[-1])
        powers = np.exp(scores - scores.max(-1, keepdims=True))
        mixed = (powers / powers.sum(-1, keepdims=True) @ v).swapaxes(0, 1).reshape(len(ids), -1)
        x = norm(x + linear(mixed, tensors, f"{name}.attention.output.dense"), tensors, f"{name}.attention.output.LayerNorm", eps)
        y = linear(x, tensors, f"{name}.intermediate.dense")
        y = y * (1 + np.vectorize(math.erf)(y / math.sqrt(2))) / 2
        x = norm(x + linear(y, tensors, f"{name}.output.dense"), tensors, f"{name}.output.LayerNorm", eps)
    return x
