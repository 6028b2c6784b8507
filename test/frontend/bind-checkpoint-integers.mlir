// Wherever an op takes a real, the checkpoint may have an integer.

// RUN: %python %S/Inputs/make_llama.py %t.gguf +number=3
// RUN: cat %s %source/models/heads/hidden.mlir > %t.mlir
// RUN: %quipu-opt %t.mlir --bind-checkpoint="checkpoint=%t.gguf tokens=1" | FileCheck %s

quipu.model @reals for ["llama"] {
  quipu.param @number = "number"
  %tokens = quipu.input "tokens"
  %at = quipu.positions
  // CHECK: quipu.rope_angles {{.+}} theta 3.000000e+00 scaling
  %angles = quipu.rope_angles %at dims 16 theta @number scaling <type = "linear", factor = @number>
  %x = quipu.embed %tokens, "token_embd"
  // CHECK: quipu.rms_norm {{.+}} eps 3.000000e+00 :
  %n = quipu.rms_norm %x, "output_norm" eps @number
  // CHECK: quipu.scale {{.+}} by 3.000000e+00 :
  %s = quipu.scale %n by @number
  %last = quipu.layers "blk" times 2 from %s {
  ^layer(%h: !quipu.value):
    %q = quipu.linear %h, "attn_q" -> [4, 16]
    %k = quipu.linear %h, "attn_k" -> [2, 16]
    %kv = quipu.cache_write %k, %k at %at
    // CHECK: quipu.attention {{.+}} scale 3.000000e+00 soft_cap 3.000000e+00 :
    %a = quipu.attention %q over %kv at %at scale @number soft_cap @number
    %o = quipu.linear %a, "attn_output" -> [64]
    quipu.yield %o
  }
  quipu.yield %last
}
