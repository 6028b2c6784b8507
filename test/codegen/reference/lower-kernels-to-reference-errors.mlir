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
  quipu.state @kv : !quipu.pages<heads 1, keys 16, values 16> layers 4 pool 0 at 0 stride 32
  quipu.kernel @both(%q: tensor<8x1x16xf32>, %at: !quipu.positions) -> tensor<8x1x16xf32> {
    %kv = quipu.cache_write %q, %q at %at into @kv : tensor<8x1x16xf32>, tensor<8x1x16xf32> -> !quipu.cache<@kv, f16, heads 1, keys 16, values 16>
    // expected-error @+1 {{is in the kernel that writes the cache; run fuse-kernels for the target reference}}
    %a = quipu.attention %q over %kv at %at : tensor<8x1x16xf32>, !quipu.cache<@kv, f16, heads 1, keys 16, values 16> -> tensor<8x1x16xf32>
    quipu.yield %a : tensor<8x1x16xf32>
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
  // expected-error @+1 {{yields an input, or a value twice}}
  quipu.kernel @same(%x: tensor<8x32xf32>) -> tensor<8x32xf32> {
    quipu.yield %x : tensor<8x32xf32>
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

// -----

quipu.model @m for ["m"] {
  quipu.kernel @angles(%at: !quipu.positions) -> tensor<8x2x2xf32> {
    // expected-error @+1 {{C3: the scaling's low and high are not rising: 4.000000e+00 : f64 and 1.000000e+00 : f64}}
    %a = quipu.rope_angles %at dims 4 theta 10000.0 scaling <type = "llama3", factor = 8.0, original_context = 8192, low = 4.0, high = 1.0> tokens 8 : tensor<8x2x2xf32>
    quipu.yield %a : tensor<8x2x2xf32>
  }
}

// -----

quipu.model @m for ["m"] {
  quipu.kernel @angles(%at: !quipu.positions) -> tensor<8x2x2xf32> {
    // expected-error @+1 {{C3: the scaling's factor is not positive: 0.000000e+00 : f64}}
    %a = quipu.rope_angles %at dims 4 theta 10000.0 scaling <type = "linear", factor = 0.0> tokens 8 : tensor<8x2x2xf32>
    quipu.yield %a : tensor<8x2x2xf32>
  }
}

// -----

quipu.model @m for ["m"] {
  quipu.kernel @angles(%at: !quipu.positions) -> tensor<8x2x2xf32> {
    // expected-error @+1 {{C3: the scaling's original_context is not positive: 0 : i64}}
    %a = quipu.rope_angles %at dims 4 theta 10000.0 scaling <type = "yarn", factor = 4.0, original_context = 0> tokens 8 : tensor<8x2x2xf32>
    quipu.yield %a : tensor<8x2x2xf32>
  }
}
