// Gemma 2 of three layers that see 16 positions, all, and 16 again: a loop each,
// and so a state each.
quipu.model @gemma2 for ["gemma2"] {
  quipu.param @hidden   = "embedding_length"
  quipu.param @ffn      = "feed_forward_length"
  quipu.param @heads    = "attention.head_count"
  quipu.param @kv_heads = "attention.head_count_kv"
  quipu.param @dim      = "attention.key_length"
  quipu.param @eps      = "attention.layer_norm_rms_epsilon"
  quipu.param @theta    = "rope.freq_base"
  quipu.param @window   = "attention.sliding_window"
  quipu.param @cap      = "attn_logit_softcapping"
  quipu.param @last_cap = "final_logit_softcapping"
  quipu.param @turned   = "rope.dimension_count"

  %tokens = quipu.input "tokens"
  %at     = quipu.positions
  %angles = quipu.rope_angles %at dims @turned theta @theta
  %e      = quipu.embed %tokens, "token_embd"
  %x      = quipu.scale %e by (@hidden ** 0.5)
  %near = quipu.layers "near" times 1 from %x {
  ^layer(%h: !quipu.value):
    %n    = quipu.rms_norm %h, "attn_norm" eps @eps
    %q    = quipu.linear %n, "attn_q" -> [@heads, @dim]
    %k    = quipu.linear %n, "attn_k" -> [@kv_heads, @dim]
    %v    = quipu.linear %n, "attn_v" -> [@kv_heads, @dim]
    %qr   = quipu.rope %q by %angles pairs halves
    %kr   = quipu.rope %k by %angles pairs halves
    %kv   = quipu.cache_write %kr, %v at %at
    %a    = quipu.attention %qr over %kv at %at window @window soft_cap @cap
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
    %sum  = quipu.add %mid, %dn
    quipu.yield %sum
  }
  %far = quipu.layers "far" times 1 from %near {
  ^layer(%h: !quipu.value):
    %n    = quipu.rms_norm %h, "attn_norm" eps @eps
    %q    = quipu.linear %n, "attn_q" -> [@heads, @dim]
    %k    = quipu.linear %n, "attn_k" -> [@kv_heads, @dim]
    %v    = quipu.linear %n, "attn_v" -> [@kv_heads, @dim]
    %qr   = quipu.rope %q by %angles pairs halves
    %kr   = quipu.rope %k by %angles pairs halves
    %kv   = quipu.cache_write %kr, %v at %at
    %a    = quipu.attention %qr over %kv at %at soft_cap @cap
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
    %sum  = quipu.add %mid, %dn
    quipu.yield %sum
  }
  %late = quipu.layers "late" times 1 from %far {
  ^layer(%h: !quipu.value):
    %n    = quipu.rms_norm %h, "attn_norm" eps @eps
    %q    = quipu.linear %n, "attn_q" -> [@heads, @dim]
    %k    = quipu.linear %n, "attn_k" -> [@kv_heads, @dim]
    %v    = quipu.linear %n, "attn_v" -> [@kv_heads, @dim]
    %qr   = quipu.rope %q by %angles pairs halves
    %kr   = quipu.rope %k by %angles pairs halves
    %kv   = quipu.cache_write %kr, %v at %at
    %a    = quipu.attention %qr over %kv at %at window @window soft_cap @cap
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
    %sum  = quipu.add %mid, %dn
    quipu.yield %sum
  }
  %norm = quipu.rms_norm %late, "output_norm" eps @eps
  quipu.yield %norm
}

// The logits are capped: this head comes before the one of all families.
quipu.head @generate {
^head(%hidden: !quipu.value):
  quipu.param @vocabulary = "vocab_size"

  %selected = quipu.input "selected"
  %rows     = quipu.gather %hidden, %selected
  %l        = quipu.linear %rows, "token_embd" -> [@vocabulary]
  %s        = quipu.scale %l by (1 / @last_cap)
  %t        = quipu.activate tanh %s
  %logits   = quipu.scale %t by @last_cap
  quipu.output "logits", %logits
}
