// RUN: %quipu-opt %s -pass-pipeline="builtin.module(attach-target{target=x86-64-v4+avx512vnni},quipu.model(quipu.kernel(choose-schedules)))" | FileCheck %s --check-prefixes=CHECK,FIRST
// RUN: %quipu-opt %s -pass-pipeline="builtin.module(attach-target{target=x86-64-v4+avx512vnni},quipu.model(quipu.kernel(choose-schedules{candidate=1})))" | FileCheck %s --check-prefixes=CHECK,SECOND
// RUN: %quipu-opt %s -pass-pipeline="builtin.module(attach-target{target=x86-64-v4+avx512vnni},quipu.model(quipu.kernel(choose-schedules{candidate=1 tuned=%S/Inputs/tuned.json})))" | FileCheck %s --check-prefixes=CHECK,TUNED

// A kernel runs as what it computes can: by tiles of a linear layer's rows, or else
// row by row; some ops have a way of their own. What was measured comes before what
// is asked for, that before the cheapest.

quipu.model @m for [] {
  quipu.weight @n = "n.weight" : tensor<64xf32>
  quipu.weight @w = "w.weight" : tensor<64x64x!quipu.q4_1>
  quipu.state @kv : !quipu.pages<heads 2, keys 16, values 16> layers 4
  quipu.state @sums : tensor<64xf32>
  // CHECK-LABEL: quipu.kernel @linear
  // FIRST-SAME:  schedule #quipu.cpu_tiles<lanes = 16, tokens = 1, tiles = 1> cost <bytes =
  // SECOND-SAME: schedule #quipu.cpu_tiles<lanes = 16, tokens = 1, tiles = 4> cost <bytes =
  // TUNED-SAME:  schedule #quipu.cpu_tiles<lanes = 16, tokens = 1, tiles = 2> cost <bytes =
  quipu.kernel @linear(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    %n = quipu.rms_norm %x, @n : tensor<64xf32> eps 1.0e-5 : tensor<1x64xf32> -> tensor<1x64xf32>
    %z = quipu.quantize %n : tensor<1x64xf32> -> tensor<1x64x!quipu.i8x32>
    %y = quipu.linear %z, @w : tensor<64x64x!quipu.q4_1> -> [64] : tensor<1x64x!quipu.i8x32> -> tensor<1x64xf32>
    quipu.yield %y : tensor<1x64xf32>
  }
  // CHECK-LABEL: quipu.kernel @attention
  // CHECK-SAME:  schedule #quipu.cpu_attention<lanes = 16> cost <bytes =
  quipu.kernel @attention(%q: tensor<1x4x16xf32>, %kv: !quipu.cache<@kv, f16, heads 2, keys 16, values 16>, %at: !quipu.positions) -> tensor<1x4x16xf32> {
    %y = quipu.attention %q over %kv at %at : tensor<1x4x16xf32>, !quipu.cache<@kv, f16, heads 2, keys 16, values 16> -> tensor<1x4x16xf32>
    quipu.yield %y : tensor<1x4x16xf32>
  }
  // CHECK-LABEL: quipu.kernel @norm
  // CHECK-SAME:  schedule #quipu.cpu_rows cost <bytes =
  quipu.kernel @norm(%x: tensor<2x64xf32>) -> tensor<2x64xf32> {
    %n = quipu.rms_norm %x, @n : tensor<64xf32> eps 1.0e-5 : tensor<2x64xf32> -> tensor<2x64xf32>
    quipu.yield %n : tensor<2x64xf32>
  }
  // CHECK-LABEL: quipu.kernel @angles
  // CHECK-SAME:  schedule #quipu.cpu_angles cost <bytes =
  quipu.kernel @angles(%at: !quipu.positions) -> tensor<1x8x2xf32> {
    %a = quipu.rope_angles %at dims 16 theta 1.0e4 tokens 1 : tensor<1x8x2xf32>
    quipu.yield %a : tensor<1x8x2xf32>
  }
  // CHECK-LABEL: quipu.kernel @pool
  // CHECK-SAME:  schedule #quipu.cpu_pool cost <bytes =
  quipu.kernel @pool(%x: tensor<2x64xf32>, %at: !quipu.positions) -> tensor<2x64xf32> {
    %y = quipu.pool "mean" %x at %at into @sums : tensor<2x64xf32> -> tensor<2x64xf32>
    quipu.yield %y : tensor<2x64xf32>
  }
}
