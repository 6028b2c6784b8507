// GLM-4.5: the attention of GLM-4 with biases, in the largest with norms of heads, and
// behind the first layers DeepSeek-V3's experts.
quipu.model @glm4moe for ["glm4moe"] {
  quipu.param @nextn  = "nextn_predict_layers" else 0 // behind the model's own
  quipu.layer_set @first = below @dense

  %tokens = quipu.input "tokens"
  %at     = quipu.positions
  %angles = quipu.rope_angles %at dims @rope_dims theta @theta
              scaling <type = @scaling, factor = @factor, original_context = @original, low = @low, high = @high, beta_fast = @beta_fast, beta_slow = @beta_slow, attention = @attention>
  %x      = quipu.embed %tokens, "token_embd"
  %last   = quipu.layers "blk" times (@layers - @nextn) from %x {
  ^layer(%h: !quipu.value):
    %n    = quipu.rms_norm %h, "attn_norm" eps @eps
    %q    = quipu.linear %n, "attn_q" bias optional "attn_q.bias" -> [@heads, @head_dim]
    %k    = quipu.linear %n, "attn_k" bias optional "attn_k.bias" -> [@kv_heads, @head_dim]
    %v    = quipu.linear %n, "attn_v" bias optional "attn_v.bias" -> [@kv_heads, @head_dim]
    %qn   = quipu.rms_norm %q, optional "attn_q_norm" eps @eps
    %kn   = quipu.rms_norm %k, optional "attn_k_norm" eps @eps
    %qr   = quipu.rope %qn by %angles pairs halves
    %kr   = quipu.rope %kn by %angles pairs halves
    %kv   = quipu.cache_write %kr, %v at %at
    %a    = quipu.attention %qr over %kv at %at
    %o    = quipu.linear %a, "attn_output" -> [@hidden]
    %mid  = quipu.add %h, %o
    %m    = quipu.rms_norm %mid, "post_attention_norm" eps @eps
    %gate = quipu.linear %m, "ffn_gate" -> [@ffn]
    %up   = quipu.linear %m, "ffn_up" -> [@ffn]
    %act  = quipu.swiglu %gate, %up
    %wide = quipu.linear %act, "ffn_down" -> [@hidden]
    %l    = quipu.linear %m, "ffn_gate_inp" -> [@experts]
    %p    = quipu.activate sigmoid %l
    %ids, %w = quipu.top_k %p count @chosen biased "exp_probs_b.bias" groups @groups keep @kept normalized @normalized
    %eg   = quipu.linear %m, "ffn_gate_exps" of %ids -> [@expert_ffn]
    %eu   = quipu.linear %m, "ffn_up_exps" of %ids -> [@expert_ffn]
    %ea   = quipu.swiglu %eg, %eu
    %each = quipu.linear %ea, "ffn_down_exps" of %ids -> [@hidden]
    %sum  = quipu.sum %each by %w
    %many = quipu.scale %sum by @times
    %sg   = quipu.linear %m, "ffn_gate_shexp" -> [@shared_ffn]
    %su   = quipu.linear %m, "ffn_up_shexp" -> [@shared_ffn]
    %sa   = quipu.swiglu %sg, %su
    %same = quipu.linear %sa, "ffn_down_shexp" -> [@hidden]
    %both = quipu.add %many, %same
    %down = quipu.choose %wide in @first else %both
    %out  = quipu.add %mid, %down
    quipu.yield %out
  }
  %norm   = quipu.rms_norm %last, "output_norm" eps @eps
  quipu.yield %norm
}
