// RUN: %quipu-opt %s -attach-target=target=sm_80 -emit-device-code | FileCheck %s --check-prefixes=CHECK,OLD
// RUN: %quipu-opt %s -attach-target=target=sm_89 -emit-device-code | FileCheck %s --check-prefixes=CHECK,OLD
// RUN: %quipu-opt %s -attach-target=target=sm_90a -emit-device-code | FileCheck %s --check-prefixes=CHECK,NEW

// The text is for drivers as old as the chip's instructions allow.

// CHECK: quipu.device = #quipu.device_code<"[[CHIP:sm_[0-9a]+]]"
// OLD-SAME: .version 7.8
// NEW-SAME: .version 8.6
// CHECK-SAME: .target [[CHIP]]
// CHECK-SAME: <"nothing", grid = [1, 1, 1], threads = 32, shared = 0>
// CHECK-NOT: gpu.module
gpu.module @kernels {
  llvm.func @nothing() attributes {nvvm.kernel, quipu.launch = #quipu.device_kernel<"nothing", grid = [1, 1, 1], threads = 32, shared = 0>} {
    llvm.return
  }
}
