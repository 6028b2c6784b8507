// One vector for each sequence: the mean of its tokens' hidden states, or the first, the
// last or the largest numbers, as the checkpoint says, through the dense layers that it
// has behind that, and of length 1 unless it says otherwise.
quipu.head @embed {
^head(%hidden: !quipu.value):
  quipu.param @numbered = "pooling_type" of ["none", "mean", "first", "last"] else "mean"
  quipu.param @pooling = "pooling" else @numbered
  quipu.param @dense_2 = rows "dense_2"
  quipu.param @tanh_2  = "dense_2_tanh" else absent
  quipu.param @dense_3 = rows "dense_3"
  quipu.param @tanh_3  = "dense_3_tanh" else absent
  quipu.param @as_is   = "embedding_as_is" else absent

  %at        = quipu.positions
  %selected  = quipu.input "selected"
  %pooled    = quipu.pool @pooling %hidden at %at
  %rows      = quipu.gather %pooled, %selected
  %d2        = quipu.linear %rows, "dense_2" bias optional "dense_2.bias" -> [@dense_2]
  %t2        = quipu.activate tanh %d2
  %a2        = quipu.choose %t2 given @tanh_2 else %d2
  %r2        = quipu.choose %a2 given @dense_2 else %rows
  %d3        = quipu.linear %r2, "dense_3" bias optional "dense_3.bias" -> [@dense_3]
  %t3        = quipu.activate tanh %d3
  %a3        = quipu.choose %t3 given @tanh_3 else %d3
  %r3        = quipu.choose %a3 given @dense_3 else %r2
  %unit      = quipu.l2_norm %r3
  %embedding = quipu.choose %r3 given @as_is else %unit
  quipu.output "embedding", %embedding over sequence
}
