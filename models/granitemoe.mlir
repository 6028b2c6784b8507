// Granite with experts: Granite (granite.mlir) with experts, whose choice comes before
// the softmax.
quipu.model @granitemoe for ["granitemoe"] {
  quipu.param @times       = "embedding_scale" else 1.0
  quipu.param @residual    = "residual_scale" else 1.0
  quipu.param @divisor     = "logit_scale" else absent
  quipu.param @logit_scale = (1 / @divisor)

  %tokens = quipu.input "tokens"
  %at     = quipu.positions
  %angles = quipu.rope_angles %at dims @rope_dims theta @theta
              scaling <type = @scaling, factor = @factor, original_context = @original, beta_fast = @beta_fast, beta_slow = @beta_slow, attention = @attention>
  %e      = quipu.embed %tokens, "token_embd"
  %x      = quipu.scale %e by @times
  %last   = quipu.layers "blk" times @layers from %x {
  ^layer(%h: !quipu.value):
    %n    = quipu.rms_norm %h, "attn_norm" eps @eps
    %q    = quipu.linear %n, "attn_q" bias optional "attn_q.bias" -> [@heads, @head_dim]
    %k    = quipu.linear %n, "attn_k" bias optional "attn_k.bias" -> [@kv_heads, @head_dim]
    %v    = quipu.linear %n, "attn_v" bias optional "attn_v.bias" -> [@kv_heads, @head_dim]
    %qr   = quipu.rope %q by %angles pairs adjacent
    %kr   = quipu.rope %k by %angles pairs adjacent
    %kv   = quipu.cache_write %kr, %v at %at
    %a    = quipu.attention %qr over %kv at %at scale @scores
    %o    = quipu.linear %a, "attn_output" bias optional "attn_output.bias" -> [@hidden]
    %os   = quipu.scale %o by @residual
    %mid  = quipu.add %h, %os
    %m    = quipu.rms_norm %mid, "ffn_norm" eps @eps
    %l    = quipu.linear %m, "ffn_gate_inp" -> [@experts]
    %ids, %s = quipu.top_k %l count @chosen
    %w    = quipu.softmax %s
    %gate = quipu.linear %m, "ffn_gate_exps" of %ids -> [@ffn]
    %up   = quipu.linear %m, "ffn_up_exps" of %ids -> [@ffn]
    %act  = quipu.swiglu %gate, %up
    %each = quipu.linear %act, "ffn_down_exps" of %ids -> [@hidden]
    %down = quipu.sum %each by %w
    %ds   = quipu.scale %down by @residual
    %out  = quipu.add %mid, %ds
    quipu.yield %out
  }
  %norm   = quipu.rms_norm %last, "output_norm" eps @eps
  quipu.yield %norm
}
