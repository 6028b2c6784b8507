// RUN: %quipu-opt %s -pass-pipeline="builtin.module(attach-target{target=x86-64-v4+avx512vnni},quipu.model(quipu.kernel(choose-schedules{tuned=%S/Inputs/tuned.json})))" | FileCheck %s

// What the file says is for a shape and a step's tokens, whatever else the kernel
// does; other kernels are as the cost model has them.

quipu.model @m for [] {
  quipu.weight @w = "w.weight" : tensor<64x64x!quipu.q4_1>
  quipu.weight @n = "n.weight" : tensor<64xf32>
  quipu.weight @g = "g.weight" : tensor<64x64xf16>
  quipu.weight @u = "u.weight" : tensor<64x64xf16>
  // CHECK-LABEL: quipu.kernel @one
  // CHECK-SAME:  tokens = 1, tiles = 2> cost <bytes =
  quipu.kernel @one(%x: tensor<1x64x!quipu.i8x32>) -> tensor<1x64xf32> {
    %y = quipu.linear %x, @w : tensor<64x64x!quipu.q4_1> -> [64] : tensor<1x64x!quipu.i8x32> -> tensor<1x64xf32>
    quipu.yield %y : tensor<1x64xf32>
  }
  // CHECK-LABEL: quipu.kernel @many
  // CHECK-SAME:  tokens = 8, tiles = 1, panel = true> cost <bytes =
  quipu.kernel @many(%x: tensor<128x64x!quipu.i8x32>) -> tensor<128x64xf32> {
    %y = quipu.linear %x, @w : tensor<64x64x!quipu.q4_1> -> [64] : tensor<128x64x!quipu.i8x32> -> tensor<128x64xf32>
    quipu.yield %y : tensor<128x64xf32>
  }
  // Another number of tokens.
  // CHECK-LABEL: quipu.kernel @eight
  // CHECK-SAME:  tokens = 4, tiles = 1> cost <bytes =
  quipu.kernel @eight(%x: tensor<8x64x!quipu.i8x32>) -> tensor<8x64xf32> {
    %y = quipu.linear %x, @w : tensor<64x64x!quipu.q4_1> -> [64] : tensor<8x64x!quipu.i8x32> -> tensor<8x64xf32>
    quipu.yield %y : tensor<8x64xf32>
  }
  // CHECK-LABEL: quipu.kernel @gate_up
  // CHECK-SAME:  tokens = 1, tiles = 3> cost <bytes =
  quipu.kernel @gate_up(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    %n = quipu.rms_norm %x, @n : tensor<64xf32> eps 1.0e-5 : tensor<1x64xf32> -> tensor<1x64xf32>
    %g = quipu.linear %n, @g : tensor<64x64xf16> -> [64] : tensor<1x64xf32> -> tensor<1x64xf32>
    %u = quipu.linear %n, @u : tensor<64x64xf16> -> [64] : tensor<1x64xf32> -> tensor<1x64xf32>
    %y = quipu.swiglu %g, %u : tensor<1x64xf32>
    quipu.yield %y : tensor<1x64xf32>
  }
  // CHECK-LABEL: quipu.kernel @norm
  // CHECK-SAME:  schedule #quipu.cpu_rows cost <bytes =
  quipu.kernel @norm(%x: tensor<2x64xf32>) -> tensor<2x64xf32> {
    %n = quipu.rms_norm %x, @n : tensor<64xf32> eps 1.0e-5 : tensor<2x64xf32> -> tensor<2x64xf32>
    quipu.yield %n : tensor<2x64xf32>
  }
}
