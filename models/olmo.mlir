// OLMo 1: Llama with layer norms that have no weights; q, k and v may be clamped.
quipu.model @olmo for ["olmo"] {
  quipu.param @eps  = "attention.layer_norm_epsilon"
  quipu.param @clip = "attention.clamp_kqv" else absent

  %tokens = quipu.input "tokens"
  %at     = quipu.positions
  %angles = quipu.rope_angles %at dims @rope_dims theta @theta
              scaling <type = @scaling, factor = @factor, original_context = @original, low = @low, high = @high, beta_fast = @beta_fast, beta_slow = @beta_slow, attention = @attention>
  %x      = quipu.embed %tokens, "token_embd"
  %last   = quipu.layers "blk" times @layers from %x {
  ^layer(%h: !quipu.value):
    %n    = quipu.layer_norm %h eps @eps
    %q    = quipu.linear %n, "attn_q" -> [@heads, @head_dim]
    %k    = quipu.linear %n, "attn_k" -> [@kv_heads, @head_dim]
    %v    = quipu.linear %n, "attn_v" -> [@kv_heads, @head_dim]
    %qc   = quipu.clamp %q from (0 - @clip) to @clip
    %kc   = quipu.clamp %k from (0 - @clip) to @clip
    %vc   = quipu.clamp %v from (0 - @clip) to @clip
    %qr   = quipu.rope %qc by %angles pairs adjacent
    %kr   = quipu.rope %kc by %angles pairs adjacent
    %kv   = quipu.cache_write %kr, %vc at %at
    %a    = quipu.attention %qr over %kv at %at
    %o    = quipu.linear %a, "attn_output" -> [@hidden]
    %mid  = quipu.add %h, %o
    %m    = quipu.layer_norm %mid eps @eps
    %gate = quipu.linear %m, "ffn_gate" -> [@ffn]
    %up   = quipu.linear %m, "ffn_up" -> [@ffn]
    %act  = quipu.swiglu %gate, %up
    %down = quipu.linear %act, "ffn_down" -> [@hidden]
    %out  = quipu.add %mid, %down
    quipu.yield %out
  }
  %norm   = quipu.layer_norm %last eps @eps
  quipu.yield %norm
}
