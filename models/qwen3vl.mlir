// Of Qwen3-VL what reads tokens: Qwen3 (qwen3.mlir) whose pairs turn by three places,
// as those of Qwen2-VL (qwen2vl.mlir), but taking turns.
quipu.model @qwen3vl for ["qwen3vl"] {
  quipu.param @time_pairs   = "rope.dimension_sections" at 0
  quipu.param @height_pairs = "rope.dimension_sections" at 1
  quipu.param @width_pairs  = "rope.dimension_sections" at 2

  %tokens = quipu.input "tokens"
  %time   = quipu.input "time"
  %height = quipu.input "height"
  %width  = quipu.input "width"
  %at     = quipu.positions
  %angles = quipu.rope_angles %at axes %time, %height, %width sections [@time_pairs, @height_pairs, @width_pairs] interleaved
              dims @rope_dims theta @theta
              scaling <type = @scaling, factor = @factor, original_context = @original, low = @low, high = @high, beta_fast = @beta_fast, beta_slow = @beta_slow, attention = @attention>
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
