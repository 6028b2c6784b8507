// RUN: %quipu-opt %s -pass-pipeline="builtin.module(quipu.model(assign-state-offsets))" -split-input-file -verify-diagnostics | FileCheck %s

// Layer follows layer, state follows state, in numbers of one position; a state of
// another window has other pages. Rows of sequences are numbered apart.

// CHECK-LABEL: quipu.model @m
// CHECK-NEXT: quipu.state @enc.kv : !quipu.pages<heads 4, keys 16, values 16> layers 3 pool 0 at 0 stride 128{{$}}
// CHECK-NEXT: quipu.state @near.kv : !quipu.pages<heads 2, keys 16, values 32> layers 5 window 8 pool 1 at 0 stride 96{{$}}
// CHECK-NEXT: quipu.state @dec.kv : !quipu.pages<heads 1, keys 64, values 16> layers 2 pool 0 at 384 stride 80{{$}}
// CHECK-NEXT: quipu.state @a : tensor<64xf32> pool 0{{$}}
// CHECK-NEXT: quipu.state @far.kv : !quipu.pages<heads 1, keys 16, values 16> layers 1 pool 0 at 544 stride 32{{$}}
// CHECK-NEXT: quipu.state @b : tensor<32xf32> pool 1{{$}}
quipu.model @m for [] {
  quipu.state @enc.kv : !quipu.pages<heads 4, keys 16, values 16> layers 3
  quipu.state @near.kv : !quipu.pages<heads 2, keys 16, values 32> layers 5 window 8
  quipu.state @dec.kv : !quipu.pages<heads 1, keys 64, values 16> layers 2
  quipu.state @a : tensor<64xf32>
  quipu.state @far.kv : !quipu.pages<heads 1, keys 16, values 16> layers 1
  quipu.state @b : tensor<32xf32>
}

// -----

// A page is indexed with 32 bits: 2^31 - 1 numbers for 128 positions, so 16777215
// for each.

// CHECK-LABEL: quipu.model @full
// CHECK-NEXT: stride 3355443
quipu.model @full for [] {
  quipu.state @kv : !quipu.pages<heads 1, keys 3355442, values 1> layers 5
}

// -----

quipu.model @over for [] {
  quipu.state @kv : !quipu.pages<heads 1, keys 8388607, values 8388607> layers 1
  // expected-error@+1 {{the keys and values of a position are 16777216 numbers with these, more than a page can hold}}
  quipu.state @more : !quipu.pages<heads 1, keys 1, values 1> layers 1
}
