// Every constraint of the ops of a forward pass, by its name: op and number. `shape`
// is a result that does not follow from the operands.

// RUN: %quipu-opt %s -verify-diagnostics -split-input-file

// embed_c1
quipu.model @m for [] {
  quipu.weight @w = "w.weight" : tensor<8x4xf32>
  %x = quipu.input "x" : tensor<1xi64>
  // expected-error@+2 {{C1: the ids are a vector of i32, not 'tensor<1xi64>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %out = quipu.embed %x, @w : tensor<8x4xf32> : tensor<1xi64> -> tensor<1x4xf32>
}

// -----

// embed_c1_rank
quipu.model @m for [] {
  quipu.weight @w = "w.weight" : tensor<8x4xf32>
  %x = quipu.input "x" : tensor<1x2xi32>
  // expected-error@+2 {{C1: the ids are a vector of i32, not 'tensor<1x2xi32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %out = quipu.embed %x, @w : tensor<8x4xf32> : tensor<1x2xi32> -> tensor<1x4xf32>
}

// -----

// embed_c2
quipu.model @m for [] {
  quipu.weight @w = "w.weight" : tensor<8xf32>
  %x = quipu.input "x" : tensor<1xi32>
  // expected-error@+2 {{C2: the weight @w is not a bound matrix}}
  // expected-error@+1 {{failed to infer returned types}}
  %out = quipu.embed %x, @w : tensor<8xf32> : tensor<1xi32> -> tensor<1x4xf32>
}

// -----

// embed_shape
quipu.model @m for [] {
  quipu.weight @w = "w.weight" : tensor<8x4xf16>
  %x = quipu.input "x" : tensor<1xi32>
  // expected-error@+2 {{inferred type(s) 'tensor<1x4xf32>' are incompatible with return type(s) of operation 'tensor<1x8xf32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %out = quipu.embed %x, @w : tensor<8x4xf16> : tensor<1xi32> -> tensor<1x8xf32>
}

// -----

// gather_c1
quipu.model @m for [] {
  %x = quipu.input "x" : tensor<4x8xf32>
  %r = quipu.input "r" : tensor<2xf32>
  // expected-error@+2 {{C1: the rows are a vector of i32, not 'tensor<2xf32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %out = quipu.gather %x, %r : tensor<4x8xf32>, tensor<2xf32> -> tensor<2x8xf32>
}

// -----

// gather_shape
quipu.model @m for [] {
  %x = quipu.input "x" : tensor<4x8xf32>
  %r = quipu.input "r" : tensor<2xi32>
  // expected-error@+2 {{inferred type(s) 'tensor<2x8xf32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %out = quipu.gather %x, %r : tensor<4x8xf32>, tensor<2xi32> -> tensor<4x8xf32>
}

// -----

// linear_c1
quipu.model @m for [] {
  quipu.weight @w = "w.weight" : tensor<8x32xf32>
  %x = quipu.input "x" : tensor<1x64xf32>
  // expected-error@+1 {{C1: the weight @w is 'tensor<8x32xf32>', but the input has 64 numbers per token}}
  %out = quipu.linear %x, @w : tensor<8x32xf32> -> [8] : tensor<1x64xf32> -> tensor<1x8xf32>
}

// -----

// linear_c1_vector
quipu.model @m for [] {
  quipu.weight @w = "w.weight" : tensor<64xf32>
  %x = quipu.input "x" : tensor<1x64xf32>
  // expected-error@+1 {{C1: the weight @w is 'tensor<64xf32>', but the input has 64 numbers per token}}
  %out = quipu.linear %x, @w : tensor<64xf32> -> [8] : tensor<1x64xf32> -> tensor<1x8xf32>
}

// -----

// linear_c1_heads
quipu.model @m for [] {
  quipu.weight @w = "w.weight" : tensor<8x16xf32>
  %x = quipu.input "x" : tensor<1x4x16xf32>
  // expected-error@+1 {{C1: the weight @w is 'tensor<8x16xf32>', but the input has 64 numbers per token}}
  %out = quipu.linear %x, @w : tensor<8x16xf32> -> [8] : tensor<1x4x16xf32> -> tensor<1x8xf32>
}

// -----

// linear_c1_unbound
quipu.model @m for [] {
  %x = quipu.input "x" : tensor<1x64xf32>
  // expected-error@+1 {{C1: the weight "w" is '<<NULL TYPE>>'}}
  %out = quipu.linear %x, "w" -> [8] : tensor<1x64xf32> -> tensor<1x8xf32>
}

// -----

// linear_c2
quipu.model @m for [] {
  quipu.weight @w = "w.weight" : tensor<8x64xf32>
  %x = quipu.input "x" : tensor<1x64xf32>
  // expected-error@+1 {{C2: the weight @w has 8 rows, but the output shape [2, 8] needs 16}}
  %out = quipu.linear %x, @w : tensor<8x64xf32> -> [2, 8] : tensor<1x64xf32> -> tensor<1x2x8xf32>
}

// -----

// linear_c2_overflow: 2^60 + 1 heads of 64 are 64 rows modulo 2^64
quipu.model @m for [] {
  quipu.weight @w = "w.weight" : tensor<64x64xf32>
  %x = quipu.input "x" : tensor<1x64xf32>
  // expected-error@+1 {{C2: the weight @w has 64 rows, but the output shape [1152921504606846977, 64] needs 9223372036854775807}}
  %out = quipu.linear %x, @w : tensor<64x64xf32> -> [1152921504606846977, 64] : tensor<1x64xf32> -> tensor<1x1152921504606846977x64xf32>
}

// -----

// linear_c3
quipu.model @m for [] {
  quipu.weight @w = "w.weight" : tensor<8x64xf32>
  quipu.weight @b = "b.weight" : tensor<4xf32>
  %x = quipu.input "x" : tensor<1x64xf32>
  // expected-error@+1 {{C3: the bias @b is 'tensor<4xf32>' instead of 8 numbers in f32}}
  %out = quipu.linear %x, @w : tensor<8x64xf32> bias @b : tensor<4xf32> -> [8] : tensor<1x64xf32> -> tensor<1x8xf32>
}

// -----

// linear_c3_format
quipu.model @m for [] {
  quipu.weight @w = "w.weight" : tensor<8x64xf32>
  quipu.weight @b = "b.weight" : tensor<8xf16>
  %x = quipu.input "x" : tensor<1x64xf32>
  // expected-error@+1 {{C3: the bias @b is 'tensor<8xf16>' instead of 8 numbers in f32}}
  %out = quipu.linear %x, @w : tensor<8x64xf32> bias @b : tensor<8xf16> -> [8] : tensor<1x64xf32> -> tensor<1x8xf32>
}

// -----

// linear_c3_unbound
quipu.model @m for [] {
  quipu.weight @w = "w.weight" : tensor<8x64xf32>
  %x = quipu.input "x" : tensor<1x64xf32>
  // expected-error@+1 {{C3: the bias "b" is '<<NULL TYPE>>' instead of 8 numbers in f32}}
  %out = quipu.linear %x, @w : tensor<8x64xf32> bias "b" -> [8] : tensor<1x64xf32> -> tensor<1x8xf32>
}

// -----

// linear_c4_bf16
quipu.model @m for [] {
  quipu.weight @w = "w.weight" : tensor<8x64xf32>
  %x = quipu.input "x" : tensor<1x64xbf16>
  // expected-error@+1 {{C4: an input in 16 bits goes with a weight that is not f32 and an even number of columns, not with 'tensor<8x64xf32>'}}
  %out = quipu.linear %x, @w : tensor<8x64xf32> -> [8] : tensor<1x64xbf16> -> tensor<1x8xf32>
}

// -----

// linear_c4_odd
quipu.model @m for [] {
  quipu.weight @w = "w.weight" : tensor<8x63xbf16>
  %x = quipu.input "x" : tensor<1x63xbf16>
  // expected-error@+1 {{C4: an input in 16 bits goes with a weight that is not f32 and an even number of columns, not with 'tensor<8x63xbf16>'}}
  %out = quipu.linear %x, @w : tensor<8x63xbf16> -> [8] : tensor<1x63xbf16> -> tensor<1x8xf32>
}

// -----

// linear_c4
quipu.model @m for [] {
  quipu.weight @w = "w.weight" : tensor<8x64xf16>
  %x = quipu.input "x" : tensor<1x64x!quipu.i8x32>
  // expected-error@+1 {{C4: an input in '!quipu.i8x32' goes with a weight in blocks, not 'f16'}}
  %out = quipu.linear %x, @w : tensor<8x64xf16> -> [8] : tensor<1x64x!quipu.i8x32> -> tensor<1x8xf32>
}

// -----

// linear_c4_mixed
quipu.model @m for [] {
  quipu.weight @w = "blk.*.w.weight" layers 2 : tensor<8x64x!quipu.mixed<!quipu.q8_0, f16>> but f16 in [1]
  %x = quipu.input "x" : tensor<1x64x!quipu.i8x32>
  // expected-error@+1 {{C4: an input in '!quipu.i8x32' goes with a weight in blocks, not '!quipu.mixed<!quipu.q8_0, f16>'}}
  %out = quipu.linear %x, @w : tensor<8x64x!quipu.mixed<!quipu.q8_0, f16>> -> [8] : tensor<1x64x!quipu.i8x32> -> tensor<1x8xf32>
}

// -----

// linear_c5: one format
quipu.model @m for [] {
  quipu.weight @w = "w.weight" : tensor<8x64x!quipu.q8_0>
  %x = quipu.input "x" : tensor<1x64xf32>
  %z = quipu.quantize %x : tensor<1x64xf32> -> tensor<1x64x!quipu.i8x32>
  // expected-error@+1 {{C5: 'tensor<1x64x!quipu.i8x32>' is no quantised form of 'tensor<1x64xf32>' for a weight of mixed formats}}
  %out = quipu.linear %x or %z, @w : tensor<8x64x!quipu.q8_0> -> [8] : tensor<1x64xf32> or tensor<1x64x!quipu.i8x32> -> tensor<1x8xf32>
}

// -----

// linear_c5_shape
quipu.model @m for [] {
  quipu.weight @w = "blk.*.w.weight" layers 2 : tensor<8x64x!quipu.mixed<!quipu.q8_0, f16>> but f16 in [1]
  %x = quipu.input "x" : tensor<1x64xf32>
  %y = quipu.input "y" : tensor<1x32x!quipu.i8x32>
  // expected-error@+1 {{C5: 'tensor<1x32x!quipu.i8x32>' is no quantised form of 'tensor<1x64xf32>'}}
  %out = quipu.linear %x or %y, @w : tensor<8x64x!quipu.mixed<!quipu.q8_0, f16>> -> [8] : tensor<1x64xf32> or tensor<1x32x!quipu.i8x32> -> tensor<1x8xf32>
}

// -----

// linear_shape_not_bound
quipu.model @m for [] {
  quipu.weight @w = "w.weight" : tensor<8x64xf32>
  %x = quipu.input "x" : tensor<1x64xf32>
  // expected-error@+2 {{the size @n is not bound}}
  // expected-error@+1 {{failed to infer returned types}}
  %out = quipu.linear %x, @w : tensor<8x64xf32> -> [@n] : tensor<1x64xf32> -> tensor<1x8xf32>
}

// -----

// linear_shape_not_positive
quipu.model @m for [] {
  quipu.weight @w = "w.weight" : tensor<8x64xf32>
  %x = quipu.input "x" : tensor<1x64xf32>
  // expected-error@+2 {{the size 0 is not positive}}
  // expected-error@+1 {{failed to infer returned types}}
  %out = quipu.linear %x, @w : tensor<8x64xf32> -> [0] : tensor<1x64xf32> -> tensor<1x8xf32>
}

// -----

// linear_shape
quipu.model @m for [] {
  quipu.weight @w = "w.weight" : tensor<8x64xf32>
  %x = quipu.input "x" : tensor<1x64xf32>
  // expected-error@+2 {{inferred type(s) 'tensor<1x2x4xf32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %out = quipu.linear %x, @w : tensor<8x64xf32> -> [2, 4] : tensor<1x64xf32> -> tensor<1x8xf32>
}

// -----

// rms_norm_c1
quipu.model @m for [] {
  quipu.weight @w = "w.weight" : tensor<32xf32>
  %x = quipu.input "x" : tensor<1x64xf32>
  // expected-error@+1 {{C1: the weight @w is 'tensor<32xf32>' instead of 64 numbers in f32}}
  %out = quipu.rms_norm %x, @w : tensor<32xf32> eps 1.0e-5 : tensor<1x64xf32> -> tensor<1x64xf32>
}

// -----

// rms_norm_c1_last_dimension
quipu.model @m for [] {
  quipu.weight @w = "w.weight" : tensor<32xf32>
  %x = quipu.input "x" : tensor<1x4x16xf32>
  // expected-error@+1 {{C1: the weight @w is 'tensor<32xf32>' instead of 16 numbers in f32, 64 or those of each head}}
  %out = quipu.rms_norm %x, @w : tensor<32xf32> eps 1.0e-5 : tensor<1x4x16xf32> -> tensor<1x4x16xf32>
}

// -----

// rms_norm_c2
quipu.model @m for [] {
  %x = quipu.input "x"
  // expected-error@+1 {{C2: eps is not positive}}
  %out = quipu.rms_norm %x, "w" eps 0.0
}

// -----

// rms_norm_c2_negative
quipu.model @m for [] {
  quipu.weight @w = "w.weight" : tensor<64xf32>
  %x = quipu.input "x" : tensor<1x64xf32>
  // expected-error@+1 {{C2: eps is not positive}}
  %out = quipu.rms_norm %x, @w : tensor<64xf32> eps -1.0 : tensor<1x64xf32> -> tensor<1x64xf32>
}

// -----

// rms_norm_c2_infinite
quipu.model @m for [] {
  quipu.weight @w = "w.weight" : tensor<64xf32>
  %x = quipu.input "x" : tensor<1x64xf32>
  // expected-error@+1 {{C2: eps is not positive}}
  %out = quipu.rms_norm %x, @w : tensor<64xf32> eps 0x7FF0000000000000 : tensor<1x64xf32> -> tensor<1x64xf32>
}

// -----

// layer_norm_c1
quipu.model @m for [] {
  quipu.weight @w = "w.weight" : tensor<16x4xf32>
  %x = quipu.input "x" : tensor<1x4x16xf32>
  // expected-error@+1 {{C1: the weight @w is 'tensor<16x4xf32>' instead of 16 numbers in f32, 64 or those of each head}}
  %out = quipu.layer_norm %x, @w : tensor<16x4xf32> eps 1.0e-5 : tensor<1x4x16xf32> -> tensor<1x4x16xf32>
}

// -----

// layer_norm_c1_matrix
quipu.model @m for [] {
  quipu.weight @w = "w.weight" : tensor<4x16xf16>
  %x = quipu.input "x" : tensor<1x4x16xf32>
  // expected-error@+1 {{C1: the weight @w is 'tensor<4x16xf16>' instead of 16 numbers in f32, 64 or those of each head}}
  %out = quipu.layer_norm %x, @w : tensor<4x16xf16> eps 1.0e-5 : tensor<1x4x16xf32> -> tensor<1x4x16xf32>
}

// -----

// layer_norm_c2
quipu.model @m for [] {
  %x = quipu.input "x"
  // expected-error@+1 {{C2: eps is not positive}}
  %out = quipu.layer_norm %x eps 0.0
}

// -----

// layer_norm_c3
quipu.model @m for [] {
  quipu.weight @w = "w.weight" : tensor<4x16xf32>
  quipu.weight @b = "w.bias" : tensor<64xf32>
  %x = quipu.input "x" : tensor<1x4x16xf32>
  // expected-error@+1 {{C3: the bias @b is 'tensor<64xf32>', but the weight is 'tensor<4x16xf32>'}}
  %out = quipu.layer_norm %x, @w : tensor<4x16xf32> bias @b : tensor<64xf32> eps 1.0e-5 : tensor<1x4x16xf32> -> tensor<1x4x16xf32>
}

// -----

// layer_norm_c3_alone
quipu.model @m for [] {
  quipu.weight @b = "w.bias" : tensor<64xf32>
  %x = quipu.input "x" : tensor<1x4x16xf32>
  // expected-error@+1 {{C3: the bias @b is 'tensor<64xf32>' instead of 16 numbers in f32}}
  %out = quipu.layer_norm %x bias @b : tensor<64xf32> eps 1.0e-5 : tensor<1x4x16xf32> -> tensor<1x4x16xf32>
}

// -----

// clamp_c1
quipu.model @m for [] {
  %x = quipu.input "x"
  // expected-error@+1 {{C1: 2.000000e+00 : f64 is more than 1.000000e+00 : f64}}
  %out = quipu.clamp %x from 2.0 to 1.0
}

// -----

// clamp_c1_nan
quipu.model @m for [] {
  %x = quipu.input "x"
  // expected-error@+1 {{C1: a bound is no number}}
  %out = quipu.clamp %x to 0x7FF8000000000000
}

// -----

// concat_c1_heads
quipu.model @m for [] {
  %x = quipu.input "x" : tensor<1x4x16xf32>
  %y = quipu.input "y" : tensor<1x2x16xf32>
  // expected-error@+2 {{C1: the heads of 'tensor<1x4x16xf32>' and 'tensor<1x2x16xf32>' do not go together; there are as many of both, or one}}
  // expected-error@+1 {{failed to infer returned types}}
  %out = quipu.concat %x, %y : tensor<1x4x16xf32>, tensor<1x2x16xf32> -> tensor<1x4x32xf32>
}

// -----

// concat_c1_rank
quipu.model @m for [] {
  %x = quipu.input "x" : tensor<1x64xf32>
  // expected-error@+2 {{C1: the heads of 'tensor<1x64xf32>' and 'tensor<1x64xf32>' do not go together; there are as many of both, or one}}
  // expected-error@+1 {{failed to infer returned types}}
  %out = quipu.concat %x, %x : tensor<1x64xf32>, tensor<1x64xf32> -> tensor<1x128xf32>
}

// -----

// concat_shape
quipu.model @m for [] {
  %x = quipu.input "x" : tensor<1x4x16xf32>
  %y = quipu.input "y" : tensor<1x1x16xf32>
  // expected-error@+2 {{inferred type(s) 'tensor<1x4x32xf32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %out = quipu.concat %x, %y : tensor<1x4x16xf32>, tensor<1x1x16xf32> -> tensor<1x4x16xf32>
}

// -----

// quantize_c1
quipu.model @m for [] {
  %x = quipu.input "x" : tensor<2x48xf32>
  // expected-error@+2 {{C1: 48 numbers of a row are no multiple of 32}}
  // expected-error@+1 {{failed to infer returned types}}
  %out = quipu.quantize %x : tensor<2x48xf32> -> tensor<2x48x!quipu.i8x32>
}

// -----

// quantize_c1_bf16
quipu.model @m for [] {
  %x = quipu.input "x" : tensor<2x33xf32>
  // expected-error@+2 {{C1: 33 numbers of a row are no multiple of 2}}
  // expected-error@+1 {{failed to infer returned types}}
  %out = quipu.quantize %x as bf16 : tensor<2x33xf32> -> tensor<2x33xbf16>
}

// -----

// quantize_c2
quipu.model @m for [] {
  %x = quipu.input "x" : tensor<2x32xf32>
  // expected-error@+2 {{C2: numbers become !quipu.i8x32, bf16 or f16, not 'f64'}}
  // expected-error@+1 {{failed to infer returned types}}
  %out = quipu.quantize %x as f64 : tensor<2x32xf32> -> tensor<2x32xf64>
}

// -----

// quantize_shape
quipu.model @m for [] {
  %x = quipu.input "x" : tensor<2x4x16xf32>
  // expected-error@+2 {{inferred type(s) 'tensor<2x64x!quipu.i8x32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %out = quipu.quantize %x : tensor<2x4x16xf32> -> tensor<2x4x16x!quipu.i8x32>
}

// -----

// rope_angles_c1_odd
quipu.model @m for [] {
  %at = quipu.positions
  // expected-error@+2 {{C1: dims is even and positive, not 15}}
  // expected-error@+1 {{failed to infer returned types}}
  %out = quipu.rope_angles %at dims 15 theta 10000.0 tokens 1 : tensor<1x7x2xf32>
}

// -----

// rope_angles_c1_zero
quipu.model @m for [] {
  %at = quipu.positions
  // expected-error@+2 {{C1: dims is even and positive, not 0}}
  // expected-error@+1 {{failed to infer returned types}}
  %out = quipu.rope_angles %at dims 0 theta 10000.0 tokens 1 : tensor<1x7x2xf32>
}

// -----

// rope_angles_c2
quipu.model @m for [] {
  quipu.weight @f = "f.weight" : tensor<4xf32>
  %at = quipu.positions
  // expected-error@+1 {{C2: the factors are 'tensor<4xf32>' instead of 8 numbers in f32}}
  %out = quipu.rope_angles %at dims 16 theta 10000.0 factors @f : tensor<4xf32> tokens 1 : tensor<1x8x2xf32>
}

// -----

// rope_angles_c3_type
quipu.model @m for [] {
  %at = quipu.positions
  // expected-error@+1 {{C3: the scaling "ntk" is none of none, linear, llama3, yarn}}
  %out = quipu.rope_angles %at dims 16 theta 10000.0 scaling <type = "ntk"> tokens 1 : tensor<1x8x2xf32>
}

// -----

// rope_angles_c3_no_word
quipu.model @m for [] {
  %at = quipu.positions
  // expected-error@+1 {{C3: the scaling 3 : i64 is none of none, linear, llama3, yarn}}
  %out = quipu.rope_angles %at dims 16 theta 10000.0 scaling <type = 3> tokens 1 : tensor<1x8x2xf32>
}

// -----

// rope_angles_c3_linear
quipu.model @m for [] {
  %at = quipu.positions
  // expected-error@+1 {{C3: the scaling "linear" lacks a field}}
  %out = quipu.rope_angles %at dims 16 theta 10000.0 scaling <type = "linear"> tokens 1 : tensor<1x8x2xf32>
}

// -----

// rope_angles_c3_yarn
quipu.model @m for [] {
  %at = quipu.positions
  // expected-error@+1 {{C3: the scaling "yarn" lacks a field}}
  %out = quipu.rope_angles %at dims 16 theta 10000.0 scaling <type = "yarn", factor = 4.0> tokens 1 : tensor<1x8x2xf32>
}

// -----

// rope_angles_c3_llama3
quipu.model @m for [] {
  %at = quipu.positions
  // expected-error@+1 {{C3: the scaling "llama3" lacks a field}}
  %out = quipu.rope_angles %at dims 16 theta 10000.0 scaling <type = "llama3", factor = 4.0, original_context = 8192, low = 1.0> tokens 1 : tensor<1x8x2xf32>
}

// -----

// rope_c1
quipu.model @m for [] {
  %x = quipu.input "x" : tensor<1x64xf32>
  %a = quipu.input "a" : tensor<1x8x2xf32>
  // expected-error@+1 {{C1: the input has no heads: 'tensor<1x64xf32>'}}
  %out = quipu.rope %x by %a pairs adjacent : tensor<1x64xf32>, tensor<1x8x2xf32> -> tensor<1x64xf32>
}

// -----

// rope_c2_tokens
quipu.model @m for [] {
  %x = quipu.input "x" : tensor<2x4x16xf32>
  %a = quipu.input "a" : tensor<1x8x2xf32>
  // expected-error@+1 {{C2: the angles 'tensor<1x8x2xf32>' do not fit 'tensor<2x4x16xf32>'}}
  %out = quipu.rope %x by %a pairs adjacent : tensor<2x4x16xf32>, tensor<1x8x2xf32> -> tensor<2x4x16xf32>
}

// -----

// rope_c2_dims
quipu.model @m for [] {
  %x = quipu.input "x" : tensor<1x4x16xf32>
  %a = quipu.input "a" : tensor<1x9x2xf32>
  // expected-error@+1 {{C2: the angles 'tensor<1x9x2xf32>' do not fit 'tensor<1x4x16xf32>'}}
  %out = quipu.rope %x by %a pairs halves : tensor<1x4x16xf32>, tensor<1x9x2xf32> -> tensor<1x4x16xf32>
}

// -----

// rope_c2_from
quipu.model @m for [] {
  %x = quipu.input "x" : tensor<1x4x16xf32>
  %a = quipu.input "a" : tensor<1x4x2xf32>
  // expected-error@+1 {{C2: the angles 'tensor<1x4x2xf32>' do not fit 'tensor<1x4x16xf32>' from 9 on}}
  %out = quipu.rope %x by %a pairs halves from 9 : tensor<1x4x16xf32>, tensor<1x4x2xf32> -> tensor<1x4x16xf32>
}

// -----

// rope_c3
quipu.model @m for [] {
  %x = quipu.input "x" : tensor<1x4x16xf32>
  %a = quipu.input "a" : tensor<1x4x2xf32>
  // expected-error@+1 {{C3: the components from -2 : i64 on are to turn, not from 0 or more}}
  %out = quipu.rope %x by %a pairs halves from -2 : tensor<1x4x16xf32>, tensor<1x4x2xf32> -> tensor<1x4x16xf32>
}

// -----

// rope_c2_no_pair
quipu.model @m for [] {
  %x = quipu.input "x" : tensor<1x4x16xf32>
  %a = quipu.input "a" : tensor<1x8xf32>
  // expected-error@+1 {{C2: the angles 'tensor<1x8xf32>' do not fit 'tensor<1x4x16xf32>'}}
  %out = quipu.rope %x by %a pairs halves : tensor<1x4x16xf32>, tensor<1x8xf32> -> tensor<1x4x16xf32>
}

// -----

// rope_shape
quipu.model @m for [] {
  %x = quipu.input "x" : tensor<1x4x16xf32>
  %a = quipu.input "a" : tensor<1x8x2xf32>
  // expected-error@+2 {{inferred type(s) 'tensor<1x4x16xf32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %out = quipu.rope %x by %a pairs halves : tensor<1x4x16xf32>, tensor<1x8x2xf32> -> tensor<1x64xf32>
}

// -----

// cache_write_c1
quipu.model @m for [] {
  quipu.state @kv : !quipu.pages<heads 4, keys 16, values 16> layers 4
  %x = quipu.input "x" : tensor<1x4x16xf32>
  %v = quipu.input "v" : tensor<1x2x16xf32>
  %at = quipu.positions
  // expected-error@+1 {{C1: key and value differ in tokens or heads: 'tensor<1x4x16xf32>' and 'tensor<1x2x16xf32>'}}
  %out = quipu.cache_write %x, %v at %at into @kv : tensor<1x4x16xf32>, tensor<1x2x16xf32> -> !quipu.cache<@kv, f16, heads 4, keys 16, values 16>
}

// -----

// cache_write_c1_no_heads
quipu.model @m for [] {
  quipu.state @kv : !quipu.pages<heads 4, keys 16, values 16> layers 4
  %x = quipu.input "x" : tensor<1x64xf32>
  %at = quipu.positions
  // expected-error@+1 {{C1: key and value differ in tokens or heads: 'tensor<1x64xf32>' and 'tensor<1x64xf32>'}}
  %out = quipu.cache_write %x, %x at %at into @kv : tensor<1x64xf32>, tensor<1x64xf32> -> !quipu.cache<@kv, f16, heads 4, keys 16, values 16>
}

// -----

// cache_write_c1_half_bound
quipu.model @m for [] {
  %x = quipu.input "x"
  %v = quipu.input "v" : tensor<1x2x16xf32>
  %at = quipu.positions
  // expected-error@+1 {{C1: key and value differ in tokens or heads: '!quipu.value' and 'tensor<1x2x16xf32>'}}
  %out = "quipu.cache_write"(%x, %v, %at) : (!quipu.value, tensor<1x2x16xf32>, !quipu.positions) -> !quipu.value
}

// -----

// cache_write_c3_neither
quipu.model @m for [] {
  %x = quipu.input "x" : tensor<1x4x16xf32>
  %at = quipu.positions
  // expected-error@+2 {{C3: there is neither a value nor a number of the key's components}}
  // expected-error@+1 {{failed to infer returned types}}
  %out = quipu.cache_write %x at %at into @kv : tensor<1x4x16xf32> -> !quipu.cache<@kv, f16, heads 4, keys 16, values 16 of keys>
}

// -----

// cache_write_c3_both
quipu.model @m for [] {
  %x = quipu.input "x" : tensor<1x4x16xf32>
  %at = quipu.positions
  // expected-error@+2 {{C3: there is a value beside a number of the key's components}}
  // expected-error@+1 {{failed to infer returned types}}
  %out = quipu.cache_write %x, %x values 8 at %at into @kv : tensor<1x4x16xf32>, tensor<1x4x16xf32> -> !quipu.cache<@kv, f16, heads 4, keys 16, values 16>
}

// -----

// cache_write_c3_range
quipu.model @m for [] {
  %x = quipu.input "x" : tensor<1x4x16xf32>
  %at = quipu.positions
  // expected-error@+2 {{C3: a value is 17 : i64 components of a key, expected from 1 to 16}}
  // expected-error@+1 {{failed to infer returned types}}
  %out = quipu.cache_write %x values 17 at %at into @kv : tensor<1x4x16xf32> -> !quipu.cache<@kv, f16, heads 4, keys 16, values 16 of keys>
}

// -----

// cache_write_shape
quipu.model @m for [] {
  quipu.state @kv : !quipu.pages<heads 4, keys 16, values 16> layers 4
  %x = quipu.input "x" : tensor<1x4x16xf32>
  %at = quipu.positions
  // expected-error@+2 {{inferred type(s) '!quipu.cache<@kv, f32, heads 4, keys 16, values 16>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %out = quipu.cache_write %x, %x at %at into @kv as f32 : tensor<1x4x16xf32>, tensor<1x4x16xf32> -> !quipu.cache<@kv, f16, heads 4, keys 16, values 16>
}

// -----

// attention_c1
quipu.model @m for [] {
  quipu.state @kv : !quipu.pages<heads 2, keys 8, values 8> layers 4
  %q = quipu.input "q" : tensor<1x4x16xf32>
  %k = quipu.input "k" : tensor<1x2x8xf32>
  %at = quipu.positions
  %kv = quipu.cache_write %k, %k at %at into @kv : tensor<1x2x8xf32>, tensor<1x2x8xf32> -> !quipu.cache<@kv, f16, heads 2, keys 8, values 8>
  // expected-error@+1 {{C1: the query 'tensor<1x4x16xf32>' has no heads of 8 components}}
  %out = quipu.attention %q over %kv at %at : tensor<1x4x16xf32>, !quipu.cache<@kv, f16, heads 2, keys 8, values 8> -> tensor<1x4x16xf32>
}

// -----

// attention_c1_no_heads
quipu.model @m for [] {
  quipu.state @kv : !quipu.pages<heads 4, keys 16, values 16> layers 4
  %q = quipu.input "q" : tensor<1x64xf32>
  %k = quipu.input "k" : tensor<1x4x16xf32>
  %at = quipu.positions
  %kv = quipu.cache_write %k, %k at %at into @kv : tensor<1x4x16xf32>, tensor<1x4x16xf32> -> !quipu.cache<@kv, f16, heads 4, keys 16, values 16>
  // expected-error@+1 {{C1: the query 'tensor<1x64xf32>' has no heads of 16 components}}
  %out = quipu.attention %q over %kv at %at : tensor<1x64xf32>, !quipu.cache<@kv, f16, heads 4, keys 16, values 16> -> tensor<1x64xf32>
}

// -----

// attention_c2
quipu.model @m for [] {
  quipu.state @kv : !quipu.pages<heads 3, keys 16, values 16> layers 4
  %q = quipu.input "q" : tensor<1x4x16xf32>
  %k = quipu.input "k" : tensor<1x3x16xf32>
  %at = quipu.positions
  %kv = quipu.cache_write %k, %k at %at into @kv : tensor<1x3x16xf32>, tensor<1x3x16xf32> -> !quipu.cache<@kv, f16, heads 3, keys 16, values 16>
  // expected-error@+1 {{C2: 3 cached heads do not divide 4 query heads}}
  %out = quipu.attention %q over %kv at %at : tensor<1x4x16xf32>, !quipu.cache<@kv, f16, heads 3, keys 16, values 16> -> tensor<1x4x16xf32>
}

// -----

// attention_c3
quipu.model @m for [] {
  quipu.weight @s = "s.weight" : tensor<2xf32>
  quipu.state @kv : !quipu.pages<heads 2, keys 16, values 16> layers 4
  %q = quipu.input "q" : tensor<1x4x16xf32>
  %k = quipu.input "k" : tensor<1x2x16xf32>
  %at = quipu.positions
  %kv = quipu.cache_write %k, %k at %at into @kv : tensor<1x2x16xf32>, tensor<1x2x16xf32> -> !quipu.cache<@kv, f16, heads 2, keys 16, values 16>
  // expected-error@+1 {{C3: the sinks are 'tensor<2xf32>' instead of 4 numbers in f32}}
  %out = quipu.attention %q over %kv at %at sinks @s : tensor<2xf32> : tensor<1x4x16xf32>, !quipu.cache<@kv, f16, heads 2, keys 16, values 16> -> tensor<1x4x16xf32>
}

// -----

// attention_c4_scale
quipu.model @m for [] {
  quipu.state @kv : !quipu.pages<heads 2, keys 16, values 16> layers 4
  %q = quipu.input "q" : tensor<1x4x16xf32>
  %k = quipu.input "k" : tensor<1x2x16xf32>
  %at = quipu.positions
  %kv = quipu.cache_write %k, %k at %at into @kv : tensor<1x2x16xf32>, tensor<1x2x16xf32> -> !quipu.cache<@kv, f16, heads 2, keys 16, values 16>
  // expected-error@+1 {{C4: window, soft_cap and scale are positive}}
  %out = quipu.attention %q over %kv at %at scale 0.0 : tensor<1x4x16xf32>, !quipu.cache<@kv, f16, heads 2, keys 16, values 16> -> tensor<1x4x16xf32>
}

// -----

// attention_c4_window
quipu.model @m for [] {
  quipu.state @kv : !quipu.pages<heads 2, keys 16, values 16> layers 4
  %q = quipu.input "q" : tensor<1x4x16xf32>
  %k = quipu.input "k" : tensor<1x2x16xf32>
  %at = quipu.positions
  %kv = quipu.cache_write %k, %k at %at into @kv : tensor<1x2x16xf32>, tensor<1x2x16xf32> -> !quipu.cache<@kv, f16, heads 2, keys 16, values 16>
  // expected-error@+1 {{C4: window, soft_cap and scale are positive}}
  %out = quipu.attention %q over %kv at %at window 0 : tensor<1x4x16xf32>, !quipu.cache<@kv, f16, heads 2, keys 16, values 16> -> tensor<1x4x16xf32>
}

// -----

// attention_c4_soft_cap
quipu.model @m for [] {
  quipu.state @kv : !quipu.pages<heads 2, keys 16, values 16> layers 4
  %q = quipu.input "q" : tensor<1x4x16xf32>
  %k = quipu.input "k" : tensor<1x2x16xf32>
  %at = quipu.positions
  %kv = quipu.cache_write %k, %k at %at into @kv : tensor<1x2x16xf32>, tensor<1x2x16xf32> -> !quipu.cache<@kv, f16, heads 2, keys 16, values 16>
  // expected-error@+1 {{C4: window, soft_cap and scale are positive}}
  %out = quipu.attention %q over %kv at %at soft_cap -1.0 : tensor<1x4x16xf32>, !quipu.cache<@kv, f16, heads 2, keys 16, values 16> -> tensor<1x4x16xf32>
}

// -----

// add_shape
quipu.model @m for [] {
  %x = quipu.input "x" : tensor<1x64xf32>
  %y = quipu.input "y" : tensor<1x32xf32>
  // expected-error@+1 {{requires all operands to have the same type}}
  %out = "quipu.add"(%x, %y) : (tensor<1x64xf32>, tensor<1x32xf32>) -> tensor<1x64xf32>
}

// -----

// swiglu_shape
quipu.model @m for [] {
  %x = quipu.input "x" : tensor<1x64xf32>
  // expected-error@+2 {{inferred type(s) 'tensor<1x64xf32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %out = "quipu.swiglu"(%x, %x) : (tensor<1x64xf32>, tensor<1x64xf32>) -> tensor<1x32xf32>
}

// -----

// mul_shape
quipu.model @m for [] {
  %x = quipu.input "x" : tensor<1x64xf32>
  // expected-error@+2 {{inferred type(s) 'tensor<1x64xf32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %out = "quipu.mul"(%x, %x) : (tensor<1x64xf32>, tensor<1x64xf32>) -> tensor<1x32xf32>
}

// -----

// scale_shape
quipu.model @m for [] {
  %x = quipu.input "x" : tensor<1x64xf32>
  // expected-error@+2 {{inferred type(s) 'tensor<1x64xf32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %out = quipu.scale %x by 2.0 : tensor<1x64xf32> -> tensor<1x32xf32>
}

// -----

// activate_shape
quipu.model @m for [] {
  %x = quipu.input "x" : tensor<1x64xf32>
  // expected-error@+2 {{inferred type(s) 'tensor<1x64xf32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %out = quipu.activate tanh %x : tensor<1x64xf32> -> tensor<1x32xf32>
}

// -----

// softmax_shape
quipu.model @m for [] {
  %x = quipu.input "x" : tensor<1x64xf32>
  // expected-error@+2 {{inferred type(s) 'tensor<1x64xf32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %out = quipu.softmax %x : tensor<1x64xf32> -> tensor<1x32xf32>
}

// -----

// scale_factor
quipu.model @m for [] {
  %x = quipu.input "x"
  // expected-error@+1 {{attribute 'factor' failed to satisfy constraint: real}}
  %out = "quipu.scale"(%x) {factor = "two"} : (!quipu.value) -> !quipu.value
}

// -----

// linear_shape_word
quipu.model @m for [] {
  %x = quipu.input "x"
  // expected-error@+1 {{custom op 'quipu.linear' expected integer value}}
  %out = quipu.linear %x, "w" -> ["wide"]
}

// -----

// rope_angles_shape
quipu.model @m for [] {
  quipu.weight @f = "f.weight" : tensor<8xf32>
  %at = quipu.positions
  // expected-error@+2 {{inferred type(s) 'tensor<1x8x2xf32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %out = quipu.rope_angles %at dims 16 theta 10000.0 factors @f : tensor<8xf32> tokens 1 : tensor<16xf32>
}

// -----

// rope_angles_c4_infinite_theta
quipu.model @m for [] {
  %at = quipu.positions
  // expected-error@+1 {{C4: theta is 0x7FF0000000000000 : f64, not finite in f32}}
  %out = "quipu.rope_angles"(%at) <{dims = 16 : i64, theta = 0x7FF0000000000000 : f64, tokens = 1 : i64}> : (!quipu.positions) -> tensor<1x8x2xf32>
}

// -----

// rope_angles_c4_infinite_factor
quipu.model @m for [] {
  %at = quipu.positions
  // expected-error@+1 {{C4: a number of the scaling is 0x7FF0000000000000 : f64, not finite in f32}}
  %out = quipu.rope_angles %at dims 16 theta 10000.0 scaling <type = "linear", factor = 0x7FF0000000000000 : f64> tokens 1 : tensor<1x8x2xf32>
}

// -----

// rope_angles_c4_theta
quipu.model @m for [] {
  %at = quipu.positions
  // expected-error@+1 {{C4: theta is 1.000000e+00 : f64, not above 1}}
  %out = quipu.rope_angles %at dims 4 theta 1.0 tokens 1 : tensor<1x2x2xf32>
}

// -----

// rope_angles_c3_factor
quipu.model @m for [] {
  %at = quipu.positions
  // expected-error@+1 {{C3: the scaling's factor is not positive: 0.000000e+00 : f64}}
  %out = quipu.rope_angles %at dims 4 theta 10000.0 scaling <type = "linear", factor = 0.0> tokens 1 : tensor<1x2x2xf32>
}

// -----

// rope_angles_c3_unbound_factor
quipu.model @m for [] {
  %at = quipu.positions
  // expected-error@+1 {{C3: the scaling's factor is not positive: @factor}}
  %out = quipu.rope_angles %at dims 4 theta 10000.0 scaling <type = "linear", factor = @factor> tokens 1 : tensor<1x2x2xf32>
}

// -----

// rope_angles_c3_context
quipu.model @m for [] {
  %at = quipu.positions
  // expected-error@+1 {{C3: the scaling's original_context is not positive: 0 : i64}}
  %out = quipu.rope_angles %at dims 4 theta 10000.0 scaling <type = "yarn", factor = 4.0, original_context = 0> tokens 1 : tensor<1x2x2xf32>
}

// -----

// rope_angles_c3_low_high
quipu.model @m for [] {
  %at = quipu.positions
  // expected-error@+1 {{C3: the scaling's low and high are not rising: 4.000000e+00 : f64 and 4.000000e+00 : f64}}
  %out = quipu.rope_angles %at dims 4 theta 10000.0 scaling <type = "llama3", factor = 8.0, original_context = 8192, low = 4.0, high = 4.0> tokens 1 : tensor<1x2x2xf32>
}

// -----

// rope_angles_c3_low
quipu.model @m for [] {
  %at = quipu.positions
  // expected-error@+1 {{C3: the scaling's low and high are not rising: 0.000000e+00 : f64 and 4.000000e+00 : f64}}
  %out = quipu.rope_angles %at dims 4 theta 10000.0 scaling <type = "llama3", factor = 8.0, original_context = 8192, low = 0.0, high = 4.0> tokens 1 : tensor<1x2x2xf32>
}

// -----

// rope_angles_c3_betas
quipu.model @m for [] {
  %at = quipu.positions
  // expected-error@+1 {{C3: the scaling's beta_slow and beta_fast are not rising: 4.000000e+01 : f64 and 3.200000e+01 : f64}}
  %out = quipu.rope_angles %at dims 4 theta 10000.0 scaling <type = "yarn", factor = 8.0, original_context = 8192, beta_slow = 40.0> tokens 1 : tensor<1x2x2xf32>
}

// -----

// rope_angles_c3_longrope
quipu.model @m for [] {
  quipu.weight @f = "f.weight" : tensor<2xf32>
  %at = quipu.positions
  // expected-error@+1 {{C3: the scaling "longrope" lacks a field}}
  %out = quipu.rope_angles %at dims 4 theta 10000.0 scaling <type = "longrope", original_context = 8192> factors @f : tensor<2xf32> tokens 1 : tensor<1x2x2xf32>
}

// -----

// rope_angles_c5_longrope
quipu.model @m for [] {
  %at = quipu.positions
  // expected-error@+1 {{C5: longrope has no factors}}
  %out = quipu.rope_angles %at dims 4 theta 10000.0 scaling <type = "longrope", factor = 4.0, original_context = 8192> tokens 1 : tensor<1x2x2xf32>
}

// -----

// rope_angles_c5_size
quipu.model @m for [] {
  quipu.weight @f = "f.weight" : tensor<2xf32>
  quipu.weight @s = "s.weight" : tensor<3xf32>
  %at = quipu.positions
  // expected-error@+1 {{C5: the short factors are 'tensor<3xf32>' instead of 2 numbers in f32}}
  %out = quipu.rope_angles %at dims 4 theta 10000.0 scaling <type = "none", original_context = 8192> factors @f : tensor<2xf32> short @s : tensor<3xf32> tokens 1 : tensor<1x2x2xf32>
}

// -----

// rope_angles_c5_alone
quipu.model @m for [] {
  quipu.weight @s = "s.weight" : tensor<2xf32>
  %at = quipu.positions
  // expected-error@+1 {{C5: there are short factors and no others}}
  %out = quipu.rope_angles %at dims 4 theta 10000.0 scaling <type = "none", original_context = 8192> short @s : tensor<2xf32> tokens 1 : tensor<1x2x2xf32>
}

// -----

// rope_angles_c5_context
quipu.model @m for [] {
  quipu.weight @s = "s.weight" : tensor<2xf32>
  %at = quipu.positions
  // expected-error@+1 {{C5: there are short factors and no positive original_context of a scaling}}
  %out = quipu.rope_angles %at dims 4 theta 10000.0 factors @s : tensor<2xf32> short @s : tensor<2xf32> tokens 1 : tensor<1x2x2xf32>
}

// -----

// rope_angles_c6
quipu.model @m for [] {
  %at = quipu.positions
  // expected-error@+1 {{C6: dynamic scaling has factors, or 2 dims only}}
  %out = quipu.rope_angles %at dims 2 theta 10000.0 scaling <type = "dynamic", factor = 4.0, original_context = 8192> tokens 1 : tensor<1x1x2xf32>
}

// -----

// rope_angles_c6_axes
quipu.model @m for [] {
  %at = quipu.positions
  %t = quipu.input "time" : tensor<1xi32>
  // expected-error@+1 {{C6: dynamic scaling has axes}}
  %out = quipu.rope_angles %at axes %t, %t, %t sections [1, 1, 0] dims 4 theta 10000.0 scaling <type = "dynamic", factor = 4.0, original_context = 8192> tokens 1 : tensor<1xi32>, tensor<1xi32>, tensor<1xi32> -> tensor<1x2x2xf32>
}

// -----

// rope_angles_c7_count
quipu.model @m for [] {
  %at = quipu.positions
  %t = quipu.input "time" : tensor<1xi32>
  // expected-error@+1 {{C7: there are 2 axes and 3 sections, expected 3 of each}}
  %out = quipu.rope_angles %at axes %t, %t sections [1, 1, 0] dims 4 theta 10000.0 tokens 1 : tensor<1xi32>, tensor<1xi32> -> tensor<1x2x2xf32>
}

// -----

// rope_angles_c7_type
quipu.model @m for [] {
  %at = quipu.positions
  %t = quipu.input "time" : tensor<2xi32>
  // expected-error@+1 {{C7: an axis is 'tensor<2xi32>', expected an i32 for each of the 1 tokens}}
  %out = quipu.rope_angles %at axes %t, %t, %t sections [1, 1, 0] dims 4 theta 10000.0 tokens 1 : tensor<2xi32>, tensor<2xi32>, tensor<2xi32> -> tensor<1x2x2xf32>
}

// -----

// rope_angles_c7_few
quipu.model @m for [] {
  %at = quipu.positions
  %t = quipu.input "time" : tensor<1xi32>
  // expected-error@+1 {{C7: the sections [1, 0, 0] have 1 pairs instead of 2}}
  %out = quipu.rope_angles %at axes %t, %t, %t sections [1, 0, 0] dims 4 theta 10000.0 tokens 1 : tensor<1xi32>, tensor<1xi32>, tensor<1xi32> -> tensor<1x2x2xf32>
}

// -----

// rope_angles_c7_many
quipu.model @m for [] {
  %at = quipu.positions
  %t = quipu.input "time" : tensor<1xi32>
  // expected-error@+1 {{C7: the sections [1, 9223372036854775807, 1] do not fit 2 pairs}}
  %out = quipu.rope_angles %at axes %t, %t, %t sections [1, 9223372036854775807, 1] dims 4 theta 10000.0 tokens 1 : tensor<1xi32>, tensor<1xi32>, tensor<1xi32> -> tensor<1x2x2xf32>
}

// -----

// rope_angles_c7_interleaved: the second pair of the third section would be pair 5
quipu.model @m for [] {
  %at = quipu.positions
  %t = quipu.input "time" : tensor<1xi32>
  // expected-error@+1 {{C7: the sections [1, 1, 2] do not fit 4 pairs}}
  %out = quipu.rope_angles %at axes %t, %t, %t sections [1, 1, 2] interleaved dims 8 theta 10000.0 tokens 1 : tensor<1xi32>, tensor<1xi32>, tensor<1xi32> -> tensor<1x4x2xf32>
}
