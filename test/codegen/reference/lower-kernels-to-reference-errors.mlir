// RUN: %quipu-opt %s --lower-kernels-to-reference --split-input-file --verify-diagnostics

quipu.model @m for ["m"] {
  // The first fills the stack.
  quipu.kernel @large(%x: tensor<2048x128xf32>) -> tensor<2048x128xf32> {
    %s = quipu.add %x, %x : tensor<2048x128xf32>
    // expected-error @+1 {{does not fit on the stack; run fuse-kernels for the target reference}}
    %y = quipu.add %s, %x : tensor<2048x128xf32>
    %z = quipu.add %y, %x : tensor<2048x128xf32>
    quipu.yield %z : tensor<2048x128xf32>
  }
}

// -----

quipu.model @m for ["m"] {
  quipu.weight @w = "w.weight" : tensor<16x32xf16>
  quipu.kernel @unpacked(%x: tensor<8x32xf32>) -> tensor<8x16xf32> {
    // expected-error @+1 {{needs the weight @w, which has no offset; run assign-weight-offsets first}}
    %y = quipu.linear %x, @w : tensor<16x32xf16> -> [16] : tensor<8x32xf32> -> tensor<8x16xf32>
    quipu.yield %y : tensor<8x16xf32>
  }
}

// -----

quipu.model @m for ["m"] {
  quipu.kernel @half(%x: tensor<8x32xf16>) -> tensor<8x32xf16> {
    // expected-error @+1 {{is computed in f32 only, not with 'tensor<8x32xf16>'}}
    %y = quipu.add %x, %x : tensor<8x32xf16>
    quipu.yield %y : tensor<8x32xf16>
  }
}
