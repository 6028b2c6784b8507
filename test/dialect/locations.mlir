// A value keeps the line of the spec, through every pass.

// RUN: %python %source/test/frontend/Inputs/make_llama.py %t.gguf
// RUN: %quipu-opt %s --pass-pipeline="builtin.module(attach-target{target=x86-64-v3},bind-checkpoint{checkpoint=%t.gguf tokens=1},quantize-activations,cse,fuse-kernels,quipu.model(quipu.kernel(choose-schedules)),assign-weight-offsets,plan-memory,insert-barriers)" --mlir-print-debuginfo --mlir-use-nameloc-as-prefix | FileCheck %s

// RUN: %quipu-opt %s --attach-target=target=x86-64-v3 --bind-checkpoint="checkpoint=%t.gguf tokens=1" --quantize-activations --cse --fuse-kernels --mlir-print-debuginfo -o %t.mlir
// RUN: %quipu-opt %t.mlir --mlir-print-debuginfo | FileCheck %s

quipu.model @m for ["llama"] {
  %tokens = quipu.input "tokens"
  %x = quipu.embed %tokens, "token_embd"
  %n = quipu.rms_norm %x, "output_norm" eps 1.0e-5
  %l = quipu.linear %n, "token_embd" -> [96]
  quipu.output "logits", %l
}

// The quantisation has the line of the linear layer that wants it.
// CHECK: quipu.kernel
// CHECK: quipu.rms_norm {{.+}} loc(#[[NORM:.+]])
// CHECK: quipu.quantize {{.+}} loc(#[[LINEAR:.+]])
// CHECK: quipu.linear {{.+}} loc(#[[LINEAR]])
// CHECK-DAG: #[[NORM]] = loc("{{.*}}locations.mlir":12:8)
// CHECK-DAG: #[[LINEAR]] = loc("{{.*}}locations.mlir":13:8)
