// How likely an answer begins with each token, and ends with it.
quipu.head @answer {
^head(%hidden: !quipu.value):
  %span = quipu.linear %hidden, "cls.output" bias optional "cls.output.bias" -> [2]
  quipu.output "span", %span
}
