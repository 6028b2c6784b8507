// What MLIR's own passes do with the ops: these say what they read, write and repeat.

// RUN: %quipu-opt %s -canonicalize -cse -split-input-file | FileCheck %s
// RUN: %quipu-opt %s -loop-invariant-code-motion -split-input-file | FileCheck %s --check-prefix=LICM

// A write to the cache stays though nobody reads what it returns, and two are two.
// Attention reads the value: the same one twice is one, and unread it is none.

// CHECK-LABEL: quipu.step @cache
// CHECK:       quipu.cache_write
// CHECK-NEXT:  %[[KV:.+]] = quipu.cache_write
// CHECK-NEXT:  %[[A:.+]] = quipu.attention %{{.+}} over %[[KV]]
// CHECK-NEXT:  quipu.add %[[A]], %[[A]]
// CHECK-NOT:   quipu.attention
quipu.model @m for [] {
  quipu.state @kv : !quipu.pages<heads 4, keys 16, values 16> layers 1
  quipu.step @cache tokens 1 {
    %q = quipu.input "q" : tensor<1x4x16xf32>
    %at = quipu.positions
    %unread = quipu.cache_write %q, %q at %at into @kv : tensor<1x4x16xf32>, tensor<1x4x16xf32> -> !quipu.cache<@kv, f16, heads 4, keys 16, values 16>
    %kv = quipu.cache_write %q, %q at %at into @kv : tensor<1x4x16xf32>, tensor<1x4x16xf32> -> !quipu.cache<@kv, f16, heads 4, keys 16, values 16>
    %a = quipu.attention %q over %kv at %at : tensor<1x4x16xf32>, !quipu.cache<@kv, f16, heads 4, keys 16, values 16> -> tensor<1x4x16xf32>
    %b = quipu.attention %q over %kv at %at : tensor<1x4x16xf32>, !quipu.cache<@kv, f16, heads 4, keys 16, values 16> -> tensor<1x4x16xf32>
    %s = quipu.add %a, %b : tensor<1x4x16xf32>
    %c = quipu.attention %s over %kv at %at : tensor<1x4x16xf32>, !quipu.cache<@kv, f16, heads 4, keys 16, values 16> -> tensor<1x4x16xf32>
    quipu.output "s", %s : tensor<1x4x16xf32>
  }
}

// -----

// Layers whose result nobody reads are gone, unless they write to a cache.

// CHECK-LABEL: quipu.step @unread
// CHECK-NOT:   quipu.layers "pure"
// CHECK:       quipu.layers "writing"
// CHECK:       quipu.output "q"
quipu.model @m for [] {
  quipu.state @kv : !quipu.pages<heads 4, keys 16, values 16> layers 2
  quipu.step @unread tokens 1 {
    %q = quipu.input "q" : tensor<1x4x16xf32>
    %at = quipu.positions
    %a = quipu.layers "pure" times 2 from %q {
    ^layer(%h: tensor<1x4x16xf32>):
      %s = quipu.scale %h by 2.0 : tensor<1x4x16xf32> -> tensor<1x4x16xf32>
      quipu.yield %s : tensor<1x4x16xf32>
    } : tensor<1x4x16xf32> -> tensor<1x4x16xf32>
    %b = quipu.layers "writing" times 2 from %q {
    ^layer(%h: tensor<1x4x16xf32>):
      %kv = quipu.cache_write %h, %h at %at into @kv : tensor<1x4x16xf32>, tensor<1x4x16xf32> -> !quipu.cache<@kv, f16, heads 4, keys 16, values 16>
      quipu.yield %h : tensor<1x4x16xf32>
    } : tensor<1x4x16xf32> -> tensor<1x4x16xf32>
    quipu.output "q", %q : tensor<1x4x16xf32>
  }
}

// -----

// What is the same in every layer moves out of the loop. A layer's weight is not,
// whatever the operands, nor is a layer's cache.

// CHECK-LABEL: quipu.step @invariant
// LICM-LABEL: quipu.step @invariant
// LICM:         %[[S:.+]] = quipu.scale
// LICM-NEXT:    quipu.layers
// LICM-NEXT:    ^{{.+}}(
// LICM-NEXT:      quipu.linear %[[S]], @blk.w
// LICM-NEXT:      quipu.cache_write %[[S]]
quipu.model @m for [] {
  quipu.weight @blk.w = "blk.*.w.weight" layers 2 : tensor<64x64xf32>
  quipu.state @kv : !quipu.pages<heads 4, keys 16, values 16> layers 2
  quipu.step @invariant tokens 1 {
    %x = quipu.input "x" : tensor<1x4x16xf32>
    %at = quipu.positions
    %y = quipu.layers "blk" times 2 from %x {
    ^layer(%h: tensor<1x4x16xf32>):
      %s = quipu.scale %x by 2.0 : tensor<1x4x16xf32> -> tensor<1x4x16xf32>
      %w = quipu.linear %s, @blk.w : tensor<64x64xf32> -> [4, 16] : tensor<1x4x16xf32> -> tensor<1x4x16xf32>
      %kv = quipu.cache_write %s, %w at %at into @kv : tensor<1x4x16xf32>, tensor<1x4x16xf32> -> !quipu.cache<@kv, f16, heads 4, keys 16, values 16>
      %a = quipu.add %h, %w : tensor<1x4x16xf32>
      quipu.yield %a : tensor<1x4x16xf32>
    } : tensor<1x4x16xf32> -> tensor<1x4x16xf32>
    quipu.output "y", %y : tensor<1x4x16xf32>
  }
}
