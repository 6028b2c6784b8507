// RUN: %quipu-opt %s -split-input-file -merge-layers -merge-kernels | FileCheck %s

// Layers with a window and layers without: one body, attention's kernel and what
// writes the cache are another one's in layer 1.
// CHECK-LABEL: quipu.model @windows
// CHECK: quipu.layers "blk" times 3 from %x {
// CHECK:   %[[KV:.+]], %[[Q:.+]] = quipu.launch @qkv(%h) but @qkv.full in [1] : (tensor<1x16xf32>) -> (!quipu.cache<@blk.kv, f16, heads 1, keys 16, values 16>, tensor<1x1x16xf32>)
// CHECK:   %[[A:.+]] = quipu.launch @attend(%[[Q]], %[[KV]], %{{.+}}) but @attend.full in [1]
// CHECK:   quipu.launch @out(%[[A]]) :
// CHECK: } : tensor<1x16xf32>
quipu.model @windows for ["llama"] {
  quipu.weight @w = "w.weight" : tensor<16x16xf32>
  quipu.state @blk.kv : !quipu.pages<heads 1, keys 16, values 16> layers 3 in [0, 2] window 7
  quipu.state @blk.kv.full : !quipu.pages<heads 1, keys 16, values 16> layers 3 in [1]
  quipu.kernel @qkv(%h: tensor<1x16xf32>) -> (!quipu.cache<@blk.kv, f16, heads 1, keys 16, values 16>, tensor<1x1x16xf32>) {
    %at = quipu.positions
    %q = quipu.linear %h, @w : tensor<16x16xf32> -> [1, 16] : tensor<1x16xf32> -> tensor<1x1x16xf32>
    %kv = quipu.cache_write %q, %q at %at into @blk.kv : tensor<1x1x16xf32>, tensor<1x1x16xf32> -> !quipu.cache<@blk.kv, f16, heads 1, keys 16, values 16>
    quipu.yield %kv, %q : !quipu.cache<@blk.kv, f16, heads 1, keys 16, values 16>, tensor<1x1x16xf32>
  }
  quipu.kernel @attend(%q: tensor<1x1x16xf32>, %kv: !quipu.cache<@blk.kv, f16, heads 1, keys 16, values 16>, %at: !quipu.positions) -> tensor<1x1x16xf32> {
    %a = quipu.attention %q over %kv at %at window 7 : tensor<1x1x16xf32>, !quipu.cache<@blk.kv, f16, heads 1, keys 16, values 16> -> tensor<1x1x16xf32>
    quipu.yield %a : tensor<1x1x16xf32>
  }
  quipu.kernel @out(%a: tensor<1x1x16xf32>) -> tensor<1x16xf32> {
    %o = quipu.linear %a, @w : tensor<16x16xf32> -> [16] : tensor<1x1x16xf32> -> tensor<1x16xf32>
    quipu.yield %o : tensor<1x16xf32>
  }
  quipu.kernel @qkv.full(%h: tensor<1x16xf32>) -> (!quipu.cache<@blk.kv.full, f16, heads 1, keys 16, values 16>, tensor<1x1x16xf32>) {
    %at = quipu.positions
    %q = quipu.linear %h, @w : tensor<16x16xf32> -> [1, 16] : tensor<1x16xf32> -> tensor<1x1x16xf32>
    %kv = quipu.cache_write %q, %q at %at into @blk.kv.full : tensor<1x1x16xf32>, tensor<1x1x16xf32> -> !quipu.cache<@blk.kv.full, f16, heads 1, keys 16, values 16>
    quipu.yield %kv, %q : !quipu.cache<@blk.kv.full, f16, heads 1, keys 16, values 16>, tensor<1x1x16xf32>
  }
  quipu.kernel @attend.full(%q: tensor<1x1x16xf32>, %kv: !quipu.cache<@blk.kv.full, f16, heads 1, keys 16, values 16>, %at: !quipu.positions) -> tensor<1x1x16xf32> {
    %a = quipu.attention %q over %kv at %at : tensor<1x1x16xf32>, !quipu.cache<@blk.kv.full, f16, heads 1, keys 16, values 16> -> tensor<1x1x16xf32>
    quipu.yield %a : tensor<1x1x16xf32>
  }
  quipu.kernel @out.full(%a: tensor<1x1x16xf32>) -> tensor<1x16xf32> {
    %o = quipu.linear %a, @w : tensor<16x16xf32> -> [16] : tensor<1x1x16xf32> -> tensor<1x16xf32>
    quipu.yield %o : tensor<1x16xf32>
  }
  quipu.step @decode tokens 1 {
    %x = quipu.input "x" : tensor<1x16xf32>
    %at = quipu.positions
    %last = quipu.layers "blk" times 3 from %x {
    ^bb0(%h: tensor<1x16xf32>):
      %kv:2 = quipu.launch @qkv(%h) : (tensor<1x16xf32>) -> (!quipu.cache<@blk.kv, f16, heads 1, keys 16, values 16>, tensor<1x1x16xf32>)
      %a = quipu.launch @attend(%kv#1, %kv#0, %at) : (tensor<1x1x16xf32>, !quipu.cache<@blk.kv, f16, heads 1, keys 16, values 16>, !quipu.positions) -> tensor<1x1x16xf32>
      %o = quipu.launch @out(%a) : (tensor<1x1x16xf32>) -> tensor<1x16xf32>
      quipu.yield %o : tensor<1x16xf32>
    } but full {
    ^bb0(%h: tensor<1x16xf32>):
      %kv:2 = quipu.launch @qkv.full(%h) : (tensor<1x16xf32>) -> (!quipu.cache<@blk.kv.full, f16, heads 1, keys 16, values 16>, tensor<1x1x16xf32>)
      %a = quipu.launch @attend.full(%kv#1, %kv#0, %at) : (tensor<1x1x16xf32>, !quipu.cache<@blk.kv.full, f16, heads 1, keys 16, values 16>, !quipu.positions) -> tensor<1x1x16xf32>
      %o = quipu.launch @out.full(%a) : (tensor<1x1x16xf32>) -> tensor<1x16xf32>
      quipu.yield %o : tensor<1x16xf32>
    } in [1] : tensor<1x16xf32> -> tensor<1x16xf32>
    quipu.output "y", %last : tensor<1x16xf32>
  }
}

// -----

// Layers of three kinds: the third launches one kernel more, and stays apart.
// CHECK-LABEL: quipu.model @several
// CHECK: quipu.layers "blk" times 4 from %x {
// CHECK:   quipu.launch @near(%h) but @near.far in [1] :
// CHECK: } but both {
// CHECK:   quipu.launch @near(%h) :
// CHECK:   quipu.launch @near.far(
// CHECK: } in [3] : tensor<1x16xf32>
quipu.model @several for ["llama"] {
  quipu.kernel @near(%h: tensor<1x16xf32>) -> tensor<1x16xf32> {
    %s = quipu.scale %h by 2.0 : tensor<1x16xf32> -> tensor<1x16xf32>
    quipu.yield %s : tensor<1x16xf32>
  }
  quipu.kernel @near.far(%h: tensor<1x16xf32>) -> tensor<1x16xf32> {
    %s = quipu.scale %h by 3.0 : tensor<1x16xf32> -> tensor<1x16xf32>
    quipu.yield %s : tensor<1x16xf32>
  }
  quipu.step @decode tokens 1 {
    %x = quipu.input "x" : tensor<1x16xf32>
    %last = quipu.layers "blk" times 4 from %x {
    ^bb0(%h: tensor<1x16xf32>):
      %y = quipu.launch @near(%h) : (tensor<1x16xf32>) -> tensor<1x16xf32>
      quipu.yield %y : tensor<1x16xf32>
    } but far {
    ^bb0(%h: tensor<1x16xf32>):
      %y = quipu.launch @near.far(%h) : (tensor<1x16xf32>) -> tensor<1x16xf32>
      quipu.yield %y : tensor<1x16xf32>
    } in [1], both {
    ^bb0(%h: tensor<1x16xf32>):
      %y = quipu.launch @near(%h) : (tensor<1x16xf32>) -> tensor<1x16xf32>
      %z = quipu.launch @near.far(%y) : (tensor<1x16xf32>) -> tensor<1x16xf32>
      quipu.yield %z : tensor<1x16xf32>
    } in [3] : tensor<1x16xf32> -> tensor<1x16xf32>
    quipu.output "y", %last : tensor<1x16xf32>
  }
}
