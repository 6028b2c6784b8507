// Phi-1, Phi-1.5 and Phi-2: one norm for attention and feed-forward, which are parallel;
// biases, also of the logits; gelu in its tanh form.
quipu.model @phi2 for ["phi2"] {
  quipu.param @eps = "attention.layer_norm_epsilon"

  %tokens = quipu.input "tokens"
  %at     = quipu.positions
  %angles = quipu.rope_angles %at dims @rope_dims theta @theta
  %x      = quipu.embed %tokens, "token_embd"
  %last   = quipu.layers "blk" times @layers from %x {
  ^layer(%h: !quipu.value):
    %n    = quipu.layer_norm %h, "attn_norm" bias "attn_norm.bias" eps @eps
    %q    = quipu.linear %n, "attn_q" bias "attn_q.bias" -> [@heads, @head_dim]
    %k    = quipu.linear %n, "attn_k" bias "attn_k.bias" -> [@kv_heads, @head_dim]
    %v    = quipu.linear %n, "attn_v" bias "attn_v.bias" -> [@kv_heads, @head_dim]
    %qr   = quipu.rope %q by %angles pairs halves
    %kr   = quipu.rope %k by %angles pairs halves
    %kv   = quipu.cache_write %kr, %v at %at
    %a    = quipu.attention %qr over %kv at %at
    %o    = quipu.linear %a, "attn_output" bias "attn_output.bias" -> [@hidden]
    %up   = quipu.linear %n, "ffn_up" bias "ffn_up.bias" -> [@ffn]
    %act  = quipu.activate gelu_tanh %up
    %down = quipu.linear %act, "ffn_down" bias "ffn_down.bias" -> [@hidden]
    %both = quipu.add %o, %down
    %out  = quipu.add %h, %both
    quipu.yield %out
  }
  %norm   = quipu.layer_norm %last, "output_norm" bias "output_norm.bias" eps @eps
  quipu.yield %norm
}
