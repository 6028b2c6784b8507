// Hunyuan (dense): Llama whose heads of q and k are normed behind the rotation.
quipu.model @hunyuan_dense for ["hunyuan-dense"] {
  %tokens = quipu.input "tokens"
  %at     = quipu.positions
  %angles = quipu.rope_angles %at dims @rope_dims theta @theta
              scaling <type = @scaling, factor = @factor, original_context = @original, low = @low, high = @high, beta_fast = @beta_fast, beta_slow = @beta_slow, attention = @attention>
  %x      = quipu.embed %tokens, "token_embd"
  %last   = quipu.layers "blk" times @layers from %x {
  ^layer(%h: !quipu.value):
    %n    = quipu.rms_norm %h, "attn_norm" eps @eps
    %q    = quipu.linear %n, "attn_q" -> [@heads, @head_dim]
    %k    = quipu.linear %n, "attn_k" -> [@kv_heads, @head_dim]
    %v    = quipu.linear %n, "attn_v" -> [@kv_heads, @head_dim]
    %qr   = quipu.rope %q by %angles pairs halves
    %kr   = quipu.rope %k by %angles pairs halves
    %qn   = quipu.rms_norm %qr, "attn_q_norm" eps @eps
    %kn   = quipu.rms_norm %kr, "attn_k_norm" eps @eps
    %kv   = quipu.cache_write %kn, %v at %at
    %a    = quipu.attention %qn over %kv at %at
    %o    = quipu.linear %a, "attn_output" -> [@hidden]
    %mid  = quipu.add %h, %o
    %m    = quipu.rms_norm %mid, "ffn_norm" eps @eps
    %gate = quipu.linear %m, "ffn_gate" -> [@ffn]
    %up   = quipu.linear %m, "ffn_up" -> [@ffn]
    %act  = quipu.swiglu %gate, %up
    %down = quipu.linear %act, "ffn_down" -> [@hidden]
    %out  = quipu.add %mid, %down
    quipu.yield %out
  }
  %norm   = quipu.rms_norm %last, "output_norm" eps @eps
  quipu.yield %norm
}
