// The constraints of the ops that experts need, by their name: op and number.

// RUN: %quipu-opt %s -verify-diagnostics -split-input-file

// linear_c1_stack
quipu.model @m for [] {
  quipu.weight @w = "w.weight" : tensor<8x64xf32>
  %x = quipu.input "x" : tensor<2x64xf32>
  %ids = quipu.input "ids" : tensor<2x3xi32>
  // expected-error@+1 {{C1: the weight @w is 'tensor<8x64xf32>', no stack of matrices}}
  %out = quipu.linear %x, @w : tensor<8x64xf32> of %ids -> [8] : tensor<2x64xf32> of tensor<2x3xi32> -> tensor<2x3x8xf32>
}

// -----

// linear_c1_choices
quipu.model @m for [] {
  quipu.weight @w = "w.weight" : tensor<4x8x64xf32>
  %x = quipu.input "x" : tensor<2x4x64xf32>
  %ids = quipu.input "ids" : tensor<2x3xi32>
  // expected-error@+1 {{C1: the weight @w is 'tensor<4x8x64xf32>', but the input has 64 numbers per choice, of 4}}
  %out = quipu.linear %x, @w : tensor<4x8x64xf32> of %ids -> [8] : tensor<2x4x64xf32> of tensor<2x3xi32> -> tensor<2x3x8xf32>
}

// -----

// linear_c1_no_ids
quipu.model @m for [] {
  quipu.weight @w = "w.weight" : tensor<4x8x64xf32>
  %x = quipu.input "x" : tensor<2x64xf32>
  // expected-error@+1 {{C1: the weight @w is 'tensor<4x8x64xf32>', but the input has 64 numbers per token}}
  %out = quipu.linear %x, @w : tensor<4x8x64xf32> -> [8] : tensor<2x64xf32> -> tensor<2x8xf32>
}

// -----

// linear_c2_stack
quipu.model @m for [] {
  quipu.weight @w = "w.weight" : tensor<4x8x64xf32>
  %x = quipu.input "x" : tensor<2x64xf32>
  %ids = quipu.input "ids" : tensor<2x3xi32>
  // expected-error@+1 {{C2: the weight @w has 8 rows, but the output shape [2, 4] needs 4}}
  %out = quipu.linear %x, @w : tensor<4x8x64xf32> of %ids -> [2, 4] : tensor<2x64xf32> of tensor<2x3xi32> -> tensor<2x3x2x4xf32>
}

// -----

// linear_c3_stack
quipu.model @m for [] {
  quipu.weight @w = "w.weight" : tensor<4x8x64xf32>
  quipu.weight @b = "b.bias" : tensor<8xf32>
  %x = quipu.input "x" : tensor<2x64xf32>
  %ids = quipu.input "ids" : tensor<2x3xi32>
  // expected-error@+1 {{C3: the bias @b is 'tensor<8xf32>' instead of 4x8 numbers in f32}}
  %out = quipu.linear %x, @w : tensor<4x8x64xf32> of %ids bias @b : tensor<8xf32> -> [8] : tensor<2x64xf32> of tensor<2x3xi32> -> tensor<2x3x8xf32>
}

// -----

// linear_c1_heads
quipu.model @m for [] {
  quipu.weight @w = "w.weight" : tensor<4x8x16xf32>
  %x = quipu.input "x" : tensor<2x3x16xf32>
  // expected-error@+1 {{C1: the weight @w is 'tensor<4x8x16xf32>', but the input has 16 numbers per head, of 3}}
  %out = quipu.linear %x, @w : tensor<4x8x16xf32> of heads -> [8] : tensor<2x3x16xf32> -> tensor<2x3x8xf32>
}

// -----

// linear_c1_heads_no_stack
quipu.model @m for [] {
  quipu.weight @w = "w.weight" : tensor<8x16xf32>
  %x = quipu.input "x" : tensor<2x4x16xf32>
  // expected-error@+1 {{C1: the weight @w is 'tensor<8x16xf32>', no stack of matrices}}
  %out = quipu.linear %x, @w : tensor<8x16xf32> of heads -> [8] : tensor<2x4x16xf32> -> tensor<2x4x8xf32>
}

// -----

// linear_c2_heads
quipu.model @m for [] {
  quipu.weight @w = "w.weight" : tensor<4x8x16xf32>
  %x = quipu.input "x" : tensor<2x4x16xf32>
  // expected-error@+1 {{C2: the weight @w has 8 rows, but the output shape [16] needs 16}}
  %out = quipu.linear %x, @w : tensor<4x8x16xf32> of heads -> [16] : tensor<2x4x16xf32> -> tensor<2x4x16xf32>
}

// -----

// linear_c7
quipu.model @m for [] {
  quipu.weight @w = "w.weight" : tensor<4x8x16xf32>
  %x = quipu.input "x" : tensor<2x64xf32>
  // expected-error@+1 {{C7: the input has no heads: 'tensor<2x64xf32>'}}
  %out = quipu.linear %x, @w : tensor<4x8x16xf32> of heads -> [8] : tensor<2x64xf32> -> tensor<2x4x8xf32>
}

// -----

// linear_c6_rank
quipu.model @m for [] {
  quipu.weight @w = "w.weight" : tensor<4x8x64xf32>
  %x = quipu.input "x" : tensor<2x64xf32>
  %ids = quipu.input "ids" : tensor<2xi32>
  // expected-error@+1 {{C6: the ids are 'tensor<2xi32>', not i32 for each of 2 tokens}}
  %out = quipu.linear %x, @w : tensor<4x8x64xf32> of %ids -> [8] : tensor<2x64xf32> of tensor<2xi32> -> tensor<2x3x8xf32>
}

// -----

// linear_c6_type
quipu.model @m for [] {
  quipu.weight @w = "w.weight" : tensor<4x8x64xf32>
  %x = quipu.input "x" : tensor<2x64xf32>
  %ids = quipu.input "ids" : tensor<2x3xf32>
  // expected-error@+1 {{C6: the ids are 'tensor<2x3xf32>', not i32 for each of 2 tokens}}
  %out = quipu.linear %x, @w : tensor<4x8x64xf32> of %ids -> [8] : tensor<2x64xf32> of tensor<2x3xf32> -> tensor<2x3x8xf32>
}

// -----

// linear_c6_experts
quipu.model @m for [] {
  quipu.weight @w = "w.weight" : tensor<4x8x64xf32>
  %x = quipu.input "x" : tensor<2x64xf32>
  %p = quipu.input "p" : tensor<2x5xf32>
  %ids, %c = quipu.top_k %p count 3 : tensor<2x5xf32> -> tensor<2x3xi32>, tensor<2x3xf32>
  // expected-error@+1 {{C6: the ids are not what a top_k has chosen of 4}}
  %out = quipu.linear %x, @w : tensor<4x8x64xf32> of %ids -> [8] : tensor<2x64xf32> of tensor<2x3xi32> -> tensor<2x3x8xf32>
}

// -----

// top_k_c1
quipu.model @m for [] {
  %p = quipu.input "p" : tensor<2x5xf16>
  // expected-error@+2 {{C1: the scores are [tokens, experts] in f32, not 'tensor<2x5xf16>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %ids, %c = quipu.top_k %p count 3 : tensor<2x5xf16> -> tensor<2x3xi32>, tensor<2x3xf32>
}

// -----

// top_k_c2
quipu.model @m for [] {
  %p = quipu.input "p" : tensor<2x5xf32>
  // expected-error@+1 {{C2: the count is 6, expected one from 1 to the 5 experts}}
  %ids, %c = quipu.top_k %p count 6 : tensor<2x5xf32> -> tensor<2x6xi32>, tensor<2x6xf32>
}

// -----

// top_k_c2_none
quipu.model @m for [] {
  %p = quipu.input "p" : tensor<2x5xf32>
  // expected-error@+1 {{C2: the count is 0, expected one from 1 to the 5 experts}}
  %ids, %c = quipu.top_k %p count 0 : tensor<2x5xf32> -> tensor<2x1xi32>, tensor<2x1xf32>
}

// -----

// top_k_c3
quipu.model @m for [] {
  quipu.weight @b = "b.bias" : tensor<4xf32>
  %p = quipu.input "p" : tensor<2x5xf32>
  // expected-error@+1 {{C3: the bias @b is 'tensor<4xf32>' instead of 5 numbers in f32}}
  %ids, %c = quipu.top_k %p count 3 biased @b : tensor<4xf32> : tensor<2x5xf32> -> tensor<2x3xi32>, tensor<2x3xf32>
}

// -----

// top_k_c4
quipu.model @m for [] {
  %p = quipu.input "p" : tensor<2x5xf32>
  // expected-error@+1 {{C4: of 5 experts in 2 groups, 1 groups cannot be kept to choose 3 from}}
  %ids, %c = quipu.top_k %p count 3 groups 2 keep 1 : tensor<2x5xf32> -> tensor<2x3xi32>, tensor<2x3xf32>
}

// -----

// top_k_c4_few
quipu.model @m for [] {
  %p = quipu.input "p" : tensor<2x6xf32>
  // expected-error@+1 {{C4: of 6 experts in 3 groups, 1 groups cannot be kept to choose 3 from}}
  %ids, %c = quipu.top_k %p count 3 groups 3 keep 1 : tensor<2x6xf32> -> tensor<2x3xi32>, tensor<2x3xf32>
}

// -----

// top_k_c4_kept
quipu.model @m for [] {
  %p = quipu.input "p" : tensor<2x6xf32>
  // expected-error@+1 {{C4: of 6 experts in 2 groups, 3 groups cannot be kept to choose 3 from}}
  %ids, %c = quipu.top_k %p count 3 groups 2 keep 3 : tensor<2x6xf32> -> tensor<2x3xi32>, tensor<2x3xf32>
}

// -----

// top_k_c5
quipu.model @m for [] {
  %p = quipu.input "p" : tensor<2x6xf32>
  // expected-error@+1 {{C5: groups go by 3 scores, expected 1 or 2}}
  %ids, %c = quipu.top_k %p count 3 groups 2 keep 1 by 3 : tensor<2x6xf32> -> tensor<2x3xi32>, tensor<2x3xf32>
}

// -----

// sum_c1
quipu.model @m for [] {
  %x = quipu.input "x" : tensor<2x3x8xf32>
  %w = quipu.input "w" : tensor<2x4xf32>
  // expected-error@+2 {{C1: the input is [tokens, chosen, n] and the weights are [tokens, chosen] in f32, not 'tensor<2x3x8xf32>' and 'tensor<2x4xf32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %out = quipu.sum %x by %w : tensor<2x3x8xf32>, tensor<2x4xf32> -> tensor<2x8xf32>
}

// -----

// weight_c9
quipu.model @m for [] {
  // expected-error@+1 {{C9: a token cannot choose 5 matrices of 'tensor<4x8x32xf32>'}}
  quipu.weight @w = "w.weight" chosen 5 : tensor<4x8x32xf32>
}

// -----

// weight_c9_matrix
quipu.model @m for [] {
  // expected-error@+1 {{C9: a token cannot choose 1 matrices of 'tensor<8x32xf32>'}}
  quipu.weight @w = "w.weight" chosen 1 : tensor<8x32xf32>
}

// -----

// cpu_top_k_c1
quipu.model @m for [] {
  // expected-error@+1 {{'quipu.kernel' op schedule C1: #quipu.cpu_top_k is for quipu.top_k}}
  quipu.kernel @k(%x: tensor<1x64xf32>) -> tensor<1x64xf32> schedule #quipu.cpu_top_k {
    %y = quipu.add %x, %x : tensor<1x64xf32>
    quipu.yield %y : tensor<1x64xf32>
  }
}

// -----

// cpu_tiles_c4
quipu.model @m for [] {
  quipu.weight @w = "w.weight" : tensor<4x16x64xf32>
  quipu.weight @v = "v.weight" : tensor<16x64xf32>
  quipu.kernel @k(%x: tensor<1x64xf32>, %ids: tensor<1x2xi32>) -> (tensor<1x2x16xf32>, tensor<1x16xf32>) schedule #quipu.cpu_tiles<lanes = 16, tokens = 1, tiles = 1> {
    %y = quipu.linear %x, @w : tensor<4x16x64xf32> of %ids -> [16] : tensor<1x64xf32> of tensor<1x2xi32> -> tensor<1x2x16xf32>
    // expected-error@+1 {{schedule C4: multiplies by other matrices than the first linear layer of its kernel}}
    %z = quipu.linear %x, @v : tensor<16x64xf32> -> [16] : tensor<1x64xf32> -> tensor<1x16xf32>
    quipu.yield %y, %z : tensor<1x2x16xf32>, tensor<1x16xf32>
  }
}

// -----

// cpu_tiles_c4_rows
quipu.model @m for [] {
  quipu.weight @w = "w.weight" : tensor<4x8x64xf32>
  quipu.kernel @k(%x: tensor<1x64xf32>, %ids: tensor<1x2xi32>) -> tensor<1x2x8xf32> schedule #quipu.cpu_tiles<lanes = 16, tokens = 1, tiles = 1> {
    // expected-error@+1 {{schedule C4: matrices of 8 rows are no multiple of 16; build with --target=reference}}
    %y = quipu.linear %x, @w : tensor<4x8x64xf32> of %ids -> [8] : tensor<1x64xf32> of tensor<1x2xi32> -> tensor<1x2x8xf32>
    quipu.yield %y : tensor<1x2x8xf32>
  }
}
