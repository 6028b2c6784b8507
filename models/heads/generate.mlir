// The logits of the tokens asked for: which token may follow each. Where a
// checkpoint says so they are scaled, or capped as c tanh(x / c).
quipu.head @generate {
^head(%hidden: !quipu.value):
  quipu.param @vocabulary = "vocab_size" else rows "token_embd"

  %selected = quipu.input "selected"
  %rows     = quipu.gather %hidden, %selected
  %logits   = quipu.linear %rows, "output" else "token_embd" bias optional "output.bias" -> [@vocabulary]
  %times    = quipu.scale %logits by @logit_scale
  %scaled   = quipu.choose %times given @logit_scale else %logits
  %small    = quipu.scale %scaled by (1 / @logit_cap)
  %soft     = quipu.activate tanh %small
  %large    = quipu.scale %soft by @logit_cap
  %capped   = quipu.choose %large given @logit_cap else %scaled
  quipu.output "logits", %capped
}
