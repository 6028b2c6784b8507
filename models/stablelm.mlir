// StableLM 2: Llama with layer norms, and heads of which only the first components
// turn.
quipu.model @stablelm for ["stablelm"] {
  quipu.param @eps = "attention.layer_norm_epsilon"

  %tokens = quipu.input "tokens"
  %at     = quipu.positions
  %angles = quipu.rope_angles %at dims @rope_dims theta @theta
  %x      = quipu.embed %tokens, "token_embd"
  %last   = quipu.layers "blk" times @layers from %x {
  ^layer(%h: !quipu.value):
    %n    = quipu.layer_norm %h, "attn_norm" bias "attn_norm.bias" eps @eps
    %q    = quipu.linear %n, "attn_q" bias optional "attn_q.bias" -> [@heads, @head_dim]
    %k    = quipu.linear %n, "attn_k" bias optional "attn_k.bias" -> [@kv_heads, @head_dim]
    %v    = quipu.linear %n, "attn_v" bias optional "attn_v.bias" -> [@kv_heads, @head_dim]
    %qn   = quipu.layer_norm %q, optional "attn_q_norm" eps @eps
    %kn   = quipu.layer_norm %k, optional "attn_k_norm" eps @eps
    %qr   = quipu.rope %qn by %angles pairs halves
    %kr   = quipu.rope %kn by %angles pairs halves
    %kv   = quipu.cache_write %kr, %v at %at
    %a    = quipu.attention %qr over %kv at %at
    %o    = quipu.linear %a, "attn_output" -> [@hidden]
    %mid  = quipu.add %h, %o
    %m    = quipu.layer_norm %mid, "ffn_norm" bias "ffn_norm.bias" eps @eps
    %gate = quipu.linear %m, "ffn_gate" -> [@ffn]
    %up   = quipu.linear %m, "ffn_up" -> [@ffn]
    %act  = quipu.swiglu %gate, %up
    %down = quipu.linear %act, "ffn_down" -> [@hidden]
    %out  = quipu.add %mid, %down
    quipu.yield %out
  }
  %norm   = quipu.layer_norm %last, "output_norm" bias "output_norm.bias" eps @eps
  quipu.yield %norm
}
