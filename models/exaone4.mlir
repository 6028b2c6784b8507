// EXAONE 4: OLMo 2 with norms of heads. With a window, three layers of four see it, and
// the others do not turn queries and keys; without one, all turn.
quipu.model @exaone4 for ["exaone4"] {
  quipu.layer_set @full = where "layer_types" is "full_attention" else where "attention.sliding_window_pattern" is false else every 4 from 3

  %tokens = quipu.input "tokens"
  %at     = quipu.positions
  %angles = quipu.rope_angles %at dims @rope_dims theta @theta
              scaling <type = @scaling, factor = @factor, original_context = @original, beta_fast = @beta_fast, beta_slow = @beta_slow, attention = @attention>
  %x      = quipu.embed %tokens, "token_embd"
  %last   = quipu.layers "blk" times @layers from %x {
  ^layer(%h: !quipu.value):
    %q    = quipu.linear %h, "attn_q" -> [@heads, @head_dim]
    %k    = quipu.linear %h, "attn_k" -> [@kv_heads, @head_dim]
    %v    = quipu.linear %h, "attn_v" -> [@kv_heads, @head_dim]
    %qn   = quipu.rms_norm %q, "attn_q_norm" eps @eps
    %kn   = quipu.rms_norm %k, "attn_k_norm" eps @eps
    %qt   = quipu.rope %qn by %angles pairs halves
    %kt   = quipu.rope %kn by %angles pairs halves
    %qs   = quipu.choose %qn in @full else %qt
    %ks   = quipu.choose %kn in @full else %kt
    %qr   = quipu.choose %qs given @window else %qt
    %kr   = quipu.choose %ks given @window else %kt
    %kv   = quipu.cache_write %kr, %v at %at
    %near = quipu.attention %qr over %kv at %at window @window
    %far  = quipu.attention %qr over %kv at %at
    %a    = quipu.choose %far in @full else %near
    %o    = quipu.linear %a, "attn_output" -> [@hidden]
    %on   = quipu.rms_norm %o, "post_attention_norm" eps @eps
    %mid  = quipu.add %h, %on
    %gate = quipu.linear %mid, "ffn_gate" -> [@ffn]
    %up   = quipu.linear %mid, "ffn_up" -> [@ffn]
    %act  = quipu.swiglu %gate, %up
    %down = quipu.linear %act, "ffn_down" -> [@hidden]
    %dn   = quipu.rms_norm %down, "post_ffw_norm" eps @eps
    %out  = quipu.add %mid, %dn
    quipu.yield %out
  }
  %norm   = quipu.rms_norm %last, "output_norm" eps @eps
  quipu.yield %norm
}
