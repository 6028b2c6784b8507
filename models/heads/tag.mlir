// The scores of each token's labels.
quipu.head @tag {
^head(%hidden: !quipu.value):
  quipu.param @labels = rows "cls.output"

  %tags = quipu.linear %hidden, "cls.output" bias optional "cls.output.bias" -> [@labels]
  quipu.output "tags", %tags
}
