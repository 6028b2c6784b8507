// RUN: %quipu-opt %s -choose-schedules="tuned=%S/Inputs/tuned.json" | FileCheck %s --check-prefixes=CHECK,TUNED
// RUN: %quipu-opt %s -choose-schedules="candidate=1" | FileCheck %s --check-prefixes=CHECK,SECOND
// RUN: %quipu-opt %s -choose-schedules="candidate=6 lanes=8 registers=16" | FileCheck %s --check-prefix=FEW
// RUN: %quipu-opt %s -choose-schedules="candidate=1 tuned=%S/Inputs/tuned.json" | FileCheck %s --check-prefixes=CHECK,BOTH

// What was measured comes before what the cost model thinks. The file is for a
// shape and a step's tokens, whatever else the kernel does. Candidates come by
// rising cost, those with a panel and without by turns where one is possible.

quipu.model @m for [] {
  // CHECK-LABEL: quipu.kernel @one
  // TUNED-SAME:  tokens = 1, tiles = 2, bytes =
  // BOTH-SAME:   tokens = 1, tiles = 2, bytes =
  // SECOND-SAME: tokens = 1, tiles = 4, bytes =
  quipu.kernel @one(%x: tensor<1x64x!quipu.i8x32>) -> tensor<1x64xf32> {
    %y = quipu.linear %x, "w" : tensor<64x64x!quipu.q4_1> -> [64] : tensor<1x64x!quipu.i8x32> -> tensor<1x64xf32>
    quipu.yield %y : tensor<1x64xf32>
  }
  // CHECK-LABEL: quipu.kernel @many
  // TUNED-SAME:  tokens = 8, tiles = 1, panel = true, bytes =
  // BOTH-SAME:   tokens = 8, tiles = 1, panel = true, bytes =
  // SECOND-SAME: tokens = 4, tiles = 3, panel = true, bytes =
  quipu.kernel @many(%x: tensor<128x64x!quipu.i8x32>) -> tensor<128x64xf32> {
    %y = quipu.linear %x, "w" : tensor<64x64x!quipu.q4_1> -> [64] : tensor<128x64x!quipu.i8x32> -> tensor<128x64xf32>
    quipu.yield %y : tensor<128x64xf32>
  }
  // Another number of tokens, too few for a panel.
  // CHECK-LABEL: quipu.kernel @eight
  // TUNED-SAME:  tokens = 4, tiles = 1, bytes =
  // SECOND-SAME: tokens = 2, tiles = 1, bytes =
  quipu.kernel @eight(%x: tensor<8x64x!quipu.i8x32>) -> tensor<8x64xf32> {
    %y = quipu.linear %x, "w" : tensor<64x64x!quipu.q4_1> -> [64] : tensor<8x64x!quipu.i8x32> -> tensor<8x64xf32>
    quipu.yield %y : tensor<8x64xf32>
  }
  // Floats are not unpacked; with few registers there are few candidates, and
  // behind the last one comes the first again.
  // FEW-LABEL:  quipu.kernel @gate_up
  // FEW-SAME:   tokens = 1, tiles = 4, bytes =
  // CHECK-LABEL: quipu.kernel @gate_up
  // TUNED-SAME:  tokens = 1, tiles = 3, bytes =
  // SECOND-SAME: tokens = 1, tiles = 3, bytes =
  quipu.kernel @gate_up(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    %n = quipu.rms_norm %x, "n" : tensor<64xf32> eps 1.0e-5 : tensor<1x64xf32> -> tensor<1x64xf32>
    %g = quipu.linear %n, "g" : tensor<64x64xf16> -> [64] : tensor<1x64xf32> -> tensor<1x64xf32>
    %u = quipu.linear %n, "u" : tensor<64x64xf16> -> [64] : tensor<1x64xf32> -> tensor<1x64xf32>
    %y = quipu.swiglu %g, %u : tensor<1x64xf32>
    quipu.yield %y : tensor<1x64xf32>
  }
  // CHECK-LABEL: quipu.kernel @norm
  // CHECK-SAME:  tokens = 1, tiles = 1, bytes =
  quipu.kernel @norm(%x: tensor<2x64xf32>) -> tensor<2x64xf32> {
    %n = quipu.rms_norm %x, "n" : tensor<64xf32> eps 1.0e-5 : tensor<2x64xf32> -> tensor<2x64xf32>
    quipu.yield %n : tensor<2x64xf32>
  }
}
