// RUN: %quipu-opt %s -specialize-kernels -verify-diagnostics -split-input-file

quipu.model @outside for [] {
  quipu.weight @blk.w = "blk.*.w.weight" layers 2 : tensor<32x32x!quipu.mixed<f32, f16>> but f16 in [1]
  quipu.kernel @k(%h: tensor<1x32xf32>) -> tensor<1x32xf32> {
    %y = quipu.linear %h, "blk.w" : tensor<32x32x!quipu.mixed<f32, f16>> -> [32] : tensor<1x32xf32> -> tensor<1x32xf32>
    quipu.yield %y : tensor<1x32xf32>
  }
  quipu.step @decode tokens 1 {
    %x = quipu.input "x" : tensor<1x32xf32>
    // expected-error@+1 {{is not in the layers of the weight "blk.w", whose formats are mixed}}
    %y = quipu.launch @k(%x) : (tensor<1x32xf32>) -> tensor<1x32xf32>
  }
}

// -----

quipu.model @count for [] {
  quipu.weight @blk.w = "blk.*.w.weight" layers 2 : tensor<32x32x!quipu.mixed<f32, f16>> but f16 in [1]
  quipu.kernel @k(%h: tensor<1x32xf32>) -> tensor<1x32xf32> {
    %y = quipu.linear %h, "blk.w" : tensor<32x32x!quipu.mixed<f32, f16>> -> [32] : tensor<1x32xf32> -> tensor<1x32xf32>
    quipu.yield %y : tensor<1x32xf32>
  }
  quipu.step @decode tokens 1 {
    %x = quipu.input "x" : tensor<1x32xf32>
    %last = quipu.layers "blk" times 3 from %x {
    ^bb0(%h: tensor<1x32xf32>):
      // expected-error@+1 {{is not in the layers of the weight "blk.w", whose formats are mixed}}
      %y = quipu.launch @k(%h) : (tensor<1x32xf32>) -> tensor<1x32xf32>
      quipu.yield %y : tensor<1x32xf32>
    } : tensor<1x32xf32> -> tensor<1x32xf32>
  }
}
