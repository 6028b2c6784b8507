// RUN: %quipu-opt %s -fuse-kernels -split-input-file | FileCheck %s
// RUN: %quipu-opt %s -attach-target=target=reference -fuse-kernels -split-input-file | FileCheck %s --check-prefix=EACH

// One token: the norm moves into the kernel that reads it; the epilogues follow
// their linear layers, whatever else they read.

// CHECK-LABEL: quipu.model @one_token
// CHECK:       quipu.kernel @decode.q_k(%[[H:.+]]: tensor<1x64xf32>, %[[ANGLES:.+]]: tensor<1x8x2xf32>) -> (tensor<1x4x16xf32>, tensor<1x4x16xf32>) {
// CHECK-NEXT:    %[[N:.+]] = quipu.rms_norm %[[H]], @blk.norm
// CHECK-NEXT:    %[[Q:.+]] = quipu.linear %[[N]], @blk.q
// CHECK-NEXT:    %[[K:.+]] = quipu.linear %[[N]], @blk.k
// CHECK-NEXT:    %[[R:.+]] = quipu.rope %[[Q]] by %[[ANGLES]]
// CHECK-NEXT:    quipu.yield %[[K]], %[[R]]
// CHECK:       quipu.kernel @decode.side(%[[X:.+]]: tensor<1x64xf32>) -> tensor<1x64xf32> {
// CHECK-NEXT:    %[[S:.+]] = quipu.softmax %[[X]]
// CHECK-NEXT:    quipu.linear %[[S]], @blk.side
// CHECK:       quipu.kernel @decode.o(%[[R:.+]]: tensor<1x4x16xf32>, %[[SIDE:.+]]: tensor<1x64xf32>, %[[H:.+]]: tensor<1x64xf32>) -> tensor<1x64xf32> {
// CHECK-NEXT:    %[[O:.+]] = quipu.linear %[[R]], @blk.o
// CHECK-NEXT:    %[[A:.+]] = quipu.add %[[O]], %[[SIDE]]
// CHECK-NEXT:    %[[B:.+]] = quipu.add %[[A]], %[[H]]
// CHECK-NEXT:    quipu.yield %[[B]]

// CHECK:       quipu.step @decode
// CHECK:         ^{{.+}}(%[[H:.+]]: tensor<1x64xf32>):
// CHECK-NEXT:      %[[K:.+]], %[[R:.+]] = quipu.launch @decode.q_k(%[[H]], %
// CHECK-NEXT:      %[[SIDE:.+]] = quipu.launch @decode.side(%[[H]])
// CHECK-NEXT:      %[[O:.+]] = quipu.launch @decode.o(%[[R]], %[[SIDE]], %[[H]])
// CHECK-NEXT:      %[[C:.+]] = quipu.launch @decode.c(%[[K]], %[[O]])
// CHECK-NEXT:      quipu.yield %[[C]]

// EACH-LABEL: quipu.model @one_token
// EACH:       quipu.kernel @decode.norm(%{{.+}}: tensor<1x64xf32>) -> tensor<1x64xf32> {
// EACH-NEXT:    quipu.rms_norm
// EACH-NEXT:    quipu.yield
// EACH:       quipu.step @decode
// EACH:         ^{{.+}}(%[[H:.+]]: tensor<1x64xf32>):
// EACH-NEXT:      %[[N:.+]] = quipu.launch @decode.norm(%[[H]])
// EACH-NEXT:      %[[Q:.+]] = quipu.launch @decode.q(%[[N]])
// EACH-NEXT:      %[[K:.+]] = quipu.launch @decode.k(%[[N]])
// EACH-NEXT:      %[[R:.+]] = quipu.launch @decode.rope_o(%[[Q]], %
// EACH-NEXT:      %[[S:.+]] = quipu.launch @decode.softmax_side(%[[H]])
// EACH-NEXT:      %[[SIDE:.+]] = quipu.launch @decode.side(%[[S]])
// EACH-NEXT:      %[[O:.+]] = quipu.launch @decode.o(%[[R]])
// EACH-NEXT:      %[[A:.+]] = quipu.launch @decode.add(%[[O]], %[[SIDE]])
// EACH-NEXT:      %[[B:.+]] = quipu.launch @decode.add_{{[0-9]+}}(%[[A]], %[[H]])
// EACH-NEXT:      %[[C:.+]] = quipu.launch @decode.c(%[[K]])
// EACH-NEXT:      %[[D:.+]] = quipu.launch @decode.add_{{[0-9]+}}(%[[C]], %[[B]])
// EACH-NEXT:      quipu.yield %[[D]]
quipu.model @one_token for [] {
  quipu.weight @blk.norm = "blk.*.norm.weight" layers 2 : tensor<64xf32>
  quipu.weight @blk.q = "blk.*.q.weight" layers 2 : tensor<64x64xf32>
  quipu.weight @blk.k = "blk.*.k.weight" layers 2 : tensor<64x64xf32>
  quipu.weight @blk.side = "blk.*.side.weight" layers 2 : tensor<64x64xf32>
  quipu.weight @blk.o = "blk.*.o.weight" layers 2 : tensor<64x64xf32>
  quipu.weight @blk.c = "blk.*.c.weight" layers 2 : tensor<64x64xf32>
  quipu.step @decode tokens 1 {
    %x = quipu.input "x" : tensor<1x64xf32>
    %angles = quipu.input "angles" : tensor<1x8x2xf32>
    %y = quipu.layers "blk" times 2 from %x {
    ^layer(%h: tensor<1x64xf32>):
      %n = quipu.rms_norm %h, @blk.norm : tensor<64xf32> eps 1.0e-5 : tensor<1x64xf32> -> tensor<1x64xf32>
      %q = quipu.linear %n, @blk.q : tensor<64x64xf32> -> [4, 16] : tensor<1x64xf32> -> tensor<1x4x16xf32>
      %k = quipu.linear %n, @blk.k : tensor<64x64xf32> -> [4, 16] : tensor<1x64xf32> -> tensor<1x4x16xf32>
      %r = quipu.rope %q by %angles pairs adjacent : tensor<1x4x16xf32>, tensor<1x8x2xf32> -> tensor<1x4x16xf32>
      %s = quipu.softmax %h : tensor<1x64xf32> -> tensor<1x64xf32>
      %side = quipu.linear %s, @blk.side : tensor<64x64xf32> -> [64] : tensor<1x64xf32> -> tensor<1x64xf32>
      %o = quipu.linear %r, @blk.o : tensor<64x64xf32> -> [64] : tensor<1x4x16xf32> -> tensor<1x64xf32>
      %a = quipu.add %o, %side : tensor<1x64xf32>
      %b = quipu.add %a, %h : tensor<1x64xf32>
      %c = quipu.linear %k, @blk.c : tensor<64x64xf32> -> [64] : tensor<1x4x16xf32> -> tensor<1x64xf32>
      %d = quipu.add %c, %b : tensor<1x64xf32>
      quipu.yield %d : tensor<1x64xf32>
    } : tensor<1x64xf32> -> tensor<1x64xf32>
    quipu.output "y", %y : tensor<1x64xf32>
  }
}

// -----

// Several tokens: the norm and the quantisation are a kernel that runs once.

// CHECK-LABEL: quipu.model @many_tokens
// CHECK:       quipu.kernel @prefill4.norm(%[[X:.+]]: tensor<4x64xf32>) -> tensor<4x64x!quipu.i8x32> {
// CHECK-NEXT:    %[[N:.+]] = quipu.rms_norm %[[X]], @norm
// CHECK-NEXT:    %[[Z:.+]] = quipu.quantize %[[N]]
// CHECK-NEXT:    quipu.yield %[[Z]]
// CHECK:       quipu.kernel @prefill4.gate_up(%[[Z:.+]]: tensor<4x64x!quipu.i8x32>) -> tensor<4x128xf32> {
// CHECK-NEXT:    %[[G:.+]] = quipu.linear %[[Z]], @gate
// CHECK-NEXT:    %[[U:.+]] = quipu.linear %[[Z]], @up
// CHECK-NEXT:    %[[S:.+]] = quipu.swiglu %[[G]], %[[U]]
// CHECK-NEXT:    quipu.yield %[[S]]
// CHECK:         %[[Z:.+]] = quipu.launch @prefill4.norm(
// CHECK-NEXT:    %[[S:.+]] = quipu.launch @prefill4.gate_up(%[[Z]])
// CHECK-NEXT:    quipu.output "y", %[[S]]
quipu.model @many_tokens for [] {
  quipu.weight @norm = "norm.weight" : tensor<64xf32>
  quipu.weight @gate = "gate.weight" : tensor<128x64x!quipu.q4_1>
  quipu.weight @up = "up.weight" : tensor<128x64x!quipu.q4_1>
  quipu.step @prefill4 tokens 4 {
    %x = quipu.input "x" : tensor<4x64xf32>
    %n = quipu.rms_norm %x, @norm : tensor<64xf32> eps 1.0e-5 : tensor<4x64xf32> -> tensor<4x64xf32>
    %z = quipu.quantize %n : tensor<4x64xf32> -> tensor<4x64x!quipu.i8x32>
    %g = quipu.linear %z, @gate : tensor<128x64x!quipu.q4_1> -> [128] : tensor<4x64x!quipu.i8x32> -> tensor<4x128xf32>
    %u = quipu.linear %z, @up : tensor<128x64x!quipu.q4_1> -> [128] : tensor<4x64x!quipu.i8x32> -> tensor<4x128xf32>
    %s = quipu.swiglu %g, %u : tensor<4x128xf32>
    quipu.output "y", %s : tensor<4x128xf32>
  }
}

// -----

// A norm whose value is selected by more than linear layers stays a kernel, even
// for one token.

// CHECK-LABEL: quipu.model @norm_outside
// CHECK:         %[[N:.+]] = quipu.launch @decode.norm(
// CHECK-NEXT:    %[[A:.+]] = quipu.launch @decode.a(%[[N]])
// CHECK-NEXT:    quipu.output "norm", %[[N]]
// CHECK-NEXT:    quipu.output "a", %[[A]]
quipu.model @norm_outside for [] {
  quipu.weight @norm = "norm.weight" : tensor<64xf32>
  quipu.weight @a = "a.weight" : tensor<64x64xf32>
  quipu.step @decode tokens 1 {
    %x = quipu.input "x" : tensor<1x64xf32>
    %n = quipu.rms_norm %x, @norm : tensor<64xf32> eps 1.0e-5 : tensor<1x64xf32> -> tensor<1x64xf32>
    %a = quipu.linear %n, @a : tensor<64x64xf32> -> [64] : tensor<1x64xf32> -> tensor<1x64xf32>
    quipu.output "norm", %n : tensor<1x64xf32>
    quipu.output "a", %a : tensor<1x64xf32>
  }
}

// -----

// ... and one whose value goes into a sum beside the linear layer.

// CHECK-LABEL: quipu.model @norm_in_sum
// CHECK:         %[[N:.+]] = quipu.launch @decode.norm(
// CHECK-NEXT:    %[[A:.+]] = quipu.launch @decode.a(%[[N]])
// CHECK-NEXT:    quipu.output "s", %[[A]]
quipu.model @norm_in_sum for [] {
  quipu.weight @norm = "norm.weight" : tensor<64xf32>
  quipu.weight @a = "a.weight" : tensor<64x64xf32>
  quipu.step @decode tokens 1 {
    %x = quipu.input "x" : tensor<1x64xf32>
    %n = quipu.rms_norm %x, @norm : tensor<64xf32> eps 1.0e-5 : tensor<1x64xf32> -> tensor<1x64xf32>
    %a = quipu.linear %n, @a : tensor<64x64xf32> -> [64] : tensor<1x64xf32> -> tensor<1x64xf32>
    %s = quipu.add %a, %n : tensor<1x64xf32>
    quipu.output "s", %s : tensor<1x64xf32>
  }
}

// -----

// Without a linear layer whatever goes on with a token follows.

// CHECK-LABEL: quipu.model @token
// CHECK:       quipu.kernel @decode.one_two(%{{.+}}, %{{.+}}) -> (tensor<1x64xf32>, tensor<1x64x!quipu.i8x32>) {
// CHECK-NEXT:    %[[N:.+]] = quipu.rms_norm %{{.+}}, @one
// CHECK-NEXT:    %[[S:.+]] = quipu.add %{{.+}}, %[[N]]
// CHECK-NEXT:    %[[M:.+]] = quipu.rms_norm %[[S]], @two
// CHECK-NEXT:    %[[Z:.+]] = quipu.quantize %[[M]]
// CHECK-NEXT:    quipu.yield %[[S]], %[[Z]]
// CHECK:       quipu.kernel @decode.softmax(
// CHECK-NEXT:    quipu.activate
// CHECK-NEXT:    quipu.scale
// CHECK-NEXT:    quipu.softmax
// CHECK-NEXT:    quipu.yield
quipu.model @token for [] {
  quipu.weight @one = "one.weight" : tensor<64xf32>
  quipu.weight @two = "two.weight" : tensor<64xf32>
  quipu.step @decode tokens 1 {
    %x = quipu.input "x" : tensor<1x64xf32>
    %y = quipu.input "y" : tensor<1x64xf32>
    %n = quipu.rms_norm %x, @one : tensor<64xf32> eps 1.0e-5 : tensor<1x64xf32> -> tensor<1x64xf32>
    %s = quipu.add %y, %n : tensor<1x64xf32>
    %m = quipu.rms_norm %s, @two : tensor<64xf32> eps 1.0e-5 : tensor<1x64xf32> -> tensor<1x64xf32>
    %z = quipu.quantize %m : tensor<1x64xf32> -> tensor<1x64x!quipu.i8x32>
    quipu.output "s", %s : tensor<1x64xf32>
    quipu.output "z", %z : tensor<1x64x!quipu.i8x32>
    %a = quipu.activate silu %x : tensor<1x64xf32> -> tensor<1x64xf32>
    %b = quipu.scale %a by 2.0 : tensor<1x64xf32> -> tensor<1x64xf32>
    %c = quipu.softmax %b : tensor<1x64xf32> -> tensor<1x64xf32>
    quipu.output "c", %c : tensor<1x64xf32>
  }
}

// -----

// Norms of heads are tiles; what two results need is a result itself.

// CHECK-LABEL: quipu.model @heads
// CHECK:       quipu.kernel @decode.q_k(%{{.+}}) -> (tensor<1x4x16xf32>, tensor<1x4x16xf32>) {
// CHECK-NEXT:    %[[Q:.+]] = quipu.linear %{{.+}}, @q
// CHECK-NEXT:    %[[K:.+]] = quipu.linear %{{.+}}, @k
// CHECK-NEXT:    %[[KN:.+]] = quipu.rms_norm %[[K]], @k_norm
// CHECK-NEXT:    %[[KS:.+]] = quipu.scale %[[KN]]
// CHECK-NEXT:    quipu.yield %[[Q]], %[[KS]]
// CHECK:       quipu.kernel @decode.q_norm(%{{.+}}: tensor<1x4x16xf32>, %{{.+}}: tensor<1x8x2xf32>) -> tensor<1x4x16xf32> {
// CHECK-NEXT:    quipu.rms_norm
// CHECK-NEXT:    quipu.rope
// CHECK-NEXT:    quipu.yield
quipu.model @heads for [] {
  quipu.weight @q = "q.weight" : tensor<64x64xf32>
  quipu.weight @k = "k.weight" : tensor<64x64xf32>
  quipu.weight @q_norm = "q_norm.weight" : tensor<16xf32>
  quipu.weight @k_norm = "k_norm.weight" : tensor<16xf32>
  quipu.step @decode tokens 1 {
    %x = quipu.input "x" : tensor<1x64xf32>
    %angles = quipu.input "angles" : tensor<1x8x2xf32>
    %q = quipu.linear %x, @q : tensor<64x64xf32> -> [4, 16] : tensor<1x64xf32> -> tensor<1x4x16xf32>
    %k = quipu.linear %x, @k : tensor<64x64xf32> -> [4, 16] : tensor<1x64xf32> -> tensor<1x4x16xf32>
    %qn = quipu.rms_norm %q, @q_norm : tensor<16xf32> eps 1.0e-5 : tensor<1x4x16xf32> -> tensor<1x4x16xf32>
    %kn = quipu.rms_norm %k, @k_norm : tensor<16xf32> eps 1.0e-5 : tensor<1x4x16xf32> -> tensor<1x4x16xf32>
    %qr = quipu.rope %qn by %angles pairs adjacent : tensor<1x4x16xf32>, tensor<1x8x2xf32> -> tensor<1x4x16xf32>
    %ks = quipu.scale %kn by 2.0 : tensor<1x4x16xf32> -> tensor<1x4x16xf32>
    quipu.output "raw", %q : tensor<1x4x16xf32>
    quipu.output "rotated", %qr : tensor<1x4x16xf32>
    quipu.output "k", %ks : tensor<1x4x16xf32>
  }
}

// -----

// What is computed of all tokens is no kernel's that goes over the selected ones.

// CHECK-LABEL: quipu.model @gathered
// CHECK:       quipu.kernel @prefill2.e(%{{.+}}) -> tensor<2x64xf32> {
// CHECK:       quipu.kernel @prefill2.gather(%{{.+}}) -> tensor<2x64xf32> selected {
// CHECK:         %[[X:.+]] = quipu.launch @prefill2.e(
// CHECK-NEXT:    %[[R:.+]] = quipu.launch @prefill2.gather(%[[X]],
// CHECK-NEXT:    quipu.output "x", %[[X]]
// CHECK-NEXT:    quipu.output "r", %[[R]]
quipu.model @gathered for [] {
  quipu.weight @e = "e.weight" : tensor<40x64xf32>
  quipu.step @prefill2 tokens 2 {
    %ids = quipu.input "tokens" : tensor<2xi32>
    %rows = quipu.input "selected" : tensor<2xi32>
    %x = quipu.embed %ids, @e : tensor<40x64xf32> : tensor<2xi32> -> tensor<2x64xf32>
    %r = quipu.gather %x, %rows : tensor<2x64xf32>, tensor<2xi32> -> tensor<2x64xf32>
    quipu.output "x", %x : tensor<2x64xf32>
    quipu.output "r", %r : tensor<2x64xf32>
  }
}

// -----

// A kernel writes one cache, and yields it, though nobody may read it.

// CHECK-LABEL: quipu.model @two_caches
// CHECK:         %[[K:.+]], %[[V:.+]] = quipu.launch @decode.k_v(
// CHECK-NEXT:    %{{.+}} = quipu.launch @decode.cache_write(%[[K]], %[[V]], %
// CHECK-NEXT:    %{{.+}} = quipu.launch @decode.cache_write_{{[0-9]+}}(%[[K]], %[[V]], %
quipu.model @two_caches for [] {
  quipu.state @one : !quipu.pages<heads 4, keys 16, values 16> layers 1
  quipu.state @two : !quipu.pages<heads 4, keys 16, values 16> layers 1
  quipu.weight @k = "k.weight" : tensor<64x64xf32>
  quipu.weight @v = "v.weight" : tensor<64x64xf32>
  quipu.step @decode tokens 1 {
    %x = quipu.input "x" : tensor<1x64xf32>
    %at = quipu.positions
    %k = quipu.linear %x, @k : tensor<64x64xf32> -> [4, 16] : tensor<1x64xf32> -> tensor<1x4x16xf32>
    %v = quipu.linear %x, @v : tensor<64x64xf32> -> [4, 16] : tensor<1x64xf32> -> tensor<1x4x16xf32>
    %a = quipu.cache_write %k, %v at %at into @one : tensor<1x4x16xf32>, tensor<1x4x16xf32> -> !quipu.cache<@one, f16, heads 4, keys 16, values 16>
    %b = quipu.cache_write %k, %v at %at into @two : tensor<1x4x16xf32>, tensor<1x4x16xf32> -> !quipu.cache<@two, f16, heads 4, keys 16, values 16>
  }
}

// -----

// ... whatever computes what is written.

// CHECK-LABEL: quipu.model @two_caches_behind_one
// CHECK:         %[[K:.+]], %[[V:.+]], %{{.+}} = quipu.launch @decode.k_v_l_w(
// CHECK-NEXT:    %{{.+}} = quipu.launch @decode.cache_write(%[[K]], %[[V]], %
quipu.model @two_caches_behind_one for [] {
  quipu.state @one : !quipu.pages<heads 4, keys 16, values 16> layers 1
  quipu.state @two : !quipu.pages<heads 4, keys 16, values 16> layers 1
  quipu.weight @k = "k.weight" : tensor<64x64xf32>
  quipu.weight @v = "v.weight" : tensor<64x64xf32>
  quipu.weight @l = "l.weight" : tensor<64x64xf32>
  quipu.weight @w = "w.weight" : tensor<64x64xf32>
  quipu.step @decode tokens 1 {
    %x = quipu.input "x" : tensor<1x64xf32>
    %at = quipu.positions
    %k = quipu.linear %x, @k : tensor<64x64xf32> -> [4, 16] : tensor<1x64xf32> -> tensor<1x4x16xf32>
    %v = quipu.linear %x, @v : tensor<64x64xf32> -> [4, 16] : tensor<1x64xf32> -> tensor<1x4x16xf32>
    %l = quipu.linear %x, @l : tensor<64x64xf32> -> [4, 16] : tensor<1x64xf32> -> tensor<1x4x16xf32>
    %w = quipu.linear %x, @w : tensor<64x64xf32> -> [4, 16] : tensor<1x64xf32> -> tensor<1x4x16xf32>
    %a = quipu.cache_write %k, %v at %at into @one : tensor<1x4x16xf32>, tensor<1x4x16xf32> -> !quipu.cache<@one, f16, heads 4, keys 16, values 16>
    %b = quipu.cache_write %l, %w at %at into @two : tensor<1x4x16xf32>, tensor<1x4x16xf32> -> !quipu.cache<@two, f16, heads 4, keys 16, values 16>
  }
}

// -----

// Ops on tiles without a linear layer before them, and attention, are kernels of
// their own; two steps do not share kernels.

// CHECK-LABEL: quipu.model @alone
// CHECK:       quipu.kernel @decode.scale(
// CHECK-NEXT:    quipu.scale
// CHECK-NEXT:    quipu.yield
// CHECK:       quipu.kernel @decode.attention(
// CHECK-NEXT:    quipu.attention
// CHECK-NEXT:    quipu.yield
// CHECK:       quipu.kernel @prefill2.scale(
quipu.model @alone for [] {
  quipu.state @kv : !quipu.pages<heads 4, keys 16, values 16> layers 4
  quipu.step @decode tokens 1 {
    %q = quipu.input "q" : tensor<1x4x16xf32>
    %at = quipu.positions
    %kv = quipu.cache_write %q, %q at %at into @kv : tensor<1x4x16xf32>, tensor<1x4x16xf32> -> !quipu.cache<@kv, f16, heads 4, keys 16, values 16>
    %s = quipu.scale %q by 2.0 : tensor<1x4x16xf32> -> tensor<1x4x16xf32>
    %a = quipu.attention %s over %kv at %at : tensor<1x4x16xf32>, !quipu.cache<@kv, f16, heads 4, keys 16, values 16> -> tensor<1x4x16xf32>
    quipu.output "a", %a : tensor<1x4x16xf32>
  }
  quipu.step @prefill2 tokens 2 {
    %q = quipu.input "q" : tensor<2x4x16xf32>
    %s = quipu.scale %q by 2.0 : tensor<2x4x16xf32> -> tensor<2x4x16xf32>
    quipu.output "s", %s : tensor<2x4x16xf32>
  }
}

// -----

// On a GPU attention's kernel rounds what it computes, unless somebody else reads
// it as it is.

// CHECK-LABEL: quipu.model @rounded
// CHECK:       quipu.kernel @decode.attention(%[[Q:.+]]: tensor<1x4x16xf32>, %[[KV:.+]]: !quipu.cache<{{.+}}>, %[[AT:.+]]: !quipu.positions) -> tensor<1x64xf16> {
// CHECK-NEXT:    %[[A:.+]] = quipu.attention %[[Q]] over %[[KV]] at %[[AT]]
// CHECK-NEXT:    %[[Z:.+]] = quipu.quantize %[[A]] as f16
// CHECK-NEXT:    quipu.yield %[[Z]]
// CHECK:       quipu.kernel @decode.b({{.+}} -> tensor<1x4x16xf32> {
// CHECK-NEXT:    quipu.attention
// CHECK-NEXT:    quipu.yield
// CHECK:       quipu.kernel @decode.quantize({{.+}} -> tensor<1x64xf16> {

// EACH-LABEL: quipu.model @rounded
// EACH:       quipu.kernel @decode.attention(
// EACH-NEXT:    quipu.attention
// EACH-NEXT:    quipu.yield
module attributes {quipu.target = #quipu.gpu<"sm_90a">} {
  quipu.model @rounded for [] {
    quipu.state @kv : !quipu.pages<heads 4, keys 16, values 16> layers 4
    quipu.step @decode tokens 1 {
      %q = quipu.input "q" : tensor<1x4x16xf32>
      %at = quipu.positions
      %kv = quipu.cache_write %q, %q at %at into @kv : tensor<1x4x16xf32>, tensor<1x4x16xf32> -> !quipu.cache<@kv, f16, heads 4, keys 16, values 16>
      %a = quipu.attention %q over %kv at %at : tensor<1x4x16xf32>, !quipu.cache<@kv, f16, heads 4, keys 16, values 16> -> tensor<1x4x16xf32>
      %za = quipu.quantize %a as f16 : tensor<1x4x16xf32> -> tensor<1x64xf16>
      %b = quipu.attention %q over %kv at %at : tensor<1x4x16xf32>, !quipu.cache<@kv, f16, heads 4, keys 16, values 16> -> tensor<1x4x16xf32>
      %zb = quipu.quantize %b as f16 : tensor<1x4x16xf32> -> tensor<1x64xf16>
      quipu.output "a", %za : tensor<1x64xf16>
      quipu.output "b", %b : tensor<1x4x16xf32>
      quipu.output "c", %zb : tensor<1x64xf16>
    }
  }
}

// -----

// Where queries and keys are rotated by a kernel of their own, it is one.

// CHECK-LABEL: quipu.model @rotated
// CHECK:       quipu.kernel @prefill64.q_k_v({{.+}}) -> (tensor<64x4x16xf32>, tensor<64x4x16xf32>, tensor<64x4x16xf32>) {
// CHECK:       quipu.kernel @prefill64.cache_write(%[[Q:.+]]: tensor<64x4x16xf32>, %[[ANGLES:.+]]: tensor<64x8x2xf32>, %[[K:.+]]: tensor<64x4x16xf32>, %[[V:.+]]: tensor<64x4x16xf32>, %[[AT:.+]]: !quipu.positions) -> (tensor<64x4x16xf32>, !quipu.cache<
// CHECK-NEXT:    %[[RQ:.+]] = quipu.rope %[[Q]] by %[[ANGLES]]
// CHECK-NEXT:    %[[RK:.+]] = quipu.rope %[[K]] by %[[ANGLES]]
// CHECK-NEXT:    %[[KV:.+]] = quipu.cache_write %[[RK]], %[[V]] at %[[AT]]
// CHECK-NEXT:    quipu.yield %[[RQ]], %[[KV]]
// CHECK:       quipu.kernel @prefill64.attention(

// EACH-LABEL: quipu.model @rotated
// EACH:       quipu.kernel @prefill64.q(
// EACH-NEXT:    quipu.linear
// EACH-NEXT:    quipu.yield
module attributes {quipu.target = #quipu.gpu<"sm_90a">} {
  quipu.model @rotated for [] {
    quipu.state @kv : !quipu.pages<heads 4, keys 16, values 16> layers 1
    quipu.weight @q = "q.weight" : tensor<64x64xf16>
    quipu.weight @k = "k.weight" : tensor<64x64xf16>
    quipu.weight @v = "v.weight" : tensor<64x64xf16>
    quipu.step @prefill64 tokens 64 {
      %x = quipu.input "x" : tensor<64x64xf16>
      %angles = quipu.input "angles" : tensor<64x8x2xf32>
      %at = quipu.positions
      %q = quipu.linear %x, @q : tensor<64x64xf16> -> [4, 16] : tensor<64x64xf16> -> tensor<64x4x16xf32>
      %rq = quipu.rope %q by %angles pairs halves : tensor<64x4x16xf32>, tensor<64x8x2xf32> -> tensor<64x4x16xf32>
      %k = quipu.linear %x, @k : tensor<64x64xf16> -> [4, 16] : tensor<64x64xf16> -> tensor<64x4x16xf32>
      %rk = quipu.rope %k by %angles pairs halves : tensor<64x4x16xf32>, tensor<64x8x2xf32> -> tensor<64x4x16xf32>
      %v = quipu.linear %x, @v : tensor<64x64xf16> -> [4, 16] : tensor<64x64xf16> -> tensor<64x4x16xf32>
      %kv = quipu.cache_write %rk, %v at %at into @kv : tensor<64x4x16xf32>, tensor<64x4x16xf32> -> !quipu.cache<@kv, f16, heads 4, keys 16, values 16>
      %a = quipu.attention %rq over %kv at %at : tensor<64x4x16xf32>, !quipu.cache<@kv, f16, heads 4, keys 16, values 16> -> tensor<64x4x16xf32>
      quipu.output "a", %a : tensor<64x4x16xf32>
    }
  }
}
