// Qwen1.5 and Qwen2 with experts: Qwen2 with experts, and one that every token has,
// as much as a gate of its own says.
quipu.model @qwen2moe for ["qwen2moe"] {
  %tokens = quipu.input "tokens"
  %at     = quipu.positions
  %angles = quipu.rope_angles %at dims @rope_dims theta @theta scaling <type = @scaling, factor = @factor, original_context = @original, low = @low, high = @high, beta_fast = @beta_fast, beta_slow = @beta_slow, attention = @attention>
  %x      = quipu.embed %tokens, "token_embd"
  %last   = quipu.layers "blk" times @layers from %x {
  ^layer(%h: !quipu.value):
    %n    = quipu.rms_norm %h, "attn_norm" eps @eps
    %q    = quipu.linear %n, "attn_q" bias optional "attn_q.bias" -> [@heads, @head_dim]
    %k    = quipu.linear %n, "attn_k" bias optional "attn_k.bias" -> [@kv_heads, @head_dim]
    %v    = quipu.linear %n, "attn_v" bias optional "attn_v.bias" -> [@kv_heads, @head_dim]
    %qr   = quipu.rope %q by %angles pairs halves
    %kr   = quipu.rope %k by %angles pairs halves
    %kv   = quipu.cache_write %kr, %v at %at
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
    %sum  = quipu.sum %each by %w
    %sg   = quipu.linear %m, "ffn_gate_shexp" -> [@shared_ffn]
    %su   = quipu.linear %m, "ffn_up_shexp" -> [@shared_ffn]
    %sa   = quipu.swiglu %sg, %su
    %same = quipu.linear %sa, "ffn_down_shexp" -> [1, @hidden]
    %sl   = quipu.linear %m, "ffn_gate_inp_shexp" -> [1]
    %sp   = quipu.activate sigmoid %sl
    %some = quipu.sum %same by %sp
    %down = quipu.add %sum, %some
    %out  = quipu.add %mid, %down
    quipu.yield %out
  }
  %norm   = quipu.rms_norm %last, "output_norm" eps @eps
  quipu.yield %norm
}
