// Gemma 3 (text): Gemma 2 with norms of q's and k's heads instead of caps; five of
// six layers have a window and a rotation of their own. GGUF has 1 added to the
// norms' weights, and does not say that scores are scaled by 1 / sqrt(hidden / heads)
// where heads have 128 components, as in the 27B models: @scores knows.
quipu.model @gemma3 for ["gemma3"] {
  quipu.param @scores = "attention.scale" else ((@head_dim + (((@head_dim floordiv 128) * (2 - (@head_dim floordiv 128))) * ((@hidden floordiv @heads) - @head_dim))) ** -0.5)
  quipu.layer_set @full = where "layer_types" is "full_attention" else where "attention.sliding_window_pattern" is false else every 6 from 5

  %tokens = quipu.input "tokens"
  %at     = quipu.positions
  %slow   = quipu.rope_angles %at dims @rope_dims theta @theta scaling <type = @scaling, factor = @factor> factors optional "rope_freqs"
  %quick  = quipu.rope_angles %at dims @rope_dims theta @theta_swa
  %e      = quipu.embed %tokens, "token_embd"
  %x      = quipu.scale %e by (@hidden ** 0.5)
  %last   = quipu.layers "blk" times @layers from %x {
  ^layer(%h: !quipu.value):
    %angles = quipu.choose %slow in @full else %quick
    %n    = quipu.rms_norm %h, "attn_norm" eps @eps
    %q    = quipu.linear %n, "attn_q" -> [@heads, @head_dim]
    %k    = quipu.linear %n, "attn_k" -> [@kv_heads, @head_dim]
    %v    = quipu.linear %n, "attn_v" -> [@kv_heads, @head_dim]
    %qn   = quipu.rms_norm %q, "attn_q_norm" eps @eps
    %kn   = quipu.rms_norm %k, "attn_k_norm" eps @eps
    %qr   = quipu.rope %qn by %angles pairs halves
    %kr   = quipu.rope %kn by %angles pairs halves
    %kv   = quipu.cache_write %kr, %v at %at
    %near = quipu.attention %qr over %kv at %at scale @scores window @window
    %far  = quipu.attention %qr over %kv at %at scale @scores
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
