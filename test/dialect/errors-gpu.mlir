// RUN: %quipu-opt %s -split-input-file -verify-diagnostics

// expected-error@+1 {{C1: "sm_75" is none of the chips sm_80, sm_89, sm_90a}}
module attributes {quipu.target = #quipu.gpu<"sm_75">} {}

// -----

// expected-error@+1 {{quipu.device must be a #quipu.device_code of a module}}
module attributes {quipu.device = "ptx"} {}

// -----

// expected-error@+1 {{quipu.launch must be a #quipu.device_kernel of a function}}
module attributes {quipu.launch = #quipu.device_kernel<"k", grid = [1, 1, 1], threads = 32, shared = 0>} {}

// -----

// device_kernel_c1
module {
  // expected-error@+1 {{C1: "k" has a grid of array<i64: 1, 0, 1>, 32 threads and 0 bytes of shared memory}}
  llvm.func @k() attributes {quipu.launch = #quipu.device_kernel<"k", grid = [1, 0, 1], threads = 32, shared = 0>}
}

// -----

// fragments_c1
quipu.model @m for [] {
  // expected-error@+1 {{C1: #quipu.fragments is for matrices in storage formats other than f32}}
  quipu.weight @w = "w.weight" : tensor<64x64xf32, #quipu.fragments>
}

// -----

// cpu_tiles_c3
quipu.model @m for [] {
  quipu.weight @w = "w.weight" : tensor<64x64x!quipu.q4_0>
  // expected-error@+1 {{schedule C3: an input in 16 bits is for a weight in the same, not for 'tensor<64x64x!quipu.q4_0>'}}
  quipu.kernel @k(%x: tensor<1x64xbf16>) -> tensor<1x64xf32> schedule #quipu.cpu_tiles<lanes = 16, tokens = 1, tiles = 1> {
    %y = quipu.linear %x, @w : tensor<64x64x!quipu.q4_0> -> [64] : tensor<1x64xbf16> -> tensor<1x64xf32>
    quipu.yield %y : tensor<1x64xf32>
  }
}

// -----

// gpu_rows_c1
quipu.model @m for [] {
  quipu.weight @w = "w.weight" : tensor<64x64xf32>
  // expected-error@+1 {{schedule C1: #quipu.gpu_rows is for a kernel without quipu.linear}}
  quipu.kernel @k(%x: tensor<1x64xf32>) -> tensor<1x64xf32> schedule #quipu.gpu_rows {
    %y = quipu.linear %x, @w : tensor<64x64xf32> -> [64] : tensor<1x64xf32> -> tensor<1x64xf32>
    quipu.yield %y : tensor<1x64xf32>
  }
}

// -----

// gpu_dots_c1
quipu.model @m for [] {
  // expected-error@+1 {{schedule C1: #quipu.gpu_dots is for quipu.linear}}
  quipu.kernel @k(%x: tensor<1x64xf32>) -> tensor<1x64xf32> schedule #quipu.gpu_dots {
    %y = quipu.scale %x by 2.0 : tensor<1x64xf32> -> tensor<1x64xf32>
    quipu.yield %y : tensor<1x64xf32>
  }
}

// -----

// gpu_gemv_c1
quipu.model @m for [] {
  quipu.weight @w = "w.weight" : tensor<64x64xbf16>
  // expected-error@+1 {{C1: 132 blocks with 3 slots, expected 1 to 1024 blocks and an even number of slots up to 64}}
  quipu.kernel @k(%x: tensor<1x64xbf16>) -> tensor<1x64xf32> schedule #quipu.gpu_gemv<blocks = 132, slots = 3> {
    %y = quipu.linear %x, @w : tensor<64x64xbf16> -> [64] : tensor<1x64xbf16> -> tensor<1x64xf32>
    quipu.yield %y : tensor<1x64xf32>
  }
}

// -----

// gpu_gemv_c2
quipu.model @m for [] {
  quipu.weight @w = "w.weight" : tensor<64x64xbf16>
  // expected-error@+1 {{schedule C2: #quipu.gpu_gemv<blocks = 132, slots = 12> is for 16 tokens at most}}
  quipu.kernel @k(%x: tensor<17x64xbf16>) -> tensor<17x64xf32> schedule #quipu.gpu_gemv<blocks = 132, slots = 12> {
    %y = quipu.linear %x, @w : tensor<64x64xbf16> -> [64] : tensor<17x64xbf16> -> tensor<17x64xf32>
    quipu.yield %y : tensor<17x64xf32>
  }
}

// -----

// gpu_gemm_c1
quipu.model @m for [] {
  quipu.weight @w = "w.weight" : tensor<64x64xbf16>
  // expected-error@+1 {{C1: a tile of 96 tokens with 4 stages, expected 64 or 128 tokens and 2 to 8 stages}}
  quipu.kernel @k(%x: tensor<17x64xbf16>) -> tensor<17x64xf32> schedule #quipu.gpu_gemm<tokens = 96, stages = 4> {
    %y = quipu.linear %x, @w : tensor<64x64xbf16> -> [64] : tensor<17x64xbf16> -> tensor<17x64xf32>
    quipu.yield %y : tensor<17x64xf32>
  }
}

// -----

// gpu_gemm_c2
quipu.model @m for [] {
  quipu.weight @w = "w.weight" : tensor<64x64xbf16>
  // expected-error@+1 {{schedule C2: #quipu.gpu_gemm<tokens = 64, stages = 4> is for more than 16 tokens}}
  quipu.kernel @k(%x: tensor<16x64xbf16>) -> tensor<16x64xf32> schedule #quipu.gpu_gemm<tokens = 64, stages = 4> {
    %y = quipu.linear %x, @w : tensor<64x64xbf16> -> [64] : tensor<16x64xbf16> -> tensor<16x64xf32>
    quipu.yield %y : tensor<16x64xf32>
  }
}

// -----

// gpu_gemv_c3
quipu.model @m for [] {
  quipu.weight @w = "w.weight" chosen 2 : tensor<4x64x64xbf16>
  quipu.kernel @k(%x: tensor<1x64xf16>, %ids: tensor<1x2xi32>) -> tensor<1x2x64xf32> schedule #quipu.gpu_gemv<blocks = 132, slots = 12> {
    // expected-error@+1 {{schedule C3: #quipu.gpu_gemv<blocks = 132, slots = 12> is for no stack of matrices}}
    %y = quipu.linear %x, @w : tensor<4x64x64xbf16> of %ids -> [64] : tensor<1x64xf16> of tensor<1x2xi32> -> tensor<1x2x64xf32>
    quipu.yield %y : tensor<1x2x64xf32>
  }
}

// -----

// gpu_gemm_c3
quipu.model @m for [] {
  quipu.weight @w = "w.weight" chosen 2 : tensor<4x64x64xbf16>
  quipu.kernel @k(%x: tensor<17x64xf16>, %ids: tensor<17x2xi32>) -> tensor<17x2x64xf32> schedule #quipu.gpu_gemm<tokens = 64, stages = 4> {
    // expected-error@+1 {{schedule C3: #quipu.gpu_gemm<tokens = 64, stages = 4> is for no stack of matrices}}
    %y = quipu.linear %x, @w : tensor<4x64x64xbf16> of %ids -> [64] : tensor<17x64xf16> of tensor<17x2xi32> -> tensor<17x2x64xf32>
    quipu.yield %y : tensor<17x2x64xf32>
  }
}

// -----

// gpu_experts_c1
quipu.model @m for [] {
  quipu.weight @w = "w.weight" chosen 2 : tensor<4x64x64xbf16>
  // expected-error@+1 {{C1: 32 choices at a time, expected 16 or 64}}
  quipu.kernel @k(%x: tensor<1x64xf16>, %ids: tensor<1x2xi32>) -> tensor<1x2x64xf32> schedule #quipu.gpu_experts<choices = 32> {
    %y = quipu.linear %x, @w : tensor<4x64x64xbf16> of %ids -> [64] : tensor<1x64xf16> of tensor<1x2xi32> -> tensor<1x2x64xf32>
    quipu.yield %y : tensor<1x2x64xf32>
  }
}

// -----

// gpu_experts_c2
quipu.model @m for [] {
  quipu.weight @w = "w.weight" chosen 2 : tensor<4x64x64xf32>
  // expected-error@+1 {{schedule C2: #quipu.gpu_experts<choices = 16> is for one or two linear layers of stacks, of as many rows and with the same input in f16}}
  quipu.kernel @k(%x: tensor<1x64xf32>, %ids: tensor<1x2xi32>) -> tensor<1x2x64xf32> schedule #quipu.gpu_experts<choices = 16> {
    %y = quipu.linear %x, @w : tensor<4x64x64xf32> of %ids -> [64] : tensor<1x64xf32> of tensor<1x2xi32> -> tensor<1x2x64xf32>
    quipu.yield %y : tensor<1x2x64xf32>
  }
}

// -----

// gpu_experts_c3
quipu.model @m for [] {
  quipu.weight @w = "w.weight" chosen 2 : tensor<4x64x64xbf16>
  // expected-error@+1 {{schedule C3: #quipu.gpu_experts<choices = 64> is for 4096 tokens at most}}
  quipu.kernel @k(%x: tensor<4097x64xf16>, %ids: tensor<4097x2xi32>) -> tensor<4097x2x64xf32> schedule #quipu.gpu_experts<choices = 64> {
    %y = quipu.linear %x, @w : tensor<4x64x64xbf16> of %ids -> [64] : tensor<4097x64xf16> of tensor<4097x2xi32> -> tensor<4097x2x64xf32>
    quipu.yield %y : tensor<4097x2x64xf32>
  }
}

// -----

// gpu_top_k_c1
quipu.model @m for [] {
  // expected-error@+1 {{schedule C1: #quipu.gpu_top_k is for quipu.top_k}}
  quipu.kernel @k(%x: tensor<1x64xf32>) -> tensor<1x64xf32> schedule #quipu.gpu_top_k {
    %y = quipu.scale %x by 2.0 : tensor<1x64xf32> -> tensor<1x64xf32>
    quipu.yield %y : tensor<1x64xf32>
  }
}

// -----

// gpu_attention_c1
quipu.model @m for [] {
  // expected-error@+1 {{schedule C1: #quipu.gpu_attention<blocked = false> is for quipu.attention}}
  quipu.kernel @k(%x: tensor<1x64xf32>) -> tensor<1x64xf32> schedule #quipu.gpu_attention<blocked = false> {
    %y = quipu.scale %x by 2.0 : tensor<1x64xf32> -> tensor<1x64xf32>
    quipu.yield %y : tensor<1x64xf32>
  }
}

// -----

// gpu_attention_c2
quipu.model @m for [] {
  quipu.state @kv : !quipu.pages<heads 1, keys 16, values 16> layers 4 pool 0 at 0 stride 32
  // expected-error@+1 {{schedule C2: attention has results in 'bf16', expected f32 or f16}}
  quipu.kernel @k(%q: tensor<1x1x16xf32>, %kv: !quipu.cache<@kv, f16, heads 1, keys 16, values 16>, %at: !quipu.positions) -> tensor<1x16xbf16> schedule #quipu.gpu_attention<blocked = false> {
    %a = quipu.attention %q over %kv at %at : tensor<1x1x16xf32>, !quipu.cache<@kv, f16, heads 1, keys 16, values 16> -> tensor<1x1x16xf32>
    %z = quipu.quantize %a as bf16 : tensor<1x1x16xf32> -> tensor<1x16xbf16>
    quipu.yield %z : tensor<1x16xbf16>
  }
}

// -----

// gpu_pool_c1
quipu.model @m for [] {
  // expected-error@+1 {{schedule C1: #quipu.gpu_pool is for quipu.pool}}
  quipu.kernel @k(%x: tensor<1x64xf32>) -> tensor<1x64xf32> schedule #quipu.gpu_pool {
    %y = quipu.scale %x by 2.0 : tensor<1x64xf32> -> tensor<1x64xf32>
    quipu.yield %y : tensor<1x64xf32>
  }
}

// -----

// gpu_angles_c1
quipu.model @m for [] {
  // expected-error@+1 {{schedule C1: #quipu.gpu_angles is for quipu.rope_angles}}
  quipu.kernel @k(%x: tensor<1x64xf32>) -> tensor<1x64xf32> schedule #quipu.gpu_angles {
    %y = quipu.scale %x by 2.0 : tensor<1x64xf32> -> tensor<1x64xf32>
    quipu.yield %y : tensor<1x64xf32>
  }
}
