// StarCoder2: Llama with layer norms, biases, and gelu in its tanh form without a gate.
quipu.model @starcoder2 for ["starcoder2"] {
  quipu.param @eps = "attention.layer_norm_epsilon"

  %tokens = quipu.input "tokens"
  %at     = quipu.positions
  %angles = quipu.rope_angles %at dims @rope_dims theta @theta
              scaling <type = @scaling, factor = @factor, original_context = @original, low = @low, high = @high, beta_fast = @beta_fast, beta_slow = @beta_slow, attention = @attention>
              factors optional "rope_freqs"
  %x      = quipu.embed %tokens, "token_embd"
  %last   = quipu.layers "blk" times @layers from %x {
  ^layer(%h: !quipu.value):
    %n    = quipu.layer_norm %h, "attn_norm" bias "attn_norm.bias" eps @eps
    %q    = quipu.linear %n, "attn_q" bias optional "attn_q.bias" -> [@heads, @head_dim]
    %k    = quipu.linear %n, "attn_k" bias optional "attn_k.bias" -> [@kv_heads, @head_dim]
    %v    = quipu.linear %n, "attn_v" bias optional "attn_v.bias" -> [@kv_heads, @head_dim]
    %qr   = quipu.rope %q by %angles pairs halves
    %kr   = quipu.rope %k by %angles pairs halves
    %kv   = quipu.cache_write %kr, %v at %at
    %a    = quipu.attention %qr over %kv at %at window @window
    %o    = quipu.linear %a, "attn_output" bias optional "attn_output.bias" -> [@hidden]
    %mid  = quipu.add %h, %o
    %m    = quipu.layer_norm %mid, "ffn_norm" bias "ffn_norm.bias" eps @eps
    %up   = quipu.linear %m, "ffn_up" bias optional "ffn_up.bias" -> [@ffn]
    %act  = quipu.activate gelu_tanh %up
    %down = quipu.linear %act, "ffn_down" bias optional "ffn_down.bias" -> [@hidden]
    %out  = quipu.add %mid, %down
    quipu.yield %out
  }
  %norm   = quipu.layer_norm %last, "output_norm" bias "output_norm.bias" eps @eps
  quipu.yield %norm
}
