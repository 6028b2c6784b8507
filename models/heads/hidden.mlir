// The hidden states of every token, as the backbone leaves them.
quipu.head @hidden {
^head(%hidden: !quipu.value):
  quipu.output "hidden", %hidden
}
