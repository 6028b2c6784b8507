// Command R7B and its successors (Cohere 2): Command R, of whose layers three of four
// see a window, and the others do not turn queries and keys.
quipu.model @cohere2 for ["cohere2"] {
  quipu.layer_set @full = where "layer_types" is "full_attention" else where "attention.sliding_window_pattern" is false else every 4 from 3
  quipu.param @eps = "attention.layer_norm_epsilon"

  %tokens = quipu.input "tokens"
  %at     = quipu.positions
  %angles = quipu.rope_angles %at dims @rope_dims theta @theta
              scaling <type = @scaling, factor = @factor>
  %x      = quipu.embed %tokens, "token_embd"
  %last   = quipu.layers "blk" times @layers from %x {
  ^layer(%h: !quipu.value):
    %n    = quipu.layer_norm %h, "attn_norm" eps @eps
    %q    = quipu.linear %n, "attn_q" bias optional "attn_q.bias" -> [@heads, @head_dim]
    %k    = quipu.linear %n, "attn_k" bias optional "attn_k.bias" -> [@kv_heads, @head_dim]
    %v    = quipu.linear %n, "attn_v" bias optional "attn_v.bias" -> [@kv_heads, @head_dim]
    %qt   = quipu.rope %q by %angles pairs adjacent
    %kt   = quipu.rope %k by %angles pairs adjacent
    %qr   = quipu.choose %q in @full else %qt
    %kr   = quipu.choose %k in @full else %kt
    %kv   = quipu.cache_write %kr, %v at %at
    %near = quipu.attention %qr over %kv at %at window @window
    %far  = quipu.attention %qr over %kv at %at
    %a    = quipu.choose %far in @full else %near
    %o    = quipu.linear %a, "attn_output" -> [@hidden]
    %gate = quipu.linear %n, "ffn_gate" -> [@ffn]
    %up   = quipu.linear %n, "ffn_up" -> [@ffn]
    %act  = quipu.swiglu %gate, %up
    %down = quipu.linear %act, "ffn_down" -> [@hidden]
    %both = quipu.add %o, %down
    %out  = quipu.add %h, %both
    quipu.yield %out
  }
  %norm   = quipu.layer_norm %last, "output_norm" eps @eps
  quipu.yield %norm
}
