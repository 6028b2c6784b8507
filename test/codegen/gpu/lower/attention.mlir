// RUN: %quipu-opt %s -lower-kernels-to-gpu | FileCheck %s

// Few tokens have splits, more of them blocks: of warpgroups where heads are of 64 or
// 128 components, of warps where they are of a multiple of 16. Other heads, and
// caches in f32, have a warp for each row.

// CHECK: quipu.launch = #quipu.device_kernel<"few", grid = [132, 1, 1], threads = 512, shared = 152656>
// CHECK: quipu.launch = #quipu.device_kernel<"many", grid = [4, 1, 1], threads = 384, shared = 81984>
// CHECK: quipu.launch = #quipu.device_kernel<"narrow", grid = [8, 1, 1], threads = 128, shared = 24576>
// CHECK: quipu.launch = #quipu.device_kernel<"odd", grid = [16, 1, 1], threads = 128, shared = 0>
// CHECK: quipu.launch = #quipu.device_kernel<"wide", grid = [64, 1, 1], threads = 128, shared = 0>
module attributes {quipu.target = #quipu.gpu<"sm_90a">} {
  quipu.model @m for [] {
    quipu.state @kv : !quipu.pages<heads 2, keys 64, values 64> layers 4 pool 0 at 0 stride 256
    quipu.state @kv48 : !quipu.pages<heads 2, keys 48, values 48> layers 4 pool 1 at 0 stride 192
    quipu.state @kv24 : !quipu.pages<heads 2, keys 24, values 24> layers 4 pool 2 at 0 stride 96
    quipu.kernel @few(%q: tensor<16x4x64xf32>, %kv: !quipu.cache<@kv, f16, heads 2, keys 64, values 64>, %at: !quipu.positions) -> tensor<16x4x64xf32> schedule #quipu.gpu_attention<blocked = false> {
      %a = quipu.attention %q over %kv at %at : tensor<16x4x64xf32>, !quipu.cache<@kv, f16, heads 2, keys 64, values 64> -> tensor<16x4x64xf32>
      quipu.yield %a : tensor<16x4x64xf32>
    }
    quipu.kernel @many(%q: tensor<128x4x64xf32>, %kv: !quipu.cache<@kv, f16, heads 2, keys 64, values 64>, %at: !quipu.positions) -> tensor<128x4x64xf32> schedule #quipu.gpu_attention<blocked = true> {
      %a = quipu.attention %q over %kv at %at : tensor<128x4x64xf32>, !quipu.cache<@kv, f16, heads 2, keys 64, values 64> -> tensor<128x4x64xf32>
      quipu.yield %a : tensor<128x4x64xf32>
    }
    quipu.kernel @narrow(%q: tensor<128x4x48xf32>, %kv: !quipu.cache<@kv48, f16, heads 2, keys 48, values 48>, %at: !quipu.positions) -> tensor<128x4x48xf32> schedule #quipu.gpu_attention<blocked = true> {
      %a = quipu.attention %q over %kv at %at : tensor<128x4x48xf32>, !quipu.cache<@kv48, f16, heads 2, keys 48, values 48> -> tensor<128x4x48xf32>
      quipu.yield %a : tensor<128x4x48xf32>
    }
    quipu.kernel @odd(%q: tensor<16x4x24xf32>, %kv: !quipu.cache<@kv24, f16, heads 2, keys 24, values 24>, %at: !quipu.positions) -> tensor<16x4x24xf32> schedule #quipu.gpu_attention<blocked = false> {
      %a = quipu.attention %q over %kv at %at : tensor<16x4x24xf32>, !quipu.cache<@kv24, f16, heads 2, keys 24, values 24> -> tensor<16x4x24xf32>
      quipu.yield %a : tensor<16x4x24xf32>
    }
    quipu.kernel @wide(%q: tensor<64x4x64xf32>, %kv: !quipu.cache<@kv, f32, heads 2, keys 64, values 64>, %at: !quipu.positions) -> tensor<64x4x64xf32> schedule #quipu.gpu_attention<blocked = true> {
      %a = quipu.attention %q over %kv at %at : tensor<64x4x64xf32>, !quipu.cache<@kv, f32, heads 2, keys 64, values 64> -> tensor<64x4x64xf32>
      quipu.yield %a : tensor<64x4x64xf32>
    }
  }
}
