// RUN: %quipu-opt %s -quantize-activations -cse | FileCheck %s
// RUN: %quipu-opt %s -attach-target=target=x86-64-v4+avx512bf16 -quantize-activations -cse | FileCheck %s --check-prefix=BF16

// CHECK-LABEL: quipu.model @formats
quipu.model @formats for [] {
  quipu.step @decode tokens 1 {
    // CHECK: %[[X:.+]] = quipu.input "x"
    %x = quipu.input "x" : tensor<1x64xf32>
    // One quantisation serves all linear layers of an input.
    // CHECK-NEXT: %[[Z:.+]] = quipu.quantize %[[X]] : tensor<1x64xf32> -> tensor<1x64x!quipu.i8x32>
    // CHECK-NEXT: quipu.linear %[[Z]], "q4_0" : tensor<32x64x!quipu.q4_0> -> [2, 16] : tensor<1x64x!quipu.i8x32> -> tensor<1x2x16xf32>
    // Heads are flattened.
    // CHECK-NEXT: %[[H:.+]] = quipu.quantize %{{.+}} : tensor<1x2x16xf32> -> tensor<1x32x!quipu.i8x32>
    // CHECK-NEXT: quipu.linear %[[Z]], "q4_1"
    // CHECK-NEXT: quipu.linear %[[Z]], "q8_0"
    %a = quipu.linear %x, "q4_0" : tensor<32x64x!quipu.q4_0> -> [2, 16] : tensor<1x64xf32> -> tensor<1x2x16xf32>
    %b = quipu.linear %x, "q4_1" : tensor<32x64x!quipu.q4_1> -> [32] : tensor<1x64xf32> -> tensor<1x32xf32>
    %c = quipu.linear %x, "q8_0" : tensor<32x64x!quipu.q8_0> -> [32] : tensor<1x64xf32> -> tensor<1x32xf32>
    // Numbers that are no blocks keep their input.
    // CHECK-NEXT: quipu.linear %[[X]], "f16"
    // CHECK-NEXT: quipu.linear %[[X]], "bf16"
    // CHECK-NEXT: quipu.linear %[[X]], "f32"
    %d = quipu.linear %x, "f16" : tensor<32x64xf16> -> [32] : tensor<1x64xf32> -> tensor<1x32xf32>
    %e = quipu.linear %x, "bf16" : tensor<32x64xbf16> -> [32] : tensor<1x64xf32> -> tensor<1x32xf32>
    %f = quipu.linear %x, "f32" : tensor<32x64xf32> -> [32] : tensor<1x64xf32> -> tensor<1x32xf32>
    // CHECK-NEXT: quipu.linear %[[H]], "o"
    %o = quipu.linear %a, "o" : tensor<64x32x!quipu.q4_1> -> [64] : tensor<1x2x16xf32> -> tensor<1x64xf32>
    // What is quantised already stays.
    // CHECK-NEXT: %[[BZ:.+]] = quipu.quantize %{{.+}} : tensor<1x32xf32>
    // CHECK-NEXT: quipu.linear %[[BZ]], "again"
    %bz = quipu.quantize %b : tensor<1x32xf32> -> tensor<1x32x!quipu.i8x32>
    %g = quipu.linear %bz, "again" : tensor<64x32x!quipu.q4_1> -> [64] : tensor<1x32x!quipu.i8x32> -> tensor<1x64xf32>
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
// CHECK: quipu.linear %[[Z]], "inner"
// CHECK-NOT: quipu.quantize
// CHECK: quipu.linear %[[Z]], "outer"
quipu.model @scopes for [] {
  quipu.step @decode tokens 1 {
    %x = quipu.input "x" : tensor<1x64xf32>
    %y = quipu.layers "blk" times 2 from %x {
    ^layer(%h: tensor<1x64xf32>):
      %a = quipu.linear %x, "inner" : tensor<64x64x!quipu.q4_1> -> [64] : tensor<1x64xf32> -> tensor<1x64xf32>
      %s = quipu.add %h, %a : tensor<1x64xf32>
      quipu.yield %s : tensor<1x64xf32>
    } : tensor<1x64xf32> -> tensor<1x64xf32>
    %b = quipu.linear %x, "outer" : tensor<64x64x!quipu.q4_1> -> [64] : tensor<1x64xf32> -> tensor<1x64xf32>
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
// BF16-NEXT: quipu.linear %[[B]], "q" : tensor<33x64xbf16> -> [33] : tensor<1x64xbf16> -> tensor<1x33xf32>
// BF16-NEXT: quipu.linear %[[B]], "k"
// BF16-NEXT: quipu.linear %[[Z]], "v"
// BF16-NEXT: quipu.linear %[[X]], "mixed"
// BF16-NEXT: quipu.linear %{{.+}}, "odd" : tensor<32x33xbf16> -> [32] : tensor<1x33xf32>
quipu.model @pairs for [] {
  quipu.step @decode tokens 1 {
    %x = quipu.input "x" : tensor<1x64xf32>
    %a = quipu.linear %x, "q" : tensor<33x64xbf16> -> [33] : tensor<1x64xf32> -> tensor<1x33xf32>
    %b = quipu.linear %x, "k" : tensor<32x64xbf16> -> [32] : tensor<1x64xf32> -> tensor<1x32xf32>
    %c = quipu.linear %x, "v" : tensor<32x64x!quipu.q8_0> -> [32] : tensor<1x64xf32> -> tensor<1x32xf32>
    %d = quipu.linear %x, "mixed" : tensor<32x64x!quipu.mixed<bf16, f16>> -> [32] : tensor<1x64xf32> -> tensor<1x32xf32>
    %e = quipu.linear %a, "odd" : tensor<32x33xbf16> -> [32] : tensor<1x33xf32> -> tensor<1x32xf32>
    quipu.output "b", %b : tensor<1x32xf32>
    quipu.output "c", %c : tensor<1x32xf32>
    quipu.output "d", %d : tensor<1x32xf32>
    quipu.output "e", %e : tensor<1x32xf32>
  }
}

// A weight of blocks and floats has its input in both forms.
// CHECK-LABEL: quipu.model @mixed
// CHECK: %[[X:.+]] = quipu.input "x"
// CHECK-NEXT: %[[Z:.+]] = quipu.quantize %[[X]]
// CHECK-NEXT: quipu.linear %[[Z]], "blocks"
// CHECK-NEXT: quipu.linear %[[X]] or %[[Z]], "both" : {{.+}} : tensor<1x64xf32> or tensor<1x64x!quipu.i8x32> -> tensor<1x64xf32>
// CHECK-NEXT: quipu.linear %[[X]], "floats"
quipu.model @mixed for [] {
  quipu.step @decode tokens 1 {
    %x = quipu.input "x" : tensor<1x64xf32>
    %a = quipu.linear %x, "blocks" : tensor<64x64x!quipu.mixed<!quipu.q4_1, !quipu.q8_0>> -> [64] : tensor<1x64xf32> -> tensor<1x64xf32>
    %b = quipu.linear %x, "both" : tensor<64x64x!quipu.mixed<f16, !quipu.q8_0>> -> [64] : tensor<1x64xf32> -> tensor<1x64xf32>
    %c = quipu.linear %x, "floats" : tensor<64x64x!quipu.mixed<f16, f32>> -> [64] : tensor<1x64xf32> -> tensor<1x64xf32>
    quipu.output "a", %a : tensor<1x64xf32>
    quipu.output "b", %b : tensor<1x64xf32>
    quipu.output "c", %c : tensor<1x64xf32>
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
