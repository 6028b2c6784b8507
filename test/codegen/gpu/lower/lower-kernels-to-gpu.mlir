// RUN: %quipu-opt %s -attach-target=target=sm_90a -lower-kernels-to-gpu -canonicalize | FileCheck %s --enable-var-scope
// RUN: %quipu-opt %s -attach-target=target=sm_80 -lower-kernels-to-gpu -canonicalize | FileCheck %s --check-prefix=SM80 --implicit-check-not=griddepcontrol --implicit-check-not=cp.async.bulk

// The host's function launches number 0 with seven parameters: arguments, layer,
// two weights, two operands, one result. On a chip without bulk copies warps read
// weights themselves.

// CHECK-LABEL: llvm.func @product(
// CHECK-SAME: %[[ARGS:.*]]: !llvm.ptr, %[[LAYER:.*]]: i32, %{{.*}}: i32, %{{.*}}: i32, %[[X:.*]]: !llvm.ptr, %[[R:.*]]: !llvm.ptr, %[[Y:.*]]: !llvm.ptr)
// CHECK: llvm.alloca {{.*}} x !llvm.array<7 x ptr>
// CHECK: llvm.call @quipu_launch(%{{.*}}, %{{.*}}, %{{.*}}) : (!llvm.ptr, i32, !llvm.ptr) -> ()
// CHECK: gpu.module @kernels
// CHECK: llvm.func @product(
// CHECK-SAME: quipu.launch = #quipu.device_kernel<"product", grid = [4, 1, 1], threads = 544, shared = {{[0-9]+}}>
// CHECK: nvvm.griddepcontrol launch_dependents
// CHECK: nvvm.cp.async.bulk.shared.cluster.global
// CHECK: nvvm.griddepcontrol wait
// CHECK: nvvm.mma.sync
// CHECK-COUNT-3: nvvm.mma.sync
// CHECK-NOT: nvvm.mma.sync

// SM80: threads = 512
// SM80: nvvm.mma.sync
quipu.model @tiny for ["llama"] {
  quipu.weight @g = "g.weight" : tensor<64xf32, #quipu.floats> packed at 0
  quipu.weight @w = "w.weight" : tensor<64x64x!quipu.q4_0, #quipu.fragments> packed at 256
  quipu.kernel @product(%x: tensor<1x64xf32>, %r: tensor<1x64xf32>) -> tensor<1x64xf32> schedule #quipu.gpu_gemv<blocks = 132, slots = 8> {
    %n = quipu.rms_norm %x, @g : tensor<64xf32> eps 1.0e-5 : tensor<1x64xf32> -> tensor<1x64xf32>
    %h = quipu.quantize %n as f16 : tensor<1x64xf32> -> tensor<1x64xf16>
    %y = quipu.linear %h, @w : tensor<64x64x!quipu.q4_0> -> [64] : tensor<1x64xf16> -> tensor<1x64xf32>
    %s = quipu.add %y, %r : tensor<1x64xf32>
    quipu.yield %s : tensor<1x64xf32>
  }
}
