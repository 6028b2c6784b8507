// RUN: %quipu-opt %s -plan-memory -split-input-file | FileCheck %s

// A chain: a value's place is free when its last reader has run. A launch's operand
// and result never overlap. 64 numbers in f32 are 256 bytes.

// CHECK-LABEL: quipu.step @decode tokens 1 arena 512 {
// CHECK:         quipu.launch @k(%{{.+}}) arena [0]
// CHECK-NEXT:    quipu.launch @k(%{{.+}}) arena [256]
// CHECK-NEXT:    quipu.launch @k(%{{.+}}) arena [0]
// The output goes where the caller wants it.
// CHECK-NEXT:    quipu.launch @k(%{{.+}}) arena [-1]
quipu.model @chain for [] {
  quipu.kernel @k(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.step @decode tokens 1 {
    %x = quipu.input "x" : tensor<1x64xf32>
    %a = quipu.launch @k(%x) : (tensor<1x64xf32>) -> tensor<1x64xf32>
    %b = quipu.launch @k(%a) : (tensor<1x64xf32>) -> tensor<1x64xf32>
    %c = quipu.launch @k(%b) : (tensor<1x64xf32>) -> tensor<1x64xf32>
    %d = quipu.launch @k(%c) : (tensor<1x64xf32>) -> tensor<1x64xf32>
    quipu.output "d", %d : tensor<1x64xf32>
  }
}

// -----

// A value that is read late keeps its place meanwhile. A result that nobody reads has
// one, too: the kernel writes it; 3 numbers take the 64 bytes of 16. Caches are
// elsewhere. Blocks of i8 take 44 bytes for each 32 numbers, rounded up to 64.

// CHECK-LABEL: quipu.step @decode tokens 1 arena 640 {
// CHECK:         quipu.launch @pair(%{{.+}}) arena [0, 256]
// CHECK-NEXT:    quipu.launch @blocks(%{{.+}}) arena [512]
// CHECK-NEXT:    quipu.launch @cache(%{{.+}}) arena [-1]
// CHECK-NEXT:    quipu.launch @join(%{{.+}}, %{{.+}}) arena [256]
// CHECK-NEXT:    quipu.launch @join(
quipu.model @late for [] {
  quipu.weight @w = "w.weight" : tensor<3x64xf32>
  quipu.state @kv : !quipu.pages<heads 4, keys 16, values 16> layers 4
  quipu.kernel @pair(%x: tensor<1x64xf32>) -> (tensor<1x64xf32>, tensor<1x3xf32>) {
    %s = quipu.linear %x, @w : tensor<3x64xf32> -> [3] : tensor<1x64xf32> -> tensor<1x3xf32>
    quipu.yield %x, %s : tensor<1x64xf32>, tensor<1x3xf32>
  }
  quipu.kernel @blocks(%x: tensor<1x64xf32>) -> tensor<1x64x!quipu.i8x32> {
    %z = quipu.quantize %x : tensor<1x64xf32> -> tensor<1x64x!quipu.i8x32>
    quipu.yield %z : tensor<1x64x!quipu.i8x32>
  }
  quipu.kernel @cache(%k: tensor<1x4x16xf32>, %at: !quipu.positions) -> !quipu.cache<@kv, f16, heads 4, keys 16, values 16> {
    %kv = quipu.cache_write %k, %k at %at into @kv : tensor<1x4x16xf32>, tensor<1x4x16xf32> -> !quipu.cache<@kv, f16, heads 4, keys 16, values 16>
    quipu.yield %kv : !quipu.cache<@kv, f16, heads 4, keys 16, values 16>
  }
  quipu.kernel @join(%z: tensor<1x64x!quipu.i8x32>, %x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.step @decode tokens 1 {
    %x = quipu.input "x" : tensor<1x64xf32>
    %k = quipu.input "k" : tensor<1x4x16xf32>
    %at = quipu.positions
    %p:2 = quipu.launch @pair(%x) : (tensor<1x64xf32>) -> (tensor<1x64xf32>, tensor<1x3xf32>)
    %z = quipu.launch @blocks(%p#0) : (tensor<1x64xf32>) -> tensor<1x64x!quipu.i8x32>
    %kv = quipu.launch @cache(%k, %at) : (tensor<1x4x16xf32>, !quipu.positions) -> !quipu.cache<@kv, f16, heads 4, keys 16, values 16>
    %j = quipu.launch @join(%z, %p#0) : (tensor<1x64x!quipu.i8x32>, tensor<1x64xf32>) -> tensor<1x64xf32>
    %y = quipu.launch @join(%z, %j) : (tensor<1x64x!quipu.i8x32>, tensor<1x64xf32>) -> tensor<1x64xf32>
    quipu.output "y", %y : tensor<1x64xf32>
  }
}

// -----

// Several tokens take the rows of a multiple of 16 tokens: 16 * 256 bytes for 3.

// CHECK-LABEL: quipu.step @prefill3 tokens 3 arena 4096 {
quipu.model @tokens for [] {
  quipu.kernel @k(%x: tensor<3x64xf32>) -> tensor<3x64xf32> {
    quipu.yield %x : tensor<3x64xf32>
  }
  quipu.step @prefill3 tokens 3 {
    %x = quipu.input "x" : tensor<3x64xf32>
    %a = quipu.launch @k(%x) : (tensor<3x64xf32>) -> tensor<3x64xf32>
    %b = quipu.launch @k(%a) : (tensor<3x64xf32>) -> tensor<3x64xf32>
    quipu.output "b", %b : tensor<3x64xf32>
  }
}

// -----

// What a layer takes, yields and the loop returns are one place, which nothing in the
// loop shares; what comes from outside lives until the loop's end.

// CHECK-LABEL: quipu.step @decode tokens 1 arena 1024 {
// CHECK:         %[[OUTER:.+]] = quipu.launch @k(%{{.+}}) arena [0]
// CHECK-NEXT:    %[[X:.+]] = quipu.launch @k(%{{.+}}) arena [256]
// CHECK-NEXT:    quipu.layers "blk" times 2 from %[[X]]
// CHECK:           %[[A:.+]] = quipu.launch @two(%{{.+}}, %[[OUTER]]) arena [512]
// CHECK-NEXT:      %[[B:.+]] = quipu.launch @k(%[[A]]) arena [768]
// CHECK-NEXT:      %[[C:.+]] = quipu.launch @k(%[[B]]) arena [256]
// CHECK-NEXT:      quipu.yield %[[C]]
// CHECK:         quipu.launch @k(%{{.+}}) arena [0]
quipu.model @loop for [] {
  quipu.kernel @k(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.kernel @two(%x: tensor<1x64xf32>, %y: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.step @decode tokens 1 {
    %in = quipu.input "in" : tensor<1x64xf32>
    %outer = quipu.launch @k(%in) : (tensor<1x64xf32>) -> tensor<1x64xf32>
    %x = quipu.launch @k(%in) : (tensor<1x64xf32>) -> tensor<1x64xf32>
    %y = quipu.layers "blk" times 2 from %x {
    ^layer(%h: tensor<1x64xf32>):
      %a = quipu.launch @two(%h, %outer) : (tensor<1x64xf32>, tensor<1x64xf32>) -> tensor<1x64xf32>
      %b = quipu.launch @k(%a) : (tensor<1x64xf32>) -> tensor<1x64xf32>
      %c = quipu.launch @k(%b) : (tensor<1x64xf32>) -> tensor<1x64xf32>
      quipu.yield %c : tensor<1x64xf32>
    } : tensor<1x64xf32> -> tensor<1x64xf32>
    %z = quipu.launch @k(%y) : (tensor<1x64xf32>) -> tensor<1x64xf32>
    %o = quipu.launch @k(%z) : (tensor<1x64xf32>) -> tensor<1x64xf32>
    quipu.output "o", %o : tensor<1x64xf32>
  }
}
