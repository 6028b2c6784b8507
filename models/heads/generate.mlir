// The logits of the tokens asked for: which token may follow each.
quipu.head @generate {
^head(%hidden: !quipu.value):
  quipu.param @vocabulary = "vocab_size" else rows "token_embd"

  %selected = quipu.input "selected"
  %rows     = quipu.gather %hidden, %selected
  %logits   = quipu.linear %rows, "output" else "token_embd" -> [@vocabulary]
  quipu.output "logits", %logits
}
