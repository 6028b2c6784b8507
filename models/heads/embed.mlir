// One vector of length 1 for each sequence: the mean of its tokens' hidden states,
// or the first or the last, as the checkpoint says.
quipu.head @embed {
^head(%hidden: !quipu.value):
  quipu.param @pooling = "pooling_type" of ["none", "mean", "first", "last"] else "mean"

  %at        = quipu.positions
  %selected  = quipu.input "selected"
  %pooled    = quipu.pool @pooling %hidden at %at
  %rows      = quipu.gather %pooled, %selected
  %embedding = quipu.l2_norm %rows
  quipu.output "embedding", %embedding over sequence
}
