// RUN: rm -rf %t && mkdir %t
// RUN: %quipu-opt %s --split-input-file --attach-target=target=x86-64-v3 --lower-kernels=cache=%t | FileCheck %s --implicit-check-not=quipu.kernel
// RUN: ls %t | FileCheck %s --check-prefix=CACHE

// The kernel cache has one file for each of Halide's functions.
// CACHE-COUNT-9: {{^[0-9a-f]{32}\.kernel$}}
// CACHE-NOT: {{.}}

// A worker's tokens, one by one: of the StepArgs' count, which is at 112. The ids
// are 4 bytes each, the rows of the result 128. A buffer's `host` is at 16.
// CHECK: llvm.func @embed.halide(!llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr) -> i32 attributes {quipu.bitcode = dense_resource<embed.halide> : tensor<{{[0-9]+}}xi8>}
// CHECK-LABEL: llvm.func @embed(
// CHECK-SAME: %[[ARGS:[a-z0-9]+]]: !llvm.ptr, %{{[a-z0-9]+}}: i32, %[[WORKER:[a-z0-9]+]]: i32, %[[WORKERS:[a-z0-9]+]]: i32, %[[IDS:[a-z0-9]+]]: !llvm.ptr, %[[OUT:[a-z0-9]+]]: !llvm.ptr) attributes {no_inline}
// CHECK: %[[FIELD:.*]] = llvm.mlir.constant(112 : i64)
// CHECK: llvm.getelementptr %[[ARGS]][%[[FIELD]]]
// CHECK: %[[BEGIN:.*]] = llvm.sdiv
// CHECK: %[[END:.*]] = llvm.sdiv
// CHECK: scf.for %[[I:.*]] = %[[BEGIN]] to %[[END]]
// CHECK: %[[ROW:.*]] = llvm.trunc %[[I]]
// CHECK: llvm.mlir.constant(4 : i64)
// CHECK: %[[ID:.*]] = llvm.getelementptr %[[IDS]][
// CHECK: llvm.mlir.constant(16 : i64)
// CHECK: llvm.store %[[ID]]
// CHECK: llvm.mlir.constant(128 : i64)
// CHECK: llvm.getelementptr %[[OUT]][
// CHECK: llvm.call @embed.halide(
quipu.model @m for ["m"] {
  quipu.weight @token_embd = "token_embd.weight" : tensor<40x32x!quipu.q8_0, #quipu.rows16> packed at 128
  quipu.kernel @embed(%ids: tensor<8xi32>) -> tensor<8x32xf32> schedule #quipu.cpu_rows {
    %x = quipu.embed %ids, @token_embd : tensor<40x32x!quipu.q8_0> : tensor<8xi32> -> tensor<8x32xf32>
    quipu.yield %x : tensor<8x32xf32>
  }
}

// -----

// The rows whose logits are selected (selectedCount is at 116): %rows says which.
// CHECK-LABEL: llvm.func @selected(
// CHECK-SAME: %{{[a-z0-9]+}}: i32, %[[H:[a-z0-9]+]]: !llvm.ptr, %[[ROWS:[a-z0-9]+]]: !llvm.ptr, %{{[a-z0-9]+}}: !llvm.ptr)
// CHECK: llvm.mlir.constant(116 : i64)
// CHECK: scf.for
// CHECK: %[[AT:.*]] = llvm.getelementptr %[[ROWS]][
// CHECK: %[[INDEX:.*]] = llvm.load %[[AT]]
// CHECK: %[[WIDE:.*]] = llvm.sext %[[INDEX]]
// CHECK: %[[BYTES:.*]] = llvm.mul %[[WIDE]]
// CHECK: llvm.getelementptr %[[H]][%[[BYTES]]]
// CHECK: llvm.call @selected.halide(
quipu.model @m for ["m"] {
  quipu.weight @norm = "norm.weight" : tensor<32xf32, #quipu.floats> packed at 0
  quipu.kernel @selected(%h: tensor<8x32xf32>, %rows: tensor<8xi32>) -> tensor<8x32x!quipu.i8x32> schedule #quipu.cpu_rows selected {
    %g = quipu.gather %h, %rows : tensor<8x32xf32>, tensor<8xi32> -> tensor<8x32xf32>
    %n = quipu.rms_norm %g, @norm : tensor<32xf32> eps 1.0e-5 : tensor<8x32xf32> -> tensor<8x32xf32>
    %q = quipu.quantize %n : tensor<8x32xf32> -> tensor<8x32x!quipu.i8x32>
    quipu.yield %q : tensor<8x32x!quipu.i8x32>
  }
}

// -----

// Rows of an operand may be selected in one place and be read in order in another.
// CHECK-LABEL: llvm.func @beside(
// CHECK-SAME: %{{[a-z0-9]+}}: i32, %[[H:[a-z0-9]+]]: !llvm.ptr, %[[ROWS:[a-z0-9]+]]: !llvm.ptr, %{{[a-z0-9]+}}: !llvm.ptr)
// CHECK: %[[ROW:.*]] = llvm.trunc
// CHECK: %[[INDEX:.*]] = llvm.load
// CHECK: %[[WIDE:.*]] = llvm.sext %[[INDEX]]
// CHECK: %[[BYTES:.*]] = llvm.mul %[[WIDE]]
// CHECK: llvm.getelementptr %[[H]][%[[BYTES]]]
// CHECK: %[[WIDE:.*]] = llvm.sext %[[ROW]]
// CHECK: %[[BYTES:.*]] = llvm.mul %[[WIDE]]
// CHECK: llvm.getelementptr %[[H]][%[[BYTES]]]
// CHECK: llvm.call @beside.halide(
quipu.model @m for ["m"] {
  quipu.kernel @beside(%h: tensor<8x32xf32>, %rows: tensor<8xi32>) -> tensor<8x32xf32> schedule #quipu.cpu_rows {
    %g = quipu.gather %h, %rows : tensor<8x32xf32>, tensor<8xi32> -> tensor<8x32xf32>
    %y = quipu.add %g, %h : tensor<8x32xf32>
    quipu.yield %y : tensor<8x32xf32>
  }
}

// -----

// The units of all results lie in one line: a head of keys, one of values, two of
// queries. A worker has a piece of the line, and of each result what is in it.
// Nothing runs when no row is selected.
// CHECK-LABEL: llvm.func @q_k_v(
// CHECK-SAME: %[[ARGS:[a-z0-9]+]]: !llvm.ptr, %[[LAYER:[a-z0-9]+]]: i32, %{{[a-z0-9]+}}: i32, %{{[a-z0-9]+}}: i32, %{{[a-z0-9]+}}: !llvm.ptr, %{{[a-z0-9]+}}: !llvm.ptr)
// CHECK: llvm.mlir.constant(112 : i64)
// CHECK: %[[COUNT:.*]] = llvm.load
// CHECK-NEXT: llvm.mlir.constant(4 : i32)
// CHECK: %[[BEGIN:.*]] = llvm.sdiv
// CHECK: %[[END:.*]] = llvm.sdiv
// CHECK-NEXT: %[[KEYS:.*]] = llvm.mlir.constant(0 : i64)
// CHECK-NEXT: %[[FROM:.*]] = arith.subi %[[BEGIN]], %[[KEYS]]
// CHECK: %[[LOW:.*]] = arith.maxsi %[[FROM]]
// CHECK: %[[HIGH:.*]] = arith.minsi %[[LOW]]
// CHECK: llvm.trunc %[[HIGH]]
// CHECK: arith.subi %[[END]], %
// CHECK: arith.subi {{.*}} : i32
// CHECK-NEXT: %[[VALUES:.*]] = llvm.mlir.constant(1 : i64) : i64
// CHECK-NEXT: arith.subi %[[BEGIN]], %[[VALUES]]
// CHECK: arith.subi {{.*}} : i32
// CHECK-NEXT: %[[QUERIES:.*]] = llvm.mlir.constant(2 : i64) : i64
// CHECK-NEXT: arith.subi %[[BEGIN]], %[[QUERIES]]
// CHECK: %[[NONE:.*]] = llvm.mlir.constant(0 : i32)
// CHECK-NEXT: %[[ANY:.*]] = arith.cmpi sgt, %[[COUNT]], %[[NONE]]
// CHECK-NEXT: scf.if %[[ANY]] {
// The layer's weight, past the header of the first block.
// CHECK: llvm.mlir.constant(4096 : i64)
// CHECK: llvm.sext %[[LAYER]]
// CHECK-NEXT: llvm.mlir.constant(640 : i64)
// CHECK: llvm.mlir.constant(64 : i64)
// CHECK: llvm.call @q_k_v.halide(
quipu.model @m for ["m"] {
  quipu.state @kv : !quipu.pages<heads 1, keys 16, values 16> layers 4 pool 0 at 0 stride 32
  quipu.weight @blk.q = "blk.*.q.weight" layers 3 : tensor<32x32x!quipu.q8_0, #quipu.rows16> packed at 4096 stride 640
  quipu.weight @blk.k = "blk.*.k.weight" layers 3 : tensor<16x32x!quipu.q8_0, #quipu.rows16> packed at 8192 stride 640
  quipu.weight @blk.v = "blk.*.v.weight" layers 3 : tensor<16x32x!quipu.q8_0, #quipu.rows16> packed at 12288 stride 640
  quipu.kernel @q_k_v(%x: tensor<8x32x!quipu.i8x32>, %at: !quipu.positions) -> (tensor<8x2x16xf32>, !quipu.cache<@kv, f16, heads 1, keys 16, values 16>) schedule #quipu.cpu_tiles<lanes = 8, tokens = 4, tiles = 1> {
    %q = quipu.linear %x, @blk.q : tensor<32x32x!quipu.q8_0> -> [2, 16] : tensor<8x32x!quipu.i8x32> -> tensor<8x2x16xf32>
    %k = quipu.linear %x, @blk.k : tensor<16x32x!quipu.q8_0> -> [1, 16] : tensor<8x32x!quipu.i8x32> -> tensor<8x1x16xf32>
    %v = quipu.linear %x, @blk.v : tensor<16x32x!quipu.q8_0> -> [1, 16] : tensor<8x32x!quipu.i8x32> -> tensor<8x1x16xf32>
    %kv = quipu.cache_write %k, %v at %at into @kv : tensor<8x1x16xf32>, tensor<8x1x16xf32> -> !quipu.cache<@kv, f16, heads 1, keys 16, values 16>
    quipu.yield %q, %kv : tensor<8x2x16xf32>, !quipu.cache<@kv, f16, heads 1, keys 16, values 16>
  }
}

// -----

// A unit is one block of tokens and one head. Four units for each worker are
// enough to deal out; the pieces of fewer are, and a barrier follows. The window
// begins 7 positions before the end; the positions are cut at multiples of 128.
// CHECK-DAG: llvm.func @attention.2x16.sinks.combine1(!llvm.ptr, !llvm.ptr, i32, i32, i32, !llvm.ptr) -> i32
// CHECK-DAG: llvm.func @attention.2x16.f32.scale0.25.window7.split1(!llvm.ptr, !llvm.ptr, !llvm.ptr, i32, i32, i32, i32, !llvm.ptr) -> i32
// CHECK-DAG: llvm.func @attention.2x16.f32.scale0.25.window7.split8(
// CHECK-DAG: llvm.func @quipu_barrier(
// CHECK-LABEL: llvm.func @attend(
// CHECK-SAME: %{{[a-z0-9]+}}: !llvm.ptr, %{{[a-z0-9]+}}: i32, %[[WORKER:[a-z0-9]+]]: i32, %[[WORKERS:[a-z0-9]+]]: i32,
// CHECK: %[[FEW:.*]] = llvm.mlir.constant(4 : i32)
// CHECK-NEXT: %[[LEAST:.*]] = arith.muli %[[WORKERS]], %[[FEW]]
// CHECK-NEXT: %[[SPLIT:.*]] = arith.cmpi slt, %[[UNITS:.*]], %[[LEAST]]
// CHECK: %[[FIRST:.*]] = arith.select %[[SPLIT]], %{{.*}}, %[[WORKER]]
// CHECK-NEXT: %[[STEP:.*]] = arith.select %[[SPLIT]], %{{.*}}, %[[WORKERS]]
// CHECK-NEXT: scf.for %[[UNIT:.*]] = %[[FIRST]] to %[[UNITS]] step %[[STEP]]
// CHECK: %[[BLOCK:.*]] = arith.remsi %[[UNIT]], %[[BLOCKS:.*]]
// CHECK-NEXT: %[[HEAD:.*]] = arith.divsi %[[UNIT]], %[[BLOCKS]]
// CHECK: %[[SIZE:.*]] = llvm.mlir.constant(128 : i32)
// CHECK: %[[WINDOW:.*]] = llvm.mlir.constant(7 : i32)
// CHECK-NEXT: %[[START:.*]] = arith.subi %[[END:.*]], %[[WINDOW]]
// CHECK: %[[BEGIN:.*]] = arith.maxsi %[[START]]
// CHECK-NEXT: %[[EARLIEST:.*]] = arith.divsi %[[BEGIN]], %[[SIZE]]
// CHECK: scf.if
// CHECK: scf.for %[[PIECE:.*]] =
// CHECK: %[[FROM:.*]] = arith.muli %[[PIECE]]
// The page of the split's positions: 128 positions of 2 * 16 numbers in f32, for
// each of 4 layers.
// CHECK: llvm.sext %[[PIECE]]
// CHECK: %[[ENTRY:.*]] = llvm.load
// CHECK: %[[PAGE:.*]] = llvm.sext %[[ENTRY]]
// CHECK-NEXT: %[[BYTES:.*]] = llvm.mlir.constant(65536 : i64)
// CHECK-NEXT: llvm.mul %[[PAGE]], %[[BYTES]]
// CHECK: llvm.call @attention.2x16.f32.scale0.25.window7.split1(%{{.*}}, %{{.*}}, %{{.*}}, %[[FROM]], %[[END]], %{{.*}})
// CHECK: scf.if %[[SPLIT]] {
// CHECK-NEXT: } else {
// The head's sinks: two f32, at 64 of the weights.
// CHECK: llvm.sext %[[HEAD]]
// CHECK-NEXT: llvm.mlir.constant(8 : i64)
// CHECK: llvm.call @attention.2x16.sinks.combine1(
// CHECK: } else {
// CHECK: llvm.call @attention.2x16.f32.scale0.25.window7.split8(
// CHECK: llvm.call @attention.2x16.sinks.combine8(
// CHECK: scf.if %[[SPLIT]] {
// CHECK: llvm.call @quipu_barrier(
// CHECK: scf.for %{{.*}} = %[[WORKER]] to %[[UNITS]] step %[[WORKERS]]
// CHECK: llvm.call @attention.2x16.sinks.combine1(
// CHECK: llvm.call @attention.2x16.sinks.combine8(
quipu.model @m for ["m"] {
  quipu.state @kv : !quipu.pages<heads 1, keys 16, values 16> layers 4 pool 0 at 0 stride 32
  quipu.weight @sinks = "sinks.weight" : tensor<2xf32, #quipu.floats> packed at 64
  quipu.kernel @attend(%q: tensor<8x2x16xf32>, %kv: !quipu.cache<@kv, f32, heads 1, keys 16, values 16>, %at: !quipu.positions) -> tensor<8x2x16xf32> schedule #quipu.cpu_attention<lanes = 8> {
    %a = quipu.attention %q over %kv at %at window 7 sinks @sinks : tensor<2xf32> : tensor<8x2x16xf32>, !quipu.cache<@kv, f32, heads 1, keys 16, values 16> -> tensor<8x2x16xf32>
    quipu.yield %a : tensor<8x2x16xf32>
  }
}

// -----

// The runtime computes the angles, a token at a time.
// CHECK: llvm.mlir.global internal constant @angles.frequencies(dense<[1.000000e+00, 0.00999999977]>
// CHECK-LABEL: llvm.func @angles(
// CHECK: %[[T:.*]] = llvm.mlir.addressof @angles.frequencies
// CHECK: scf.for
// CHECK: %[[ONE:.*]] = llvm.mlir.constant(1 : i32)
// CHECK: %[[NONE:.*]] = llvm.mlir.zero
// CHECK: llvm.call @quipu_rope_angles(%{{.*}}, %[[ONE]], %[[T]], %[[NONE]],
quipu.model @m for ["m"] {
  quipu.kernel @angles(%at: !quipu.positions) -> tensor<8x2x2xf32> schedule #quipu.cpu_angles {
    %a = quipu.rope_angles %at dims 4 theta 10000.0 tokens 8 : tensor<8x2x2xf32>
    quipu.yield %a : tensor<8x2x2xf32>
  }
}

// -----

// Short factors are for sequences of at most 4096 tokens; their lengths are at 136.
// CHECK-LABEL: llvm.func @longrope(
// CHECK: llvm.mlir.constant(136 : i64)
// CHECK: %[[MOST:.*]] = llvm.mlir.constant(4096 : i32)
// CHECK: %[[SHORT:.*]] = arith.cmpi sle, %{{.*}}, %[[MOST]]
// CHECK: %[[FACTORS:.*]] = arith.select %[[SHORT]],
// CHECK: llvm.call @quipu_rope_angles(%{{.*}}, %{{.*}}, %{{.*}}, %[[FACTORS]],
quipu.model @m for ["m"] {
  quipu.weight @long = "long.weight" : tensor<2xf32, #quipu.floats> packed at 0
  quipu.weight @short = "short.weight" : tensor<2xf32, #quipu.floats> packed at 64
  quipu.kernel @longrope(%at: !quipu.positions) -> tensor<8x2x2xf32> schedule #quipu.cpu_angles {
    %a = quipu.rope_angles %at dims 4 theta 10000.0 scaling <type = "longrope", factor = 32.0, original_context = 4096> factors @long : tensor<2xf32> short @short : tensor<2xf32> tokens 8 : tensor<8x2x2xf32>
    quipu.yield %a : tensor<8x2x2xf32>
  }
}

// -----

// CHECK-LABEL: llvm.func @dynamic(
// CHECK: llvm.mlir.constant(136 : i64)
// CHECK: %[[CONTEXT:.*]] = llvm.mlir.constant(4.096000e+03 : f64)
// CHECK: llvm.call @quipu_dynamic_rope_angles({{.*}}, %[[CONTEXT]],
quipu.model @m for ["m"] {
  quipu.kernel @dynamic(%at: !quipu.positions) -> tensor<8x2x2xf32> schedule #quipu.cpu_angles {
    %a = quipu.rope_angles %at dims 4 theta 10000.0 scaling <type = "dynamic", factor = 2.0, original_context = 4096> tokens 8 : tensor<8x2x2xf32>
    quipu.yield %a : tensor<8x2x2xf32>
  }
}

// -----

// Without a linear layer, heads belong to their token's row: all 2 of them, where
// the slot mapping of the state's pool says (pools are at 48 of the StepArgs, 32
// bytes each, with the mapping at 16).
// CHECK-LABEL: llvm.func @write(
// CHECK-SAME: %[[ARGS:[a-z0-9]+]]: !llvm.ptr, %{{[a-z0-9]+}}: i32,
// CHECK: scf.for %[[I:.*]] =
// CHECK: %[[ROW:.*]] = llvm.trunc %[[I]]
// CHECK: %[[FIRST:.*]] = llvm.mlir.constant(0 : i32)
// CHECK-NEXT: %[[HEADS:.*]] = llvm.mlir.constant(2 : i32)
// CHECK: llvm.mlir.constant(48 : i64)
// CHECK: %[[POOLS:.*]] = llvm.load
// CHECK: %[[SECOND:.*]] = llvm.mlir.constant(32 : i64)
// CHECK-NEXT: %[[POOL:.*]] = llvm.getelementptr %[[POOLS]][%[[SECOND]]]
// CHECK: llvm.mlir.constant(16 : i64)
// CHECK: llvm.getelementptr %[[POOL]]
// CHECK: %[[POSITIONS:.*]] = llvm.load
// CHECK-NEXT: %[[WIDE:.*]] = llvm.sext %[[ROW]]
// CHECK-NEXT: %[[SIZE:.*]] = llvm.mlir.constant(4 : i64)
// CHECK-NEXT: %[[BYTES:.*]] = llvm.mul %[[WIDE]], %[[SIZE]]
// CHECK-NEXT: llvm.getelementptr %[[POSITIONS]][%[[BYTES]]]
// CHECK: llvm.call @write.halide({{.*}}%[[FIRST]], %[[HEADS]]
quipu.model @m for ["m"] {
  quipu.state @kv : !quipu.pages<heads 2, keys 16, values 16> layers 4 window 8 pool 1 at 0 stride 64
  quipu.kernel @write(%k: tensor<8x2x16xf32>, %v: tensor<8x2x16xf32>, %at: !quipu.positions) -> !quipu.cache<@kv, f16, heads 2, keys 16, values 16> schedule #quipu.cpu_rows {
    %kv = quipu.cache_write %k, %v at %at into @kv : tensor<8x2x16xf32>, tensor<8x2x16xf32> -> !quipu.cache<@kv, f16, heads 2, keys 16, values 16>
    quipu.yield %kv : !quipu.cache<@kv, f16, heads 2, keys 16, values 16>
  }
}
