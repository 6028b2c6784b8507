// Phi-3: Llama whose q, k and v are the rows of one weight, gate and up those of
// another; long texts turn by other factors (LongRoPE).
quipu.model @phi3 for ["phi3"] {
  quipu.param @queries = (@heads * @head_dim)
  quipu.param @keys    = (@queries + (@kv_heads * @head_dim))
  quipu.param @values  = (@keys + (@kv_heads * @head_dim))
  quipu.param @scaling = "rope.scaling.type" else "none"
  quipu.param @factor  = "rope.scaling.factor" else (@context / @original)
  quipu.param @stretch = "rope.scaling.attn_factor" else @attention

  %tokens = quipu.input "tokens"
  %at     = quipu.positions
  %angles = quipu.rope_angles %at dims @rope_dims theta @theta
              scaling <type = @scaling, factor = @factor, original_context = @original, beta_fast = @beta_fast, beta_slow = @beta_slow, attention = @stretch>
              factors optional "rope_factors_long" short optional "rope_factors_short"
  %x      = quipu.embed %tokens, "token_embd"
  %last   = quipu.layers "blk" times @layers from %x {
  ^layer(%h: !quipu.value):
    %n    = quipu.rms_norm %h, "attn_norm" eps @eps
    %q    = quipu.linear %n, "attn_qkv" rows 0 to @queries -> [@heads, @head_dim]
    %k    = quipu.linear %n, "attn_qkv" rows @queries to @keys -> [@kv_heads, @head_dim]
    %v    = quipu.linear %n, "attn_qkv" rows @keys to @values -> [@kv_heads, @head_dim]
    %qr   = quipu.rope %q by %angles pairs halves
    %kr   = quipu.rope %k by %angles pairs halves
    %kv   = quipu.cache_write %kr, %v at %at
    %a    = quipu.attention %qr over %kv at %at window @window
    %o    = quipu.linear %a, "attn_output" -> [@hidden]
    %mid  = quipu.add %h, %o
    %m    = quipu.rms_norm %mid, "ffn_norm" eps @eps
    %gate = quipu.linear %m, "ffn_up" rows 0 to @ffn -> [@ffn]
    %up   = quipu.linear %m, "ffn_up" rows @ffn to (2 * @ffn) -> [@ffn]
    %act  = quipu.swiglu %gate, %up
    %down = quipu.linear %act, "ffn_down" -> [@hidden]
    %out  = quipu.add %mid, %down
    quipu.yield %out
  }
  %norm   = quipu.rms_norm %last, "output_norm" eps @eps
  quipu.yield %norm
}
