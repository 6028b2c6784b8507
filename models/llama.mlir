// Llama 1 to 3, TinyLlama, SmolLM2. Keys are GGUF's without the family's prefix,
// weights GGUF's without `.weight`; GGUF orders the rows of q and k so that the
// components of a rotary pair are neighbours.
quipu.model @llama for ["llama"] {
  quipu.param @layers     = "block_count"
  quipu.param @hidden     = "embedding_length"
  quipu.param @ffn        = "feed_forward_length"
  quipu.param @heads      = "attention.head_count"
  quipu.param @kv_heads   = "attention.head_count_kv" else @heads
  quipu.param @head_dim   = "attention.key_length" else @hidden floordiv @heads
  quipu.param @eps        = "attention.layer_norm_rms_epsilon"
  quipu.param @rope_dims  = "rope.dimension_count" else @head_dim
  quipu.param @theta      = "rope.freq_base" else 10000.0
  quipu.param @scaling    = "rope.scaling.type" else "none"
  quipu.param @factor     = "rope.scaling.factor" else 1.0
  quipu.param @original   = "rope.scaling.original_context_length" else 0

  %tokens = quipu.input "tokens"
  %at     = quipu.positions
  %angles = quipu.rope_angles %at dims @rope_dims theta @theta scaling <type = @scaling, factor = @factor, original_context = @original> factors optional "rope_freqs"
  %x      = quipu.embed %tokens, "token_embd"
  %last   = quipu.layers "blk" times @layers from %x {
  ^layer(%h: !quipu.value):
    %n    = quipu.rms_norm %h, "attn_norm" eps @eps
    %q    = quipu.linear %n, "attn_q" bias optional "attn_q.bias" -> [@heads, @head_dim]
    %k    = quipu.linear %n, "attn_k" bias optional "attn_k.bias" -> [@kv_heads, @head_dim]
    %v    = quipu.linear %n, "attn_v" bias optional "attn_v.bias" -> [@kv_heads, @head_dim]
    %qr   = quipu.rope %q by %angles pairs adjacent
    %kr   = quipu.rope %k by %angles pairs adjacent
    %kv   = quipu.cache_write %kr, %v at %at
    %a    = quipu.attention %qr over %kv at %at
    %o    = quipu.linear %a, "attn_output" bias optional "attn_output.bias" -> [@hidden]
    %mid  = quipu.add %h, %o
    %m    = quipu.rms_norm %mid, "ffn_norm" eps @eps
    %gate = quipu.linear %m, "ffn_gate" -> [@ffn]
    %up   = quipu.linear %m, "ffn_up" -> [@ffn]
    %act  = quipu.swiglu %gate, %up
    %down = quipu.linear %act, "ffn_down" -> [@hidden]
    %out  = quipu.add %mid, %down
    quipu.yield %out
  }
  %norm   = quipu.rms_norm %last, "output_norm" eps @eps
  quipu.yield %norm
}
