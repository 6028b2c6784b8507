// Cohere's Command R and R+: layer norms without biases, one of them for attention
// and feed-forward both, which run side by side; logits are scaled.
quipu.model @command_r for ["command-r"] {
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
    %qn   = quipu.layer_norm %q, optional "attn_q_norm" eps @eps
    %kn   = quipu.layer_norm %k, optional "attn_k_norm" eps @eps
    %qr   = quipu.rope %qn by %angles pairs adjacent
    %kr   = quipu.rope %kn by %angles pairs adjacent
    %kv   = quipu.cache_write %kr, %v at %at
    %a    = quipu.attention %qr over %kv at %at
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
