// quipu-reduce drops what a defect does not need.

// RUN: %quipu-reduce %s -reduce-ops='test=%S/Inputs/interesting.sh' -o %t
// RUN: FileCheck %s < %t

// RUN: not %quipu-reduce %S/../dialect/ops.mlir -reduce-ops='test=%S/Inputs/interesting.sh' -o %t 2>&1 | FileCheck %s --check-prefix=NOTHING
// NOTHING: error: the script '{{.*}}/interesting.sh' does not exit with 1 for the whole file

// CHECK: quipu.model @kept
// CHECK-NOT: quipu.model

quipu.model @first for ["a"] {
}
quipu.model @kept for ["interesting"] {
}
quipu.model @last for ["b"] {
}
