// Rows of a tensor are weights of their own, each declared once.

// RUN: %python %S/Inputs/make_llama.py %t.gguf blk.0.qkv.weight=Q8_0:128x64 blk.1.qkv.weight=Q8_0:128x64 blk.0.qkv.bias=F32:128 blk.1.qkv.bias=F32:128
// RUN: %quipu-opt %s -split-input-file -verify-diagnostics --bind-checkpoint="checkpoint=%t.gguf tokens=1" | FileCheck %s

// CHECK-LABEL: quipu.model @rows
// CHECK: quipu.weight @blk.qkv.bias_0 = "blk.*.qkv.bias" rows 0 to 64 layers 2 : tensor<64xf32>
// CHECK: quipu.weight @blk.qkv_0 = "blk.*.qkv.weight" rows 0 to 64 layers 2 : tensor<64x64x!quipu.q8_0>
// CHECK: quipu.weight @blk.qkv_64 = "blk.*.qkv.weight" rows 64 to 128 layers 2 : tensor<64x64x!quipu.q8_0>
// Rows 8 to 16 of each 32.
// CHECK: quipu.weight @blk.qkv_8 = "blk.*.qkv.weight" rows 8 to 16 of 32 layers 2 : tensor<32x64x!quipu.q8_0>
// The same first row, but other rows.
// CHECK: quipu.weight @blk.qkv_0_ = "blk.*.qkv.weight" rows 0 to 32 layers 2 : tensor<32x64x!quipu.q8_0>
quipu.model @rows for ["llama"] {
  %tokens = quipu.input "tokens"
  %x = quipu.embed %tokens, "token_embd"
  %last = quipu.layers "blk" times @layers from %x {
  ^layer(%h: !quipu.value):
    // CHECK: quipu.linear %{{.+}}, @blk.qkv_0 : tensor<64x64x!quipu.q8_0> bias @blk.qkv.bias_0 : tensor<64xf32> -> [64]
    %a = quipu.linear %h, "qkv" rows 0 to @hidden bias "qkv.bias" rows 0 to @hidden -> [@hidden]
    %b = quipu.linear %a, "qkv" rows @hidden to (2 * @hidden) -> [@hidden]
    %c = quipu.linear %b, "qkv" rows 0 to @hidden -> [@hidden]
    %d = quipu.linear %c, "qkv" rows 8 to 16 of 32 -> [32]
    %e = quipu.linear %c, "qkv" rows 0 to 32 -> [32]
    quipu.yield %c
  }
  quipu.output "logits", %last
}

// -----

quipu.model @behind for ["llama"] {
  quipu.param @size = "embedding_length"
  %tokens = quipu.input "tokens"
  %x = quipu.embed %tokens, "token_embd"
  // expected-error-re@+1 {{{{.*}}.gguf: the tensor "token_embd.weight" has 96 rows, but the rows #quipu.row_range<64 to 128> are not among them}}
  %y = quipu.linear %x, "token_embd" rows @size to 128 -> [64]
  quipu.output "logits", %y
}

// -----

quipu.model @groups for ["llama"] {
  %tokens = quipu.input "tokens"
  %x = quipu.embed %tokens, "token_embd"
  // expected-error-re@+1 {{{{.*}}.gguf: the tensor "token_embd.weight" has 96 rows, but the rows #quipu.row_range<0 to 32 of 64> are not among them}}
  %y = quipu.linear %x, "token_embd" rows 0 to 32 of 64 -> [64]
  quipu.output "logits", %y
}

// -----

quipu.model @falling for ["llama"] {
  %tokens = quipu.input "tokens"
  %x = quipu.embed %tokens, "token_embd"
  // expected-error@+1 {{C1: the rows 64 : i64 to 32 : i64 do not rise from 0 or more to the number of rows}}
  %y = quipu.linear %x, "token_embd" rows (32 * 2) to 32 -> [64]
  quipu.output "logits", %y
}

// -----

quipu.model @real for ["llama"] {
  %tokens = quipu.input "tokens"
  %x = quipu.embed %tokens, "token_embd"
  // expected-error@+1 {{the rows of the weight "token_embd" are no integers: 2.500000e+00 : f64}}
  %y = quipu.linear %x, "token_embd" rows 0 to (5 / 2) -> [64]
  quipu.output "logits", %y
}
