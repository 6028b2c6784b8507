// DeepSeek-V2: DeepSeek-V3 (deepseek.mlir) whose experts are chosen by a softmax, from
// the groups that have the highest scores. GGUF files do not say which of both they are:
// there '--spec' does.
quipu.model @deepseek_v2 for ["deepseek2"] with "attention.value_length_mla", "expert_group_choice" {
  quipu.param @key_dim   = "attention.key_length_mla" else 0
  quipu.param @flat      = "attention.key_length_nope" else (@key_dim - @rope_dims)
  quipu.param @value_dim = "attention.value_length_mla"
  quipu.param @q_rank    = "attention.q_lora_rank"
  quipu.param @rank      = "attention.kv_lora_rank"
  // ln(factor) as a difference quotient. YaRN stretches cos and sin, but where both
  // mscale and mscale_all_dim are given, scores by the square of the latter's, and
  // cos and sin by what is left. 0 is not given, and 0 ** 0 is 1.
  quipu.param @ln        = (((@factor ** 0.00001) - (@factor ** -0.00001)) / 0.00002)
  quipu.param @log_times = "rope.scaling.yarn_log_multiplier" else 0.0
  quipu.param @mscale    = "rope.scaling.yarn_mscale" else (10 * @log_times)
  quipu.param @grown     = (1 + (@log_times * @ln))
  quipu.param @plain     = (1 + (0.1 * @ln))
  quipu.param @stretch   = "rope.scaling.yarn_attn_factor" else (@plain + (((1 - (0 ** @mscale)) * (1 - (0 ** @log_times))) * (((1 + ((0.1 * @mscale) * @ln)) / @grown) - @plain)))
  quipu.layer_set @first = below @dense

  %tokens = quipu.input "tokens"
  %at     = quipu.positions
  %angles = quipu.rope_angles %at dims @rope_dims theta @theta
              scaling <type = @scaling, factor = @factor, original_context = @original, beta_fast = @beta_fast, beta_slow = @beta_slow, attention = @stretch>
  %x      = quipu.embed %tokens, "token_embd"
  %last   = quipu.layers "blk" times @layers from %x {
  ^layer(%h: !quipu.value):
    %n    = quipu.rms_norm %h, "attn_norm" eps @eps
    %qa   = quipu.linear %n, "attn_q_a" -> [@q_rank]
    %qn   = quipu.rms_norm %qa, "attn_q_a_norm" eps @eps
    %qf   = quipu.linear %qn, "attn_q_b" rows 0 to @flat of (@flat + @rope_dims) -> [@heads, @flat]
    %qt   = quipu.linear %qn, "attn_q_b" rows @flat to (@flat + @rope_dims) of (@flat + @rope_dims) -> [@heads, @rope_dims]
    %c    = quipu.linear %n, "attn_kv_a_mqa" rows 0 to @rank -> [1, @rank]
    %kt   = quipu.linear %n, "attn_kv_a_mqa" rows @rank to (@rank + @rope_dims) -> [1, @rope_dims]
    %cn   = quipu.rms_norm %c, "attn_kv_a_norm" eps @eps
    %kr   = quipu.rope %kt by %angles pairs adjacent
    %k    = quipu.concat %cn, %kr
    %kv   = quipu.cache_write %k values @rank at %at
    %qk   = quipu.linear %qf, "attn_k_b" of heads -> [@rank]
    %qr   = quipu.rope %qt by %angles pairs adjacent
    %q    = quipu.concat %qk, %qr
    %a    = quipu.attention %q over %kv at %at scale ((@grown ** 2) / ((@flat + @rope_dims) ** 0.5))
    %v    = quipu.linear %a, "attn_v_b" of heads -> [@value_dim]
    %o    = quipu.linear %v, "attn_output" -> [@hidden]
    %mid  = quipu.add %h, %o
    %m    = quipu.rms_norm %mid, "ffn_norm" eps @eps
    %g    = quipu.linear %m, "ffn_gate" -> [@ffn]
    %u    = quipu.linear %m, "ffn_up" -> [@ffn]
    %gu   = quipu.swiglu %g, %u
    %wide = quipu.linear %gu, "ffn_down" -> [@hidden]
    %l    = quipu.linear %m, "ffn_gate_inp" -> [@experts]
    %p    = quipu.softmax %l
    %ids, %w = quipu.top_k %p count @chosen groups @groups keep @kept by 1 normalized @normalized
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
    %f    = quipu.choose %wide in @first else %both
    %out  = quipu.add %mid, %f
    quipu.yield %out
  }
  %norm   = quipu.rms_norm %last, "output_norm" eps @eps
  quipu.yield %norm
}
