// RUN: %quipu-opt %s -split-input-file -pass-pipeline="builtin.module(attach-target{target=sm_90a},quipu.model(quipu.kernel(choose-gpu-schedules)))" | FileCheck %s --enable-var-scope

quipu.model @linear for [] {
  quipu.weight @q = "q.weight" : tensor<64x64x!quipu.q8_0>
  quipu.weight @f = "f.weight" : tensor<64x64xf32>
  // CHECK: quipu.kernel @one{{.*}} schedule #quipu.gpu_gemv<
  quipu.kernel @one(%x: tensor<1x64xf16>) -> tensor<1x64xf32> {
    %y = quipu.linear %x, @q : tensor<64x64x!quipu.q8_0> -> [64] : tensor<1x64xf16> -> tensor<1x64xf32>
    quipu.yield %y : tensor<1x64xf32>
  }
  // CHECK: quipu.kernel @sixteen{{.*}} schedule #quipu.gpu_gemv<
  quipu.kernel @sixteen(%x: tensor<16x64xf16>) -> tensor<16x64xf32> {
    %y = quipu.linear %x, @q : tensor<64x64x!quipu.q8_0> -> [64] : tensor<16x64xf16> -> tensor<16x64xf32>
    quipu.yield %y : tensor<16x64xf32>
  }
  // CHECK: quipu.kernel @many{{.*}} schedule #quipu.gpu_{{gemm|dots}}
  quipu.kernel @many(%x: tensor<17x64xf16>) -> tensor<17x64xf32> {
    %y = quipu.linear %x, @q : tensor<64x64x!quipu.q8_0> -> [64] : tensor<17x64xf16> -> tensor<17x64xf32>
    quipu.yield %y : tensor<17x64xf32>
  }
  // What gpu_gemm does not compute: more than two layers for an output.
  // CHECK: quipu.kernel @three{{.*}} schedule #quipu.gpu_dots
  quipu.kernel @three(%x: tensor<17x64xf16>) -> tensor<17x64xf32> {
    %a = quipu.linear %x, @q : tensor<64x64x!quipu.q8_0> -> [64] : tensor<17x64xf16> -> tensor<17x64xf32>
    %b = quipu.linear %x, @q : tensor<64x64x!quipu.q8_0> -> [64] : tensor<17x64xf16> -> tensor<17x64xf32>
    %c = quipu.linear %x, @q : tensor<64x64x!quipu.q8_0> -> [64] : tensor<17x64xf16> -> tensor<17x64xf32>
    %ab = quipu.add %a, %b : tensor<17x64xf32>
    %abc = quipu.add %ab, %c : tensor<17x64xf32>
    quipu.yield %abc : tensor<17x64xf32>
  }
  // CHECK: quipu.kernel @floats{{.*}} schedule #quipu.gpu_dots
  quipu.kernel @floats(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    %y = quipu.linear %x, @f : tensor<64x64xf32> -> [64] : tensor<1x64xf32> -> tensor<1x64xf32>
    quipu.yield %y : tensor<1x64xf32>
  }
  // CHECK: quipu.kernel @rows{{.*}} schedule #quipu.gpu_rows
  quipu.kernel @rows(%x: tensor<1x64xf32>) -> tensor<1x64xf16> {
    %y = quipu.quantize %x as f16 : tensor<1x64xf32> -> tensor<1x64xf16>
    quipu.yield %y : tensor<1x64xf16>
  }
  // CHECK: quipu.kernel @angles{{.*}} schedule #quipu.gpu_angles
  quipu.kernel @angles(%at: !quipu.positions) -> tensor<1x8x2xf32> {
    %y = quipu.rope_angles %at dims 16 theta 10000.0 tokens 1 : tensor<1x8x2xf32>
    quipu.yield %y : tensor<1x8x2xf32>
  }
}

// -----

quipu.model @experts for [] {
  quipu.weight @q = "q.weight" chosen 2 : tensor<4x64x64x!quipu.q8_0>
  quipu.weight @f = "f.weight" chosen 2 : tensor<4x64x64xf32>
  // CHECK: quipu.kernel @choose{{.*}} schedule #quipu.gpu_top_k
  quipu.kernel @choose(%p: tensor<1x4xf32>) -> (tensor<1x2xi32>, tensor<1x2xf32>) {
    %ids, %w = quipu.top_k %p count 2 : tensor<1x4xf32> -> tensor<1x2xi32>, tensor<1x2xf32>
    quipu.yield %ids, %w : tensor<1x2xi32>, tensor<1x2xf32>
  }
  // What is read is two of the four matrices, of 128 rows with the padding.
  // CHECK: quipu.kernel @few{{.*}} schedule #quipu.gpu_experts<choices = 16> cost <bytes = 18056, operations = 16384,
  quipu.kernel @few(%x: tensor<1x64xf16>, %ids: tensor<1x2xi32>) -> tensor<1x2x64xf32> {
    %y = quipu.linear %x, @q : tensor<4x64x64x!quipu.q8_0> of %ids -> [64] : tensor<1x64xf16> of tensor<1x2xi32> -> tensor<1x2x64xf32>
    quipu.yield %y : tensor<1x2x64xf32>
  }
  // CHECK: quipu.kernel @many{{.*}} schedule #quipu.gpu_experts<choices = 64>
  quipu.kernel @many(%x: tensor<128x64xf16>, %ids: tensor<128x2xi32>) -> tensor<128x2x64xf32> {
    %y = quipu.linear %x, @q : tensor<4x64x64x!quipu.q8_0> of %ids -> [64] : tensor<128x64xf16> of tensor<128x2xi32> -> tensor<128x2x64xf32>
    quipu.yield %y : tensor<128x2x64xf32>
  }
  // CHECK: quipu.kernel @floats{{.*}} schedule #quipu.gpu_dots
  quipu.kernel @floats(%x: tensor<1x64xf32>, %ids: tensor<1x2xi32>) -> tensor<1x2x64xf32> {
    %y = quipu.linear %x, @f : tensor<4x64x64xf32> of %ids -> [64] : tensor<1x64xf32> of tensor<1x2xi32> -> tensor<1x2x64xf32>
    quipu.yield %y : tensor<1x2x64xf32>
  }
  // What needs other numbers of a row than its own: nothing that gpu_experts computes.
  // CHECK: quipu.kernel @normed{{.*}} schedule #quipu.gpu_dots
  quipu.kernel @normed(%x: tensor<1x64xf16>, %ids: tensor<1x2xi32>) -> tensor<1x2x64xf32> {
    %y = quipu.linear %x, @q : tensor<4x64x64x!quipu.q8_0> of %ids -> [64] : tensor<1x64xf16> of tensor<1x2xi32> -> tensor<1x2x64xf32>
    %n = quipu.l2_norm %y : tensor<1x2x64xf32> -> tensor<1x2x64xf32>
    quipu.yield %n : tensor<1x2x64xf32>
  }
}
