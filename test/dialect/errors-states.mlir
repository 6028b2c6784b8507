// RUN: %quipu-opt %s -verify-diagnostics -split-input-file

// state_c1
quipu.model @m for [] {
  // expected-error@+1 {{C1: 0 layers or a window of as many positions: pages have them, and a positive number}}
  quipu.state @kv : !quipu.pages<heads 1, keys 16, values 16> layers 0
}

// -----

// state_c1_large
quipu.model @m for [] {
  quipu.state @most : !quipu.pages<heads 1, keys 16, values 16> layers 2147483647
  // expected-error@+1 {{C1: 2147483648 layers}}
  quipu.state @kv : !quipu.pages<heads 1, keys 16, values 16> layers 2147483648
}

// -----

// state_c1_window
quipu.model @m for [] {
  // expected-error@+1 {{C1: -1 layers or a window of as many positions}}
  quipu.state @kv : !quipu.pages<heads 1, keys 16, values 16> layers 2 window -1
}

// -----

// state_c1_row
quipu.model @m for [] {
  // expected-error@+1 {{C1: 2 layers or a window of as many positions: pages have them}}
  quipu.state @row : tensor<64xf32> layers 2
}

// -----

// state_c1_row_window
quipu.model @m for [] {
  // expected-error@+1 {{C1: 8 layers or a window of as many positions: pages have them}}
  quipu.state @row : tensor<64xf32> window 8
}

// -----

// state_c2
quipu.model @m for [] {
  // expected-error@+1 {{C2: the state is 'tensor<64xf16>', neither pages nor a vector of f32}}
  quipu.state @row : tensor<64xf16>
}

// -----

// state_c2_matrix
quipu.model @m for [] {
  // expected-error@+1 {{C2: the state is 'tensor<1x64xf32>', neither pages nor a vector of f32}}
  quipu.state @row : tensor<1x64xf32>
}

// -----

// state_c2_sizes
quipu.model @m for [] {
  // expected-error@+1 {{C2: the state is 'tensor<?xf32>', neither pages nor a vector of f32}}
  quipu.state @row : tensor<?xf32>
}

// -----

// state_c3
quipu.model @m for [] {
  // expected-error@+1 {{C3: -1 is negative or no place in a page}}
  quipu.state @kv : !quipu.pages<heads 1, keys 16, values 16> pool -1
}

// -----

// state_c3_offset: a page has less than 2^24 numbers for each of its 128 positions.
quipu.model @m for [] {
  quipu.state @last : !quipu.pages<heads 1, keys 16, values 16> pool 0 at 16777183
  // expected-error@+1 {{C3: 16777215 is negative or no place in a page}}
  quipu.state @kv : !quipu.pages<heads 1, keys 16, values 16> pool 0 at 16777215
}

// -----

// state_c3_end
quipu.model @m for [] {
  // expected-error@+1 {{C3: the last of 1 layers ends behind the page}}
  quipu.state @kv : !quipu.pages<heads 1, keys 16, values 16> pool 0 at 16777184
}

// -----

// state_c3_layers
quipu.model @m for [] {
  quipu.state @fits : !quipu.pages<heads 1, keys 16, values 16> layers 524287 pool 0 at 0 stride 32
  // expected-error@+1 {{C3: the last of 524288 layers ends behind the page}}
  quipu.state @kv : !quipu.pages<heads 1, keys 16, values 16> layers 524288 pool 0 at 0 stride 32
}

// -----

// state_c3_layers_and_distance: their product is no overflow.
quipu.model @m for [] {
  // expected-error@+1 {{C3: the last of 2147483647 layers ends behind the page}}
  quipu.state @kv : !quipu.pages<heads 1, keys 16, values 16> layers 2147483647 pool 0 at 0 stride 16777214
}

// -----

// entry_c1
quipu.model @m for [] {
  // expected-error@+1 {{C1: there is no step @decode}}
  quipu.entry @generate inputs [] outputs [<"logits" over selected : 40 x f32>] steps [@decode]
}

// -----

// entry_c1_other_symbol
quipu.model @m for [] {
  quipu.state @decode : tensor<64xf32>
  // expected-error@+1 {{C1: there is no step @decode}}
  quipu.entry @generate inputs [] outputs [<"logits" over selected : 40 x f32>] steps [@decode]
}

// -----

// entry_c2: an input and an output, too.
quipu.model @m for [] {
  // expected-error@+1 {{C2: the name "x" is there twice}}
  quipu.entry @generate inputs [<"x" over token : 1 x i32 below 40>] outputs [<"x" over selected : 40 x f32>]
}

// -----

// entry_c3
quipu.model @m for [] {
  // expected-error@+1 {{C3: there is no output}}
  quipu.entry @generate inputs [<"tokens" over token : 1 x i32 below 40>] outputs []
}

// -----

// pool_c2
quipu.model @m for [] {
  quipu.step @decode tokens 1 {
    %x = quipu.input "x" : tensor<1x64xf32>
    %at = quipu.positions
    // expected-error@+1 {{C2: there is no state @row}}
    %p = quipu.pool "mean" %x at %at into @row : tensor<1x64xf32> -> tensor<1x64xf32>
  }
}

// -----

// pool_c2_width
quipu.model @m for [] {
  quipu.state @row : tensor<63xf32>
  quipu.step @decode tokens 1 {
    %x = quipu.input "x" : tensor<1x64xf32>
    %at = quipu.positions
    // expected-error@+1 {{C2: the state @row is 'tensor<63xf32>', but a row of 'tensor<1x64xf32>'}}
    %p = quipu.pool "mean" %x at %at into @row : tensor<1x64xf32> -> tensor<1x64xf32>
  }
}

// -----

// state_c4
quipu.model @m for [] {
  // expected-error@+1 {{C4: of 2 layers it is for #quipu<layer_set[2]>}}
  quipu.state @kv : !quipu.pages<heads 1, keys 16, values 16> layers 2 in [2]
}
