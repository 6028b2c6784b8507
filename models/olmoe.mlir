// OLMoE: OLMo 2's norms of all of a token's queries and keys, before the rotation,
// Llama's norms before the rest, and experts.
quipu.model @olmoe for ["olmoe"] {
  quipu.param @clip = "attention.clamp_kqv" else absent

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
    %qn   = quipu.rms_norm %q, "attn_q_norm" eps @eps
    %kn   = quipu.rms_norm %k, "attn_k_norm" eps @eps
    %qc   = quipu.clamp %qn from (0 - @clip) to @clip
    %kc   = quipu.clamp %kn from (0 - @clip) to @clip
    %vc   = quipu.clamp %v from (0 - @clip) to @clip
    %qr   = quipu.rope %qc by %angles pairs halves
    %kr   = quipu.rope %kc by %angles pairs halves
    %kv   = quipu.cache_write %kr, %vc at %at
    %a    = quipu.attention %qr over %kv at %at
    %o    = quipu.linear %a, "attn_output" -> [@hidden]
    %mid  = quipu.add %h, %o
    %m    = quipu.rms_norm %mid, "ffn_norm" eps @eps
    %l    = quipu.linear %m, "ffn_gate_inp" -> [@experts]
    %p    = quipu.softmax %l
    %ids, %w = quipu.top_k %p count @chosen normalized @normalized
    %eg   = quipu.linear %m, "ffn_gate_exps" of %ids -> [@expert_ffn]
    %eu   = quipu.linear %m, "ffn_up_exps" of %ids -> [@expert_ffn]
    %ea   = quipu.swiglu %eg, %eu
    %each = quipu.linear %ea, "ffn_down_exps" of %ids -> [@hidden]
    %down = quipu.sum %each by %w
    %out  = quipu.add %mid, %down
    quipu.yield %out
  }
  %norm   = quipu.rms_norm %last, "output_norm" eps @eps
  quipu.yield %norm
}
