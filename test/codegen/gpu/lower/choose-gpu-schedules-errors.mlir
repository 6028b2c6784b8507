// RUN: %quipu-opt %s -split-input-file -verify-diagnostics -pass-pipeline="builtin.module(quipu.model(quipu.kernel(choose-gpu-schedules)))"

module attributes {quipu.target = #quipu.gpu<"sm_90a">} {
  quipu.model @experts for [] {
    quipu.kernel @choose(%p: tensor<1x4xf32>) -> (tensor<1x2xi32>, tensor<1x2xf32>) {
      // expected-error@+1 {{GPUs have no kernel for experts; build for a CPU}}
      %ids, %w = quipu.top_k %p count 2 : tensor<1x4xf32> -> tensor<1x2xi32>, tensor<1x2xf32>
      quipu.yield %ids, %w : tensor<1x2xi32>, tensor<1x2xf32>
    }
  }
}

// -----

module attributes {quipu.target = #quipu.gpu<"sm_90a">} {
  quipu.model @sum_of_experts for [] {
    quipu.kernel @sum(%e: tensor<1x2x64xf32>, %w: tensor<1x2xf32>) -> tensor<1x64xf32> {
      // expected-error@+1 {{GPUs have no kernel for experts; build for a CPU}}
      %y = quipu.sum %e by %w : tensor<1x2x64xf32>, tensor<1x2xf32> -> tensor<1x64xf32>
      quipu.yield %y : tensor<1x64xf32>
    }
  }
}

// -----

module attributes {quipu.target = #quipu.gpu<"sm_90a">} {
  quipu.model @linear_of_experts for [] {
    quipu.weight @w = "w.weight" chosen 2 : tensor<4x16x64xf32>
    quipu.kernel @linear(%x: tensor<1x64xf32>, %ids: tensor<1x2xi32>) -> tensor<1x2x16xf32> {
      // expected-error@+1 {{GPUs have no kernel for experts; build for a CPU}}
      %y = quipu.linear %x, @w : tensor<4x16x64xf32> of %ids -> [16] : tensor<1x64xf32> of tensor<1x2xi32> -> tensor<1x2x16xf32>
      quipu.yield %y : tensor<1x2x16xf32>
    }
  }
}
