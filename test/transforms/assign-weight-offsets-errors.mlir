// RUN: %quipu-opt %s -assign-weight-offsets -split-input-file -verify-diagnostics

// Experts have three dimensions, nothing has four.
quipu.model @experts for [] {
  // expected-error @+1 {{'quipu.weight' op is 'tensor<2x4x32x32xf32>', which no kernel reads; a weight is a matrix, or a vector of floats}}
  quipu.weight @w = "w.weight" : tensor<2x4x32x32xf32>
}

// -----

quipu.model @norm for [] {
  // expected-error @+1 {{'quipu.weight' op is 'tensor<32x!quipu.q8_0>', which no kernel reads; a weight is a matrix, or a vector of floats}}
  quipu.weight @w = "w.weight" : tensor<32x!quipu.q8_0>
}
