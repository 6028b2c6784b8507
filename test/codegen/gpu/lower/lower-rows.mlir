// RUN: %quipu-opt %s -attach-target=target=sm_90a -lower-kernels-to-gpu -canonicalize | FileCheck %s

// A norm of few tokens has a block for each, whose threads meet; of many tokens a
// warp has each, four of them a block where all multiprocessors have some, and
// adds up in its registers. Rows that are no multiple of 256 go to blocks.

// CHECK-LABEL: llvm.func @few({{.*}}grid = [16, 1, 1], threads = 256, shared = {{[1-9][0-9]*}}>
// CHECK: nvvm.barrier
// CHECK-LABEL: llvm.func @more({{.*}}grid = [128, 1, 1], threads = 32, shared = 0>
// CHECK-NOT: nvvm.barrier
// CHECK: nvvm.shfl.sync
// CHECK-LABEL: llvm.func @many({{.*}}grid = [512, 1, 1], threads = 128, shared = 0>
// CHECK-LABEL: llvm.func @ragged({{.*}}grid = [128, 1, 1], threads = 256, shared = {{[1-9][0-9]*}}>
quipu.model @tiny for ["llama"] {
  quipu.weight @g = "g.weight" : tensor<256xf32, #quipu.floats> packed at 0
  quipu.kernel @few(%x: tensor<16x256xf32>) -> tensor<16x256xf32> schedule #quipu.gpu_rows {
    %n = quipu.rms_norm %x, @g : tensor<256xf32> eps 1.0e-5 : tensor<16x256xf32> -> tensor<16x256xf32>
    quipu.yield %n : tensor<16x256xf32>
  }
  quipu.kernel @more(%x: tensor<128x256xf32>) -> tensor<128x256xf32> schedule #quipu.gpu_rows {
    %n = quipu.rms_norm %x, @g : tensor<256xf32> eps 1.0e-5 : tensor<128x256xf32> -> tensor<128x256xf32>
    quipu.yield %n : tensor<128x256xf32>
  }
  quipu.kernel @many(%x: tensor<2048x256xf32>) -> tensor<2048x256xf32> schedule #quipu.gpu_rows {
    %n = quipu.rms_norm %x, @g : tensor<256xf32> eps 1.0e-5 : tensor<2048x256xf32> -> tensor<2048x256xf32>
    quipu.yield %n : tensor<2048x256xf32>
  }
  quipu.kernel @ragged(%x: tensor<128x384xf32>) -> tensor<128x384xf32> schedule #quipu.gpu_rows {
    %n = quipu.rms_norm %x eps 1.0e-5 : tensor<128x384xf32> -> tensor<128x384xf32>
    quipu.yield %n : tensor<128x384xf32>
  }
}
