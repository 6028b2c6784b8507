// Qwen3 with experts.
quipu.model @qwen3moe for ["qwen3moe"] {
  quipu.param @normalized = "expert_weights_norm" else true

  %tokens = quipu.input "tokens"
  %at     = quipu.positions
  %angles = quipu.rope_angles %at dims @rope_dims theta @theta
              scaling <type = @scaling, factor = @factor, original_context = @original, beta_fast = @beta_fast, beta_slow = @beta_slow, attention = @attention>
              factors optional "rope_freqs"
  %x      = quipu.embed %tokens, "token_embd"
  %last   = quipu.layers "blk" times @layers from %x {
  ^layer(%h: !quipu.value):
    %n    = quipu.rms_norm %h, "attn_norm" eps @eps
    %q    = quipu.linear %n, "attn_q" bias optional "attn_q.bias" -> [@heads, @head_dim]
    %k    = quipu.linear %n, "attn_k" bias optional "attn_k.bias" -> [@kv_heads, @head_dim]
    %v    = quipu.linear %n, "attn_v" bias optional "attn_v.bias" -> [@kv_heads, @head_dim]
    %qn   = quipu.rms_norm %q, "attn_q_norm" eps @eps
    %kn   = quipu.rms_norm %k, "attn_k_norm" eps @eps
    %qr   = quipu.rope %qn by %angles pairs halves
    %kr   = quipu.rope %kn by %angles pairs halves
    %kv   = quipu.cache_write %kr, %v at %at
    %a    = quipu.attention %qr over %kv at %at
    %o    = quipu.linear %a, "attn_output" bias optional "attn_output.bias" -> [@hidden]
    %mid  = quipu.add %h, %o
    %m    = quipu.rms_norm %mid, "ffn_norm" eps @eps
    %l    = quipu.linear %m, "ffn_gate_inp" -> [@experts]
    %p    = quipu.softmax %l
    %ids, %w = quipu.top_k %p count @chosen normalized @normalized
    %gate = quipu.linear %m, "ffn_gate_exps" of %ids -> [@expert_ffn]
    %up   = quipu.linear %m, "ffn_up_exps" of %ids -> [@expert_ffn]
    %act  = quipu.swiglu %gate, %up
    %each = quipu.linear %act, "ffn_down_exps" of %ids -> [@hidden]
    %down = quipu.sum %each by %w
    %out  = quipu.add %mid, %down
    quipu.yield %out
  }
  %norm   = quipu.rms_norm %last, "output_norm" eps @eps
  quipu.yield %norm
}
