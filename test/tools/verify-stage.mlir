// RUN: %quipu-opt %s -verify-diagnostics -split-input-file --verify-stage=stage=fused

quipu.model @m for ["llama"] {
  quipu.kernel @k(%a: tensor<1x64xf32>) -> tensor<1x64xf32> {
    %b = quipu.activate silu %a : tensor<1x64xf32> -> tensor<1x64xf32>
    quipu.yield %b : tensor<1x64xf32>
  }
}

// -----

quipu.model @m for ["llama"] {
  quipu.step @decode tokens 1 {
    %a = quipu.input "tokens" : tensor<1x64xf32>
    // expected-error@+1 {{'quipu.activate' is illegal at stage 'fused', outside of a kernel}}
    %b = quipu.activate silu %a : tensor<1x64xf32> -> tensor<1x64xf32>
  }
}

// -----

quipu.model @m for ["llama"] {
  quipu.step @decode tokens 1 {
    // expected-error@+1 {{'quipu.barrier' is illegal at stage 'fused'}}
    quipu.barrier
  }
}

// -----

quipu.model @m for ["llama"] {
  quipu.kernel @k(%a: tensor<1x64xf32>) -> tensor<1x64xf32> {
    // expected-error@+1 {{'quipu.positions' is illegal in a kernel at stage 'fused'}}
    %b = quipu.positions
    quipu.yield %a : tensor<1x64xf32>
  }
}
