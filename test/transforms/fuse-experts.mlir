// RUN: %quipu-opt %s -attach-target=target=x86-64-v3 -fuse-kernels | FileCheck %s

// Experts: what all that a token has chosen read is computed once, by a kernel of
// its own, what each reads by the kernel of its linear layer. The router and a
// shared expert, which read the same, are others than the experts.

// CHECK-LABEL: quipu.model @experts
// CHECK:       quipu.kernel @decode.norm(
// CHECK-NEXT:    quipu.rms_norm
// CHECK-NEXT:    quipu.yield
// CHECK:       quipu.kernel @decode.router_shared(
// CHECK-NEXT:    %[[R:.+]] = quipu.linear %{{.+}}, @router
// CHECK-NEXT:    %[[S:.+]] = quipu.linear %{{.+}}, @shared
// CHECK-NEXT:    quipu.yield %[[R]], %[[S]]
// CHECK:       quipu.kernel @decode.top_k_down(
// CHECK-NEXT:    %[[IDS:.+]], %[[W:.+]] = quipu.top_k
// CHECK-NEXT:    quipu.yield %[[IDS]], %[[W]]
// CHECK:       quipu.kernel @decode.gate_up(
// CHECK-NEXT:    quipu.linear %{{.+}}, @gate
// CHECK-NEXT:    quipu.linear %{{.+}}, @up
// CHECK-NEXT:    quipu.swiglu
// CHECK-NEXT:    quipu.yield
// CHECK:       quipu.kernel @decode.down(
// CHECK-NEXT:    quipu.quantize %{{.+}} each
// CHECK-NEXT:    quipu.linear
// CHECK-NEXT:    quipu.yield
// CHECK:       quipu.kernel @decode.add(
// CHECK-NEXT:    quipu.sum
// CHECK-NEXT:    quipu.add
// CHECK-NEXT:    quipu.yield
quipu.model @experts for [] {
  quipu.weight @norm = "norm.weight" : tensor<64xf32>
  quipu.weight @router = "router.weight" : tensor<4x64xf32>
  quipu.weight @shared = "shared.weight" : tensor<64x64xf32>
  quipu.weight @gate = "gate.weight" chosen 3 : tensor<4x32x64xf32>
  quipu.weight @up = "up.weight" chosen 3 : tensor<4x32x64xf32>
  quipu.weight @down = "down.weight" chosen 3 : tensor<4x64x32x!quipu.q4_0>
  quipu.step @decode tokens 1 {
    %x = quipu.input "x" : tensor<1x64xf32>
    %n = quipu.rms_norm %x, @norm : tensor<64xf32> eps 1.0e-5 : tensor<1x64xf32> -> tensor<1x64xf32>
    %p = quipu.linear %n, @router : tensor<4x64xf32> -> [4] : tensor<1x64xf32> -> tensor<1x4xf32>
    %ids, %w = quipu.top_k %p count 3 : tensor<1x4xf32> -> tensor<1x3xi32>, tensor<1x3xf32>
    %gate = quipu.linear %n, @gate : tensor<4x32x64xf32> of %ids -> [32] : tensor<1x64xf32> of tensor<1x3xi32> -> tensor<1x3x32xf32>
    %up = quipu.linear %n, @up : tensor<4x32x64xf32> of %ids -> [32] : tensor<1x64xf32> of tensor<1x3xi32> -> tensor<1x3x32xf32>
    %act = quipu.swiglu %gate, %up : tensor<1x3x32xf32>
    %q = quipu.quantize %act each : tensor<1x3x32xf32> -> tensor<1x3x32x!quipu.i8x32>
    %each = quipu.linear %q, @down : tensor<4x64x32x!quipu.q4_0> of %ids -> [64] : tensor<1x3x32x!quipu.i8x32> of tensor<1x3xi32> -> tensor<1x3x64xf32>
    %sum = quipu.sum %each by %w : tensor<1x3x64xf32>, tensor<1x3xf32> -> tensor<1x64xf32>
    %s = quipu.linear %n, @shared : tensor<64x64xf32> -> [64] : tensor<1x64xf32> -> tensor<1x64xf32>
    %y = quipu.add %sum, %s : tensor<1x64xf32>
    quipu.output "y", %y : tensor<1x64xf32>
  }
}
