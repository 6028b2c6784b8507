// RUN: %quipu-opt %s -specialize-kernels -split-input-file | FileCheck %s
// RUN: %quipu-opt %s -specialize-kernels -specialize-kernels -split-input-file | FileCheck %s

// One kernel for each combination that occurs. The most frequent one (here that of
// layers 0 and 3) keeps the name; weights that do not differ stay as they are.

// CHECK-LABEL: quipu.model @combinations
// CHECK:      quipu.kernel @q_v(
// CHECK:        quipu.linear %{{.+}}, @blk.q : tensor<32x32x!quipu.q4_0> ->
// CHECK:        quipu.linear %{{.+}}, @blk.v : tensor<32x32x!quipu.q4_0> ->
// CHECK:        quipu.linear %{{.+}}, @blk.o : tensor<32x32x!quipu.q4_1> ->
// CHECK:      quipu.kernel @q_v.q4_0.q8_0(
// CHECK:        quipu.linear %{{.+}}, @blk.q : tensor<32x32x!quipu.q4_0> ->
// CHECK:        quipu.linear %{{.+}}, @blk.v : tensor<32x32x!quipu.q8_0> ->
// CHECK:        quipu.linear %{{.+}}, @blk.o : tensor<32x32x!quipu.q4_1> ->
// CHECK:      quipu.kernel @q_v.q8_0(
// CHECK:        quipu.linear %{{.+}}, @blk.q : tensor<32x32x!quipu.q8_0> ->
// CHECK:        quipu.linear %{{.+}}, @blk.v : tensor<32x32x!quipu.q8_0> ->
// CHECK:        quipu.linear %{{.+}}, @blk.o : tensor<32x32x!quipu.q4_1> ->
// CHECK-NOT:  quipu.kernel @q_v
// CHECK:      quipu.kernel @o(
// CHECK-NOT:  quipu.kernel
// CHECK:      quipu.launch @q_v(%{{.+}}) but @q_v.q4_0.q8_0 in [1], @q_v.q8_0 in [2] : (
// CHECK:      quipu.launch @o(%{{.+}}) : (
quipu.model @combinations for [] {
  quipu.weight @blk.q = "blk.*.q.weight" layers 4 : tensor<32x32x!quipu.mixed<!quipu.q4_0, !quipu.q8_0>> but !quipu.q8_0 in [2]
  quipu.weight @blk.v = "blk.*.v.weight" layers 4 : tensor<32x32x!quipu.mixed<!quipu.q8_0, !quipu.q4_0>> but !quipu.q4_0 in [0, 3]
  quipu.weight @blk.o = "blk.*.o.weight" layers 4 : tensor<32x32x!quipu.q4_1>
  quipu.kernel @q_v(%h: tensor<1x32xf32>) -> tensor<1x32xf32> {
    %q = quipu.linear %h, @blk.q : tensor<32x32x!quipu.mixed<!quipu.q4_0, !quipu.q8_0>> -> [32] : tensor<1x32xf32> -> tensor<1x32xf32>
    %v = quipu.linear %q, @blk.v : tensor<32x32x!quipu.mixed<!quipu.q8_0, !quipu.q4_0>> -> [32] : tensor<1x32xf32> -> tensor<1x32xf32>
    %o = quipu.linear %v, @blk.o : tensor<32x32x!quipu.q4_1> -> [32] : tensor<1x32xf32> -> tensor<1x32xf32>
    quipu.yield %o : tensor<1x32xf32>
  }
  quipu.kernel @o(%h: tensor<1x32xf32>) -> tensor<1x32xf32> {
    %o = quipu.linear %h, @blk.o : tensor<32x32x!quipu.q4_1> -> [32] : tensor<1x32xf32> -> tensor<1x32xf32>
    quipu.yield %o : tensor<1x32xf32>
  }
  quipu.step @decode tokens 1 {
    %x = quipu.input "x" : tensor<1x32xf32>
    %last = quipu.layers "blk" times 4 from %x {
    ^bb0(%h: tensor<1x32xf32>):
      %v = quipu.launch @q_v(%h) : (tensor<1x32xf32>) -> tensor<1x32xf32>
      %o = quipu.launch @o(%v) : (tensor<1x32xf32>) -> tensor<1x32xf32>
      quipu.yield %o : tensor<1x32xf32>
    } : tensor<1x32xf32> -> tensor<1x32xf32>
  }
}

// -----

// Floats differ, too; a name that is taken is not taken again.

// CHECK-LABEL: quipu.model @floats
// CHECK:      quipu.kernel @k(
// CHECK-NEXT:   quipu.embed %{{.+}}, @blk.w : tensor<8x32xbf16> :
// CHECK:      quipu.kernel @[[OTHER:k.f16_[0-9]+]](
// CHECK-NEXT:   quipu.embed %{{.+}}, @blk.w : tensor<8x32xf16> :
// CHECK:      quipu.kernel @k.f16(
// CHECK:      quipu.launch @k(%{{.+}}) but @[[OTHER]] in [0] : (
quipu.model @floats for [] {
  quipu.weight @blk.w = "blk.*.w.weight" layers 3 : tensor<8x32x!quipu.mixed<bf16, f16>> but f16 in [0]
  quipu.kernel @k(%ids: tensor<1xi32>) -> tensor<1x32xf32> {
    %x = quipu.embed %ids, @blk.w : tensor<8x32x!quipu.mixed<bf16, f16>> : tensor<1xi32> -> tensor<1x32xf32>
    quipu.yield %x : tensor<1x32xf32>
  }
  quipu.kernel @k.f16(%ids: tensor<1xi32>) -> tensor<1xi32> {
    quipu.yield %ids : tensor<1xi32>
  }
  quipu.step @decode tokens 1 {
    %ids = quipu.input "tokens" : tensor<1xi32>
    %last = quipu.layers "blk" times 3 from %ids {
    ^bb0(%h: tensor<1xi32>):
      %x = quipu.launch @k(%h) : (tensor<1xi32>) -> tensor<1x32xf32>
      quipu.yield %h : tensor<1xi32>
    } : tensor<1xi32> -> tensor<1xi32>
  }
}

// -----

// Of an input in two forms each kernel reads one, and quantises for itself only
// where that is the quantised one.

// CHECK-LABEL: quipu.model @forms
// CHECK:      quipu.kernel @kept(%[[X:.+]]: tensor<1x32xf32>, %[[Z:.+]]: tensor<1x32x!quipu.i8x32>)
// CHECK-NEXT:   quipu.linear %[[Z]], @blk.w : tensor<32x32x!quipu.q8_0> bias @blk.b : tensor<32xf32> ->
// CHECK:      quipu.kernel @kept.f16(%[[X:.+]]: tensor<1x32xf32>, %{{.+}}: tensor<1x32x!quipu.i8x32>)
// CHECK-NEXT:   quipu.linear %[[X]], @blk.w : tensor<32x32xf16> bias @blk.b : tensor<32xf32> ->
// CHECK:      quipu.kernel @prologue(%[[X:.+]]: tensor<1x32xf32>)
// CHECK-NEXT:   %[[Z:.+]] = quipu.quantize %[[X]]
// CHECK-NEXT:   quipu.linear %[[Z]], @blk.w : tensor<32x32x!quipu.q8_0> ->
// CHECK:      quipu.kernel @prologue.f16(%[[X:.+]]: tensor<1x32xf32>)
// CHECK-NEXT:   quipu.linear %[[X]], @blk.w : tensor<32x32xf16> ->
quipu.model @forms for [] {
  quipu.weight @blk.w = "blk.*.w.weight" layers 3 : tensor<32x32x!quipu.mixed<!quipu.q8_0, f16>> but f16 in [1]
  quipu.weight @blk.b = "blk.*.b.bias" layers 3 : tensor<32xf32>
  quipu.kernel @kept(%x: tensor<1x32xf32>, %z: tensor<1x32x!quipu.i8x32>) -> tensor<1x32xf32> {
    %y = quipu.linear %x or %z, @blk.w : tensor<32x32x!quipu.mixed<!quipu.q8_0, f16>> bias @blk.b : tensor<32xf32> -> [32] : tensor<1x32xf32> or tensor<1x32x!quipu.i8x32> -> tensor<1x32xf32>
    quipu.yield %y : tensor<1x32xf32>
  }
  quipu.kernel @prologue(%x: tensor<1x32xf32>) -> tensor<1x32xf32> {
    %z = quipu.quantize %x : tensor<1x32xf32> -> tensor<1x32x!quipu.i8x32>
    %y = quipu.linear %x or %z, @blk.w : tensor<32x32x!quipu.mixed<!quipu.q8_0, f16>> -> [32] : tensor<1x32xf32> or tensor<1x32x!quipu.i8x32> -> tensor<1x32xf32>
    quipu.yield %y : tensor<1x32xf32>
  }
  quipu.step @decode tokens 1 {
    %x = quipu.input "x" : tensor<1x32xf32>
    %last = quipu.layers "blk" times 3 from %x {
    ^bb0(%h: tensor<1x32xf32>):
      %z = quipu.quantize %h : tensor<1x32xf32> -> tensor<1x32x!quipu.i8x32>
      %y = quipu.launch @kept(%h, %z) : (tensor<1x32xf32>, tensor<1x32x!quipu.i8x32>) -> tensor<1x32xf32>
      %o = quipu.launch @prologue(%y) : (tensor<1x32xf32>) -> tensor<1x32xf32>
      quipu.yield %o : tensor<1x32xf32>
    } : tensor<1x32xf32> -> tensor<1x32xf32>
  }
}

// -----

// Layers of another kind keep theirs: layers 0 and 1 run @near, 2 and 3 @far, and
// formats change in 1 and 2.

// CHECK-LABEL: quipu.model @kinds
// CHECK:      quipu.launch @near(%{{.+}}) but @near.q8_0 in [1], @far in [2], @far.q4_0 in [3] : (
quipu.model @kinds for [] {
  quipu.weight @blk.w = "blk.*.w.weight" layers 4 : tensor<32x32x!quipu.mixed<!quipu.q4_0, !quipu.q8_0>> but !quipu.q8_0 in [1, 2]
  quipu.kernel @near(%h: tensor<1x32xf32>) -> tensor<1x32xf32> {
    %q = quipu.linear %h, @blk.w : tensor<32x32x!quipu.mixed<!quipu.q4_0, !quipu.q8_0>> -> [32] : tensor<1x32xf32> -> tensor<1x32xf32>
    quipu.yield %q : tensor<1x32xf32>
  }
  quipu.kernel @far(%h: tensor<1x32xf32>) -> tensor<1x32xf32> {
    %q = quipu.linear %h, @blk.w : tensor<32x32x!quipu.mixed<!quipu.q4_0, !quipu.q8_0>> -> [32] : tensor<1x32xf32> -> tensor<1x32xf32>
    %s = quipu.scale %q by 2.0 : tensor<1x32xf32> -> tensor<1x32xf32>
    quipu.yield %s : tensor<1x32xf32>
  }
  quipu.step @decode tokens 1 {
    %x = quipu.input "x" : tensor<1x32xf32>
    %last = quipu.layers "blk" times 4 from %x {
    ^bb0(%h: tensor<1x32xf32>):
      %v = quipu.launch @near(%h) but @far in [2, 3] : (tensor<1x32xf32>) -> tensor<1x32xf32>
      quipu.yield %v : tensor<1x32xf32>
    } : tensor<1x32xf32> -> tensor<1x32xf32>
  }
}
