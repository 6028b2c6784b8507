// Llama 1 to 3, Mistral, TinyLlama, SmolLM2, ERNIE 4.5. Parameters are those of prelude.mlir,
// weights GGUF's names without `.weight`; GGUF orders the rows of q and k so that
// the components of a rotary pair are neighbours.
quipu.model @llama for ["llama", "ernie4_5"] {
  %tokens = quipu.input "tokens"
  %at     = quipu.positions
  %angles = quipu.rope_angles %at dims @rope_dims theta @theta
              scaling <type = @scaling, factor = @factor, original_context = @original, low = @low, high = @high, beta_fast = @beta_fast, beta_slow = @beta_slow, attention = @attention>
              factors optional "rope_freqs"
  %x      = quipu.embed %tokens, "token_embd"
  %last   = quipu.layers "blk" times @layers from %x {
  ^layer(%h: !quipu.value):
    %n    = quipu.rms_norm %h, "attn_norm" eps @eps
    %q    = quipu.linear %n, "attn_q" bias optional "attn_q.bias" -> [@heads, @head_dim]
    %k    = quipu.linear %n, "attn_k" bias optional "attn_k.bias" -> [@kv_heads, @head_dim]
    %v    = quipu.linear %n, "attn_v" bias optional "attn_v.bias" -> [@kv_heads, @head_dim]
    %qr   = quipu.rope %q by %angles pairs adjacent
    %kr   = quipu.rope %k by %angles pairs adjacent
    %kv   = quipu.cache_write %kr, %v at %at
    %a    = quipu.attention %qr over %kv at %at window @window
    %o    = quipu.linear %a, "attn_output" bias optional "attn_output.bias" -> [@hidden]
    %mid  = quipu.add %h, %o
    %m    = quipu.rms_norm %mid, "ffn_norm" eps @eps
    %gate = quipu.linear %m, "ffn_gate" bias optional "ffn_gate.bias" -> [@ffn]
    %up   = quipu.linear %m, "ffn_up" bias optional "ffn_up.bias" -> [@ffn]
    %act  = quipu.swiglu %gate, %up
    %down = quipu.linear %act, "ffn_down" bias optional "ffn_down.bias" -> [@hidden]
    %out  = quipu.add %mid, %down
    quipu.yield %out
  }
  %norm   = quipu.rms_norm %last, "output_norm" eps @eps
  quipu.yield %norm
}
