// RUN: %quipu-opt %s --lower-kernels-to-reference | FileCheck %s

quipu.model @m for ["m"] {
  // Where the distances differ, a table has the places of the layers.
  // CHECK: llvm.mlir.global internal constant @blk.m.places(dense<[6400, 6464, 6784]>
  // CHECK: llvm.func @differing(
  // CHECK-SAME: %{{[^:]*}}: !llvm.ptr, %[[LAYER:[^:]*]]: i32,
  // CHECK: %[[TABLE:.*]] = llvm.mlir.addressof @blk.m.places
  // CHECK: %[[ENTRY:.*]] = llvm.getelementptr %[[TABLE]][%[[LAYER]]] : (!llvm.ptr, i32) -> !llvm.ptr, i64
  // CHECK: %[[PLACE:.*]] = llvm.load %[[ENTRY]]
  // CHECK: llvm.getelementptr %{{.*}}[%[[PLACE]]]
  // CHECK: llvm.call @quipu_reference_rms_norm(
  quipu.weight @blk.m = "blk.*.m.weight" layers 3 : tensor<32xf32, #quipu.floats> packed at 6400 strides [64, 320]
  quipu.kernel @differing(%h: tensor<8x32xf32>) -> tensor<8x32xf32> {
    %n = quipu.rms_norm %h, @blk.m : tensor<32xf32> eps 1.0e-5 : tensor<8x32xf32> -> tensor<8x32xf32>
    quipu.yield %n : tensor<8x32xf32>
  }
}
