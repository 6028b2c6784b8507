"""Converts a BERT folder to a GGUF file, as llama.cpp's converter does.

usage: bert_gguf.py FOLDER OUT.gguf F32|F16
"""

import json
import sys
from pathlib import Path

import gguf
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "test" / "golden"))
import safetensors_file
from gguf_names import BERT_NAMES, UNUSED_NAMES, gguf_name


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
    for name, tensor in safetensors_file.read(folder / "model.safetensors").items():
        if name in UNUSED_NAMES or tensor.dtype != np.float32:
            continue
        name = gguf_name(name, BERT_NAMES, loops=None)
        is_half = kind == "F16" and tensor.ndim == 2 and not name.startswith(("position_embd", "token_types"))
        writer.add_tensor(name, tensor.astype(np.float16) if is_half else tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


main()
