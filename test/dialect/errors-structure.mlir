// RUN: %quipu-opt %s -verify-diagnostics -split-input-file

// weight_c1
quipu.model @m for [] {
  // expected-error@+1 {{C1: a row is not a whole number of blocks of 32: 'tensor<8x48x!quipu.q4_1>'}}
  quipu.weight @w = "w.weight" : tensor<8x48x!quipu.q4_1>
}

// -----

// weight_c1_no_row
quipu.model @m for [] {
  // expected-error@+1 {{C1: a row is not a whole number of blocks of 32: 'tensor<!quipu.q8_0>'}}
  quipu.weight @w = "w.weight" : tensor<!quipu.q8_0>
}

// -----

// weight_c2
quipu.model @m for [] {
  // expected-error@+1 {{C2: 96 is no multiple of 64}}
  quipu.weight @w = "w.weight" : tensor<8x32xf32, #quipu.rows16> packed at 96
}

// -----

// weight_c2_stride
quipu.model @m for [] {
  // expected-error@+1 {{C2: 65 is no multiple of 64}}
  quipu.weight @w = "w.weight" layers 2 : tensor<8x32xf32, #quipu.rows16> packed at 64 stride 65
}

// -----

// weight_c2_negative
quipu.model @m for [] {
  // expected-error@+1 {{C2: -64 is no multiple of 64}}
  quipu.weight @w = "w.weight" : tensor<8x32xf32, #quipu.rows16> packed at -64
}

// -----

// weight_c3
quipu.model @m for [] {
  // expected-error@+1 {{C3: a size or the number of layers is not positive}}
  quipu.weight @w = "w.weight" : tensor<0x32xf32>
}

// -----

// weight_c3_dynamic
quipu.model @m for [] {
  // expected-error@+1 {{C3: a size or the number of layers is not positive}}
  quipu.weight @w = "w.weight" : tensor<?x32xf32>
}

// -----

// weight_c3_no_dimension
quipu.model @m for [] {
  // expected-error@+1 {{C3: a size or the number of layers is not positive}}
  quipu.weight @w = "w.weight" : tensor<f32>
}

// -----

// weight_c3_layers
quipu.model @m for [] {
  // expected-error@+1 {{C3: a size or the number of layers is not positive}}
  quipu.weight @w = "w.weight" layers 0 : tensor<32xf32>
}

// -----

// weight_c1_mixed
quipu.model @m for [] {
  // expected-error@+1 {{C1: a row is not a whole number of blocks of 32}}
  quipu.weight @w = "w.weight" layers 2 : tensor<8x48x!quipu.mixed<!quipu.q4_0, !quipu.q8_0>> but !quipu.q8_0 in [1]
}

// -----

// weight_c2_distance
quipu.model @m for [] {
  // expected-error@+1 {{C2: 65 is no multiple of 64}}
  quipu.weight @w = "w.weight" layers 2 : tensor<8x32xf32, #quipu.rows16> packed at 64 strides [65]
}

// -----

// weight_c2_overflow
quipu.model @m for [] {
  // expected-error@+1 {{C2: the place of the last layer overflows}}
  quipu.weight @w = "w.weight" layers 3 : tensor<8x32xf32, #quipu.rows16> packed at 64 strides [64, 9223372036854775744]
}

// -----

// weight_c4_none
quipu.model @m for [] {
  // expected-error@+1 {{C4: the formats are '!quipu.mixed<!quipu.q4_0, !quipu.q8_0>', but there are 0 sets of layers with another one than the first}}
  quipu.weight @w = "blk.*.w.weight" layers 2 : tensor<8x32x!quipu.mixed<!quipu.q4_0, !quipu.q8_0>>
}

// -----

// weight_c4_layer
quipu.model @m for [] {
  // expected-error@+1 {{C4: there is no layer 2 of 2}}
  quipu.weight @w = "blk.*.w.weight" layers 2 : tensor<8x32x!quipu.mixed<!quipu.q4_0, !quipu.q8_0>> but !quipu.q8_0 in [2]
}

// -----

// weight_c4_twice
quipu.model @m for [] {
  // expected-error@+1 {{C4: the layer 1 is there twice}}
  quipu.weight @w = "w.weight" layers 2 : tensor<8x32x!quipu.mixed<f32, f16, bf16>> but f16 in [1], bf16 in [0, 1]
}

// -----

// weight_c4_format
quipu.model @m for [] {
  // expected-error@+1 {{expected the formats of the mix after the first, in their order}}
  quipu.weight @w = "blk.*.w.weight" layers 2 : tensor<8x32x!quipu.mixed<!quipu.q4_0, !quipu.q8_0>> but !quipu.q4_1 in [1]
}

// -----

// weight_c4_many_layers
quipu.model @m for [] {
  // expected-error@+1 {{C4: there are 9223372036854775807 layers, more than 65536}}
  quipu.weight @w = "w.weight" layers 9223372036854775807 : tensor<8x32x!quipu.mixed<f32, f16>> but f16 in [1]
}

// -----

// weight_c6: where its bytes are is known, but not how they lie.
quipu.model @m for [] {
  // expected-error@+1 {{C6: 'tensor<8x32xf32>' names no layout}}
  quipu.weight @w = "w.weight" : tensor<8x32xf32> packed at 64
}

// -----

// weight_c6_encoding
quipu.model @m for [] {
  // expected-error@+1 {{C6: 'tensor<8x32xf32, "rows16">' names no layout}}
  quipu.weight @w = "w.weight" : tensor<8x32xf32, "rows16">
}

// -----

// weight_c5
quipu.model @m for [] {
  // expected-error@+1 {{C5: 2 distances between 2 layers}}
  quipu.weight @w = "w.weight" layers 2 : tensor<8x32xf32, #quipu.rows16> packed at 64 strides [64, 64]
}

// -----

// expected-error@+1 {{'quipu.weight' op expects parent op 'quipu.model'}}
quipu.weight @w = "w.weight" : tensor<8x32xf32>

// -----

// expected-error@+1 {{'quipu.param' op expects parent op to be one of 'quipu.model, quipu.head'}}
quipu.param @p = "p"

// -----

// expected-error@+1 {{'quipu.step' op expects parent op 'quipu.model'}}
quipu.step @decode tokens 1 {}

// -----

quipu.model @m for [] {
  // expected-note@+1 {{see existing symbol definition here}}
  quipu.weight @w = "w.weight" : tensor<8x32xf32>
  // expected-error@+1 {{redefinition of symbol named 'w'}}
  quipu.weight @w = "w.weight" : tensor<8x32xf32>
}

// -----

// step_c3
quipu.model @m for [] {
  quipu.step @decode tokens 1 {
    // expected-error@+1 {{C3: a value's sizes are not bound; bind-checkpoint does}}
    %x = quipu.input "x"
  }
}

// -----

// layers_c1_yield
quipu.model @m for [] {
  quipu.step @decode tokens 1 {
    %x = quipu.input "x" : tensor<1x64xf32>
    // expected-error@+1 {{C1: the body does not take and yield one value of 'tensor<1x64xf32>'}}
    %y = quipu.layers "blk" times 2 from %x {
    ^layer(%h: tensor<1x64xf32>):
      %z = quipu.input "z" : tensor<1x32xf32>
      quipu.yield %z : tensor<1x32xf32>
    } : tensor<1x64xf32> -> tensor<1x64xf32>
  }
}

// -----

// layers_c1_argument
quipu.model @m for [] {
  %x = quipu.input "x"
  // expected-error@+1 {{C1: the body does not take and yield one value of '!quipu.value'}}
  %y = quipu.layers "blk" times @n from %x {
  ^layer(%h: tensor<1x64xf32>):
    quipu.yield %x
  }
}

// -----

// layers_c2_unbound
quipu.model @m for [] {
  quipu.step @decode tokens 1 {
    %x = quipu.input "x" : tensor<1x64xf32>
    // expected-error@+1 {{C2: the number of layers is @n, expected a positive integer}}
    %y = quipu.layers "blk" times @n from %x {
    ^layer(%h: tensor<1x64xf32>):
      quipu.yield %h : tensor<1x64xf32>
    } : tensor<1x64xf32> -> tensor<1x64xf32>
  }
}

// -----

// layers_c2_negative
quipu.model @m for [] {
  %x = quipu.input "x"
  // expected-error@+1 {{C2: the number of layers is -1 : i64, expected a positive integer}}
  %y = quipu.layers "blk" times -1 from %x {
  ^layer(%h: !quipu.value):
    quipu.yield %h
  }
}

// -----

// layers_c1_no_argument
quipu.model @m for [] {
  %x = quipu.input "x"
  // expected-error@+1 {{C1: the body does not take and yield one value of '!quipu.value'}}
  %y = quipu.layers "blk" times @n from %x {
    quipu.yield %x
  }
}

// -----

// layers_c1_no_yield
quipu.model @m for [] {
  %x = quipu.input "x"
  // expected-error@+1 {{C1: the body does not take and yield one value of '!quipu.value'}}
  %y = quipu.layers "blk" times @n from %x {
  ^layer(%h: !quipu.value):
  }
}

// -----

// layers_c1_result
quipu.model @m for [] {
  %x = quipu.input "x" : tensor<1x64xf32>
  // expected-error@+1 {{C1: the body does not take and yield one value of 'tensor<1x64xf32>'}}
  %y = quipu.layers "blk" times 2 from %x {
  ^layer(%h: tensor<1x64xf32>):
    quipu.yield %h : tensor<1x64xf32>
  } : tensor<1x64xf32> -> tensor<1x32xf32>
}

// -----

quipu.head @h {
^head(%hidden: !quipu.value):
  // expected-error@+1 {{'quipu.yield' op expects parent op to be one of 'quipu.model, quipu.layers, quipu.kernel'}}
  "quipu.yield"() : () -> ()
}

// -----

quipu.model @m for [] {
  // expected-error@+1 {{'quipu.input' op result #0 must be activation, but got 'tensor<?x4xf32>'}}
  %x = quipu.input "x" : tensor<?x4xf32>
}

// -----

quipu.model @m for [] {
  // expected-error@+1 {{'quipu.input' op result #0 must be activation, but got 'tensor<f32>'}}
  %x = quipu.input "x" : tensor<f32>
}

// -----

quipu.model @m for [] {
  // expected-error@+1 {{'quipu.input' op result #0 must be activation, but got 'i32'}}
  %x = quipu.input "x" : i32
}

// -----

quipu.model @m for [] {
  // expected-error@+1 {{'quipu.step' op C1: the number of tokens is 0, expected a positive one}}
  quipu.step @decode tokens 0 {}
}

// -----

quipu.model @m for [] {
  // expected-error@+1 {{'quipu.step' op C2: the arena has -64 bytes, a negative number}}
  quipu.step @decode tokens 1 arena -64 {}
}

// -----

// weight_c7
quipu.model @m for [] {
  // expected-error@+1 {{C7: the weight of 2 layers is there in #quipu<layer_set[2]>}}
  quipu.weight @w = "blk.*.w.weight" layers 2 in [2] : tensor<8x32xf32>
}

// -----

// weight_c8
quipu.model @m for [] {
  // expected-error@+1 {{C8: the rows #quipu.row_range<0 to @n> are not bound}}
  quipu.weight @w = "w.weight" rows 0 to @n : tensor<8x32xf32>
}

// -----

// rows_c1
quipu.model @m for [] {
  // expected-error@+1 {{C1: the rows 8 : i64 to 8 : i64 do not rise from 0 or more to the number of rows}}
  quipu.weight @w = "w.weight" rows 8 to 8 : tensor<8x32xf32>
}

// -----

// rows_c1_group
quipu.model @m for [] {
  // expected-error@+1 {{C1: the rows 0 : i64 to 16 : i64 of 8 : i64 do not rise from 0 or more to the number of rows}}
  quipu.weight @w = "w.weight" rows 0 to 16 of 8 : tensor<8x32xf32>
}

// -----

// param_c1
quipu.model @m for [] {
  // expected-error@+1 {{C1: there is no key and no value, or cases or a place of no key}}
  "quipu.param"() {sym_name = "p"} : () -> ()
}

// -----

// param_c1_both
quipu.model @m for [] {
  // expected-error@+1 {{C1: there are cases and a place in a list}}
  quipu.param @p = "key" of ["a"] at 1
}

// -----

// param_c2
quipu.model @m for [] {
  // expected-error@+1 {{C2: at -1 there is no number}}
  quipu.param @p = "key" at -1 else 3
}

// -----

// layer_set_c1
quipu.model @m for [] {
  // expected-error@+1 {{C1: a rule behind one that always applies, or none}}
  quipu.layer_set @s = below 2 else every 6 from 5
}

// -----

// layer_set_c2
quipu.model @m for [] {
  // expected-error@+1 {{C2: a step is not positive, or a number negative}}
  quipu.layer_set @s = where "list" is 0 else every 0 from 1
}

// -----

// layer_set_c2_below
quipu.model @m for [] {
  // expected-error@+1 {{C2: a step is not positive, or a number negative}}
  quipu.layer_set @s = below -1
}

// -----

// choose_c1
quipu.model @m for [] {
  %x = quipu.input "x"
  // expected-error@+1 {{C1: chooses by a set of layers, but is not in layers}}
  %y = quipu.choose %x in @s else %x
}

// -----

// choose_c1_neither
quipu.model @m for [] {
  %x = quipu.input "x"
  // expected-error@+1 {{C1: chooses by neither or both of a set and a parameter}}
  %y = quipu.choose %x else %x
}

// -----

// layers_c2_many
quipu.model @m for [] {
  %x = quipu.input "x"
  // expected-error@+1 {{C2: the number of layers is 65537, more than 65536}}
  %y = quipu.layers "blk" times 65537 from %x {
  ^layer(%h: !quipu.value):
    quipu.yield %h
  }
}

// -----

// layers_c3
quipu.model @m for [] {
  %x = quipu.input "x"
  // expected-error@+1 {{C3: there is no layer 2 of 2}}
  %y = quipu.layers "blk" times 2 from %x {
  ^layer(%h: !quipu.value):
    quipu.yield %h
  } but full {
  ^layer(%h: !quipu.value):
    quipu.yield %h
  } in [2]
}

// -----

// layers_c3_names
quipu.model @m for [] {
  %x = quipu.input "x"
  // expected-error@+1 {{C3: 0 names and 0 sets of layers for 1 other bodies}}
  %y = "quipu.layers"(%x) ({
  ^layer(%h: !quipu.value):
    quipu.yield %h
  }, {
  ^layer(%h: !quipu.value):
    quipu.yield %h
  }) {prefix = "blk", count = 2} : (!quipu.value) -> !quipu.value
}

// -----

// layers_c1_other
quipu.model @m for [] {
  %x = quipu.input "x"
  // expected-error@+1 {{C1: the body does not take and yield one value of '!quipu.value'}}
  %y = quipu.layers "blk" times 2 from %x {
  ^layer(%h: !quipu.value):
    quipu.yield %h
  } but full {
  ^layer(%h: tensor<1xf32>):
    quipu.yield %h : tensor<1xf32>
  } in [1]
}
