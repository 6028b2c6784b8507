"""Converts a BERT folder to a GGUF file, as llama.cpp's converter does.

usage: bert_gguf.py FOLDER OUT.gguf F32|F16
"""

import json
import re
import sys
from pathlib import Path

import gguf
import numpy as np

NAMES = {
    "embeddings.word_embeddings": "token_embd",
    "embeddings.position_embeddings": "position_embd",
    "embeddings.token_type_embeddings": "token_types",
    "embeddings.LayerNorm": "token_embd_norm",
    "attention.self.query": "attn_q",
    "attention.self.key": "attn_k",
    "attention.self.value": "attn_v",
    "attention.output.dense": "attn_output",
    "attention.output.LayerNorm": "attn_output_norm",
    "intermediate.dense": "ffn_up",
    "output.dense": "ffn_down",
    "output.LayerNorm": "layer_output_norm",
}


def read_tensors(path):
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    for name, entry in json.loads(data[8 : 8 + size]).items():
        if name != "__metadata__" and entry["dtype"] == "F32":
            begin, end = entry["data_offsets"]
            yield name, np.frombuffer(data[8 + size + begin : 8 + size + end], np.float32).reshape(entry["shape"])


def get_key(token):
    """Words begin with a mark; llama.cpp drops that of what continues them."""
    if token.startswith("[") and token.endswith("]"):
        return token
    return token[2:] if token.startswith("##") else "\u2581" + token


def main():
    folder, out, kind = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    config = json.loads((folder / "config.json").read_text())
    tokens = (folder / "vocab.txt").read_text().split("\n")[: config["vocab_size"]]
    special = {name: tokens.index(f"[{name}]") for name in ("CLS", "SEP", "UNK", "PAD", "MASK")}
    writer = gguf.GGUFWriter(out, "bert")
    writer.add_name(folder.name)
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_layer_norm_eps(config["layer_norm_eps"])
    writer.add_causal_attention(False)
    writer.add_pooling_type(gguf.PoolingType.MEAN)
    writer.add_token_type_count(config["type_vocab_size"])
    writer.add_tokenizer_model("bert")
    writer.add_tokenizer_pre("default")
    writer.add_token_list([get_key(token) for token in tokens])
    writer.add_token_types([gguf.TokenType.CONTROL if i in special.values() else gguf.TokenType.NORMAL
                            for i in range(len(tokens))])
    writer.add_bos_token_id(special["CLS"])
    writer.add_sep_token_id(special["SEP"])
    writer.add_unk_token_id(special["UNK"])
    writer.add_pad_token_id(special["PAD"])
    writer.add_mask_token_id(special["MASK"])
    for name, tensor in read_tensors(folder / "model.safetensors"):
        if name.startswith("pooler."):
            continue
        layer, base, part = re.fullmatch(r"(?:encoder\.layer\.(\d+)\.)?(.*)\.(weight|bias)", name).groups()
        prefix = f"blk.{layer}." if layer else ""
        isMatrix = tensor.ndim == 2 and NAMES[base] not in ("position_embd", "token_types")
        writer.add_tensor(f"{prefix}{NAMES[base]}.{part}", tensor.astype(np.float16) if isMatrix and kind == "F16" else tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


main()
