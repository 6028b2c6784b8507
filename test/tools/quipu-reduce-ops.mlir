// Ops that nobody reads go, others give way to an operand, loops to what they begin
// with, and one layer is enough. The text stays valid: the script wants it to be.

// RUN: %quipu-reduce %s -reduce-ops='test=%S/Inputs/softmax.sh' -o %t
// RUN: FileCheck %s < %t

// CHECK:      quipu.step @decode
// CHECK-NEXT:   quipu.input
// CHECK-NEXT:   quipu.layers "b" times 1
// CHECK-NEXT:   ^{{.+}}(
// CHECK-NEXT:     quipu.softmax
// CHECK-NEXT:     quipu.yield
// CHECK-NEXT:   }
// CHECK-NEXT: }
quipu.model @m for ["m"] {
  quipu.weight @a.w = "a.*.w.weight" layers 3 : tensor<64x64xf32>
  quipu.weight @b.w = "b.*.w.weight" layers 30 : tensor<64x64xf32, #quipu.rows16> packed at 0 stride 16384
  quipu.step @decode tokens 1 {
    %x = quipu.input "x" : tensor<1x64xf32>
    %y = quipu.layers "a" times 3 from %x {
    ^layer(%h: tensor<1x64xf32>):
      %l = quipu.linear %h, @a.w : tensor<64x64xf32> -> [64] : tensor<1x64xf32> -> tensor<1x64xf32>
      quipu.yield %l : tensor<1x64xf32>
    } : tensor<1x64xf32> -> tensor<1x64xf32>
    %s = quipu.scale %y by 2.0 : tensor<1x64xf32> -> tensor<1x64xf32>
    %z = quipu.layers "b" times 30 from %s {
    ^layer(%h: tensor<1x64xf32>):
      %l = quipu.linear %h, @b.w : tensor<64x64xf32> -> [64] : tensor<1x64xf32> -> tensor<1x64xf32>
      %p = quipu.softmax %l : tensor<1x64xf32> -> tensor<1x64xf32>
      %a = quipu.add %p, %h : tensor<1x64xf32>
      quipu.yield %a : tensor<1x64xf32>
    } : tensor<1x64xf32> -> tensor<1x64xf32>
    quipu.output "z", %z : tensor<1x64xf32>
    // No one reads it.
    %u = quipu.scale %z by 3.0 : tensor<1x64xf32> -> tensor<1x64xf32>
  }
}
