// Parameters that every spec knows; one counts only where a spec names it. Keys are
// GGUF's without the family's prefix.
quipu.model @prelude for [] {
  quipu.param @layers    = "block_count"
  quipu.param @hidden    = "embedding_length"
  quipu.param @ffn       = "feed_forward_length"
  quipu.param @heads     = "attention.head_count"
  quipu.param @kv_heads  = "attention.head_count_kv" else @heads
  quipu.param @head_dim  = "attention.key_length" else (@hidden floordiv @heads)
  quipu.param @eps       = "attention.layer_norm_rms_epsilon"
  quipu.param @window    = "attention.sliding_window" else absent
  quipu.param @scores    = "attention.scale" else absent
  quipu.param @rope_dims = "rope.dimension_count" else @head_dim
  quipu.param @theta     = "rope.freq_base" else 10000.0
  quipu.param @theta_swa = "rope.freq_base_swa" else 10000.0
  quipu.param @scaling   = "rope.scaling.type" else "linear"
  quipu.param @linear    = "rope.scale_linear" else 1.0
  quipu.param @factor    = "rope.scaling.factor" else @linear
  quipu.param @context   = "context_length" else 0
  quipu.param @original  = "rope.scaling.original_context_length" else @context
  quipu.param @low       = "rope.scaling.low_freq_factor" else absent
  quipu.param @high      = "rope.scaling.high_freq_factor" else absent
  quipu.param @beta_fast = "rope.scaling.yarn_beta_fast" else absent
  quipu.param @beta_slow = "rope.scaling.yarn_beta_slow" else absent
  quipu.param @attention = "rope.scaling.yarn_attn_factor" else absent

  quipu.param @logit_scale = "logit_scale" else absent
  quipu.param @logit_cap   = "final_logit_softcapping" else absent
  quipu.param @experts   = "expert_count"
  quipu.param @chosen    = "expert_used_count"
  quipu.param @expert_ffn = "expert_feed_forward_length" else @ffn
  quipu.param @normalized = "expert_weights_norm" else false
  quipu.param @shared    = "expert_shared_count"
  quipu.param @shared_ffn = "expert_shared_feed_forward_length" else (@expert_ffn * @shared)
  quipu.param @groups    = "expert_group_count" else 1
  quipu.param @kept      = "expert_group_used_count" else @groups
  quipu.param @times     = "expert_weights_scale" else 1.0
  quipu.param @dense     = "leading_dense_block_count" else 0
}
