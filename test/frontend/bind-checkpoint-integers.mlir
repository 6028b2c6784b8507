// Integers of a checkpoint: wherever an op takes a real, one serves.

// RUN: %python %S/Inputs/make_llama.py %t.gguf +number=3
// RUN: cat %s %source/models/heads/hidden.mlir > %t.mlir
// RUN: %quipu-opt %t.mlir --bind-checkpoint="checkpoint=%t.gguf tokens=1" | FileCheck %s

// The largest number that a signed one holds is one, whatever type the file has;
// the next is none.

// RUN: %python %S/Inputs/make_llama.py %t-largest.gguf -block_count u64.block_count=9223372036854775807
// RUN: cat %source/models/llama.mlir %source/models/heads/hidden.mlir > %t-llama.mlir
// RUN: not %quipu-opt %t-llama.mlir --bind-checkpoint="checkpoint=%t-largest.gguf tokens=1" 2>&1 | FileCheck %s --check-prefix=LARGEST
// LARGEST: the number of layers is 9223372036854775807 : i64, expected a positive integer of at most 65536
// RUN: %python %S/Inputs/make_llama.py %t-beyond.gguf -block_count u64.block_count=9223372036854775808
// RUN: not %quipu-opt %t-llama.mlir --bind-checkpoint="checkpoint=%t-beyond.gguf tokens=1" 2>&1 | FileCheck %s --check-prefix=BEYOND
// BEYOND: the number of layers is 9.22{{.+}}, expected a positive integer

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
