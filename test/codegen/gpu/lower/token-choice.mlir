// RUN: %quipu-opt %s -split-input-file -attach-target=target=sm_90a -lower-kernels-to-gpu -canonicalize | FileCheck %s
// RUN: %quipu-opt %s -split-input-file -attach-target=target=sm_80 -lower-kernels-to-gpu -canonicalize | FileCheck %s --check-prefix=SM80 --implicit-check-not=griddepcontrol

// An entry that gives logits has functions that choose tokens by them: a block for
// each 2048 of a row, then one for the row, which has 64 keys of each.

// CHECK-LABEL: gpu.module @kernels
// CHECK: llvm.func @choose_generate(%[[ARGS:.*]]: !llvm.ptr<1>, %[[OUTPUT:.*]]: i32, %[[CHOICES:.*]]: !llvm.ptr<1>)
// CHECK-SAME: quipu.launch = #quipu.device_kernel<"choose_generate", grid = [3, 1, 1], threads = 256, shared = 768>
// CHECK: nvvm.griddepcontrol launch_dependents

// The row, and whether it is one of the step's. What the sampler knows is of the step
// before; the logits are not.

// CHECK: %[[ROW:.*]] = nvvm.read.ptx.sreg.ctaid.y
// CHECK: nvvm.griddepcontrol wait
// CHECK: %[[IS:.*]] = arith.cmpi slt, %[[ROW]]
// CHECK: scf.if %[[IS]]

// Tokens of the text get smaller logits: a product, or a quotient.

// CHECK: arith.cmpf une, %[[PENALTY:.*]], %{{.*}} : f32
// CHECK: arith.mulf %{{.*}}, %[[PENALTY]]
// CHECK: arith.divf %{{.*}}, %[[PENALTY]]
// CHECK: nvvm.barrier

// Eight keys a thread, of which the greatest is kept, or 64: the last one's key is
// found by halving.

// CHECK-COUNT-8: arith.shli %{{.*}} : i64
// CHECK: scf.while
// CHECK: } else {
// CHECK-COUNT-7: arith.maxui
// CHECK: nvvm.shfl.sync

// CHECK: llvm.func @advance_generate(%[[ARGS:.*]]: !llvm.ptr<1>, %[[OUTPUT:.*]]: i32, %[[CHOICES:.*]]: !llvm.ptr<1>)
// CHECK-SAME: quipu.launch = #quipu.device_kernel<"advance_generate", grid = [1, 1, 1], threads = 512, shared = 2304>
// CHECK: nvvm.griddepcontrol wait
// CHECK: arith.divf %{{.*}} : f64
// CHECK-NOT: math.
// CHECK: llvm.return

// SM80-LABEL: gpu.module @kernels
// SM80: llvm.func @choose_generate
// SM80: llvm.func @advance_generate
quipu.model @tiny for ["llama"] {
  quipu.entry @generate inputs [<"tokens" over token : 1 x i32 below 5000>] outputs [<"hidden" over token : 64 x f32>, <"logits" over selected : 5000 x f32>]
}

// -----

// Other entries have none, nor have those that read whole sequences or add up rows.

// CHECK-LABEL: gpu.module @kernels
// CHECK-NOT: llvm.func
// SM80-LABEL: gpu.module @kernels
// SM80-NOT: llvm.func
quipu.model @others for ["llama"] {
  quipu.entry @hidden inputs [<"tokens" over token : 1 x i32 below 5000>] outputs [<"hidden" over token : 64 x f32>]
  quipu.entry @whole inputs [<"tokens" over token : 1 x i32 below 5000>] outputs [<"logits" over selected : 5000 x f32>] whole_sequences
  quipu.entry @pooled inputs [<"tokens" over token : 1 x i32 below 5000>] outputs [<"logits" over selected : 5000 x f32>] pooled
}

// -----

// Where a block has no room for the keys of a row the host chooses.

// CHECK-LABEL: gpu.module @kernels
// CHECK-NOT: llvm.func
// SM80-LABEL: gpu.module @kernels
// SM80-NOT: llvm.func
quipu.model @large for ["llama"] {
  quipu.entry @generate inputs [<"tokens" over token : 1 x i32 below 524289>] outputs [<"logits" over selected : 524289 x f32>]
}
