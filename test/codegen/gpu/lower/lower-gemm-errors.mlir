// RUN: %quipu-opt %s -split-input-file -verify-diagnostics -lower-kernels-to-gpu

// What a kernel of linear layers for many tokens does not compute.

module attributes {quipu.target = #quipu.gpu<"sm_90a">} {
  quipu.model @computed_input for [] {
    quipu.weight @w = "w.weight" : tensor<128x64xf16, #quipu.fragments> packed at 0
    quipu.kernel @k(%x: tensor<17x64xf32>) -> tensor<17x128xf32> schedule #quipu.gpu_gemm<tokens = 128, stages = 6> {
      %q = quipu.quantize %x as f16 : tensor<17x64xf32> -> tensor<17x64xf16>
      // expected-error@+1 {{'quipu.linear' op has an input that is not a kernel's operand in f16, as a gpu_gemm kernel needs it}}
      %y = quipu.linear %q, @w : tensor<128x64xf16, #quipu.fragments> -> [128] : tensor<17x64xf16> -> tensor<17x128xf32>
      quipu.yield %y : tensor<17x128xf32>
    }
  }
}

// -----

module attributes {quipu.target = #quipu.gpu<"sm_90a">} {
  quipu.model @three_layers for [] {
    quipu.weight @a = "a.weight" : tensor<128x64xf16, #quipu.fragments> packed at 0
    quipu.weight @b = "b.weight" : tensor<128x64xf16, #quipu.fragments> packed at 16384
    quipu.weight @c = "c.weight" : tensor<128x64xf16, #quipu.fragments> packed at 32768
    // expected-error@+1 {{'quipu.kernel' op computes an output from 3 linear layers, expected one or two}}
    quipu.kernel @k(%x: tensor<17x64xf16>) -> tensor<17x128xf32> schedule #quipu.gpu_gemm<tokens = 128, stages = 6> {
      %a = quipu.linear %x, @a : tensor<128x64xf16, #quipu.fragments> -> [128] : tensor<17x64xf16> -> tensor<17x128xf32>
      %b = quipu.linear %x, @b : tensor<128x64xf16, #quipu.fragments> -> [128] : tensor<17x64xf16> -> tensor<17x128xf32>
      %c = quipu.linear %x, @c : tensor<128x64xf16, #quipu.fragments> -> [128] : tensor<17x64xf16> -> tensor<17x128xf32>
      %ab = quipu.add %a, %b : tensor<17x128xf32>
      %abc = quipu.add %ab, %c : tensor<17x128xf32>
      quipu.yield %abc : tensor<17x128xf32>
    }
  }
}

// -----

module attributes {quipu.target = #quipu.gpu<"sm_90a">} {
  quipu.model @two_inputs for [] {
    quipu.weight @a = "a.weight" : tensor<128x64xf16, #quipu.fragments> packed at 0
    quipu.weight @b = "b.weight" : tensor<128x64xf16, #quipu.fragments> packed at 16384
    // expected-error@+1 {{'quipu.kernel' op has linear layers of different operands, which a gpu_gemm kernel does not compute together}}
    quipu.kernel @k(%x: tensor<17x64xf16>, %z: tensor<17x64xf16>) -> (tensor<17x128xf32>, tensor<17x128xf32>) schedule #quipu.gpu_gemm<tokens = 128, stages = 6> {
      %a = quipu.linear %x, @a : tensor<128x64xf16, #quipu.fragments> -> [128] : tensor<17x64xf16> -> tensor<17x128xf32>
      %b = quipu.linear %z, @b : tensor<128x64xf16, #quipu.fragments> -> [128] : tensor<17x64xf16> -> tensor<17x128xf32>
      quipu.yield %a, %b : tensor<17x128xf32>, tensor<17x128xf32>
    }
  }
}

// -----

module attributes {quipu.target = #quipu.gpu<"sm_90a">} {
  quipu.model @cache_in_products for [] {
    quipu.weight @key = "k.weight" : tensor<128x64xf16, #quipu.fragments> packed at 0
    quipu.weight @value = "v.weight" : tensor<128x64xf16, #quipu.fragments> packed at 16384
    quipu.state @kv : !quipu.pages<heads 2, keys 64, values 64> layers 4 pool 0 at 0 stride 256
    // expected-error@+1 {{'quipu.kernel' op writes to a cache, which a gpu_gemm kernel does not}}
    quipu.kernel @k(%x: tensor<17x64xf16>, %at: !quipu.positions) -> !quipu.cache<@kv, f16, heads 2, keys 64, values 64> schedule #quipu.gpu_gemm<tokens = 128, stages = 6> {
      %k = quipu.linear %x, @key : tensor<128x64xf16, #quipu.fragments> -> [2, 64] : tensor<17x64xf16> -> tensor<17x2x64xf32>
      %v = quipu.linear %x, @value : tensor<128x64xf16, #quipu.fragments> -> [2, 64] : tensor<17x64xf16> -> tensor<17x2x64xf32>
      %kv = quipu.cache_write %k, %v at %at into @kv : tensor<17x2x64xf32>, tensor<17x2x64xf32> -> !quipu.cache<@kv, f16, heads 2, keys 64, values 64>
      quipu.yield %kv : !quipu.cache<@kv, f16, heads 2, keys 64, values 64>
    }
  }
}
