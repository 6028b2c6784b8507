// gpt-oss: a window in every other layer, an attention sink for each head, biases
// everywhere, experts whose gates and ups are clamped. The weights of those that a
// token chooses are a softmax over these alone. YaRN's ramp is not rounded to whole
// pairs, where a checkpoint does not say otherwise.
quipu.model @gpt_oss for ["gpt-oss"] {
  quipu.param @truncate = "rope.scaling.truncate" else false
  quipu.layer_set @full = where "layer_types" is "full_attention" else where "attention.sliding_window_pattern" is false else every 2 from 1

  %tokens = quipu.input "tokens"
  %at     = quipu.positions
  %angles = quipu.rope_angles %at dims @rope_dims theta @theta scaling <type = @scaling, factor = @factor, original_context = @original, beta_fast = @beta_fast, beta_slow = @beta_slow, attention = @attention, truncate = @truncate>
  %x      = quipu.embed %tokens, "token_embd"
  %last   = quipu.layers "blk" times @layers from %x { ^layer(%h: !quipu.value):
    %n    = quipu.rms_norm %h, "attn_norm" eps @eps
    %q    = quipu.linear %n, "attn_q" bias "attn_q.bias" -> [@heads, @head_dim]
    %k    = quipu.linear %n, "attn_k" bias "attn_k.bias" -> [@kv_heads, @head_dim]
    %v    = quipu.linear %n, "attn_v" bias "attn_v.bias" -> [@kv_heads, @head_dim]
    %qr   = quipu.rope %q by %angles pairs halves
    %kr   = quipu.rope %k by %angles pairs halves
    %kv   = quipu.cache_write %kr, %v at %at
    %near = quipu.attention %qr over %kv at %at window @window sinks "attn_sinks"
    %far  = quipu.attention %qr over %kv at %at sinks "attn_sinks"
    %a    = quipu.choose %far in @full else %near
    %o    = quipu.linear %a, "attn_output" bias "attn_output.bias" -> [@hidden]
    %mid  = quipu.add %h, %o
    %m    = quipu.rms_norm %mid, "post_attention_norm" eps @eps
    %l    = quipu.linear %m, "ffn_gate_inp" bias "ffn_gate_inp.bias" -> [@experts]
    %ids, %top = quipu.top_k %l count @chosen
    %w    = quipu.softmax %top
    %gate = quipu.linear %m, "ffn_gate_exps" of %ids bias "ffn_gate_exps.bias" -> [@expert_ffn]
    %up   = quipu.linear %m, "ffn_up_exps" of %ids bias "ffn_up_exps.bias" -> [@expert_ffn]
    %g    = quipu.clamp %gate to 7.0
    %u    = quipu.clamp %up from -7.0 to 7.0
    %gs   = quipu.scale %g by 1.702
    %sig  = quipu.activate sigmoid %gs
    %glu  = quipu.mul %g, %sig
    %gu   = quipu.mul %glu, %u
    %act  = quipu.add %gu, %glu
    %each = quipu.linear %act, "ffn_down_exps" of %ids bias "ffn_down_exps.bias" -> [@hidden]
    %down = quipu.sum %each by %w
    %out  = quipu.add %mid, %down
    quipu.yield %out }
  %norm   = quipu.rms_norm %last, "output_norm" eps @eps
  quipu.yield %norm
}
