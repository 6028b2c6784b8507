// An architecture of one's own: attention and feed-forward read the same norm and are
// added together, and the feed-forward squares a relu instead of gating.
quipu.model @parallel for ["parallel"] {
  %tokens = quipu.input "tokens"
  %at     = quipu.positions
  %angles = quipu.rope_angles %at dims @head_dim theta @theta
  %x      = quipu.embed %tokens, "token_embd"
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
    %up   = quipu.linear %n, "ffn_up" -> [@ffn]
    %pos  = quipu.activate relu %up
    %act  = quipu.mul %pos, %pos
    %down = quipu.linear %act, "ffn_down" -> [@hidden]
    %both = quipu.add %o, %down
    %out  = quipu.add %h, %both
    quipu.yield %out
  }
  %norm   = quipu.rms_norm %last, "output_norm" eps @eps
  quipu.yield %norm
}
