// The scores of a text's labels: of its last token or, where the checkpoint has
// BERT's pooler, of its first one.
quipu.head @classify {
^head(%hidden: !quipu.value):
  quipu.param @labels = rows "cls.output"
  quipu.param @pooler = rows "cls"

  %at       = quipu.positions
  %selected = quipu.input "selected"
  %pooled   = quipu.pool "first" %hidden at %at
  %firsts   = quipu.gather %pooled, %selected
  %dense    = quipu.linear %firsts, "cls" bias optional "cls.bias" -> [@pooler]
  %act      = quipu.activate tanh %dense
  %lasts    = quipu.gather %hidden, %selected
  %rows     = quipu.choose %act given @pooler else %lasts
  %classes  = quipu.linear %rows, "cls.output" bias optional "cls.output.bias" -> [@labels]
  quipu.output "classes", %classes over sequence
}
