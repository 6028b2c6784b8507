// RUN: rm -rf %t && mkdir %t
// RUN: %quipu-opt %s --attach-target=target=x86-64-v3 --lower-kernels=cache=%t | FileCheck %s --implicit-check-not=quipu.kernel

// Each op that lower-kernels.mlir does not have gets a kernel alone.
quipu.model @m for ["m"] {
  quipu.state @rows : tensor<40xf32> pool 0
  quipu.weight @norm = "norm.weight" : tensor<32xf32, #quipu.floats> packed at 0
  quipu.weight @bias = "norm.bias" : tensor<32xf32, #quipu.floats> packed at 128
  quipu.weight @heads = "heads.weight" : tensor<2x16xf32, #quipu.floats> packed at 256
  // CHECK-DAG: llvm.func @l2_norm.halide({{.*}} attributes {quipu.bitcode = 
  quipu.kernel @l2_norm(%a: tensor<8x32xf32>) -> tensor<8x32xf32> schedule #quipu.cpu_rows {
    %y = quipu.l2_norm %a : tensor<8x32xf32> -> tensor<8x32xf32>
    quipu.yield %y : tensor<8x32xf32>
  }
  // Workers share the columns: 3 times 16 of them, the last 8.
  // CHECK-DAG: llvm.func @pool({{.*}} attributes {no_inline}
  // CHECK-DAG: arith.addf
  quipu.kernel @pool(%a: tensor<8x40xf32>, %at: !quipu.positions) -> tensor<8x40xf32> schedule #quipu.cpu_pool {
    %y = quipu.pool "mean" %a at %at into @rows : tensor<8x40xf32> -> tensor<8x40xf32>
    quipu.yield %y : tensor<8x40xf32>
  }
  // CHECK-DAG: llvm.func @add.halide({{.*}} attributes {quipu.bitcode = 
  quipu.kernel @add(%a: tensor<8x32xf32>, %b: tensor<8x32xf32>) -> tensor<8x32xf32> schedule #quipu.cpu_rows {
    %y = quipu.add %a, %b : tensor<8x32xf32>
    quipu.yield %y : tensor<8x32xf32>
  }
  // CHECK-DAG: llvm.func @mul.halide({{.*}} attributes {quipu.bitcode = 
  quipu.kernel @mul(%a: tensor<8x32xf32>, %b: tensor<8x32xf32>) -> tensor<8x32xf32> schedule #quipu.cpu_rows {
    %y = quipu.mul %a, %b : tensor<8x32xf32>
    quipu.yield %y : tensor<8x32xf32>
  }
  // CHECK-DAG: llvm.func @swiglu.halide({{.*}} attributes {quipu.bitcode = 
  quipu.kernel @swiglu(%a: tensor<8x32xf32>, %b: tensor<8x32xf32>) -> tensor<8x32xf32> schedule #quipu.cpu_rows {
    %y = quipu.swiglu %a, %b : tensor<8x32xf32>
    quipu.yield %y : tensor<8x32xf32>
  }
  // CHECK-DAG: llvm.func @scale.halide({{.*}} attributes {quipu.bitcode = 
  quipu.kernel @scale(%a: tensor<8x32xf32>) -> tensor<8x32xf32> schedule #quipu.cpu_rows {
    %y = quipu.scale %a by 0.5 : tensor<8x32xf32> -> tensor<8x32xf32>
    quipu.yield %y : tensor<8x32xf32>
  }
  // CHECK-DAG: llvm.func @silu.halide({{.*}} attributes {quipu.bitcode = 
  quipu.kernel @silu(%a: tensor<8x32xf32>) -> tensor<8x32xf32> schedule #quipu.cpu_rows {
    %y = quipu.activate silu %a : tensor<8x32xf32> -> tensor<8x32xf32>
    quipu.yield %y : tensor<8x32xf32>
  }
  // CHECK-DAG: llvm.func @gelu.halide({{.*}} attributes {quipu.bitcode = 
  quipu.kernel @gelu(%a: tensor<8x32xf32>) -> tensor<8x32xf32> schedule #quipu.cpu_rows {
    %y = quipu.activate gelu %a : tensor<8x32xf32> -> tensor<8x32xf32>
    quipu.yield %y : tensor<8x32xf32>
  }
  // CHECK-DAG: llvm.func @gelu_tanh.halide({{.*}} attributes {quipu.bitcode = 
  quipu.kernel @gelu_tanh(%a: tensor<8x32xf32>) -> tensor<8x32xf32> schedule #quipu.cpu_rows {
    %y = quipu.activate gelu_tanh %a : tensor<8x32xf32> -> tensor<8x32xf32>
    quipu.yield %y : tensor<8x32xf32>
  }
  // CHECK-DAG: llvm.func @relu.halide({{.*}} attributes {quipu.bitcode = 
  quipu.kernel @relu(%a: tensor<8x32xf32>) -> tensor<8x32xf32> schedule #quipu.cpu_rows {
    %y = quipu.activate relu %a : tensor<8x32xf32> -> tensor<8x32xf32>
    quipu.yield %y : tensor<8x32xf32>
  }
  // CHECK-DAG: llvm.func @sigmoid.halide({{.*}} attributes {quipu.bitcode = 
  quipu.kernel @sigmoid(%a: tensor<8x32xf32>) -> tensor<8x32xf32> schedule #quipu.cpu_rows {
    %y = quipu.activate sigmoid %a : tensor<8x32xf32> -> tensor<8x32xf32>
    quipu.yield %y : tensor<8x32xf32>
  }
  // CHECK-DAG: llvm.func @tanh.halide({{.*}} attributes {quipu.bitcode = 
  quipu.kernel @tanh(%a: tensor<8x32xf32>) -> tensor<8x32xf32> schedule #quipu.cpu_rows {
    %y = quipu.activate tanh %a : tensor<8x32xf32> -> tensor<8x32xf32>
    quipu.yield %y : tensor<8x32xf32>
  }
  // CHECK-DAG: llvm.func @rope_adjacent.halide({{.*}} attributes {quipu.bitcode = 
  quipu.kernel @rope_adjacent(%q: tensor<8x2x16xf32>, %angles: tensor<8x8x2xf32>) -> tensor<8x2x16xf32> schedule #quipu.cpu_rows {
    %y = quipu.rope %q by %angles pairs adjacent : tensor<8x2x16xf32>, tensor<8x8x2xf32> -> tensor<8x2x16xf32>
    quipu.yield %y : tensor<8x2x16xf32>
  }
  // CHECK-DAG: llvm.func @rope_halves.halide({{.*}} attributes {quipu.bitcode = 
  quipu.kernel @rope_halves(%q: tensor<8x2x16xf32>, %angles: tensor<8x8x2xf32>) -> tensor<8x2x16xf32> schedule #quipu.cpu_rows {
    %y = quipu.rope %q by %angles pairs halves : tensor<8x2x16xf32>, tensor<8x8x2xf32> -> tensor<8x2x16xf32>
    quipu.yield %y : tensor<8x2x16xf32>
  }
  // CHECK-DAG: llvm.func @layer_norm.halide({{.*}} attributes {quipu.bitcode = 
  quipu.kernel @layer_norm(%a: tensor<8x32xf32>) -> tensor<8x32xf32> schedule #quipu.cpu_rows {
    %y = quipu.layer_norm %a, @norm : tensor<32xf32> bias @bias : tensor<32xf32> eps 1.0e-5 : tensor<8x32xf32> -> tensor<8x32xf32>
    quipu.yield %y : tensor<8x32xf32>
  }
  // CHECK-DAG: llvm.func @layer_norm_of_heads.halide({{.*}} attributes {quipu.bitcode = 
  quipu.kernel @layer_norm_of_heads(%a: tensor<8x2x16xf32>) -> tensor<8x2x16xf32> schedule #quipu.cpu_rows {
    %y = quipu.layer_norm %a, @heads : tensor<2x16xf32> eps 1.0e-5 : tensor<8x2x16xf32> -> tensor<8x2x16xf32>
    quipu.yield %y : tensor<8x2x16xf32>
  }
  // CHECK-DAG: llvm.func @norm_of_token.halide({{.*}} attributes {quipu.bitcode = 
  quipu.kernel @norm_of_token(%a: tensor<8x2x16xf32>) -> tensor<8x2x16xf32> schedule #quipu.cpu_rows {
    %y = quipu.rms_norm %a, @norm : tensor<32xf32> eps 1.0e-5 : tensor<8x2x16xf32> -> tensor<8x2x16xf32>
    quipu.yield %y : tensor<8x2x16xf32>
  }
  // CHECK-DAG: llvm.func @norm_without_weight.halide({{.*}} attributes {quipu.bitcode = 
  quipu.kernel @norm_without_weight(%a: tensor<8x32xf32>) -> tensor<8x32xf32> schedule #quipu.cpu_rows {
    %y = quipu.rms_norm %a eps 1.0e-5 : tensor<8x32xf32> -> tensor<8x32xf32>
    quipu.yield %y : tensor<8x32xf32>
  }
  // CHECK-DAG: llvm.func @clamp.halide({{.*}} attributes {quipu.bitcode = 
  quipu.kernel @clamp(%a: tensor<8x32xf32>) -> tensor<8x32xf32> schedule #quipu.cpu_rows {
    %y = quipu.clamp %a from -1.0 to 2.0 : tensor<8x32xf32> -> tensor<8x32xf32>
    quipu.yield %y : tensor<8x32xf32>
  }
  // CHECK-DAG: llvm.func @concat.halide({{.*}} attributes {quipu.bitcode = 
  quipu.kernel @concat(%a: tensor<8x2x16xf32>, %b: tensor<8x1x16xf32>) -> tensor<8x2x32xf32> schedule #quipu.cpu_rows {
    %y = quipu.concat %a, %b : tensor<8x2x16xf32>, tensor<8x1x16xf32> -> tensor<8x2x32xf32>
    quipu.yield %y : tensor<8x2x32xf32>
  }
  // CHECK-DAG: llvm.func @rope_from.halide({{.*}} attributes {quipu.bitcode = 
  quipu.kernel @rope_from(%q: tensor<8x2x32xf32>, %angles: tensor<8x8x2xf32>) -> tensor<8x2x32xf32> schedule #quipu.cpu_rows {
    %y = quipu.rope %q by %angles pairs halves from 16 : tensor<8x2x32xf32>, tensor<8x8x2xf32> -> tensor<8x2x32xf32>
    quipu.yield %y : tensor<8x2x32xf32>
  }
  // CHECK-DAG: llvm.func @softmax.halide({{.*}} attributes {quipu.bitcode = 
  quipu.kernel @softmax(%a: tensor<8x32xf32>) -> tensor<8x32xf32> schedule #quipu.cpu_rows {
    %y = quipu.softmax %a : tensor<8x32xf32> -> tensor<8x32xf32>
    quipu.yield %y : tensor<8x32xf32>
  }
  // Experts. Of one token each choice is a call, of its tiles.
  // CHECK-DAG: llvm.func @top_k({{.*}} attributes {no_inline}
  // CHECK-DAG: llvm.call @quipu_top_k(
  quipu.kernel @top_k(%a: tensor<8x4xf32>) -> (tensor<8x2xi32>, tensor<8x2xf32>) schedule #quipu.cpu_top_k {
    %ids, %w = quipu.top_k %a count 2 normalized : tensor<8x4xf32> -> tensor<8x2xi32>, tensor<8x2xf32>
    quipu.yield %ids, %w : tensor<8x2xi32>, tensor<8x2xf32>
  }
  quipu.weight @exps = "exps.weight" chosen 2 : tensor<4x32x64x!quipu.q8_0, #quipu.rows16> packed at 0
  // CHECK-DAG: llvm.func @one_token.halide({{.*}} attributes {quipu.bitcode = 
  quipu.kernel @one_token(%a: tensor<1x64x!quipu.i8x32>, %ids: tensor<1x2xi32>) -> tensor<1x2x32xf32> schedule #quipu.cpu_tiles<lanes = 8, tokens = 1, tiles = 1> {
    %y = quipu.linear %a, @exps : tensor<4x32x64x!quipu.q8_0> of %ids -> [32] : tensor<1x64x!quipu.i8x32> of tensor<1x2xi32> -> tensor<1x2x32xf32>
    quipu.yield %y : tensor<1x2x32xf32>
  }
  // Of several, those of an expert are one.
  // CHECK-DAG: llvm.call @quipu_sort_choices(
  // CHECK-DAG: llvm.func @sorted.halide({{.*}} attributes {quipu.bitcode = 
  quipu.kernel @sorted(%a: tensor<8x64x!quipu.i8x32>, %ids: tensor<8x2xi32>) -> tensor<8x2x32xf32> schedule #quipu.cpu_tiles<lanes = 8, tokens = 2, tiles = 1> {
    %y = quipu.linear %a, @exps : tensor<4x32x64x!quipu.q8_0> of %ids -> [32] : tensor<8x64x!quipu.i8x32> of tensor<8x2xi32> -> tensor<8x2x32xf32>
    quipu.yield %y : tensor<8x2x32xf32>
  }
  // CHECK-DAG: llvm.func @each.halide({{.*}} attributes {quipu.bitcode = 
  quipu.kernel @each(%a: tensor<8x2x32xf32>) -> tensor<8x2x32x!quipu.i8x32> schedule #quipu.cpu_rows {
    %y = quipu.quantize %a each : tensor<8x2x32xf32> -> tensor<8x2x32x!quipu.i8x32>
    quipu.yield %y : tensor<8x2x32x!quipu.i8x32>
  }
  // CHECK-DAG: llvm.func @sum.halide({{.*}} attributes {quipu.bitcode = 
  quipu.kernel @sum(%a: tensor<8x2x32xf32>, %w: tensor<8x2xf32>) -> tensor<8x32xf32> schedule #quipu.cpu_rows {
    %y = quipu.sum %a by %w : tensor<8x2x32xf32>, tensor<8x2xf32> -> tensor<8x32xf32>
    quipu.yield %y : tensor<8x32xf32>
  }
  // A matrix for each head, and values that are components of keys.
  quipu.weight @of_heads = "of_heads.weight" : tensor<2x32x64x!quipu.q8_0, #quipu.rows16> packed at 65536
  // CHECK-DAG: llvm.func @linear_of_heads.halide({{.*}} attributes {quipu.bitcode = 
  quipu.kernel @linear_of_heads(%a: tensor<8x2x64x!quipu.i8x32>) -> tensor<8x2x32xf32> schedule #quipu.cpu_tiles<lanes = 8, tokens = 2, tiles = 1> {
    %y = quipu.linear %a, @of_heads : tensor<2x32x64x!quipu.q8_0> of heads -> [32] : tensor<8x2x64x!quipu.i8x32> -> tensor<8x2x32xf32>
    quipu.yield %y : tensor<8x2x32xf32>
  }
  quipu.state @latent : !quipu.pages<heads 1, keys 48, values 32 of keys> layers 2 pool 0 at 0 stride 48
  // CHECK-DAG: llvm.func @cache_write_of_keys({{.*}} attributes {no_inline}
  quipu.kernel @cache_write_of_keys(%k: tensor<8x1x48xf32>, %at: !quipu.positions) -> !quipu.cache<@latent, f16, heads 1, keys 48, values 32 of keys> schedule #quipu.cpu_rows {
    %kv = quipu.cache_write %k values 32 at %at into @latent : tensor<8x1x48xf32> -> !quipu.cache<@latent, f16, heads 1, keys 48, values 32 of keys>
    quipu.yield %kv : !quipu.cache<@latent, f16, heads 1, keys 48, values 32 of keys>
  }
  // CHECK-DAG: llvm.func @attention_of_keys({{.*}} attributes {no_inline}
  quipu.kernel @attention_of_keys(%q: tensor<8x4x48xf32>, %kv: !quipu.cache<@latent, f16, heads 1, keys 48, values 32 of keys>, %at: !quipu.positions) -> tensor<8x4x32xf32> schedule #quipu.cpu_attention<lanes = 8> {
    %y = quipu.attention %q over %kv at %at : tensor<8x4x48xf32>, !quipu.cache<@latent, f16, heads 1, keys 48, values 32 of keys> -> tensor<8x4x32xf32>
    quipu.yield %y : tensor<8x4x32xf32>
  }
}
