"""What llama.cpp's converter calls the tensors of a Hugging Face folder."""

import re

NAMES = {
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "block_sparse_moe.gate": "ffn_gate_inp",
    "mlp.gate": "ffn_gate_inp",
}
# What the experts' matrices are called, and the stack that they become.
EXPERT_NAMES = {"w1": "ffn_gate_exps", "w3": "ffn_up_exps", "w2": "ffn_down_exps",
                "gate_proj": "ffn_gate_exps", "up_proj": "ffn_up_exps",
                "down_proj": "ffn_down_exps"}
GEMMA_NAMES = {
    **NAMES,
    "post_attention_layernorm": "post_attention_norm",
    "pre_feedforward_layernorm": "ffn_norm",
    "post_feedforward_layernorm": "post_ffw_norm",
}
OLMO2_NAMES = {
    **NAMES,
    "post_attention_layernorm": "post_attention_norm",
    "post_feedforward_layernorm": "post_ffw_norm",
}
BERT_NAMES = {
    "attention.self.query": "attn_q",
    "attention.self.key": "attn_k",
    "attention.self.value": "attn_v",
    "attention.output.dense": "attn_output",
    "attention.output.LayerNorm": "attn_output_norm",
    "intermediate.dense": "ffn_up",
    "output.dense": "ffn_down",
    "output.LayerNorm": "layer_output_norm",
}
DEEPSEEK_NAMES = {
    **NAMES,
    "self_attn.q_a_proj": "attn_q_a",
    "self_attn.q_b_proj": "attn_q_b",
    "self_attn.q_a_layernorm": "attn_q_a_norm",
    "self_attn.kv_a_proj_with_mqa": "attn_kv_a_mqa",
    "self_attn.kv_a_layernorm": "attn_kv_a_norm",
    "self_attn.kv_b_proj": "attn_kv_b",
    "mlp.gate.e_score_correction": "exp_probs_b",
    "mlp.shared_experts.gate_proj": "ffn_gate_shexp",
    "mlp.shared_experts.up_proj": "ffn_up_shexp",
    "mlp.shared_experts.down_proj": "ffn_down_shexp",
}
# What a family calls in its own way.
FAMILY_NAMES = {
    "gemma2": GEMMA_NAMES,
    "gemma3_text": GEMMA_NAMES,
    "glm4": {**NAMES, "post_self_attn_layernorm": "post_attention_norm",
             "post_mlp_layernorm": "post_ffw_norm", "mlp.gate_up_proj": "ffn_up"},
    "phi3": {**NAMES, "self_attn.qkv_proj": "attn_qkv", "mlp.gate_up_proj": "ffn_up"},
    "olmo2": OLMO2_NAMES,
    "olmo3": OLMO2_NAMES,
    "exaone4": OLMO2_NAMES,
    "bert": BERT_NAMES,
    "starcoder2": {**NAMES, "mlp.c_fc": "ffn_up", "mlp.c_proj": "ffn_down"},
    "phi": {**NAMES, "self_attn.dense": "attn_output", "mlp.fc1": "ffn_up",
            "mlp.fc2": "ffn_down"},
    "deepseek_v2": DEEPSEEK_NAMES,
    "deepseek_v3": DEEPSEEK_NAMES,
    "gpt_oss": {**NAMES, "post_attention_layernorm": "post_attention_norm",
                "mlp.router": "ffn_gate_inp"},
}
# Outside of the layers; the task's model may have the backbone as `model.`.
OUTER_NAMES = {
    "embed_tokens": "token_embd",
    "norm": "output_norm",
    "final_layernorm": "output_norm",
    "lm_head": "output",
    "embeddings.word_embeddings": "token_embd",
    "embeddings.position_embeddings": "position_embd",
    "embeddings.token_type_embeddings": "token_types",
    "embeddings.LayerNorm": "token_embd_norm",
}
# What llama.cpp's converter leaves out.
UNUSED_NAMES = ("pooler.dense.weight", "pooler.dense.bias")


def gguf_name(name, names, loops):
    name = re.sub("_bias$", ".bias", name.removeprefix("model."))
    name, _, kind = name.rpartition(".")
    if name in OUTER_NAMES:
        return f"{OUTER_NAMES[name]}.{kind}"
    layer, rest = re.fullmatch(r"(?:encoder\.)?layers?\.(\d+)\.(.*)", name).groups()
    prefix = f"{loops[int(layer)]}.0" if loops else f"blk.{layer}"
    return f"{prefix}.{names[rest]}.{kind}"
