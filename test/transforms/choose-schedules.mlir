// RUN: %quipu-opt %s -attach-target=target=x86-64-v4+avx512vnni -choose-schedules | FileCheck %s --check-prefixes=CHECK,FIRST
// RUN: %quipu-opt %s -attach-target=target=x86-64-v4+avx512vnni -choose-schedules=candidate=1 | FileCheck %s --check-prefixes=CHECK,SECOND
// RUN: %quipu-opt %s -attach-target=target=x86-64-v4+avx512vnni -choose-schedules="candidate=1 tuned=%S/Inputs/tuned.json" | FileCheck %s --check-prefixes=CHECK,TUNED

// A kernel's grid is that of what it computes: tiles of a linear layer's rows, heads
// of attention, or tokens. What was measured comes before what is asked for, that
// before the cheapest.

quipu.model @m for [] {
  quipu.weight @n = "n.weight" : tensor<64xf32>
  quipu.weight @w = "w.weight" : tensor<64x64x!quipu.q4_1>
  quipu.state @kv : !quipu.pages<heads 2, keys 16, values 16> layers 4
  // CHECK-LABEL: quipu.kernel @linear
  // FIRST-SAME:  schedule <grid = tiles, lanes = 16, tokens = 1, tiles = 1, bytes =
  // SECOND-SAME: schedule <grid = tiles, lanes = 16, tokens = 1, tiles = 4, bytes =
  // TUNED-SAME:  schedule <grid = tiles, lanes = 16, tokens = 1, tiles = 2, bytes =
  quipu.kernel @linear(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    %n = quipu.rms_norm %x, @n : tensor<64xf32> eps 1.0e-5 : tensor<1x64xf32> -> tensor<1x64xf32>
    %z = quipu.quantize %n : tensor<1x64xf32> -> tensor<1x64x!quipu.i8x32>
    %y = quipu.linear %z, @w : tensor<64x64x!quipu.q4_1> -> [64] : tensor<1x64x!quipu.i8x32> -> tensor<1x64xf32>
    quipu.yield %y : tensor<1x64xf32>
  }
  // CHECK-LABEL: quipu.kernel @attention
  // CHECK-SAME:  schedule <grid = heads, lanes = 16, tokens = 1, tiles = 1, bytes =
  quipu.kernel @attention(%q: tensor<1x4x16xf32>, %kv: !quipu.cache<@kv, f16, heads 2, keys 16, values 16>, %at: !quipu.positions) -> tensor<1x4x16xf32> {
    %y = quipu.attention %q over %kv at %at : tensor<1x4x16xf32>, !quipu.cache<@kv, f16, heads 2, keys 16, values 16> -> tensor<1x4x16xf32>
    quipu.yield %y : tensor<1x4x16xf32>
  }
  // CHECK-LABEL: quipu.kernel @norm
  // CHECK-SAME:  schedule <grid = tokens, lanes = 16, tokens = 1, tiles = 1, bytes =
  quipu.kernel @norm(%x: tensor<2x64xf32>) -> tensor<2x64xf32> {
    %n = quipu.rms_norm %x, @n : tensor<64xf32> eps 1.0e-5 : tensor<2x64xf32> -> tensor<2x64xf32>
    quipu.yield %n : tensor<2x64xf32>
  }
}
