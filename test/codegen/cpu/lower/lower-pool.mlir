// RUN: %quipu-opt %s --attach-target=target=x86-64-v3 --lower-kernels | FileCheck %s

// A sum may be divided by the root of how many rows there are.

// CHECK-LABEL: llvm.func @mean_sqrt_len(
// CHECK:       %[[ROOT:.+]] = llvm.intr.sqrt(%{{.+}}) : (f32) -> f32
// CHECK:       %[[SUM:.+]] = arith.select
// CHECK:       llvm.store %[[SUM]],
// CHECK-NEXT:  %[[RESULT:.+]] = arith.divf %[[SUM]], %[[ROOT]]
// CHECK:       llvm.store %[[RESULT]],

// Of a column the largest number stays.

// CHECK-LABEL: llvm.func @max(
// CHECK:       %[[NUMBER:.+]] = llvm.load %{{.+}} : !llvm.ptr -> f32
// CHECK:       %[[BEFORE:.+]] = llvm.load %{{.+}} : !llvm.ptr -> f32
// CHECK-NEXT:  %[[IS_LESS:.+]] = arith.cmpf olt, %[[BEFORE]], %[[NUMBER]]
// CHECK-NEXT:  %[[LATER:.+]] = arith.select %[[IS_LESS]], %[[NUMBER]], %[[BEFORE]]
// CHECK-NEXT:  %[[NOW:.+]] = arith.select %{{.+}}, %[[NUMBER]], %[[LATER]]
// CHECK-COUNT-2: llvm.store %[[NOW]],

// A sequence's first row stays what it is.

// CHECK-LABEL: llvm.func @first(
// CHECK:       %[[BEGINS:.+]] = arith.cmpi eq,
// CHECK:       %[[NUMBER:.+]] = llvm.load %{{.+}} : !llvm.ptr -> f32
// CHECK:       %[[BEFORE:.+]] = llvm.load %{{.+}} : !llvm.ptr -> f32
// CHECK-NEXT:  %[[NOW:.+]] = arith.select %[[BEGINS]], %[[NUMBER]], %[[BEFORE]]
// CHECK-NOT:   arith.divf
// CHECK-COUNT-2: llvm.store %[[NOW]],

// Workers share tiles of 16 columns, 3 of 40, the last one narrower. They walk the
// step's tokens in order, and add each row to the sequence's, which is row 1 of the
// rows of sequences (StepArgs' sums are at 56): so the token at position 0 begins a
// sum, whatever a sequence before has left there.

// CHECK-LABEL: llvm.func @mean(
// CHECK-SAME:  %[[ARGS:[a-z0-9]+]]: !llvm.ptr, %{{[a-z0-9]+}}: i32, %{{[a-z0-9]+}}: i32, %{{[a-z0-9]+}}: i32, %[[X:[a-z0-9]+]]: !llvm.ptr, %[[Y:[a-z0-9]+]]: !llvm.ptr)
// CHECK:       %[[SUMS:.+]] = llvm.load
// CHECK-NEXT:  %[[SECOND:.+]] = llvm.mlir.constant(8 : i64)
// CHECK-NEXT:  %[[AT:.+]] = llvm.getelementptr %[[SUMS]][%[[SECOND]]]
// CHECK-NEXT:  %[[ROWS:.+]] = llvm.load %[[AT]]
// CHECK-NEXT:  llvm.mlir.constant(3 : i32)
// CHECK:       scf.for
// CHECK:         %[[SIXTEEN:.+]] = llvm.mlir.constant(16 : i32)
// CHECK-NEXT:    %[[COLUMN:.+]] = arith.muli %{{.+}}, %[[SIXTEEN]] : i32
// The count of tokens is at 112, positions at 16, sequences at 24.
// CHECK:         llvm.mlir.constant(112 : i64)
// CHECK:         scf.for
// CHECK:           llvm.mlir.constant(16 : i64)
// CHECK:           %[[POSITION:.+]] = llvm.load %{{.+}} : !llvm.ptr -> i32
// CHECK:           llvm.mlir.constant(24 : i64)
// CHECK:           %[[SEQUENCE:.+]] = llvm.load %{{.+}} : !llvm.ptr -> i32
// CHECK:           llvm.sext %[[SEQUENCE]]
// CHECK-NEXT:      llvm.mlir.constant(160 : i64)
// CHECK:           llvm.getelementptr %[[ROWS]][
// CHECK:           %[[ZERO:.+]] = llvm.mlir.constant(0 : i32)
// CHECK-NEXT:      %[[BEGINS:.+]] = arith.cmpi eq, %[[POSITION]], %[[ZERO]]
// CHECK-NEXT:      %[[ONE:.+]] = llvm.mlir.constant(1 : i32)
// CHECK-NEXT:      %[[NEXT:.+]] = arith.addi %[[POSITION]], %[[ONE]]
// CHECK-NEXT:      %[[COUNT:.+]] = arith.sitofp %[[NEXT]]
// A row takes 192 bytes, a multiple of 64.
// CHECK:           llvm.mlir.constant(192 : i64)
// CHECK:           llvm.getelementptr %[[X]][
// CHECK:           llvm.getelementptr %[[Y]][
// CHECK:           %[[WIDTH:.+]] = llvm.mlir.constant(40 : i32)
// CHECK-NEXT:      %[[REST:.+]] = arith.subi %[[WIDTH]], %[[COLUMN]]
// CHECK:           arith.minsi %[[REST]], %{{.+}}
// CHECK:           scf.for
// CHECK:             %[[NUMBER:.+]] = llvm.load %{{.+}} : !llvm.ptr -> f32
// CHECK:             %[[BEFORE:.+]] = llvm.load %{{.+}} : !llvm.ptr -> f32
// CHECK:             %[[LATER:.+]] = arith.addf %[[BEFORE]], %[[NUMBER]]
// CHECK-NEXT:        %[[NOW:.+]] = arith.select %[[BEGINS]], %[[NUMBER]], %[[LATER]]
// CHECK:             llvm.store %[[NOW]],
// CHECK-NEXT:        %[[MEAN:.+]] = arith.divf %[[NOW]], %[[COUNT]]
// CHECK:             llvm.store %[[MEAN]],
quipu.model @m for [] {
  quipu.state @other : tensor<8xf32> pool 0
  quipu.state @rows : tensor<40xf32> pool 1
  quipu.kernel @mean(%x: tensor<8x40xf32>, %at: !quipu.positions) -> tensor<8x40xf32> schedule #quipu.cpu_pool {
    %y = quipu.pool "mean" %x at %at into @rows : tensor<8x40xf32> -> tensor<8x40xf32>
    quipu.yield %y : tensor<8x40xf32>
  }
  quipu.kernel @first(%x: tensor<8x40xf32>, %at: !quipu.positions) -> tensor<8x40xf32> schedule #quipu.cpu_pool {
    %y = quipu.pool "first" %x at %at into @rows : tensor<8x40xf32> -> tensor<8x40xf32>
    quipu.yield %y : tensor<8x40xf32>
  }
  quipu.kernel @max(%x: tensor<8x40xf32>, %at: !quipu.positions) -> tensor<8x40xf32> schedule #quipu.cpu_pool {
    %y = quipu.pool "max" %x at %at into @rows : tensor<8x40xf32> -> tensor<8x40xf32>
    quipu.yield %y : tensor<8x40xf32>
  }
  quipu.kernel @mean_sqrt_len(%x: tensor<8x40xf32>, %at: !quipu.positions) -> tensor<8x40xf32> schedule #quipu.cpu_pool {
    %y = quipu.pool "mean_sqrt_len" %x at %at into @rows : tensor<8x40xf32> -> tensor<8x40xf32>
    quipu.yield %y : tensor<8x40xf32>
  }
}
