// RUN: %quipu-opt %s -fuse-kernels -split-input-file | FileCheck %s
// RUN: %quipu-opt %s -attach-target=target=reference -fuse-kernels -split-input-file | FileCheck %s --check-prefix=EACH

// Kernels are named after the weights of their role, what these have in common once;
// after the op and the next weight without any. The output's weight may be the
// embedding's: then it is the output's name. Inside layers, a weight's name has the
// layers' prefix.

// CHECK-LABEL: quipu.model @names
// CHECK:       quipu.kernel @decode.attn_q_k_v(
// CHECK-NEXT:    quipu.rms_norm %{{.+}}, @blk.attn_norm
// CHECK-NEXT:    quipu.linear %{{.+}}, @blk.attn_q
// CHECK-NEXT:    quipu.linear %{{.+}}, @blk.attn_k
// CHECK-NEXT:    quipu.linear %{{.+}}, @blk.attn_v
// CHECK:       quipu.kernel @decode.scale_ffn_down(
// CHECK:       quipu.kernel @decode.ffn_down(
// CHECK:       quipu.kernel @decode.token_embd(
// CHECK:       quipu.kernel @decode.logits(
// CHECK-NEXT:    quipu.linear %{{.+}}, @token_embd
quipu.model @names for [] {
  quipu.weight @token_embd = "token_embd.weight" : tensor<32x64xf32>
  quipu.weight @blk.attn_norm = "blk.*.attn_norm.weight" layers 2 : tensor<64xf32>
  quipu.weight @blk.attn_q = "blk.*.attn_q.weight" layers 2 : tensor<64x64xf32>
  quipu.weight @blk.attn_k = "blk.*.attn_k.weight" layers 2 : tensor<64x64xf32>
  quipu.weight @blk.attn_v = "blk.*.attn_v.weight" layers 2 : tensor<64x64xf32>
  quipu.weight @blk.ffn_down = "blk.*.ffn_down.weight" layers 2 : tensor<64x64xf32>
  quipu.step @decode tokens 1 {
    %tokens = quipu.input "tokens" : tensor<1xi32>
    %x = quipu.embed %tokens, @token_embd : tensor<32x64xf32> : tensor<1xi32> -> tensor<1x64xf32>
    %y = quipu.layers "blk" times 2 from %x {
    ^layer(%h: tensor<1x64xf32>):
      %n = quipu.rms_norm %h, @blk.attn_norm : tensor<64xf32> eps 1.0e-5 : tensor<1x64xf32> -> tensor<1x64xf32>
      %q = quipu.linear %n, @blk.attn_q : tensor<64x64xf32> -> [64] : tensor<1x64xf32> -> tensor<1x64xf32>
      %k = quipu.linear %n, @blk.attn_k : tensor<64x64xf32> -> [64] : tensor<1x64xf32> -> tensor<1x64xf32>
      %v = quipu.linear %n, @blk.attn_v : tensor<64x64xf32> -> [64] : tensor<1x64xf32> -> tensor<1x64xf32>
      %a = quipu.add %q, %k : tensor<1x64xf32>
      %b = quipu.add %a, %v : tensor<1x64xf32>
      %s = quipu.scale %h by 2.0 : tensor<1x64xf32> -> tensor<1x64xf32>
      %d = quipu.linear %s, @blk.ffn_down : tensor<64x64xf32> -> [64] : tensor<1x64xf32> -> tensor<1x64xf32>
      %e = quipu.add %b, %d : tensor<1x64xf32>
      quipu.yield %e : tensor<1x64xf32>
    } : tensor<1x64xf32> -> tensor<1x64xf32>
    %l = quipu.linear %y, @token_embd : tensor<32x64xf32> -> [32] : tensor<1x64xf32> -> tensor<1x32xf32>
    quipu.output "logits", %l : tensor<1x32xf32>
  }
}

// -----

// A norm that two kernels read is in both, its quantisation only where it is read.

// CHECK-LABEL: quipu.model @two_readers
// CHECK:       quipu.kernel @decode.exact(
// CHECK-NEXT:    %[[N:.+]] = quipu.rms_norm
// CHECK-NEXT:    %[[A:.+]] = quipu.linear %[[N]], @exact
// CHECK-NEXT:    quipu.yield %[[A]]
// CHECK:       quipu.kernel @decode.blocks(
// CHECK-NEXT:    %[[N:.+]] = quipu.rms_norm
// CHECK-NEXT:    %[[Z:.+]] = quipu.quantize %[[N]]
// CHECK-NEXT:    %[[A:.+]] = quipu.linear %[[Z]], @blocks
// CHECK-NEXT:    quipu.yield %[[A]]
quipu.model @two_readers for [] {
  quipu.weight @norm = "norm.weight" : tensor<64xf32>
  quipu.weight @exact = "exact.weight" : tensor<64x64xf16>
  quipu.weight @blocks = "blocks.weight" : tensor<64x64x!quipu.q4_1>
  quipu.step @decode tokens 1 {
    %x = quipu.input "x" : tensor<1x64xf32>
    %n = quipu.rms_norm %x, @norm : tensor<64xf32> eps 1.0e-5 : tensor<1x64xf32> -> tensor<1x64xf32>
    %z = quipu.quantize %n : tensor<1x64xf32> -> tensor<1x64x!quipu.i8x32>
    %a = quipu.linear %n, @exact : tensor<64x64xf16> -> [64] : tensor<1x64xf32> -> tensor<1x64xf32>
    %b = quipu.linear %z, @blocks : tensor<64x64x!quipu.q4_1> -> [64] : tensor<1x64x!quipu.i8x32> -> tensor<1x64xf32>
    quipu.output "a", %a : tensor<1x64xf32>
    quipu.output "b", %b : tensor<1x64xf32>
  }
}

// -----

// A value that is used inside and outside of its kernel is a result, too.

// CHECK-LABEL: quipu.model @used_outside
// CHECK:       quipu.kernel @decode.norm(%{{.+}}) -> (tensor<1x64xf32>, tensor<1x64x!quipu.i8x32>) {
// CHECK-NEXT:    %[[A:.+]] = quipu.rms_norm
// CHECK-NEXT:    %[[B:.+]] = quipu.quantize %[[A]]
// CHECK-NEXT:    quipu.yield %[[A]], %[[B]]
// CHECK:         %[[A:.+]], %[[B:.+]] = quipu.launch @decode.norm(
// CHECK-NEXT:    quipu.output "a", %[[A]]
// CHECK-NEXT:    quipu.output "b", %[[B]]
quipu.model @used_outside for [] {
  quipu.weight @norm = "norm.weight" : tensor<64xf32>
  quipu.weight @a = "a.weight" : tensor<64x64xf32>
  quipu.step @decode tokens 1 {
    %x = quipu.input "x" : tensor<1x64xf32>
    %a = quipu.rms_norm %x, @norm : tensor<64xf32> eps 1.0e-5 : tensor<1x64xf32> -> tensor<1x64xf32>
    %b = quipu.quantize %a : tensor<1x64xf32> -> tensor<1x64x!quipu.i8x32>
    quipu.output "a", %a : tensor<1x64xf32>
    quipu.output "b", %b : tensor<1x64x!quipu.i8x32>
  }
}

// -----

// What follows a gather runs over the selected rows; what comes before does not.

// CHECK-LABEL: quipu.model @selected
// CHECK:       quipu.kernel @prefill4.before(
// CHECK-NOT:   selected
// CHECK:       quipu.kernel @prefill4.norm({{.+}}) -> tensor<4x64xf32> selected {
// CHECK-NEXT:    quipu.gather
// CHECK-NEXT:    quipu.rms_norm
// CHECK:       quipu.kernel @prefill4.after({{.+}}) -> tensor<4x32xf32> selected {
// EACH-LABEL: quipu.model @selected
// EACH:       quipu.kernel @prefill4.before({{.+}}) -> tensor<4x64xf32> {
// EACH:       quipu.kernel @prefill4.gather_norm({{.+}}) -> tensor<4x64xf32> selected {
// EACH:       quipu.kernel @prefill4.norm({{.+}}) -> tensor<4x64xf32> selected {
// EACH:       quipu.kernel @prefill4.after({{.+}}) -> tensor<4x32xf32> selected {
quipu.model @selected for [] {
  quipu.weight @before = "before.weight" : tensor<64x64xf32>
  quipu.weight @norm = "norm.weight" : tensor<64xf32>
  quipu.weight @after = "after.weight" : tensor<32x64xf32>
  quipu.step @prefill4 tokens 4 {
    %x = quipu.input "x" : tensor<4x64xf32>
    %rows = quipu.input "selected" : tensor<4xi32>
    %a = quipu.linear %x, @before : tensor<64x64xf32> -> [64] : tensor<4x64xf32> -> tensor<4x64xf32>
    %w = quipu.gather %a, %rows : tensor<4x64xf32>, tensor<4xi32> -> tensor<4x64xf32>
    %n = quipu.rms_norm %w, @norm : tensor<64xf32> eps 1.0e-5 : tensor<4x64xf32> -> tensor<4x64xf32>
    %l = quipu.linear %n, @after : tensor<32x64xf32> -> [32] : tensor<4x64xf32> -> tensor<4x32xf32>
    quipu.output "logits", %l : tensor<4x32xf32>
  }
}

