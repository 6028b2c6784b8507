// Gemma 2: norms before and behind attention and the feed-forward network, capped
// scores and logits, and a window in every other layer. GGUF has 1 added to the
// norms' weights, and does not say that scores are scaled by 1 / sqrt(hidden / heads)
// where heads have 128 components, as in the 27B models: @scores knows.
quipu.model @gemma2 for ["gemma2"] {
  quipu.param @scores = "attention.scale" else ((@head_dim + (((@head_dim floordiv 128) * (2 - (@head_dim floordiv 128))) * ((@hidden floordiv @heads) - @head_dim))) ** -0.5)
  quipu.param @cap    = "attn_logit_softcapping" else absent
  quipu.layer_set @full = where "layer_types" is "full_attention" else where "attention.sliding_window_pattern" is false else every 2 from 1

  %tokens = quipu.input "tokens"
  %at     = quipu.positions
  %angles = quipu.rope_angles %at dims @rope_dims theta @theta factors optional "rope_freqs"
  %e      = quipu.embed %tokens, "token_embd"
  %x      = quipu.scale %e by (@hidden ** 0.5)
  %last   = quipu.layers "blk" times @layers from %x {
  ^layer(%h: !quipu.value):
    %n    = quipu.rms_norm %h, "attn_norm" eps @eps
    %q    = quipu.linear %n, "attn_q" -> [@heads, @head_dim]
    %k    = quipu.linear %n, "attn_k" -> [@kv_heads, @head_dim]
    %v    = quipu.linear %n, "attn_v" -> [@kv_heads, @head_dim]
    %qr   = quipu.rope %q by %angles pairs halves
    %kr   = quipu.rope %k by %angles pairs halves
    %kv   = quipu.cache_write %kr, %v at %at
    %near = quipu.attention %qr over %kv at %at scale @scores window @window soft_cap @cap
    %far  = quipu.attention %qr over %kv at %at scale @scores soft_cap @cap
    %a    = quipu.choose %far in @full else %near
    %o    = quipu.linear %a, "attn_output" -> [@hidden]
    %on   = quipu.rms_norm %o, "post_attention_norm" eps @eps
    %mid  = quipu.add %h, %on
    %m    = quipu.rms_norm %mid, "ffn_norm" eps @eps
    %gate = quipu.linear %m, "ffn_gate" -> [@ffn]
    %up   = quipu.linear %m, "ffn_up" -> [@ffn]
    %ga   = quipu.activate gelu_tanh %gate
    %act  = quipu.mul %ga, %up
    %down = quipu.linear %act, "ffn_down" -> [@hidden]
    %dn   = quipu.rms_norm %down, "post_ffw_norm" eps @eps
    %out  = quipu.add %mid, %dn
    quipu.yield %out
  }
  %norm   = quipu.rms_norm %last, "output_norm" eps @eps
  quipu.yield %norm
}
