// RUN: mkdir -p %t
// RUN: %quipu-opt %s --split-input-file --verify-diagnostics --attach-target=target=x86-64-v3 --lower-kernels=cache=%t

quipu.model @m for ["m"] {
  quipu.weight @w = "w.weight" : tensor<48x32xf32, #quipu.rows16> packed at 0
  quipu.kernel @rotate(%x: tensor<8x32xf32>, %angles: tensor<8x12x2xf32>) -> tensor<8x2x24xf32> schedule #quipu.cpu_tiles<lanes = 8, tokens = 4, tiles = 1> {
    %q = quipu.linear %x, @w : tensor<48x32xf32> -> [2, 24] : tensor<8x32xf32> -> tensor<8x2x24xf32>
    // expected-error @+1 {{heads of 24 components are no multiple of 16; give what follows their linear layer a kernel of its own}}
    %r = quipu.rope %q by %angles pairs adjacent : tensor<8x2x24xf32>, tensor<8x12x2xf32> -> tensor<8x2x24xf32>
    quipu.yield %r : tensor<8x2x24xf32>
  }
}

// -----

quipu.model @m for ["m"] {
  quipu.weight @w = "w.weight" : tensor<2x16xf32, #quipu.rows16> packed at 0
  quipu.kernel @norm(%x: tensor<8x2x16xf32>) -> tensor<8x2x16xf32> schedule #quipu.cpu_rows {
    // expected-error @+1 {{reads the weight @w as a vector, but its layout is #quipu.rows16; run assign-weight-offsets first}}
    %y = quipu.rms_norm %x, @w : tensor<2x16xf32> eps 1.0e-5 : tensor<8x2x16xf32> -> tensor<8x2x16xf32>
    quipu.yield %y : tensor<8x2x16xf32>
  }
}

// -----

quipu.model @m for ["m"] {
  quipu.weight @w = "w.weight" : tensor<16x32xf32, #quipu.floats> packed at 0
  quipu.kernel @multiply(%x: tensor<8x32xf32>) -> tensor<8x16xf32> schedule #quipu.cpu_tiles<lanes = 8, tokens = 4, tiles = 1> {
    // expected-error @+1 {{reads the weight @w as a matrix, but its layout is #quipu.floats; run assign-weight-offsets first}}
    %y = quipu.linear %x, @w : tensor<16x32xf32> -> [16] : tensor<8x32xf32> -> tensor<8x16xf32>
    quipu.yield %y : tensor<8x16xf32>
  }
}

// -----

quipu.model @m for ["m"] {
  // expected-error @+1 {{has no schedule; run choose-schedules first}}
  quipu.kernel @unscheduled(%x: tensor<8x32xf32>) -> tensor<8x32xf32> {
    %y = quipu.add %x, %x : tensor<8x32xf32>
    quipu.yield %y : tensor<8x32xf32>
  }
}

// -----

quipu.model @m for ["m"] {
  quipu.weight @w = "w.weight" : tensor<16x32xf16>
  quipu.kernel @unpacked(%x: tensor<8x32xf32>) -> tensor<8x16xf32> schedule #quipu.cpu_tiles<lanes = 8, tokens = 4, tiles = 1> {
    // expected-error @+1 {{needs the weight @w, which has no offset; run assign-weight-offsets first}}
    %y = quipu.linear %x, @w : tensor<16x32xf16> -> [16] : tensor<8x32xf32> -> tensor<8x16xf32>
    quipu.yield %y : tensor<8x16xf32>
  }
}

// -----

quipu.model @m for ["m"] {
  quipu.weight @blk.w = "blk.*.w.weight" layers 2 : tensor<32x32x!quipu.mixed<f32, f16>, #quipu.rows16> but f16 in [1] packed at 0 stride 4096
  quipu.kernel @mixed(%x: tensor<1x32xf32>) -> tensor<1x32xf32> schedule #quipu.cpu_tiles<lanes = 8, tokens = 1, tiles = 1> {
    // expected-error @+1 {{reads the weight @blk.w in several formats; run specialize-kernels first}}
    %y = quipu.linear %x, @blk.w : tensor<32x32x!quipu.mixed<f32, f16>> -> [32] : tensor<1x32xf32> -> tensor<1x32xf32>
    quipu.yield %y : tensor<1x32xf32>
  }
}

// -----

// Each call of a kernel by tiles would write the first row alone.
quipu.model @m for ["m"] {
  quipu.weight @w = "w.weight" : tensor<16x32xf32, #quipu.rows16> packed at 0
  // expected-error @+1 {{the result 1 is computed from no linear layer, but row by row; give it a kernel of its own}}
  quipu.kernel @both(%x: tensor<8x32xf32>) -> (tensor<8x16xf32>, tensor<8x32xf32>) schedule #quipu.cpu_tiles<lanes = 8, tokens = 4, tiles = 1> {
    %y = quipu.linear %x, @w : tensor<16x32xf32> -> [16] : tensor<8x32xf32> -> tensor<8x16xf32>
    %z = quipu.scale %x by 2.0 : tensor<8x32xf32> -> tensor<8x32xf32>
    quipu.yield %y, %z : tensor<8x16xf32>, tensor<8x32xf32>
  }
}

// -----

// It would take rows from the first that is selected on.
quipu.model @m for ["m"] {
  quipu.weight @w = "w.weight" : tensor<16x32xf32, #quipu.rows16> packed at 0
  quipu.kernel @selected(%h: tensor<8x32xf32>, %rows: tensor<8xi32>) -> tensor<8x16xf32> schedule #quipu.cpu_tiles<lanes = 8, tokens = 4, tiles = 1> selected {
    // expected-error @+1 {{runs row by row; give it a kernel of its own}}
    %g = quipu.gather %h, %rows : tensor<8x32xf32>, tensor<8xi32> -> tensor<8x32xf32>
    %y = quipu.linear %g, @w : tensor<16x32xf32> -> [16] : tensor<8x32xf32> -> tensor<8x16xf32>
    quipu.yield %y : tensor<8x16xf32>
  }
}
