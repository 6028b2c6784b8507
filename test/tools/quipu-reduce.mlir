// quipu-reduce drops what a defect does not need.

// RUN: %quipu-reduce %s -reduction-tree='traversal-mode=0 test=%S/Inputs/interesting.sh' -o %t
// RUN: FileCheck %s < %t

// CHECK: quipu.model @kept
// CHECK-NOT: quipu.model

quipu.model @first for ["a"] {
}
quipu.model @kept for ["interesting"] {
}
quipu.model @last for ["b"] {
}
