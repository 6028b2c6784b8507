// RUN: %quipu-opt %s -insert-barriers -split-input-file | FileCheck %s

// Launches that do not depend on each other run without a barrier; a reader waits
// for its writer, and only for one barrier when several wrote.

// CHECK-LABEL: quipu.model @straight
// CHECK:         quipu.launch @k(%{{.+}}) arena [0]
// CHECK-NEXT:    quipu.launch @k(%{{.+}}) arena [256]
// CHECK-NEXT:    quipu.barrier
// CHECK-NEXT:    quipu.launch @k(%{{.+}}) arena [512]
// CHECK-NEXT:    quipu.launch @k(%{{.+}}) arena [768]
// CHECK-NEXT:    quipu.barrier
// CHECK-NEXT:    quipu.launch @two(%{{.+}}, %{{.+}}) arena [-1]
// CHECK-NEXT:    quipu.output
// CHECK-NOT:     quipu.barrier
quipu.model @straight for [] {
  quipu.kernel @k(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.kernel @two(%x: tensor<1x64xf32>, %y: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.step @decode tokens 1 arena 1024 {
    %x = quipu.input "x" : tensor<1x64xf32>
    %a = quipu.launch @k(%x) arena [0] : (tensor<1x64xf32>) -> tensor<1x64xf32>
    %b = quipu.launch @k(%x) arena [256] : (tensor<1x64xf32>) -> tensor<1x64xf32>
    %c = quipu.launch @k(%a) arena [512] : (tensor<1x64xf32>) -> tensor<1x64xf32>
    %d = quipu.launch @k(%b) arena [768] : (tensor<1x64xf32>) -> tensor<1x64xf32>
    %e = quipu.launch @two(%c, %d) arena [-1] : (tensor<1x64xf32>, tensor<1x64xf32>) -> tensor<1x64xf32>
    quipu.output "e", %e : tensor<1x64xf32>
  }
}

// -----

// Bytes that are written again wait for those who read or write them, though no
// value says so: %c takes the place of %a, which %b's launch reads, %d that of %c.

// CHECK-LABEL: quipu.model @reuse
// CHECK:         quipu.launch @k(%{{.+}}) arena [0]
// CHECK-NEXT:    quipu.barrier
// CHECK-NEXT:    quipu.launch @k(%{{.+}}) arena [256]
// CHECK-NEXT:    quipu.barrier
// CHECK-NEXT:    quipu.launch @k(%{{.+}}) arena [192]
// CHECK-NEXT:    quipu.barrier
// CHECK-NEXT:    quipu.launch @k(%{{.+}}) arena [128]
// CHECK-NEXT:    quipu.launch @k(%{{.+}}) arena [512]
quipu.model @reuse for [] {
  quipu.kernel @k(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.step @decode tokens 1 arena 768 {
    %x = quipu.input "x" : tensor<1x64xf32>
    %a = quipu.launch @k(%x) arena [0] : (tensor<1x64xf32>) -> tensor<1x64xf32>
    %b = quipu.launch @k(%a) arena [256] : (tensor<1x64xf32>) -> tensor<1x64xf32>
    %c = quipu.launch @k(%x) arena [192] : (tensor<1x64xf32>) -> tensor<1x64xf32>
    %d = quipu.launch @k(%x) arena [128] : (tensor<1x64xf32>) -> tensor<1x64xf32>
    // Behind the end of %d.
    %e = quipu.launch @k(%x) arena [512] : (tensor<1x64xf32>) -> tensor<1x64xf32>
  }
}

// -----

// The cache is one place: who reads it waits for who writes it. Kernels of
// attention keep what their splits have found in one place, too.

// CHECK-LABEL: quipu.model @cache
// CHECK:         quipu.launch @write(
// CHECK-NEXT:    quipu.barrier
// CHECK-NEXT:    quipu.launch @read(
// CHECK-NEXT:    quipu.barrier
// CHECK-NEXT:    quipu.launch @read(
// CHECK-NEXT:    quipu.barrier
// CHECK-NEXT:    quipu.launch @write(
quipu.model @cache for [] {
  quipu.state @kv : !quipu.pages<heads 4, keys 16, values 16> layers 4
  quipu.kernel @write(%k: tensor<1x4x16xf32>, %at: !quipu.positions) -> !quipu.cache<@kv, f16, heads 4, keys 16, values 16> {
    %kv = quipu.cache_write %k, %k at %at into @kv : tensor<1x4x16xf32>, tensor<1x4x16xf32> -> !quipu.cache<@kv, f16, heads 4, keys 16, values 16>
    quipu.yield %kv : !quipu.cache<@kv, f16, heads 4, keys 16, values 16>
  }
  quipu.kernel @read(%q: tensor<1x4x16xf32>, %kv: !quipu.cache<@kv, f16, heads 4, keys 16, values 16>, %at: !quipu.positions) -> tensor<1x4x16xf32> {
    %a = quipu.attention %q over %kv at %at : tensor<1x4x16xf32>, !quipu.cache<@kv, f16, heads 4, keys 16, values 16> -> tensor<1x4x16xf32>
    quipu.yield %a : tensor<1x4x16xf32>
  }
  quipu.step @decode tokens 1 arena 512 {
    %k = quipu.input "k" : tensor<1x4x16xf32>
    %at = quipu.positions
    %kv = quipu.launch @write(%k, %at) arena [-1] : (tensor<1x4x16xf32>, !quipu.positions) -> !quipu.cache<@kv, f16, heads 4, keys 16, values 16>
    %a = quipu.launch @read(%k, %kv, %at) arena [0] : (tensor<1x4x16xf32>, !quipu.cache<@kv, f16, heads 4, keys 16, values 16>, !quipu.positions) -> tensor<1x4x16xf32>
    %b = quipu.launch @read(%k, %kv, %at) arena [256] : (tensor<1x4x16xf32>, !quipu.cache<@kv, f16, heads 4, keys 16, values 16>, !quipu.positions) -> tensor<1x4x16xf32>
    %kv2 = quipu.launch @write(%k, %at) arena [-1] : (tensor<1x4x16xf32>, !quipu.positions) -> !quipu.cache<@kv, f16, heads 4, keys 16, values 16>
  }
}

// -----

// Kernels that add up one row of a sequence follow each other.

// CHECK-LABEL: quipu.model @pools
// CHECK:         quipu.launch @a(
// CHECK-NEXT:    quipu.launch @b(
// CHECK-NEXT:    quipu.barrier
// CHECK-NEXT:    quipu.launch @a(
quipu.model @pools for [] {
  quipu.state @s : tensor<64xf32>
  quipu.state @t : tensor<64xf32>
  quipu.kernel @a(%x: tensor<1x64xf32>, %at: !quipu.positions) -> tensor<1x64xf32> {
    %p = quipu.pool "mean" %x at %at into @s : tensor<1x64xf32> -> tensor<1x64xf32>
    quipu.yield %p : tensor<1x64xf32>
  }
  quipu.kernel @b(%x: tensor<1x64xf32>, %at: !quipu.positions) -> tensor<1x64xf32> {
    %p = quipu.pool "mean" %x at %at into @t : tensor<1x64xf32> -> tensor<1x64xf32>
    quipu.yield %p : tensor<1x64xf32>
  }
  quipu.step @decode tokens 1 arena 768 {
    %x = quipu.input "x" : tensor<1x64xf32>
    %at = quipu.positions
    %a = quipu.launch @a(%x, %at) arena [0] : (tensor<1x64xf32>, !quipu.positions) -> tensor<1x64xf32>
    %b = quipu.launch @b(%x, %at) arena [256] : (tensor<1x64xf32>, !quipu.positions) -> tensor<1x64xf32>
    %c = quipu.launch @a(%x, %at) arena [512] : (tensor<1x64xf32>, !quipu.positions) -> tensor<1x64xf32>
  }
}

// -----

// A launch may read what is an output, too; another output is another place.

// CHECK-LABEL: quipu.model @output_read
// CHECK:         quipu.launch @k(%{{.+}}) arena [-1]
// CHECK-NEXT:    quipu.launch @k(%{{.+}}) arena [-1]
// CHECK-NEXT:    quipu.barrier
// CHECK-NEXT:    quipu.launch @k(%{{.+}}) arena [0]
quipu.model @output_read for [] {
  quipu.kernel @k(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.step @decode tokens 1 arena 256 {
    %x = quipu.input "x" : tensor<1x64xf32>
    %a = quipu.launch @k(%x) arena [-1] : (tensor<1x64xf32>) -> tensor<1x64xf32>
    %c = quipu.launch @k(%x) arena [-1] : (tensor<1x64xf32>) -> tensor<1x64xf32>
    %b = quipu.launch @k(%a) arena [0] : (tensor<1x64xf32>) -> tensor<1x64xf32>
    quipu.output "a", %a : tensor<1x64xf32>
    quipu.output "c", %c : tensor<1x64xf32>
  }
}

// -----

// A layer waits for the one before it, and what follows the loop for the last: one
// barrier at the end of the body. What stands before the loop is waited for once.

// CHECK-LABEL: quipu.model @loop
// CHECK:         %[[X:.+]] = quipu.launch @k(%{{.+}}) arena [0]
// CHECK-NEXT:    quipu.barrier
// CHECK-NEXT:    quipu.layers "blk" times 2 from %[[X]] {
// CHECK-NEXT:    ^{{.+}}(%[[H:.+]]: tensor<1x64xf32>):
// CHECK-NEXT:      %[[A:.+]] = quipu.launch @k(%[[H]]) arena [256]
// CHECK-NEXT:      quipu.barrier
// CHECK-NEXT:      %[[B:.+]] = quipu.launch @k(%[[A]]) arena [0]
// CHECK-NEXT:      quipu.barrier
// CHECK-NEXT:      quipu.yield %[[B]]
// CHECK-NEXT:    }
// CHECK-NEXT:    quipu.launch @k(%{{.+}}) arena [-1]
// Nothing before the second loop.
// CHECK-LABEL: quipu.step @empty
// CHECK-NEXT:    quipu.input
// CHECK-NEXT:    quipu.layers
quipu.model @loop for [] {
  quipu.kernel @k(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.step @decode tokens 1 arena 512 {
    %in = quipu.input "in" : tensor<1x64xf32>
    %x = quipu.launch @k(%in) arena [0] : (tensor<1x64xf32>) -> tensor<1x64xf32>
    %y = quipu.layers "blk" times 2 from %x {
    ^layer(%h: tensor<1x64xf32>):
      %a = quipu.launch @k(%h) arena [256] : (tensor<1x64xf32>) -> tensor<1x64xf32>
      %b = quipu.launch @k(%a) arena [0] : (tensor<1x64xf32>) -> tensor<1x64xf32>
      quipu.yield %b : tensor<1x64xf32>
    } : tensor<1x64xf32> -> tensor<1x64xf32>
    %o = quipu.launch @k(%y) arena [-1] : (tensor<1x64xf32>) -> tensor<1x64xf32>
    quipu.output "o", %o : tensor<1x64xf32>
  }
  quipu.step @empty tokens 1 arena 512 {
    %in = quipu.input "in" : tensor<1x64xf32>
    %y = quipu.layers "blk" times 2 from %in {
    ^layer(%h: tensor<1x64xf32>):
      %a = quipu.launch @k(%h) arena [0] : (tensor<1x64xf32>) -> tensor<1x64xf32>
      quipu.yield %a : tensor<1x64xf32>
    } : tensor<1x64xf32> -> tensor<1x64xf32>
    quipu.output "o", %y : tensor<1x64xf32>
  }
}
