"""Makes the model files that are measured, once, in build/peers/models/.

SmolLM2-135M is the shipped Q4_1 file and, from its weights dequantized to f32,
what llama.cpp's own llama-quantize makes of them; Gemma 3 270M is the file that
the tests read. Llama-3.2-1B and four layers of
Qwen3-30B-A3B, with 8 of 128 experts, stand for their sizes only: the weights are
random, the tokenizer is SmolLM2's.
"""

from collections import namedtuple
from pathlib import Path

import gguf
import numpy as np

import peers

MODELS = peers.PEERS / "models"
FORMATS = ["Q4_1", "Q4_0", "Q8_0", "Q4_K_M", "F16"]
LARGE = {"hidden": 2048, "layers": 16, "heads": 32, "kv_heads": 8,
         "head_dim": 64, "ffn": 8192, "vocabulary": 128256}
EXPERTS = {"hidden": 2048, "layers": 4, "heads": 32, "kv_heads": 4,
           "head_dim": 128, "ffn": 6144, "expert_ffn": 768, "experts": 128,
           "chosen": 8, "vocabulary": 151936}
EXPERT_MODEL = "30B-A3B-4-layers-Q4_0"
# Model names as --models takes them: {name: llama-quantize's format}.
SMALL_MODELS = {f"135M-{name}": name for name in FORMATS}
LARGE_MODELS = {f"1B-{name}": name for name in ["Q4_0", "Q8_0"]}
# Files that scripts/setup.sh fetches.
FETCHED_MODELS = {"135M-Q4_1": peers.MODEL, "gemma-3-270M-Q4_K_M": peers.GEMMA}
REAL_MODELS = list(SMALL_MODELS | FETCHED_MODELS)
NAMES = [*REAL_MODELS, *LARGE_MODELS, EXPERT_MODEL]


def copy_fields(reader, writer, changed):
    """All metadata but the header's own fields and those in `changed`."""
    for name, field in reader.fields.items():
        if name.startswith("GGUF.") or name in changed:
            continue
        writer.add_key_value(name, field.contents(), field.types[0],
                             field.types[-1] if len(field.types) > 1 else None)


def write(writer, partial, out):
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    partial.rename(out)
    return out


def dequantized(model):
    """A GGUF file with the same metadata and all weights in f32."""
    out = MODELS / f"{model.stem}.dequantized.gguf"
    if out.exists() and out.stat().st_mtime > model.stat().st_mtime:
        return out
    peers.say(f"dequantizing {model.name} to f32")
    MODELS.mkdir(parents=True, exist_ok=True)
    reader = gguf.GGUFReader(model)
    partial = out.with_suffix(".partial")
    writer = gguf.GGUFWriter(
        partial, reader.fields["general.architecture"].contents())
    copy_fields(reader, writer, {"general.architecture", "general.file_type"})
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    for tensor in reader.tensors:
        data = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
        writer.add_tensor(tensor.name, data.astype(np.float32))
    return write(writer, partial, out)


def large_tensors():
    """Names and shapes as Llama has them, rows first."""
    hidden, ffn = LARGE["hidden"], LARGE["ffn"]
    queries = LARGE["heads"] * LARGE["head_dim"]
    keys = LARGE["kv_heads"] * LARGE["head_dim"]
    yield "token_embd.weight", (LARGE["vocabulary"], hidden)
    yield "output_norm.weight", (hidden,)
    for layer in range(LARGE["layers"]):
        for name, shape in {
                "attn_norm": (hidden,), "ffn_norm": (hidden,),
                "attn_q": (queries, hidden), "attn_k": (keys, hidden),
                "attn_v": (keys, hidden), "attn_output": (hidden, queries),
                "ffn_gate": (ffn, hidden), "ffn_up": (ffn, hidden),
                "ffn_down": (hidden, ffn)}.items():
            yield f"blk.{layer}.{name}.weight", shape


def expert_tensors():
    """Names and shapes as Qwen3-MoE has them, rows first."""
    sizes = EXPERTS
    hidden, ffn, experts = sizes["hidden"], sizes["expert_ffn"], sizes["experts"]
    queries = sizes["heads"] * sizes["head_dim"]
    keys = sizes["kv_heads"] * sizes["head_dim"]
    yield "token_embd.weight", (sizes["vocabulary"], hidden)
    yield "output.weight", (sizes["vocabulary"], hidden)
    yield "output_norm.weight", (hidden,)
    for layer in range(sizes["layers"]):
        for name, shape in {
                "attn_norm": (hidden,), "ffn_norm": (hidden,),
                "attn_q": (queries, hidden), "attn_k": (keys, hidden),
                "attn_v": (keys, hidden), "attn_output": (hidden, queries),
                "attn_q_norm": (sizes["head_dim"],),
                "attn_k_norm": (sizes["head_dim"],),
                "ffn_gate_inp": (experts, hidden),
                "ffn_gate_exps": (experts, ffn, hidden),
                "ffn_up_exps": (experts, ffn, hidden),
                "ffn_down_exps": (experts, hidden, ffn)}.items():
            yield f"blk.{layer}.{name}.weight", shape


def random_q4_0(random, shape):
    """Blocks of Q4_0 with a deviation of 0.02."""
    blocks = np.empty((*shape[:-1], shape[-1] // 32, 18), np.uint8)
    blocks[..., :2] = np.array([0.02 / 4.6], np.float16).view(np.uint8)
    blocks[..., 2:] = random.integers(0, 256, (*blocks.shape[:-1], 16), np.uint8)
    return blocks.reshape(*shape[:-1], -1)


def expert_model():
    out = MODELS / f"Qwen3-{EXPERT_MODEL}.gguf"
    if out.exists():
        return out
    peers.say("making a random model with Qwen3-30B-A3B's sizes, 4 layers, 1.8 GB")
    MODELS.mkdir(parents=True, exist_ok=True)
    partial, sizes = out.with_suffix(".partial"), EXPERTS
    writer = gguf.GGUFWriter(partial, "qwen3moe")
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q4_0)
    writer.add_name("Qwen3 30B A3B, 4 layers, random")
    writer.add_context_length(8192)
    writer.add_embedding_length(sizes["hidden"])
    writer.add_block_count(sizes["layers"])
    writer.add_feed_forward_length(sizes["ffn"])
    writer.add_head_count(sizes["heads"])
    writer.add_head_count_kv(sizes["kv_heads"])
    writer.add_key_length(sizes["head_dim"])
    writer.add_value_length(sizes["head_dim"])
    writer.add_rope_dimension_count(sizes["head_dim"])
    writer.add_rope_freq_base(1000000.0)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_expert_count(sizes["experts"])
    writer.add_expert_used_count(sizes["chosen"])
    writer.add_expert_feed_forward_length(sizes["expert_ffn"])
    writer.add_vocab_size(sizes["vocabulary"])
    add_padded_tokenizer(writer, sizes["vocabulary"])
    random = np.random.default_rng(2)
    for name, shape in expert_tensors():
        if len(shape) == 1:
            writer.add_tensor(name, np.ones(shape, np.float32))
        elif "gate_inp" in name:  # a router stays in f32
            writer.add_tensor(name, 0.02 * random.standard_normal(shape, np.float32))
        else:
            writer.add_tensor(name, random_q4_0(random, shape),
                              raw_dtype=gguf.GGMLQuantizationType.Q4_0)
    return write(writer, partial, out)


def large_f16():
    out = MODELS / "Llama-1B-random.F16.gguf"
    if out.exists():
        return out
    peers.say("making a random model with Llama-3.2-1B's sizes, 2.5 GB")
    MODELS.mkdir(parents=True, exist_ok=True)
    partial = out.with_suffix(".partial")
    writer = gguf.GGUFWriter(partial, "llama")
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    writer.add_name("Llama 1B, random")
    writer.add_context_length(8192)
    writer.add_embedding_length(LARGE["hidden"])
    writer.add_block_count(LARGE["layers"])
    writer.add_feed_forward_length(LARGE["ffn"])
    writer.add_head_count(LARGE["heads"])
    writer.add_head_count_kv(LARGE["kv_heads"])
    writer.add_rope_dimension_count(LARGE["head_dim"])
    writer.add_rope_freq_base(500000.0)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(LARGE["vocabulary"])
    add_padded_tokenizer(writer, LARGE["vocabulary"])
    random = np.random.default_rng(1)
    for name, shape in large_tensors():
        if len(shape) == 1:
            writer.add_tensor(name, np.ones(shape, np.float32))
            continue
        data = random.standard_normal(shape, np.float32)
        data *= 0.02
        writer.add_tensor(name, data.astype(np.float16))
    return write(writer, partial, out)


def add_padded_tokenizer(writer, vocabulary):
    """SmolLM2's, with unused tokens up to the larger vocabulary."""
    reader = gguf.GGUFReader(peers.model(peers.MODEL))
    fields = {name: field.contents() for name, field in reader.fields.items()}
    tokens = fields["tokenizer.ggml.tokens"]
    types = fields["tokenizer.ggml.token_type"]
    unused = range(vocabulary - len(tokens))
    writer.add_token_list(tokens + [f"<unused{i}>" for i in unused])
    writer.add_token_types(types + [gguf.TokenType.UNUSED] * len(unused))
    others = {name for name in fields if not name.startswith("tokenizer.")}
    copy_fields(reader, writer, others | {"tokenizer.ggml.tokens",
                                          "tokenizer.ggml.token_type"})


def make(name):
    """The file of the model `name`: one of NAMES, or a GGUF file itself."""
    if name.endswith(".gguf"):
        return peers.model(Path(name))
    if name in FETCHED_MODELS:
        return peers.model(FETCHED_MODELS[name])
    if name == EXPERT_MODEL:
        return expert_model()
    small = name in SMALL_MODELS
    format = (SMALL_MODELS if small else LARGE_MODELS)[name]
    out = MODELS / ((peers.MODEL.name.split(".")[0] if small else
                     "Llama-1B-random") + f".{format}.gguf")
    if not out.exists():
        source = dequantized(peers.model(peers.MODEL)) if small else large_f16()
        peers.say(f"quantizing {out.name}")
        partial = out.with_suffix(".partial")
        peers.run([peers.llama_cpp() / "llama-quantize", source, partial,
                   format, 2], peers.PEERS / "quantize.log")
        partial.rename(out)
    return out


Sizes = namedtuple("Sizes", "weight_bytes cache_bytes operations")


def sizes(path):
    """Bytes of weights read per decoded token; bytes of an f16 cache read per
    decoded token and position before it; multiplications and additions per
    token of a long prompt, of which only the last row has logits."""
    reader = gguf.GGUFReader(path)
    matrices = [tensor for tensor in reader.tensors if len(tensor.shape) > 1]
    tied = not any(tensor.name == "output.weight" for tensor in matrices)
    read = [tensor for tensor in reader.tensors
            if tied or tensor.name != "token_embd.weight"]
    layers = [tensor for tensor in matrices if tensor.name.startswith("blk.")]
    metadata = {key.split(".")[-1]: field for key, field in reader.fields.items()}

    def share(tensor):
        """Of a stack of experts, what a token has chosen."""
        if len(tensor.shape) < 3:
            return 1
        return (metadata["expert_used_count"].contents() /
                metadata["expert_count"].contents())

    # Rows of the projections to keys and values, over all layers.
    cached = sum(int(tensor.shape[1]) for tensor in layers
                 if tensor.name.endswith(("attn_k.weight", "attn_v.weight")))
    return Sizes(sum(int(tensor.n_bytes * share(tensor)) for tensor in read), 2 * cached,
                 2 * sum(int(tensor.n_elements * share(tensor)) for tensor in layers))
