// The parser says where it stopped.

// RUN: split-file %s %t
// RUN: not %quipu-opt %t/eps.mlir 2>&1 | FileCheck %t/eps.mlir
// RUN: not %quipu-opt %t/shape.mlir 2>&1 | FileCheck %t/shape.mlir
// RUN: not %quipu-opt %t/pairs.mlir 2>&1 | FileCheck %t/pairs.mlir
// RUN: not %quipu-opt %t/weight.mlir 2>&1 | FileCheck %t/weight.mlir
// RUN: not %quipu-opt %t/types.mlir 2>&1 | FileCheck %t/types.mlir
// RUN: not %quipu-opt %t/unknown.mlir 2>&1 | FileCheck %t/unknown.mlir

//--- eps.mlir
quipu.model @m for [] {
  %x = quipu.input "x"
  %n = quipu.rms_norm %x, "norm" @eps
  // CHECK:      eps.mlir:3:34: error: custom op 'quipu.rms_norm' expected 'eps'
  // CHECK-NEXT: {{^}}  %n = quipu.rms_norm %x, "norm" @eps
  // CHECK-NEXT: {{^}}                                 ^
}

//--- shape.mlir
quipu.model @m for [] {
  %x = quipu.input "x"
  %q = quipu.linear %x, "q" -> @hidden
  // CHECK:      shape.mlir:3:31: error: expected '['
  // CHECK-NEXT: %q = quipu.linear %x, "q" -> @hidden
  // CHECK-NEXT: {{^}}                               ^
}

//--- pairs.mlir
quipu.model @m for [] {
  %x = quipu.input "x"
  %r = quipu.rope %x by %x pairs neighbours
  // CHECK:      pairs.mlir:3:34: error: custom op 'quipu.rope' expected one of [adjacent, halves] for which components a rotation turns together, got: neighbours
  // CHECK-NEXT: %r = quipu.rope %x by %x pairs neighbours
}

//--- weight.mlir
quipu.model @m for [] {
  %x = quipu.input "x"
  %q = quipu.linear %x, optional @q -> [4]
  // CHECK:      weight.mlir:3:34: error: custom op 'quipu.linear' invalid kind of attribute specified
  // CHECK-NEXT: %q = quipu.linear %x, optional @q -> [4]
}

//--- types.mlir
quipu.model @m for [] {
  %x = quipu.input "x" : tensor<1x4xf32>
  %q = quipu.scale %x by 2.0 : tensor<1x4xf32>
  // CHECK:      types.mlir:3:47: error: expected '->'
  // CHECK-NEXT: %q = quipu.scale %x by 2.0 : tensor<1x4xf32>
}

//--- unknown.mlir
quipu.model @m for [] {
  %x = quipu.input "x"
  %q = quipu.batch_norm %x
  // CHECK:      unknown.mlir:3:8: error: custom op 'quipu.batch_norm' is unknown
  // CHECK-NEXT: %q = quipu.batch_norm %x
  // CHECK-NEXT: {{^}}       ^
}
