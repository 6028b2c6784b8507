// RUN: %quipu-opt %s -lower-kernels-to-gpu -emit-device-code | FileCheck %s

// A kernel of linear layers for more than 16 tokens: tiles of 128 outputs for
// 128 tokens each, taken in turn by as many blocks as there are, up to 132.

module attributes {quipu.target = #quipu.gpu<"sm_90a">} {
  quipu.model @many for [] {
    quipu.weight @gate = "gate.weight" : tensor<256x512xf16, #quipu.fragments> packed at 0
    quipu.weight @up = "up.weight" : tensor<256x512xf16, #quipu.fragments> packed at 262144
    quipu.weight @down = "down.weight" : tensor<512x256x!quipu.q4_0, #quipu.fragments> packed at 524288
    // CHECK: quipu.device = #quipu.device_code
    // CHECK-SAME: .entry swiglu(
    // CHECK-SAME: griddepcontrol.launch_dependents
    // CHECK-SAME: griddepcontrol.wait
    // CHECK-SAME: wgmma.mma_async.sync.aligned.m64n128k16.f32.f16.f16
    // CHECK-SAME: ex2.approx
    // CHECK-SAME: movmatrix
    // CHECK-SAME: .entry residual(
    // CHECK-SAME: wgmma.mma_async
    // CHECK-SAME: ld.global.b32
    // CHECK-SAME: st.global.b32
    // CHECK-SAME: <"swiglu", grid = [12, 1, 1], threads = 384
    // CHECK-SAME: <"residual", grid = [12, 1, 1], threads = 384
    quipu.kernel @swiglu(%x: tensor<300x512xf16>) -> tensor<300x256xf16> schedule #quipu.gpu_gemm<tokens = 128, stages = 6> {
      %g = quipu.linear %x, @gate : tensor<256x512xf16, #quipu.fragments> -> [256] : tensor<300x512xf16> -> tensor<300x256xf32>
      %u = quipu.linear %x, @up : tensor<256x512xf16, #quipu.fragments> -> [256] : tensor<300x512xf16> -> tensor<300x256xf32>
      %s = quipu.swiglu %g, %u : tensor<300x256xf32>
      %q = quipu.quantize %s as f16 : tensor<300x256xf32> -> tensor<300x256xf16>
      quipu.yield %q : tensor<300x256xf16>
    }
    quipu.kernel @residual(%x: tensor<300x256xf16>, %r: tensor<300x512xf32>) -> tensor<300x512xf32> schedule #quipu.gpu_gemm<tokens = 128, stages = 6> {
      %y = quipu.linear %x, @down : tensor<512x256x!quipu.q4_0, #quipu.fragments> -> [512] : tensor<300x256xf16> -> tensor<300x512xf32>
      %s = quipu.add %y, %r : tensor<300x512xf32>
      quipu.yield %s : tensor<300x512xf32>
    }
  }
}
