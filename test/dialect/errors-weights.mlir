// What an op says of a weight and what the weight's declaration says go together.

// RUN: %quipu-opt %s -verify-diagnostics -split-input-file

// weight_c1
quipu.model @m for [] {
  quipu.step @decode tokens 1 {
    %x = quipu.input "x" : tensor<1x32xf32>
    // expected-error@+1 {{'quipu.rms_norm' op weight C1: there is no quipu.weight @norm}}
    %n = quipu.rms_norm %x, @norm : tensor<32xf32> eps 1.0e-5 : tensor<1x32xf32> -> tensor<1x32xf32>
  }
}

// -----

// weight_c1_kernel: a symbol of something else
quipu.model @m for [] {
  quipu.kernel @k(%x: tensor<1x32xf32>) -> tensor<1x32xf32> {
    // expected-error@+1 {{weight C1: there is no quipu.weight @k}}
    %y = quipu.linear %x, @k : tensor<32x32xf32> -> [32] : tensor<1x32xf32> -> tensor<1x32xf32>
    quipu.yield %y : tensor<1x32xf32>
  }
}

// -----

// weight_c2_format
quipu.model @m for [] {
  quipu.weight @w = "w.weight" : tensor<32x32x!quipu.q8_0, #quipu.rows16> packed at 0
  quipu.kernel @k(%x: tensor<1x32x!quipu.i8x32>) -> tensor<1x32xf32> {
    // expected-error@+1 {{'quipu.linear' op weight C2: @w is 'tensor<32x32x!quipu.q8_0>', but 'tensor<32x32x!quipu.q4_0>' here}}
    %y = quipu.linear %x, @w : tensor<32x32x!quipu.q4_0> -> [32] : tensor<1x32x!quipu.i8x32> -> tensor<1x32xf32>
    quipu.yield %y : tensor<1x32xf32>
  }
}

// -----

// weight_c2_shape
quipu.model @m for [] {
  quipu.weight @table = "table.weight" : tensor<16x32xf32>
  quipu.step @decode tokens 1 {
    %ids = quipu.input "tokens" : tensor<1xi32>
    // expected-error@+1 {{weight C2: @table is 'tensor<16x32xf32>', but 'tensor<64x32xf32>' here}}
    %x = quipu.embed %ids, @table : tensor<64x32xf32> : tensor<1xi32> -> tensor<1x32xf32>
  }
}

// -----

// weight_c2_bias
quipu.model @m for [] {
  quipu.weight @w = "w.weight" : tensor<32x32xf32>
  quipu.weight @b = "w.bias" : tensor<64xf32>
  quipu.step @decode tokens 1 {
    %x = quipu.input "x" : tensor<1x32xf32>
    // expected-error@+1 {{weight C2: @b is 'tensor<64xf32>', but 'tensor<32xf32>' here}}
    %y = quipu.linear %x, @w : tensor<32x32xf32> bias @b : tensor<32xf32> -> [32] : tensor<1x32xf32> -> tensor<1x32xf32>
  }
}

// -----

// weight_c2_mixed: one of the formats inside of a kernel only
quipu.model @m for [] {
  quipu.weight @blk.w = "blk.*.w.weight" layers 2 : tensor<32x32x!quipu.mixed<f32, f16>> but f16 in [1]
  quipu.kernel @k(%x: tensor<1x32xf32>) -> tensor<1x32xf32> {
    %y = quipu.linear %x, @blk.w : tensor<32x32xf16> -> [32] : tensor<1x32xf32> -> tensor<1x32xf32>
    quipu.yield %y : tensor<1x32xf32>
  }
  quipu.step @decode tokens 1 {
    %x = quipu.input "x" : tensor<1x32xf32>
    %last = quipu.layers "blk" times 2 from %x {
    ^bb0(%h: tensor<1x32xf32>):
      // expected-error@+1 {{weight C2: @blk.w is 'tensor<32x32x!quipu.mixed<f32, f16>>', but 'tensor<32x32xf16>' here}}
      %y = quipu.linear %h, @blk.w : tensor<32x32xf16> -> [32] : tensor<1x32xf32> -> tensor<1x32xf32>
      quipu.yield %y : tensor<1x32xf32>
    } : tensor<1x32xf32> -> tensor<1x32xf32>
  }
}

// -----

// weight_c2_no_format_of_the_mix
quipu.model @m for [] {
  quipu.weight @blk.w = "blk.*.w.weight" layers 2 : tensor<32x32x!quipu.mixed<f32, f16>> but f16 in [1]
  quipu.kernel @k(%x: tensor<1x32xf32>) -> tensor<1x32xf32> {
    // expected-error@+1 {{weight C2: @blk.w is 'tensor<32x32x!quipu.mixed<f32, f16>>', but 'tensor<32x32xbf16>' here}}
    %y = quipu.linear %x, @blk.w : tensor<32x32xbf16> -> [32] : tensor<1x32xf32> -> tensor<1x32xf32>
    quipu.yield %y : tensor<1x32xf32>
  }
}

// -----

// weight_c3_outside
quipu.model @m for [] {
  quipu.weight @blk.w = "blk.*.w.weight" layers 2 : tensor<32x32xf32>
  quipu.step @decode tokens 1 {
    %x = quipu.input "x" : tensor<1x32xf32>
    // expected-error@+1 {{weight C3: @blk.w has 2 layers, but is read in a loop of 0}}
    %y = quipu.linear %x, @blk.w : tensor<32x32xf32> -> [32] : tensor<1x32xf32> -> tensor<1x32xf32>
  }
}

// -----

// weight_c3_count
quipu.model @m for [] {
  quipu.weight @blk.w = "blk.*.w.weight" layers 2 : tensor<32x32xf32>
  quipu.step @decode tokens 1 {
    %x = quipu.input "x" : tensor<1x32xf32>
    %last = quipu.layers "blk" times 3 from %x {
    ^bb0(%h: tensor<1x32xf32>):
      // expected-error@+1 {{weight C3: @blk.w has 2 layers, but is read in a loop of 3}}
      %y = quipu.linear %h, @blk.w : tensor<32x32xf32> -> [32] : tensor<1x32xf32> -> tensor<1x32xf32>
      quipu.yield %y : tensor<1x32xf32>
    } : tensor<1x32xf32> -> tensor<1x32xf32>
  }
}
