// RUN: %quipu-opt %s -pass-pipeline="builtin.module(attach-target{target=x86-64-v4+avx512vnni},quipu.model(quipu.kernel(choose-schedules)))" | FileCheck %s --check-prefixes=CHECK,AVX512
// RUN: %quipu-opt %s -pass-pipeline="builtin.module(attach-target{target=x86-64-v3+avxvnni},quipu.model(quipu.kernel(choose-schedules)))" | FileCheck %s --check-prefixes=CHECK,AVX2
// RUN: %quipu-opt %s -pass-pipeline="builtin.module(attach-target{target=x86-64-v4},quipu.model(quipu.kernel(choose-schedules)))" | FileCheck %s --check-prefix=STEPS
// RUN: %quipu-opt %s -pass-pipeline="builtin.module(attach-target{target=sapphirerapids},quipu.model(quipu.kernel(choose-schedules)))" | FileCheck %s --check-prefix=TILE
// RUN: %quipu-opt %s -attach-target=target=aarch64+dotprod | sed "s/registers = 32/registers = 4/" | %quipu-opt -pass-pipeline="builtin.module(quipu.model(quipu.kernel(choose-schedules)))" | FileCheck %s --check-prefix=TINY
// RUN: %quipu-opt %s -pass-pipeline="builtin.module(attach-target{target=x86-64-v4+avx512vnni},quipu.model(quipu.kernel(choose-schedules{candidate=1})))" | FileCheck %s --check-prefix=SECOND
// RUN: %quipu-opt %s -pass-pipeline="builtin.module(attach-target{target=x86-64-v3+avxvnni},quipu.model(quipu.kernel(choose-schedules{candidate=6})))" | FileCheck %s --check-prefix=FEW

// A tile is 16 output rows: one vector of AVX-512, two of AVX2. The accumulators of
// tokens x tiles and the unpacked weights of each tile fit in the registers beside
// three operands; block formats have two accumulators each. Candidates come by
// rising cost, those with a panel and without by turns where one is possible.

quipu.model @m for [] {
  quipu.weight @w.q4_1 = "w.q4_1.weight" : tensor<64x64x!quipu.q4_1>
  quipu.weight @w.q4_0 = "w.q4_0.weight" : tensor<64x64x!quipu.q4_0>
  quipu.weight @w.q8_0 = "w.q8_0.weight" : tensor<64x64x!quipu.q8_0>
  quipu.weight @w.q5_0 = "w.q5_0.weight" : tensor<64x64x!quipu.q5_0>
  quipu.weight @w.bf16 = "w.bf16.weight" : tensor<64x64xbf16>
  quipu.weight @w.f32 = "w.f32.weight" : tensor<64x64xf32>
  quipu.weight @w.f16 = "w.f16.weight" : tensor<64x64xf16>
  quipu.weight @n = "n.weight" : tensor<64xf32>
  quipu.weight @g = "g.weight" : tensor<64x64xf16>
  quipu.weight @u = "u.weight" : tensor<64x64xf16>
  quipu.state @kv : !quipu.pages<heads 2, keys 16, values 16> layers 4
  // One token: a tile of blocks streams by.
  // bytes: 64 * 64 / 32 * 20 of weights, 64 / 32 * 60 and 64 * 4 of activations;
  // they take 147 ns, and the call 500.
  // CHECK-LABEL: quipu.kernel @q4_1_one
  // AVX512-SAME: lanes = 16, tokens = 1, tiles = 1> cost <bytes = 2936, operations = 8192, nanoseconds = 646>
  // AVX2-SAME:   lanes = 8, tokens = 1, tiles = 1> cost <bytes = 2936, operations = 8192, nanoseconds = 646>
  // SECOND-LABEL: quipu.kernel @q4_1_one
  // SECOND-SAME: tokens = 1, tiles = 4> cost <bytes =
  quipu.kernel @q4_1_one(%x: tensor<1x64x!quipu.i8x32>) -> tensor<1x64xf32> {
    %y = quipu.linear %x, @w.q4_1 : tensor<64x64x!quipu.q4_1> -> [64] : tensor<1x64x!quipu.i8x32> -> tensor<1x64xf32>
    quipu.yield %y : tensor<1x64xf32>
  }
  // Many tokens: unpacking 4-bit weights is dear, so tokens come first.
  // CHECK-LABEL: quipu.kernel @q4_1_many
  // 128 tokens x 4 tiles x 2 blocks x 11.6 cycles take 3245 ns; without dot
  // products of bytes x 51.6.
  // AVX512-SAME: lanes = 16, tokens = 4, tiles = 2> cost {{.*}}nanoseconds = 3745>
  // STEPS-LABEL: quipu.kernel @q4_1_many
  // STEPS-SAME:  nanoseconds = 14936>
  // SECOND-LABEL: quipu.kernel @q4_1_many
  // SECOND-SAME: tokens = 4, tiles = 3, panel = true> cost <bytes =
  // AVX2-SAME:   lanes = 8, tokens = 2, tiles = 1>
  quipu.kernel @q4_1_many(%x: tensor<128x64x!quipu.i8x32>) -> tensor<128x64xf32> {
    %y = quipu.linear %x, @w.q4_1 : tensor<64x64x!quipu.q4_1> -> [64] : tensor<128x64x!quipu.i8x32> -> tensor<128x64xf32>
    quipu.yield %y : tensor<128x64xf32>
  }
  // CHECK-LABEL: quipu.kernel @q4_0_many
  // AVX512-SAME: tokens = 4, tiles = 2>
  // AVX2-SAME:   tokens = 2, tiles = 1>
  // TILE-LABEL:  quipu.kernel @q4_0_many
  // TILE-SAME:   tokens = 16, tiles = 1, panel = true> cost <bytes =
  quipu.kernel @q4_0_many(%x: tensor<128x64x!quipu.i8x32>) -> tensor<128x64xf32> {
    %y = quipu.linear %x, @w.q4_0 : tensor<64x64x!quipu.q4_0> -> [64] : tensor<128x64x!quipu.i8x32> -> tensor<128x64xf32>
    quipu.yield %y : tensor<128x64xf32>
  }
  // Bytes need no unpacking: an activation is worth sharing, too.
  // CHECK-LABEL: quipu.kernel @q8_0_many
  // AVX512-SAME: tokens = 4, tiles = 3>
  // AVX2-SAME:   tokens = 1, tiles = 2>
  // TILE-LABEL:  quipu.kernel @q8_0_many
  // TILE-SAME:   tokens = 16, tiles = 1> cost <bytes =
  quipu.kernel @q8_0_many(%x: tensor<128x64x!quipu.i8x32>) -> tensor<128x64xf32> {
    %y = quipu.linear %x, @w.q8_0 : tensor<64x64x!quipu.q8_0> -> [64] : tensor<128x64x!quipu.i8x32> -> tensor<128x64xf32>
    quipu.yield %y : tensor<128x64xf32>
  }
  // Two planes of bits are unpacked once for all tokens.
  // CHECK-LABEL: quipu.kernel @q5_0_many
  // AVX512-SAME: tokens = 4, tiles = 3, panel = true> cost <bytes =
  quipu.kernel @q5_0_many(%x: tensor<128x64x!quipu.i8x32>) -> tensor<128x64xf32> {
    %y = quipu.linear %x, @w.q5_0 : tensor<64x64x!quipu.q5_0> -> [64] : tensor<128x64x!quipu.i8x32> -> tensor<128x64xf32>
    quipu.yield %y : tensor<128x64xf32>
  }
  // Two columns at a time: 128 tokens x 4 tiles x 32 pairs x 1.18 cycles take 5297
  // ns, half of what columns one by one do.
  // CHECK-LABEL: quipu.kernel @bf16_pairs_many
  // AVX512-SAME: tokens = 8, tiles = 3> cost {{.*}}nanoseconds = 5797>
  quipu.kernel @bf16_pairs_many(%x: tensor<128x64xbf16>) -> tensor<128x64xf32> {
    %y = quipu.linear %x, @w.bf16 : tensor<64x64xbf16> -> [64] : tensor<128x64xbf16> -> tensor<128x64xf32>
    quipu.yield %y : tensor<128x64xf32>
  }
  // Few tokens: one tile after the other is read.
  // SECOND-LABEL: quipu.kernel @q4_0_four
  // SECOND-SAME: tokens = 2, tiles = 1>
  // CHECK-LABEL: quipu.kernel @q4_0_four
  // AVX512-SAME: tokens = 4, tiles = 1>
  // AVX2-SAME:   tokens = 2, tiles = 1>
  quipu.kernel @q4_0_four(%x: tensor<4x64x!quipu.i8x32>) -> tensor<4x64xf32> {
    %y = quipu.linear %x, @w.q4_0 : tensor<64x64x!quipu.q4_0> -> [64] : tensor<4x64x!quipu.i8x32> -> tensor<4x64xf32>
    quipu.yield %y : tensor<4x64xf32>
  }
  // And no panel for up to 16.
  // CHECK-LABEL: quipu.kernel @q5_0_some
  // AVX512-SAME: tokens = 4, tiles = 1> cost <bytes =
  // TILE-LABEL: quipu.kernel @q5_0_some
  // TILE-SAME: tokens = 4, tiles = 1> cost <bytes =
  quipu.kernel @q5_0_some(%x: tensor<16x64x!quipu.i8x32>) -> tensor<16x64xf32> {
    %y = quipu.linear %x, @w.q5_0 : tensor<64x64x!quipu.q5_0> -> [64] : tensor<16x64x!quipu.i8x32> -> tensor<16x64xf32>
    quipu.yield %y : tensor<16x64xf32>
  }
  // Never more tokens than there are.
  // CHECK-LABEL: quipu.kernel @f32_three
  // AVX512-SAME: tokens = 2, tiles = 4>
  // AVX2-SAME:   tokens = 2, tiles = 2>
  quipu.kernel @f32_three(%x: tensor<3x64xf32>) -> tensor<3x64xf32> {
    %y = quipu.linear %x, @w.f32 : tensor<64x64xf32> -> [64] : tensor<3x64xf32> -> tensor<3x64xf32>
    quipu.yield %y : tensor<3x64xf32>
  }
  // CHECK-LABEL: quipu.kernel @f16_many
  // AVX512-SAME: tokens = 8, tiles = 3>
  // AVX2-SAME:   tokens = 2, tiles = 2>
  // TILE-LABEL: quipu.kernel @f16_many
  // TILE-SAME: tokens = {{[48]}}, tiles =
  quipu.kernel @f16_many(%x: tensor<128x64xf32>) -> tensor<128x64xf32> {
    %y = quipu.linear %x, @w.f16 : tensor<64x64xf16> -> [64] : tensor<128x64xf32> -> tensor<128x64xf32>
    quipu.yield %y : tensor<128x64xf32>
  }
  quipu.weight @exps = "exps.weight" chosen 2 : tensor<8x64x64x!quipu.q8_0>
  // One token of a float format: four sums hide the latency of an addition. The
  // work of two linear layers adds up; a norm's is not counted. Floats are not
  // unpacked; with few registers there are few candidates, and behind the last
  // one comes the first again.
  // CHECK-LABEL: quipu.kernel @gate_up
  // FEW-LABEL:  quipu.kernel @gate_up
  // FEW-SAME:   tokens = 1, tiles = 4> cost <bytes =
  // SECOND-LABEL: quipu.kernel @gate_up
  // SECOND-SAME: tokens = 1, tiles = 3> cost <bytes =
  // CHECK-SAME: tokens = 1, tiles = 4> cost <bytes = 16896, operations = 16384, nanoseconds = 1344>
  quipu.kernel @gate_up(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    %n = quipu.rms_norm %x, @n : tensor<64xf32> eps 1.0e-5 : tensor<1x64xf32> -> tensor<1x64xf32>
    %g = quipu.linear %n, @g : tensor<64x64xf16> -> [64] : tensor<1x64xf32> -> tensor<1x64xf32>
    %u = quipu.linear %n, @u : tensor<64x64xf16> -> [64] : tensor<1x64xf32> -> tensor<1x64xf32>
    %y = quipu.swiglu %g, %u : tensor<1x64xf32>
    quipu.yield %y : tensor<1x64xf32>
  }
  // Over 128 positions: each has 2 * 2 * 16 numbers of 2 bytes, and there are 2 *
  // 64 multiply-adds; 512 bytes of activations.
  // CHECK-LABEL: quipu.kernel @attention
  // AVX512-SAME: lanes = 16> cost <bytes = 16896, operations = 32768, nanoseconds = 1344>
  // AVX2-SAME:   lanes = 8> cost <bytes = 16896, operations = 32768, nanoseconds = 1344>
  quipu.kernel @attention(%q: tensor<1x4x16xf32>, %kv: !quipu.cache<@kv, f16, heads 2, keys 16, values 16>, %at: !quipu.positions) -> tensor<1x4x16xf32> {
    %y = quipu.attention %q over %kv at %at : tensor<1x4x16xf32>, !quipu.cache<@kv, f16, heads 2, keys 16, values 16> -> tensor<1x4x16xf32>
    quipu.yield %y : tensor<1x4x16xf32>
  }
  // CHECK-LABEL: quipu.kernel @norm
  // CHECK-SAME: #quipu.cpu_rows cost <bytes = 1024, operations = 0, nanoseconds = 551>
  quipu.kernel @norm(%x: tensor<2x64xf32>) -> tensor<2x64xf32> {
    %n = quipu.rms_norm %x, @n : tensor<64xf32> eps 1.0e-5 : tensor<2x64xf32> -> tensor<2x64xf32>
    quipu.yield %n : tensor<2x64xf32>
  }
  // Of experts the bytes of those that are chosen: of one token 2 of 8, of 128 all.
  // CHECK-LABEL: quipu.kernel @expert
  // AVX512-SAME: cost <bytes = 9344, operations = 16384,
  quipu.kernel @expert(%x: tensor<1x64x!quipu.i8x32>, %ids: tensor<1x2xi32>) -> tensor<1x2x64xf32> {
    %y = quipu.linear %x, @exps : tensor<8x64x64x!quipu.q8_0> of %ids -> [64] : tensor<1x64x!quipu.i8x32> of tensor<1x2xi32> -> tensor<1x2x64xf32>
    quipu.yield %y : tensor<1x2x64xf32>
  }
  // Tiles of 16 rows would be half empty where those that choose an expert, or are
  // selected, are any number.
  // TILE-LABEL: quipu.kernel @experts_many
  // TILE-SAME:  tokens = 4, tiles = 3> cost <bytes =
  quipu.kernel @experts_many(%x: tensor<128x64x!quipu.i8x32>, %ids: tensor<128x2xi32>) -> tensor<128x2x64xf32> {
    %y = quipu.linear %x, @exps : tensor<8x64x64x!quipu.q8_0> of %ids -> [64] : tensor<128x64x!quipu.i8x32> of tensor<128x2xi32> -> tensor<128x2x64xf32>
    quipu.yield %y : tensor<128x2x64xf32>
  }
  // TILE-LABEL: quipu.kernel @selected_many
  // TILE-SAME:  tokens = 4, tiles = 2> cost <bytes =
  quipu.kernel @selected_many(%x: tensor<128x64x!quipu.i8x32>) -> tensor<128x64xf32> selected {
    %y = quipu.linear %x, @w.q4_0 : tensor<64x64x!quipu.q4_0> -> [64] : tensor<128x64x!quipu.i8x32> -> tensor<128x64xf32>
    quipu.yield %y : tensor<128x64xf32>
  }
}

// Too few registers for any tile: the smallest.
// TINY-LABEL: quipu.kernel @q4_1_many
// TINY-SAME: lanes = 4, tokens = 1, tiles = 1>
