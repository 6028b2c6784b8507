// RUN: %quipu-opt %s -attach-target=target=sm_90a -lower-kernels-to-gpu -canonicalize | FileCheck %s
// RUN: %quipu-opt %s -attach-target=target=sm_80 -lower-kernels-to-gpu | FileCheck %s --check-prefix=SM80

// Each op that computes has code on a GPU.

// SM80-COUNT-36: quipu.launch = #quipu.device_kernel<
quipu.model @ops for [] {
  quipu.state @kv : !quipu.pages<heads 2, keys 16, values 16> layers 2 pool 0 at 0 stride 64
  quipu.state @rows : tensor<40xf32> pool 0
  quipu.weight @norm = "norm.weight" : tensor<32xf32, #quipu.floats> packed at 0
  quipu.weight @bias = "norm.bias" : tensor<32xf32, #quipu.floats> packed at 12288
  quipu.weight @heads = "heads.weight" : tensor<2x16xf32, #quipu.floats> packed at 12416
  quipu.weight @table = "table.weight" : tensor<40x32x!quipu.q8_0, #quipu.fragments> packed at 256
  quipu.weight @floats = "floats.weight" : tensor<16x32xf32, #quipu.rows16> packed at 8448

  // CHECK-LABEL: llvm.func @l2_norm(%{{.*}}: !llvm.ptr<1>
  // CHECK: llvm.intr.fma
  // CHECK-COUNT-5: nvvm.shfl.sync bfly
  // CHECK: nvvm.barrier0
  quipu.kernel @l2_norm(%a: tensor<8x32xf32>) -> tensor<8x32xf32> schedule #quipu.gpu_rows {
    %y = quipu.l2_norm %a : tensor<8x32xf32> -> tensor<8x32xf32>
    quipu.yield %y : tensor<8x32xf32>
  }

  // Of heads a warp takes one after the other.

  // CHECK-LABEL: llvm.func @rms_norm(%{{.*}}: !llvm.ptr<1>
  // CHECK: scf.for
  // CHECK-COUNT-5: nvvm.shfl.sync bfly
  quipu.kernel @rms_norm(%a: tensor<8x4x32xf32>) -> tensor<8x4x32xf32> schedule #quipu.gpu_rows {
    %y = quipu.rms_norm %a, @norm : tensor<32xf32> eps 1.0e-5 : tensor<8x4x32xf32> -> tensor<8x4x32xf32>
    quipu.yield %y : tensor<8x4x32xf32>
  }

  // CHECK-LABEL: llvm.func @softmax(%{{.*}}: !llvm.ptr<1>
  // CHECK: llvm.intr.maxnum
  // CHECK: ex2.approx.ftz.f32
  quipu.kernel @softmax(%a: tensor<8x32xf32>) -> tensor<8x32xf32> schedule #quipu.gpu_rows {
    %y = quipu.softmax %a : tensor<8x32xf32> -> tensor<8x32xf32>
    quipu.yield %y : tensor<8x32xf32>
  }

  // CHECK-LABEL: llvm.func @embed(%{{.*}}: !llvm.ptr<1>
  // CHECK: llvm.load %{{.*}} -> i8
  quipu.kernel @embed(%ids: tensor<8xi32>) -> tensor<8x32xf32> schedule #quipu.gpu_rows {
    %y = quipu.embed %ids, @table : tensor<40x32x!quipu.q8_0> : tensor<8xi32> -> tensor<8x32xf32>
    quipu.yield %y : tensor<8x32xf32>
  }
  quipu.kernel @gather(%a: tensor<8x32xf32>, %rows: tensor<8xi32>) -> tensor<8x32xf32> schedule #quipu.gpu_rows selected {
    %y = quipu.gather %a, %rows : tensor<8x32xf32>, tensor<8xi32> -> tensor<8x32xf32>
    quipu.yield %y : tensor<8x32xf32>
  }

  // What is beyond f16 becomes its largest number, and what is none stays so.

  // CHECK-LABEL: llvm.func @quantize(%{{.*}}: !llvm.ptr<1>
  // CHECK: llvm.intr.minimum
  // CHECK: llvm.intr.maximum
  // CHECK: cvt.rn.f16x2.f32
  quipu.kernel @quantize(%a: tensor<8x32xf32>) -> tensor<8x32xf16> schedule #quipu.gpu_rows {
    %y = quipu.quantize %a as f16 : tensor<8x32xf32> -> tensor<8x32xf16>
    quipu.yield %y : tensor<8x32xf16>
  }
  // CHECK-LABEL: llvm.func @cache_write(%{{.*}}: !llvm.ptr<1>
  // CHECK: llvm.intr.minimum
  // CHECK: cvt.rn.f16x2.f32
  quipu.kernel @cache_write(%k: tensor<8x2x16xf32>, %v: tensor<8x2x16xf32>, %at: !quipu.positions) -> !quipu.cache<@kv, f16, heads 2, keys 16, values 16> schedule #quipu.gpu_rows {
    %kv = quipu.cache_write %k, %v at %at into @kv : tensor<8x2x16xf32>, tensor<8x2x16xf32> -> !quipu.cache<@kv, f16, heads 2, keys 16, values 16>
    quipu.yield %kv : !quipu.cache<@kv, f16, heads 2, keys 16, values 16>
  }
  quipu.kernel @attention(%q: tensor<8x4x16xf32>, %kv: !quipu.cache<@kv, f16, heads 2, keys 16, values 16>, %at: !quipu.positions) -> tensor<8x4x16xf32> schedule #quipu.gpu_attention<blocked = false> {
    %y = quipu.attention %q over %kv at %at : tensor<8x4x16xf32>, !quipu.cache<@kv, f16, heads 2, keys 16, values 16> -> tensor<8x4x16xf32>
    quipu.yield %y : tensor<8x4x16xf32>
  }
  quipu.kernel @linear(%a: tensor<8x32xf32>) -> tensor<8x16xf32> schedule #quipu.gpu_dots {
    %y = quipu.linear %a, @floats : tensor<16x32xf32> -> [16] : tensor<8x32xf32> -> tensor<8x16xf32>
    quipu.yield %y : tensor<8x16xf32>
  }

  // Of many tokens a warp has a tile of 8 by 8 numbers, of which each step of the butterfly
  // leaves a lane half.

  // CHECK-LABEL: llvm.func @linear_of_many(%{{.*}}: !llvm.ptr<1>
  // CHECK-COUNT-62: nvvm.shfl.sync bfly
  // CHECK-NOT: nvvm.shfl
  // CHECK: llvm.return
  quipu.kernel @linear_of_many(%a: tensor<32x32xf32>) -> tensor<32x16xf32> schedule #quipu.gpu_dots {
    %y = quipu.linear %a, @floats : tensor<16x32xf32> -> [16] : tensor<32x32xf32> -> tensor<32x16xf32>
    quipu.yield %y : tensor<32x16xf32>
  }
  quipu.kernel @pool(%a: tensor<8x40xf32>, %at: !quipu.positions) -> tensor<8x40xf32> schedule #quipu.gpu_pool {
    %y = quipu.pool "mean" %a at %at into @rows : tensor<8x40xf32> -> tensor<8x40xf32>
    quipu.yield %y : tensor<8x40xf32>
  }
  quipu.kernel @rope_angles(%at: !quipu.positions) -> tensor<8x8x2xf32> schedule #quipu.gpu_angles {
    %y = quipu.rope_angles %at dims 16 theta 10000.0 tokens 8 : tensor<8x8x2xf32>
    quipu.yield %y : tensor<8x8x2xf32>
  }
  quipu.kernel @rope(%q: tensor<8x2x16xf32>, %angles: tensor<8x8x2xf32>) -> tensor<8x2x16xf32> schedule #quipu.gpu_rows {
    %y = quipu.rope %q by %angles pairs adjacent : tensor<8x2x16xf32>, tensor<8x8x2xf32> -> tensor<8x2x16xf32>
    quipu.yield %y : tensor<8x2x16xf32>
  }
  quipu.kernel @rope_halves(%q: tensor<8x2x16xf32>, %angles: tensor<8x8x2xf32>) -> tensor<8x2x16xf32> schedule #quipu.gpu_rows {
    %y = quipu.rope %q by %angles pairs halves : tensor<8x2x16xf32>, tensor<8x8x2xf32> -> tensor<8x2x16xf32>
    quipu.yield %y : tensor<8x2x16xf32>
  }
  quipu.kernel @activate(%a: tensor<8x32xf32>) -> tensor<8x32xf32> schedule #quipu.gpu_rows {
    %y = quipu.activate gelu %a : tensor<8x32xf32> -> tensor<8x32xf32>
    quipu.yield %y : tensor<8x32xf32>
  }
  quipu.kernel @scale(%a: tensor<8x32xf32>) -> tensor<8x32xf32> schedule #quipu.gpu_rows {
    %y = quipu.scale %a by 0.125 : tensor<8x32xf32> -> tensor<8x32xf32>
    quipu.yield %y : tensor<8x32xf32>
  }
  quipu.kernel @swiglu(%a: tensor<8x32xf32>, %b: tensor<8x32xf32>) -> tensor<8x32xf32> schedule #quipu.gpu_rows {
    %y = quipu.swiglu %a, %b : tensor<8x32xf32>
    quipu.yield %y : tensor<8x32xf32>
  }
  quipu.kernel @add(%a: tensor<8x32xf32>, %b: tensor<8x32xf32>) -> tensor<8x32xf32> schedule #quipu.gpu_rows {
    %y = quipu.add %a, %b : tensor<8x32xf32>
    quipu.yield %y : tensor<8x32xf32>
  }
  quipu.kernel @mul(%a: tensor<8x32xf32>, %b: tensor<8x32xf32>) -> tensor<8x32xf32> schedule #quipu.gpu_rows {
    %y = quipu.mul %a, %b : tensor<8x32xf32>
    quipu.yield %y : tensor<8x32xf32>
  }

  // Around the mean, which is reduced first.

  // CHECK-LABEL: llvm.func @layer_norm(%{{.*}}: !llvm.ptr<1>
  // CHECK-COUNT-5: nvvm.shfl.sync bfly
  // CHECK: arith.subf
  // CHECK-COUNT-5: nvvm.shfl.sync bfly
  quipu.kernel @layer_norm(%a: tensor<8x32xf32>) -> tensor<8x32xf32> schedule #quipu.gpu_rows {
    %y = quipu.layer_norm %a, @norm : tensor<32xf32> bias @bias : tensor<32xf32> eps 1.0e-5 : tensor<8x32xf32> -> tensor<8x32xf32>
    quipu.yield %y : tensor<8x32xf32>
  }
  quipu.kernel @layer_norm_of_heads(%a: tensor<8x2x16xf32>) -> tensor<8x2x16xf32> schedule #quipu.gpu_rows {
    %y = quipu.layer_norm %a, @heads : tensor<2x16xf32> eps 1.0e-5 : tensor<8x2x16xf32> -> tensor<8x2x16xf32>
    quipu.yield %y : tensor<8x2x16xf32>
  }
  quipu.kernel @norm_of_token(%a: tensor<8x2x16xf32>) -> tensor<8x2x16xf32> schedule #quipu.gpu_rows {
    %y = quipu.rms_norm %a, @norm : tensor<32xf32> eps 1.0e-5 : tensor<8x2x16xf32> -> tensor<8x2x16xf32>
    quipu.yield %y : tensor<8x2x16xf32>
  }
  quipu.kernel @norm_without_weight(%a: tensor<8x32xf32>) -> tensor<8x32xf32> schedule #quipu.gpu_rows {
    %y = quipu.rms_norm %a eps 1.0e-5 : tensor<8x32xf32> -> tensor<8x32xf32>
    quipu.yield %y : tensor<8x32xf32>
  }
  quipu.kernel @clamp(%a: tensor<8x32xf32>) -> tensor<8x32xf32> schedule #quipu.gpu_rows {
    %y = quipu.clamp %a from -1.0 to 2.0 : tensor<8x32xf32> -> tensor<8x32xf32>
    quipu.yield %y : tensor<8x32xf32>
  }
  quipu.kernel @concat(%a: tensor<8x2x16xf32>, %b: tensor<8x1x16xf32>) -> tensor<8x2x32xf32> schedule #quipu.gpu_rows {
    %y = quipu.concat %a, %b : tensor<8x2x16xf32>, tensor<8x1x16xf32> -> tensor<8x2x32xf32>
    quipu.yield %y : tensor<8x2x32xf32>
  }
  quipu.kernel @rope_from(%q: tensor<8x2x32xf32>, %angles: tensor<8x8x2xf32>) -> tensor<8x2x32xf32> schedule #quipu.gpu_rows {
    %y = quipu.rope %q by %angles pairs halves from 16 : tensor<8x2x32xf32>, tensor<8x8x2xf32> -> tensor<8x2x32xf32>
    quipu.yield %y : tensor<8x2x32xf32>
  }

  // Experts: a warp finds those of a token, one after the other.

  // CHECK-LABEL: llvm.func @top_k(%{{.*}}: !llvm.ptr<1>
  // CHECK: scf.for
  // CHECK-COUNT-10: nvvm.shfl.sync bfly
  // CHECK: arith.divf
  quipu.kernel @top_k(%a: tensor<8x4xf32>) -> (tensor<8x2xi32>, tensor<8x2xf32>) schedule #quipu.gpu_top_k {
    %ids, %w = quipu.top_k %a count 2 normalized : tensor<8x4xf32> -> tensor<8x2xi32>, tensor<8x2xf32>
    quipu.yield %ids, %w : tensor<8x2xi32>, tensor<8x2xf32>
  }

  // First the ranks of all groups, which are ranked then.

  // CHECK-LABEL: llvm.func @top_k_of_groups(%{{.*}}: !llvm.ptr<1>
  // CHECK: scf.for
  // CHECK-COUNT-10: nvvm.shfl.sync bfly
  // CHECK: nvvm.bar.warp.sync
  // CHECK-COUNT-10: nvvm.shfl.sync bfly
  // CHECK: nvvm.shfl.sync bfly
  quipu.weight @by = "by.bias" : tensor<8xf32, #quipu.floats> packed at 13312
  quipu.kernel @top_k_of_groups(%a: tensor<8x8xf32>) -> (tensor<8x2xi32>, tensor<8x2xf32>) schedule #quipu.gpu_top_k {
    %ids, %w = quipu.top_k %a count 2 biased @by : tensor<8xf32> groups 4 keep 1 : tensor<8x8xf32> -> tensor<8x2xi32>, tensor<8x2xf32>
    quipu.yield %ids, %w : tensor<8x2xi32>, tensor<8x2xf32>
  }
  quipu.weight @exps = "exps.weight" chosen 2 : tensor<4x32x64x!quipu.q8_0, #quipu.fragments> packed at 16384
  quipu.weight @floats_exps = "floats_exps.weight" chosen 2 : tensor<4x32x64xf32, #quipu.rows16> packed at 65536

  // A block lists those that have chosen its matrix, and multiplies 16 of them at a time.

  // CHECK-LABEL: llvm.func @experts(%{{.*}}: !llvm.ptr<1>
  // CHECK: nvvm.vote.sync ballot
  // CHECK: mma.sync
  quipu.kernel @experts(%a: tensor<8x64xf16>, %ids: tensor<8x2xi32>) -> tensor<8x2x32xf32> schedule #quipu.gpu_experts<choices = 16> {
    %y = quipu.linear %a, @exps : tensor<4x32x64x!quipu.q8_0> of %ids -> [32] : tensor<8x64xf16> of tensor<8x2xi32> -> tensor<8x2x32xf32>
    quipu.yield %y : tensor<8x2x32xf32>
  }

  // Of 64 the inputs are copied, too.

  // CHECK-LABEL: llvm.func @experts_of_many(%{{.*}}: !llvm.ptr<1>
  // CHECK: nvvm.cp.async
  // CHECK: ldmatrix
  // CHECK: mma.sync
  quipu.kernel @experts_of_many(%a: tensor<8x64xf16>, %ids: tensor<8x2xi32>) -> tensor<8x2x32xf32> schedule #quipu.gpu_experts<choices = 64> {
    %y = quipu.linear %a, @exps : tensor<4x32x64x!quipu.q8_0> of %ids -> [32] : tensor<8x64xf16> of tensor<8x2xi32> -> tensor<8x2x32xf32>
    quipu.yield %y : tensor<8x2x32xf32>
  }
  quipu.kernel @experts_in_floats(%a: tensor<8x64xf32>, %ids: tensor<8x2xi32>) -> tensor<8x2x32xf32> schedule #quipu.gpu_dots {
    %y = quipu.linear %a, @floats_exps : tensor<4x32x64xf32> of %ids -> [32] : tensor<8x64xf32> of tensor<8x2xi32> -> tensor<8x2x32xf32>
    quipu.yield %y : tensor<8x2x32xf32>
  }
  quipu.kernel @sum(%a: tensor<8x2x32xf32>, %w: tensor<8x2xf32>) -> tensor<8x32xf32> schedule #quipu.gpu_rows {
    %y = quipu.sum %a by %w : tensor<8x2x32xf32>, tensor<8x2xf32> -> tensor<8x32xf32>
    quipu.yield %y : tensor<8x32xf32>
  }

  // A matrix for each head: all tokens are listed, without a vote.

  quipu.weight @of_heads = "of_heads.weight" : tensor<2x32x64x!quipu.q8_0, #quipu.fragments> packed at 131072
  quipu.weight @floats_of_heads = "floats_of_heads.weight" : tensor<2x32x64xf32, #quipu.rows16> packed at 196608
  // CHECK-LABEL: llvm.func @linear_of_heads(%{{.*}}: !llvm.ptr<1>
  // CHECK-NOT: nvvm.vote
  // CHECK: mma.sync
  quipu.kernel @linear_of_heads(%a: tensor<8x2x64xf16>) -> tensor<8x2x32xf32> schedule #quipu.gpu_experts<choices = 16> {
    %y = quipu.linear %a, @of_heads : tensor<2x32x64x!quipu.q8_0> of heads -> [32] : tensor<8x2x64xf16> -> tensor<8x2x32xf32>
    quipu.yield %y : tensor<8x2x32xf32>
  }
  quipu.kernel @linear_of_heads_in_floats(%a: tensor<8x2x64xf32>) -> tensor<8x2x32xf32> schedule #quipu.gpu_dots {
    %y = quipu.linear %a, @floats_of_heads : tensor<2x32x64xf32> of heads -> [32] : tensor<8x2x64xf32> -> tensor<8x2x32xf32>
    quipu.yield %y : tensor<8x2x32xf32>
  }

  // Values that are components of keys are written, and copied, once.

  quipu.state @latent : !quipu.pages<heads 1, keys 48, values 32 of keys> layers 2 pool 0 at 128 stride 64
  // CHECK-LABEL: llvm.func @cache_write_of_keys(%{{.*}}: !llvm.ptr<1>
  // CHECK: llvm.store %{{.*}} : vector<2xi32>
  // CHECK-NOT: llvm.store
  // CHECK: llvm.return
  quipu.kernel @cache_write_of_keys(%k: tensor<8x1x48xf32>, %at: !quipu.positions) -> !quipu.cache<@latent, f16, heads 1, keys 48, values 32 of keys> schedule #quipu.gpu_rows {
    %kv = quipu.cache_write %k values 32 at %at into @latent : tensor<8x1x48xf32> -> !quipu.cache<@latent, f16, heads 1, keys 48, values 32 of keys>
    quipu.yield %kv : !quipu.cache<@latent, f16, heads 1, keys 48, values 32 of keys>
  }
  // CHECK-LABEL: llvm.func @attention_of_keys(%{{.*}}: !llvm.ptr<1>
  // CHECK: cp.async.bulk
  // CHECK: mma.sync
  quipu.kernel @attention_of_keys(%q: tensor<8x4x48xf32>, %kv: !quipu.cache<@latent, f16, heads 1, keys 48, values 32 of keys>, %at: !quipu.positions) -> tensor<8x4x32xf32> schedule #quipu.gpu_attention<blocked = false> {
    %y = quipu.attention %q over %kv at %at : tensor<8x4x48xf32>, !quipu.cache<@latent, f16, heads 1, keys 48, values 32 of keys> -> tensor<8x4x32xf32>
    quipu.yield %y : tensor<8x4x32xf32>
  }
}
