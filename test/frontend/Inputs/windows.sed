# Makes a spec of Llama turn pairs by another angle in layers with a window.
/^quipu.model @llama/a\
  quipu.layer_set @full = where "attention.sliding_window_pattern" is false else every 6 from 5
s/^  %x  .*quipu.embed/  %quick = quipu.rope_angles %at dims @rope_dims theta @theta_swa\n&/
s/^    %n  .*"attn_norm"/    %turn = quipu.choose %angles in @full else %quick\n&/
s/by %angles/by %turn/
