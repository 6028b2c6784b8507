// RUN: %quipu-opt %s --lower-kernels-to-reference | FileCheck %s --implicit-check-not=quipu.kernel
// RUN: %quipu-opt %s --lower-kernels-to-reference | sed "/quipu.model/,/^  }/d" | mlir-translate --mlir-to-llvmir | FileCheck %s --check-prefix=LLVM

// lower-steps has declared what it calls.
llvm.func @others(!llvm.ptr, i32, i32, i32, !llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr)

quipu.model @m for ["m"] {
  quipu.state @kv : !quipu.pages<heads 1, keys 16, values 16> layers 4 pool 0 at 0 stride 32
  quipu.weight @token_embd = "token_embd.weight" : tensor<40x32x!quipu.q8_0, #quipu.rows16> packed at 128
  quipu.weight @blk.norm = "blk.norm.weight" layers 3 : tensor<32xf32, #quipu.floats> packed at 4096 stride 640
  quipu.weight @blk.w = "blk.w.weight" layers 3 : tensor<20x32xf16, #quipu.rows16> packed at 4224 stride 640

  // CHECK: llvm.func @embed(
  // CHECK-SAME: %[[ARGS:.*]]: !llvm.ptr, %[[LAYER:.*]]: i32, %[[WORKER:.*]]: i32, %[[WORKERS:.*]]: i32, %[[IDS:.*]]: !llvm.ptr, %[[OUT:.*]]: !llvm.ptr)
  // The tokens of the worker: count is at 112 in abi::StepArgs.
  // CHECK: %[[COUNT:.*]] = llvm.mlir.constant(112 : i64)
  // CHECK: llvm.getelementptr %[[ARGS]][%[[COUNT]]]
  // CHECK: %[[BEGIN:.*]] = llvm.sdiv
  // CHECK: %[[END:.*]] = llvm.sdiv
  // CHECK: %[[FORMAT:.*]] = llvm.mlir.constant(8 : i32)
  // CHECK-NEXT: %[[COLUMNS:.*]] = llvm.mlir.constant(32 : i64)
  // CHECK-NEXT: %[[STRIDE:.*]] = llvm.mlir.constant(128 : i64)
  // CHECK: llvm.call @quipu_reference_embed(%[[IDS]], %{{.*}}, %[[FORMAT]], %[[COLUMNS]], %[[OUT]], %[[STRIDE]], %[[BEGIN]], %[[END]])
  quipu.kernel @embed(%ids: tensor<8xi32>) -> tensor<8x32xf32> {
    %x = quipu.embed %ids, @token_embd : tensor<40x32x!quipu.q8_0> : tensor<8xi32> -> tensor<8x32xf32>
    quipu.yield %x : tensor<8x32xf32>
  }

  // A kernel of several ops hands its rows on the stack; its weights are the
  // layer's. It runs over the rows whose logits are selected (selectedCount is at 116).
  // CHECK: llvm.func @quipu_reference_rms_norm(!llvm.ptr, i64, !llvm.ptr, i64, f32, i64, i64, !llvm.ptr, i64, i64, i64)
  // CHECK: llvm.func @fused(
  // CHECK-SAME: %{{.*}}: !llvm.ptr, %[[LAYER:.*]]: i32, %{{.*}}: i32, %{{.*}}: i32, %[[IN:.*]]: !llvm.ptr, %[[OUT:.*]]: !llvm.ptr)
  // CHECK: llvm.mlir.constant(116 : i64)
  // CHECK: %[[BYTES:.*]] = llvm.mlir.constant(2048 : i64)
  // CHECK: %[[NORM:.*]] = llvm.alloca %[[BYTES]] x i8 {alignment = 64 : i64}
  // CHECK: llvm.sext %[[LAYER]]
  // CHECK: llvm.mlir.constant(640 : i64)
  // CHECK: llvm.call @quipu_reference_rms_norm(%[[IN]], {{.*}}, %[[NORM]],
  // CHECK: llvm.call @quipu_reference_linear(%[[NORM]], {{.*}}, %[[OUT]],
  quipu.kernel @fused(%h: tensor<8x32xf32>) -> tensor<8x20xf32> selected {
    %n = quipu.rms_norm %h, @blk.norm : tensor<32xf32> eps 1.0e-5 : tensor<8x32xf32> -> tensor<8x32xf32>
    %y = quipu.linear %n, @blk.w : tensor<20x32xf16> -> [20] : tensor<8x32xf32> -> tensor<8x20xf32>
    quipu.yield %y : tensor<8x20xf32>
  }

  // LLVM-LABEL: define void @angles
  // LLVM: call void @quipu_reference_rope_angles(ptr %0, i64 4, double 1.000000e+04, i32 3, double 8.000000e+00, double 4.096000e+03, double 0.000000e+00, double 0.000000e+00, double 1.600000e+01, double 2.000000e+00, double 1.500000e+00, i32 1, ptr null, ptr null, ptr null, ptr null, ptr null, i64 0, i64 0, i32 0, ptr %4, i64 64,
  quipu.kernel @angles(%at: !quipu.positions) -> tensor<8x2x2xf32> {
    %a = quipu.rope_angles %at dims 4 theta 10000.0 scaling <type = "yarn", factor = 8.0, original_context = 4096, beta_fast = 16.0, beta_slow = 2.0, attention = 1.5> tokens 8 : tensor<8x2x2xf32>
    quipu.yield %a : tensor<8x2x2xf32>
  }

  // Positions and caches are no pointers. Of the cache, the pool, the numbers that
  // a page has for each position (of 4 layers with 32), where the layer's begin
  // and the type.
  // CHECK: llvm.func @write(
  // CHECK-SAME: %[[ARGS:.*]]: !llvm.ptr, %[[LAYER:.*]]: i32, %{{.*}}: i32, %{{.*}}: i32, %[[K:.*]]: !llvm.ptr, %[[V:.*]]: !llvm.ptr)
  // CHECK: llvm.mlir.constant(128 : i64)
  // CHECK: llvm.mlir.constant(32 : i64)
  // CHECK: %[[L:.*]] = llvm.sext %[[LAYER]]
  // CHECK: llvm.mul %[[L]]
  // CHECK: %[[PLACE:.*]] = llvm.add
  // CHECK: %[[F32:.*]] = llvm.mlir.constant(1 : i32)
  // CHECK: llvm.call @quipu_reference_cache_write(%[[ARGS]], %{{.*}}, %{{.*}}, %[[PLACE]], %[[F32]], %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %[[K]], %{{.*}}, %[[V]],
  quipu.kernel @write(%k: tensor<8x1x16xf32>, %v: tensor<8x1x16xf32>, %at: !quipu.positions) -> !quipu.cache<@kv, f32, heads 1, keys 16, values 16> {
    %kv = quipu.cache_write %k, %v at %at into @kv as f32 : tensor<8x1x16xf32>, tensor<8x1x16xf32> -> !quipu.cache<@kv, f32, heads 1, keys 16, values 16>
    quipu.yield %kv : !quipu.cache<@kv, f32, heads 1, keys 16, values 16>
  }

  // CHECK: llvm.func @attend(
  // CHECK-SAME: %[[ARGS:.*]]: !llvm.ptr, %[[LAYER:.*]]: i32, %{{.*}}: i32, %{{.*}}: i32, %[[Q:.*]]: !llvm.ptr, %[[OUT:.*]]: !llvm.ptr)
  // CHECK: llvm.mlir.constant(2.500000e-01 : f32)
  // CHECK: llvm.mlir.constant(7 : i64)
  // CHECK: llvm.call @quipu_reference_attention(%[[ARGS]], {{.*}}, %[[Q]],
  // LLVM-LABEL: define void @attend
  // LLVM: call void @quipu_reference_attention(ptr %0, i64 0, i64 128, i64 %{{.*}}, i32 1, i64 1, i64 16, i64 16, i32 0, ptr %4, i64 128, i64 2, i32 0, float 2.500000e-01, i64 7, float 0.000000e+00, ptr null, ptr %5, i64 128, i64 %{{.*}}, i64 %{{.*}})
  quipu.kernel @attend(%q: tensor<8x2x16xf32>, %kv: !quipu.cache<@kv, f32, heads 1, keys 16, values 16>, %at: !quipu.positions) -> tensor<8x2x16xf32> {
    %a = quipu.attention %q over %kv at %at window 7 : tensor<8x2x16xf32>, !quipu.cache<@kv, f32, heads 1, keys 16, values 16> -> tensor<8x2x16xf32>
    quipu.yield %a : tensor<8x2x16xf32>
  }

  // What is yielded as it is, or twice, is copied.
  // LLVM-LABEL: define void @copies
  // LLVM: call void @quipu_reference_add({{.*}}, ptr %6, i64 64,
  // LLVM: call void @quipu_reference_copy(ptr %4, i64 64, i64 20, ptr %5, i64 64,
  // LLVM: call void @quipu_reference_copy(ptr %6, i64 64, i64 20, ptr %7, i64 64,
  quipu.kernel @copies(%x: tensor<8x5xf32>) -> (tensor<8x5xf32>, tensor<8x5xf32>, tensor<8x5xf32>) {
    %s = quipu.add %x, %x : tensor<8x5xf32>
    quipu.yield %x, %s, %s : tensor<8x5xf32>, tensor<8x5xf32>, tensor<8x5xf32>
  }

  // A sequence's rows are pooled by the first worker alone.
  // CHECK: llvm.func @pool(
  // CHECK: %[[FIRST:.*]] = llvm.icmp "eq"
  // CHECK: %[[END:.*]] = llvm.select %[[FIRST]]
  // CHECK: llvm.call @quipu_reference_pool({{.*}}, %[[END]])
  quipu.state @rows : tensor<32xf32> pool 0
  quipu.kernel @pool(%a: tensor<8x32xf32>, %at: !quipu.positions) -> tensor<8x32xf32> {
    %y = quipu.pool "first" %a at %at into @rows : tensor<8x32xf32> -> tensor<8x32xf32>
    quipu.yield %y : tensor<8x32xf32>
  }
  // CHECK: llvm.func @l2_norm(
  // CHECK: llvm.call @quipu_reference_l2_norm(
  quipu.kernel @l2_norm(%a: tensor<8x32xf32>) -> tensor<8x32xf32> {
    %y = quipu.l2_norm %a : tensor<8x32xf32> -> tensor<8x32xf32>
    quipu.yield %y : tensor<8x32xf32>
  }

  // Experts: the ids are rows as others are.
  // LLVM-LABEL: define void @choose
  // LLVM: call void @quipu_reference_top_k(ptr %4, i64 64, i64 4, ptr %{{.*}}, i64 2, i64 2, i64 1, i64 2, i32 1, ptr %5, i64 64, ptr %6, i64 64,
  quipu.weight @exps = "exps.weight" chosen 2 : tensor<4x32x32x!quipu.q8_0, #quipu.rows16> packed at 8192
  quipu.weight @bias = "bias" : tensor<4xf32, #quipu.floats> packed at 64
  quipu.kernel @choose(%p: tensor<8x4xf32>) -> (tensor<8x2xi32>, tensor<8x2xf32>) {
    %ids, %w = quipu.top_k %p count 2 biased @bias : tensor<4xf32> groups 2 keep 1 normalized : tensor<8x4xf32> -> tensor<8x2xi32>, tensor<8x2xf32>
    quipu.yield %ids, %w : tensor<8x2xi32>, tensor<8x2xf32>
  }
  // LLVM-LABEL: define void @experts
  // LLVM: call void @quipu_reference_linear_of(ptr %4, i64 128, i64 0, i32 0, ptr %5, i64 64, i64 2, ptr %{{.*}}, i32 8, i64 32, i64 32, ptr null,
  // LLVM: call void @quipu_reference_quantize({{.*}}, i64 2, i64 32, i32 1, ptr %{{.*}}, i64 128, i64 64,
  // LLVM: call void @quipu_reference_linear_of({{.*}}, i64 128, i64 64, i32 1, ptr %5, i64 64, i64 2, ptr %{{.*}}, i32 8, i64 32, i64 32, ptr null,
  // LLVM: call void @quipu_reference_sum(ptr %{{.*}}, i64 256, ptr %6, i64 64, i64 2, i64 32,
  quipu.kernel @experts(%x: tensor<8x32xf32>, %ids: tensor<8x2xi32>, %w: tensor<8x2xf32>) -> tensor<8x32xf32> {
    %y = quipu.linear %x, @exps : tensor<4x32x32x!quipu.q8_0> of %ids -> [32] : tensor<8x32xf32> of tensor<8x2xi32> -> tensor<8x2x32xf32>
    %q = quipu.quantize %y each : tensor<8x2x32xf32> -> tensor<8x2x32x!quipu.i8x32>
    %z = quipu.linear %q, @exps : tensor<4x32x32x!quipu.q8_0> of %ids -> [32] : tensor<8x2x32x!quipu.i8x32> of tensor<8x2xi32> -> tensor<8x2x32xf32>
    %s = quipu.sum %z by %w : tensor<8x2x32xf32>, tensor<8x2xf32> -> tensor<8x32xf32>
    quipu.yield %s : tensor<8x32xf32>
  }

  // A matrix for each head, and values that are components of keys.

  quipu.weight @of_heads = "of_heads.weight" : tensor<2x32x32x!quipu.q8_0, #quipu.rows16> packed at 16384
  quipu.state @latent : !quipu.pages<heads 1, keys 48, values 32 of keys> layers 2 pool 1 at 0 stride 48
  // LLVM-LABEL: define void @linear_of_heads
  // LLVM: call void @quipu_reference_linear_of(ptr %4, i64 256, i64 128, i32 0, ptr null, i64 0, i64 2, ptr %{{.*}}, i32 8, i64 32, i64 32, ptr null, ptr %5, i64 256,
  quipu.kernel @linear_of_heads(%x: tensor<8x2x32xf32>) -> tensor<8x2x32xf32> {
    %y = quipu.linear %x, @of_heads : tensor<2x32x32x!quipu.q8_0> of heads -> [32] : tensor<8x2x32xf32> -> tensor<8x2x32xf32>
    quipu.yield %y : tensor<8x2x32xf32>
  }
  // LLVM-LABEL: define void @cache_write_of_keys
  // LLVM: call void @quipu_reference_cache_write(ptr %0, i64 1, i64 96, i64 %{{.*}}, i32 0, i64 1, i64 48, i64 32, i32 1, ptr %4, i64 192, ptr null,
  quipu.kernel @cache_write_of_keys(%k: tensor<8x1x48xf32>, %at: !quipu.positions) -> !quipu.cache<@latent, f16, heads 1, keys 48, values 32 of keys> {
    %kv = quipu.cache_write %k values 32 at %at into @latent : tensor<8x1x48xf32> -> !quipu.cache<@latent, f16, heads 1, keys 48, values 32 of keys>
    quipu.yield %kv : !quipu.cache<@latent, f16, heads 1, keys 48, values 32 of keys>
  }
  // LLVM-LABEL: define void @attention_of_keys
  // LLVM: call void @quipu_reference_attention(ptr %0, i64 1, i64 96, i64 %{{.*}}, i32 0, i64 1, i64 48, i64 32, i32 1, ptr %4, i64 384, i64 2,
  quipu.kernel @attention_of_keys(%q: tensor<8x2x48xf32>, %kv: !quipu.cache<@latent, f16, heads 1, keys 48, values 32 of keys>, %at: !quipu.positions) -> tensor<8x2x32xf32> {
    %a = quipu.attention %q over %kv at %at : tensor<8x2x48xf32>, !quipu.cache<@latent, f16, heads 1, keys 48, values 32 of keys> -> tensor<8x2x32xf32>
    quipu.yield %a : tensor<8x2x32xf32>
  }

  // Every other op.
  // LLVM-LABEL: define void @others
  // LLVM: call void @quipu_reference_gather({{.*}}, i64 128,
  // LLVM: call void @quipu_reference_rope({{.*}}, i32 1, i64 2, i64 16, i64 2, i64 3,
  // LLVM: call void @quipu_reference_add({{.*}}, i64 32,
  // LLVM: call void @quipu_reference_mul({{.*}}, i64 32,
  // LLVM: call void @quipu_reference_swiglu({{.*}}, i64 32,
  // LLVM: call void @quipu_reference_scale({{.*}}, float 5.000000e-01, i64 32,
  // LLVM: call void @quipu_reference_activate({{.*}}, i32 2, i64 32,
  // LLVM: call void @quipu_reference_softmax({{.*}}, i64 2, i64 16,
  // LLVM: call void @quipu_reference_clamp({{.*}}, float 0xFFF0000000000000, float 2.500000e-01, i64 32,
  // LLVM: call void @quipu_reference_layer_norm({{.*}}, ptr null, i64 0, ptr null, i64 0, {{.*}}, i64 2, i64 16,
  // LLVM: call void @quipu_reference_concat({{.*}}, i64 2, i64 16, {{.*}}, i64 2, i64 16,
  // LLVM: call void @quipu_reference_quantize({{.*}}, i64 1, i64 64, i32 1,
  // LLVM: call void @quipu_reference_linear({{.*}}, i32 1, {{.*}}, i32 8, i64 40, i64 32, ptr null,
  quipu.kernel @others(%x: tensor<8x2x16xf32>, %rows: tensor<8xi32>, %angles: tensor<8x2x2xf32>) -> tensor<8x40xf32> {
    %g = quipu.gather %x, %rows : tensor<8x2x16xf32>, tensor<8xi32> -> tensor<8x2x16xf32>
    %r = quipu.rope %g by %angles pairs halves from 3 : tensor<8x2x16xf32>, tensor<8x2x2xf32> -> tensor<8x2x16xf32>
    %s = quipu.add %g, %r : tensor<8x2x16xf32>
    %p = quipu.mul %g, %s : tensor<8x2x16xf32>
    %u = quipu.swiglu %p, %g : tensor<8x2x16xf32>
    %c = quipu.scale %u by 0.5 : tensor<8x2x16xf32> -> tensor<8x2x16xf32>
    %t = quipu.activate gelu_tanh %c : tensor<8x2x16xf32> -> tensor<8x2x16xf32>
    %m = quipu.softmax %t : tensor<8x2x16xf32> -> tensor<8x2x16xf32>
    %k = quipu.clamp %m to 0.25 : tensor<8x2x16xf32> -> tensor<8x2x16xf32>
    %n = quipu.layer_norm %k eps 1.0e-5 : tensor<8x2x16xf32> -> tensor<8x2x16xf32>
    %j = quipu.concat %n, %m : tensor<8x2x16xf32>, tensor<8x2x16xf32> -> tensor<8x2x32xf32>
    %z = quipu.quantize %j : tensor<8x2x32xf32> -> tensor<8x64x!quipu.i8x32>
    %q = quipu.quantize %m : tensor<8x2x16xf32> -> tensor<8x32x!quipu.i8x32>
    %y = quipu.linear %q, @token_embd : tensor<40x32x!quipu.q8_0> -> [40] : tensor<8x32x!quipu.i8x32> -> tensor<8x40xf32>
    quipu.yield %y : tensor<8x40xf32>
  }
  // The weights stay.
  // CHECK: quipu.weight @token_embd
}
