// BERT and sentence encoders made of it: every token sees the whole text; norms
// behind attention and feed-forward; positions and types of texts are looked up.
quipu.model @bert for ["bert"] {
  quipu.param @eps    = "attention.layer_norm_epsilon"
  quipu.param @causal = "attention.causal" of ["full"] else "full" // no other case

  %tokens    = quipu.input "tokens"
  %positions = quipu.input "positions"
  %types     = quipu.input "types"
  %at        = quipu.positions
  %word      = quipu.embed %tokens, "token_embd"
  %place     = quipu.embed %positions, "position_embd"
  %type      = quipu.embed %types, "token_types"
  %wp        = quipu.add %word, %place
  %sum       = quipu.add %wp, %type
  %x         = quipu.layer_norm %sum, "token_embd_norm" bias "token_embd_norm.bias" eps @eps
  %last      = quipu.layers "blk" times @layers from %x {
  ^layer(%h: !quipu.value):
    %q    = quipu.linear %h, "attn_q" bias "attn_q.bias" -> [@heads, @head_dim]
    %k    = quipu.linear %h, "attn_k" bias "attn_k.bias" -> [@kv_heads, @head_dim]
    %v    = quipu.linear %h, "attn_v" bias "attn_v.bias" -> [@kv_heads, @head_dim]
    %kv   = quipu.cache_write %k, %v at %at
    %a    = quipu.attention %q over %kv at %at full
    %o    = quipu.linear %a, "attn_output" bias "attn_output.bias" -> [@hidden]
    %ho   = quipu.add %h, %o
    %mid  = quipu.layer_norm %ho, "attn_output_norm" bias "attn_output_norm.bias" eps @eps
    %up   = quipu.linear %mid, "ffn_up" bias "ffn_up.bias" -> [@ffn]
    %act  = quipu.activate gelu %up
    %down = quipu.linear %act, "ffn_down" bias "ffn_down.bias" -> [@hidden]
    %md   = quipu.add %mid, %down
    %out  = quipu.layer_norm %md, "layer_output_norm" bias "layer_output_norm.bias" eps @eps
    quipu.yield %out
  }
  quipu.yield %last
}
