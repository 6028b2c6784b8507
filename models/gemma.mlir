// Gemma 1: Llama with gelu in its tanh form, and embeddings scaled by the root of the
// hidden size.
quipu.model @gemma for ["gemma"] {
  %tokens = quipu.input "tokens"
  %at     = quipu.positions
  %angles = quipu.rope_angles %at dims @rope_dims theta @theta
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
    %a    = quipu.attention %qr over %kv at %at
    %o    = quipu.linear %a, "attn_output" -> [@hidden]
    %mid  = quipu.add %h, %o
    %m    = quipu.rms_norm %mid, "ffn_norm" eps @eps
    %gate = quipu.linear %m, "ffn_gate" -> [@ffn]
    %up   = quipu.linear %m, "ffn_up" -> [@ffn]
    %ga   = quipu.activate gelu_tanh %gate
    %act  = quipu.mul %ga, %up
    %down = quipu.linear %act, "ffn_down" -> [@hidden]
    %out  = quipu.add %mid, %down
    quipu.yield %out
  }
  %norm   = quipu.rms_norm %last, "output_norm" eps @eps
  quipu.yield %norm
}
