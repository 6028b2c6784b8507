// RUN: %quipu-opt %s -attach-target=target=x86-64-v3 -quantize-activations -cse | FileCheck %s
// RUN: %quipu-opt %s -attach-target=target=x86-64-v4+avx512bf16,x86-64-v3 -quantize-activations -cse | FileCheck %s
// RUN: %quipu-opt %s -attach-target=target=reference -quantize-activations | FileCheck %s --check-prefix=REFERENCE
// RUN: %quipu-opt %s -attach-target=target=x86-64-v4+avx512bf16 -quantize-activations -cse | FileCheck %s --check-prefix=BF16

// The reference rounds nothing.
// REFERENCE: quipu.input "x"
// REFERENCE-NEXT: quipu.linear %x, @q4_0

// CHECK-LABEL: quipu.model @formats
quipu.model @formats for [] {
  quipu.weight @q4_0 = "q4_0.weight" : tensor<32x64x!quipu.q4_0>
  quipu.weight @q4_1 = "q4_1.weight" : tensor<32x64x!quipu.q4_1>
  quipu.weight @q8_0 = "q8_0.weight" : tensor<32x64x!quipu.q8_0>
  quipu.weight @f16 = "f16.weight" : tensor<32x64xf16>
  quipu.weight @bf16 = "bf16.weight" : tensor<32x64xbf16>
  quipu.weight @f32 = "f32.weight" : tensor<32x64xf32>
  quipu.weight @o = "o.weight" : tensor<64x32x!quipu.q4_1>
  quipu.weight @again = "again.weight" : tensor<64x32x!quipu.q4_1>
  quipu.step @decode tokens 1 {
    // CHECK: %[[X:.+]] = quipu.input "x"
    %x = quipu.input "x" : tensor<1x64xf32>
    // One quantisation serves all linear layers of an input.
    // CHECK-NEXT: %[[Z:.+]] = quipu.quantize %[[X]] : tensor<1x64xf32> -> tensor<1x64x!quipu.i8x32>
    // CHECK-NEXT: quipu.linear %[[Z]], @q4_0 : tensor<32x64x!quipu.q4_0> -> [2, 16] : tensor<1x64x!quipu.i8x32> -> tensor<1x2x16xf32>
    // Heads are flattened.
    // CHECK-NEXT: %[[H:.+]] = quipu.quantize %{{.+}} : tensor<1x2x16xf32> -> tensor<1x32x!quipu.i8x32>
    // CHECK-NEXT: quipu.linear %[[Z]], @q4_1
    // CHECK-NEXT: quipu.linear %[[Z]], @q8_0
    %a = quipu.linear %x, @q4_0 : tensor<32x64x!quipu.q4_0> -> [2, 16] : tensor<1x64xf32> -> tensor<1x2x16xf32>
    %b = quipu.linear %x, @q4_1 : tensor<32x64x!quipu.q4_1> -> [32] : tensor<1x64xf32> -> tensor<1x32xf32>
    %c = quipu.linear %x, @q8_0 : tensor<32x64x!quipu.q8_0> -> [32] : tensor<1x64xf32> -> tensor<1x32xf32>
    // Numbers that are no blocks keep their input.
    // CHECK-NEXT: quipu.linear %[[X]], @f16
    // CHECK-NEXT: quipu.linear %[[X]], @bf16
    // CHECK-NEXT: quipu.linear %[[X]], @f32
    %d = quipu.linear %x, @f16 : tensor<32x64xf16> -> [32] : tensor<1x64xf32> -> tensor<1x32xf32>
    %e = quipu.linear %x, @bf16 : tensor<32x64xbf16> -> [32] : tensor<1x64xf32> -> tensor<1x32xf32>
    %f = quipu.linear %x, @f32 : tensor<32x64xf32> -> [32] : tensor<1x64xf32> -> tensor<1x32xf32>
    // CHECK-NEXT: quipu.linear %[[H]], @o
    %o = quipu.linear %a, @o : tensor<64x32x!quipu.q4_1> -> [64] : tensor<1x2x16xf32> -> tensor<1x64xf32>
    // What is quantised already stays.
    // CHECK-NEXT: %[[BZ:.+]] = quipu.quantize %{{.+}} : tensor<1x32xf32>
    // CHECK-NEXT: quipu.linear %[[BZ]], @again
    %bz = quipu.quantize %b : tensor<1x32xf32> -> tensor<1x32x!quipu.i8x32>
    %g = quipu.linear %bz, @again : tensor<64x32x!quipu.q4_1> -> [64] : tensor<1x32x!quipu.i8x32> -> tensor<1x64xf32>
    quipu.output "a", %a : tensor<1x2x16xf32>
    quipu.output "c", %c : tensor<1x32xf32>
    quipu.output "d", %d : tensor<1x32xf32>
    quipu.output "e", %e : tensor<1x32xf32>
    quipu.output "f", %f : tensor<1x32xf32>
    quipu.output "o", %o : tensor<1x64xf32>
    quipu.output "g", %g : tensor<1x64xf32>
  }
}

// An input that a layer loop reads, too, is quantised once, where both see it.
// CHECK-LABEL: quipu.model @scopes
// CHECK: %[[X:.+]] = quipu.input "x"
// CHECK-NEXT: %[[Z:.+]] = quipu.quantize %[[X]]
// CHECK: quipu.linear %[[Z]], @blk.inner
// CHECK-NOT: quipu.quantize
// CHECK: quipu.linear %[[Z]], @outer
quipu.model @scopes for [] {
  quipu.weight @blk.inner = "blk.*.inner.weight" layers 2 : tensor<64x64x!quipu.q4_1>
  quipu.weight @outer = "outer.weight" : tensor<64x64x!quipu.q4_1>
  quipu.step @decode tokens 1 {
    %x = quipu.input "x" : tensor<1x64xf32>
    %y = quipu.layers "blk" times 2 from %x {
    ^layer(%h: tensor<1x64xf32>):
      %a = quipu.linear %x, @blk.inner : tensor<64x64x!quipu.q4_1> -> [64] : tensor<1x64xf32> -> tensor<1x64xf32>
      %s = quipu.add %h, %a : tensor<1x64xf32>
      quipu.yield %s : tensor<1x64xf32>
    } : tensor<1x64xf32> -> tensor<1x64xf32>
    %b = quipu.linear %x, @outer : tensor<64x64x!quipu.q4_1> -> [64] : tensor<1x64xf32> -> tensor<1x64xf32>
    quipu.output "y", %y : tensor<1x64xf32>
    quipu.output "b", %b : tensor<1x64xf32>
  }
}

// Where there are dot products of bf16, inputs of weights in bf16 become that, but
// not when their number is odd.
// BF16-LABEL: quipu.model @pairs
// BF16: %[[X:.+]] = quipu.input "x"
// BF16-NEXT: %[[Z:.+]] = quipu.quantize %[[X]] : tensor<1x64xf32> -> tensor<1x64x!quipu.i8x32>
// BF16-NEXT: %[[B:.+]] = quipu.quantize %[[X]] as bf16 : tensor<1x64xf32> -> tensor<1x64xbf16>
// BF16-NEXT: quipu.linear %[[B]], @q : tensor<33x64xbf16> -> [33] : tensor<1x64xbf16> -> tensor<1x33xf32>
// BF16-NEXT: quipu.linear %[[B]], @k
// BF16-NEXT: quipu.linear %[[Z]], @v
// BF16-NEXT: quipu.linear %{{.+}}, @odd : tensor<32x33xbf16> -> [32] : tensor<1x33xf32>
quipu.model @pairs for [] {
  quipu.weight @q = "q.weight" : tensor<33x64xbf16>
  quipu.weight @k = "k.weight" : tensor<32x64xbf16>
  quipu.weight @v = "v.weight" : tensor<32x64x!quipu.q8_0>
  quipu.weight @odd = "odd.weight" : tensor<32x33xbf16>
  quipu.step @decode tokens 1 {
    %x = quipu.input "x" : tensor<1x64xf32>
    %a = quipu.linear %x, @q : tensor<33x64xbf16> -> [33] : tensor<1x64xf32> -> tensor<1x33xf32>
    %b = quipu.linear %x, @k : tensor<32x64xbf16> -> [32] : tensor<1x64xf32> -> tensor<1x32xf32>
    %c = quipu.linear %x, @v : tensor<32x64x!quipu.q8_0> -> [32] : tensor<1x64xf32> -> tensor<1x32xf32>
    %e = quipu.linear %a, @odd : tensor<32x33xbf16> -> [32] : tensor<1x33xf32> -> tensor<1x32xf32>
    quipu.output "b", %b : tensor<1x32xf32>
    quipu.output "c", %c : tensor<1x32xf32>
    quipu.output "e", %e : tensor<1x32xf32>
  }
}

// A weight of blocks and floats has its input in both forms; one that is in bf16 in
// some layers only reads f32.
// CHECK-LABEL: quipu.model @mixed
// BF16-LABEL:  quipu.model @mixed
// CHECK: ^{{.+}}(%[[X:.+]]: tensor<1x64xf32>):
// CHECK-NEXT: %[[Z:.+]] = quipu.quantize %[[X]]
// CHECK-NEXT: quipu.linear %[[Z]], @blk.blocks
// CHECK-NEXT: quipu.linear %[[X]] or %[[Z]], @blk.both : {{.+}} : tensor<1x64xf32> or tensor<1x64x!quipu.i8x32> -> tensor<1x64xf32>
// CHECK-NEXT: quipu.linear %[[X]], @blk.floats
// BF16: ^{{.+}}(%[[X:.+]]: tensor<1x64xf32>):
// BF16: quipu.linear %[[X]], @blk.floats
quipu.model @mixed for [] {
  quipu.weight @blk.blocks = "blk.*.blocks.weight" layers 2 : tensor<64x64x!quipu.mixed<!quipu.q4_1, !quipu.q8_0>> but !quipu.q8_0 in [1]
  quipu.weight @blk.both = "blk.*.both.weight" layers 2 : tensor<64x64x!quipu.mixed<f16, !quipu.q8_0>> but !quipu.q8_0 in [1]
  quipu.weight @blk.floats = "blk.*.floats.weight" layers 2 : tensor<64x64x!quipu.mixed<bf16, f16>> but f16 in [1]
  quipu.step @decode tokens 1 {
    %x = quipu.input "x" : tensor<1x64xf32>
    %y = quipu.layers "blk" times 2 from %x {
    ^layer(%h: tensor<1x64xf32>):
      %a = quipu.linear %h, @blk.blocks : tensor<64x64x!quipu.mixed<!quipu.q4_1, !quipu.q8_0>> -> [64] : tensor<1x64xf32> -> tensor<1x64xf32>
      %b = quipu.linear %h, @blk.both : tensor<64x64x!quipu.mixed<f16, !quipu.q8_0>> -> [64] : tensor<1x64xf32> -> tensor<1x64xf32>
      %c = quipu.linear %h, @blk.floats : tensor<64x64x!quipu.mixed<bf16, f16>> -> [64] : tensor<1x64xf32> -> tensor<1x64xf32>
      %d = quipu.add %a, %b : tensor<1x64xf32>
      %e = quipu.add %d, %c : tensor<1x64xf32>
      quipu.yield %e : tensor<1x64xf32>
    } : tensor<1x64xf32> -> tensor<1x64xf32>
    quipu.output "y", %y : tensor<1x64xf32>
  }
}

// A spec is left alone.
// CHECK-LABEL: quipu.model @spec
quipu.model @spec for [] {
  // CHECK-NOT: quipu.quantize
  %x = quipu.input "x"
  %a = quipu.linear %x, "w" -> [@n]
  quipu.output "a", %a
}

// The rows of what a token has chosen are quantised one by one, what all of them
// read is quantised as ever.
// CHECK-LABEL: quipu.model @experts
// CHECK: %[[X:.+]] = quipu.input "x"
// CHECK-NEXT: %[[Z:.+]] = quipu.quantize %[[X]] : tensor<2x64xf32> -> tensor<2x64x!quipu.i8x32>
// CHECK: %[[UP:.+]] = quipu.linear %[[Z]], @up : tensor<4x32x64x!quipu.q4_0> of %[[IDS:.+]] -> [32] : tensor<2x64x!quipu.i8x32> of
// CHECK-NEXT: %[[EACH:.+]] = quipu.quantize %[[UP]] each : tensor<2x3x32xf32> -> tensor<2x3x32x!quipu.i8x32>
// CHECK-NEXT: quipu.linear %[[EACH]], @down : tensor<4x64x32x!quipu.q4_0> of %[[IDS]] -> [64] : tensor<2x3x32x!quipu.i8x32> of
quipu.model @experts for [] {
  quipu.weight @up = "up.weight" chosen 3 : tensor<4x32x64x!quipu.q4_0>
  quipu.weight @down = "down.weight" chosen 3 : tensor<4x64x32x!quipu.q4_0>
  quipu.step @prefill2 tokens 2 {
    %x = quipu.input "x" : tensor<2x64xf32>
    %p = quipu.input "p" : tensor<2x4xf32>
    %ids, %w = quipu.top_k %p count 3 : tensor<2x4xf32> -> tensor<2x3xi32>, tensor<2x3xf32>
    %up = quipu.linear %x, @up : tensor<4x32x64x!quipu.q4_0> of %ids -> [32] : tensor<2x64xf32> of tensor<2x3xi32> -> tensor<2x3x32xf32>
    %each = quipu.linear %up, @down : tensor<4x64x32x!quipu.q4_0> of %ids -> [64] : tensor<2x3x32xf32> of tensor<2x3xi32> -> tensor<2x3x64xf32>
    %y = quipu.sum %each by %w : tensor<2x3x64xf32>, tensor<2x3xf32> -> tensor<2x64xf32>
    quipu.output "y", %y : tensor<2x64xf32>
  }
}
