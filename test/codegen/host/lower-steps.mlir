// RUN: %quipu-opt %s --lower-steps | FileCheck %s --implicit-check-not=quipu.step

// CHECK: llvm.mlir.global internal constant @k.kernels(dense<[0, 1, 2, 0]>

// A function for each type of cache; this one is the f16 cache's.
// CHECK-LABEL: llvm.func @prefill8_f16(
// CHECK-SAME: %[[ARGS:.*]]: !llvm.ptr, %[[WORKER:.*]]: i32, %[[WORKERS:.*]]: i32) {
// In abi::StepArgs, the inputs are at 0, the outputs at 8, the selected tokens at
// 40, the arena at 64, the barrier at 80 and the timer at 88.
// CHECK: llvm.mlir.constant(64 : i64)
// CHECK: %[[ARENA:.*]] = llvm.load
// CHECK: llvm.mlir.constant(80 : i64)
// CHECK: %[[BARRIER:.*]] = llvm.load
// CHECK: llvm.mlir.constant(88 : i64)
// CHECK: %[[TIMER:.*]] = llvm.load
// CHECK: %[[NONE:.*]] = llvm.mlir.constant(0 : i32)
// CHECK: %[[INPUTS:.*]] = llvm.load %[[ARGS]]
// CHECK: %[[TOKENS:.*]] = llvm.load %[[INPUTS]]
// CHECK: %[[AT:.*]] = llvm.mlir.constant(2048 : i64)
// CHECK: %[[X:.*]] = llvm.getelementptr %[[ARENA]][%[[AT]]]
// Before each call a trace point with the kernel's number, and one at the end.
// CHECK-NEXT: %[[FIRST:.*]] = llvm.mlir.constant(0 : i32)
// CHECK-NEXT: llvm.call @quipu_trace(%[[TIMER]], %[[WORKER]], %[[FIRST]])
// CHECK-NEXT: llvm.call @embed(%[[ARGS]], %[[NONE]], %[[WORKER]], %[[WORKERS]], %[[TOKENS]], %[[X]])
// CHECK-NEXT: llvm.call @quipu_barrier(%[[BARRIER]])
// The layers stay a loop; positions and a cache are no pointers.
// CHECK: %[[LAYERS:.*]] = llvm.mlir.constant(3 : i32)
// CHECK-NEXT: scf.for %[[LAYER:.*]] = %{{.*}} to %[[LAYERS]]
// CHECK: llvm.mlir.constant(1 : i32)
// CHECK-NEXT: llvm.call @quipu_trace(
// CHECK-NEXT: llvm.call @write(%[[ARGS]], %[[LAYER]], %[[WORKER]], %[[WORKERS]], %[[X]], %{{.*}}, %{{.*}}) : (!llvm.ptr, i32, i32, i32, !llvm.ptr, !llvm.ptr, !llvm.ptr) -> ()
// CHECK-NEXT: llvm.call @quipu_barrier(%[[BARRIER]])
// CHECK: llvm.call @attend(
// CHECK-NEXT: llvm.call @quipu_barrier(%[[BARRIER]])
// CHECK-NEXT: }
// CHECK: llvm.mlir.constant(40 : i64)
// CHECK: %[[ROWS:.*]] = llvm.load
// Output 1 is at 8 of the outputs' pointers.
// CHECK: llvm.call @logits(
// CHECK: llvm.mlir.constant(8 : i64)
// CHECK: %[[OUTPUTS:.*]] = llvm.load
// CHECK: %[[EIGHT:.*]] = llvm.mlir.constant(8 : i64)
// CHECK-NEXT: %[[SECOND:.*]] = llvm.getelementptr %[[OUTPUTS]][%[[EIGHT]]]
// CHECK-NEXT: %[[LOGITS:.*]] = llvm.load %[[SECOND]]
// CHECK-NEXT: llvm.mlir.constant(4 : i32)
// CHECK-NEXT: llvm.call @quipu_trace(
// CHECK-NEXT: llvm.call @logits(%[[ARGS]], %[[NONE]], %[[WORKER]], %[[WORKERS]], %[[X]], %[[ROWS]], %[[LOGITS]])
// CHECK: %[[END:.*]] = llvm.mlir.constant(-1 : i32)
// CHECK-NEXT: llvm.call @quipu_trace(%[[TIMER]], %[[WORKER]], %[[END]])
// CHECK-NEXT: llvm.return

// CHECK-LABEL: llvm.func @prefill8_f32(
// CHECK: llvm.call @embed(
// CHECK: scf.for
// CHECK: llvm.call @write_f32(
// CHECK: llvm.call @logits(

// CHECK-LABEL: llvm.func @prefill8_q8_0(
// CHECK: llvm.call @write_q8_0(

// What the program's table says of the entry. A split of a query tile keeps 8
// tokens of 2 query heads with 32 + 16 floats.
// CHECK-LABEL: quipu.entry @generate inputs [<"tokens" over token : 1 x i32 below 40>] outputs [<"spare" over selected : 40 x f32>, <"logits" over selected : 40 x f32>]
// CHECK-SAME: compiled [<@prefill8_f16 tokens 8 cache f16 arena 8192 partials 3072 kernels[<"embed" shape "" calls 1>, <"write" shape "32x32xf32" calls 3 schedule #quipu.cpu_tiles<lanes = 16, tokens = 8, tiles = 2> cost <bytes = 6144, operations = 16384, nanoseconds = 800>>, <"attend" shape "" calls 3>, <"logits" shape "40x32xf32" calls 1>, <"logits" shape "40x32xf32" calls 1>]>, <@prefill8_f32 tokens 8 cache f32 {{.*}}>, <@prefill8_q8_0 tokens 8 cache !quipu.q8_0 {{.*}}>]
// Only what touches the cache has a copy.
// CHECK: quipu.kernel @embed(
// CHECK-NOT: quipu.kernel @embed
// CHECK: quipu.kernel @write(
// CHECK: quipu.cache_write %{{.*}} at %{{.*}} into @kv : {{.*}} -> !quipu.cache<@kv, f16, heads 1, keys 32, values 32>
// CHECK: quipu.kernel @write_q8_0({{.*}}) -> (tensor<8x32xf32>, !quipu.cache<@kv, !quipu.q8_0, heads 1, keys 32, values 32>)
// CHECK: quipu.kernel @write_f32({{.*}}) -> (tensor<8x32xf32>, !quipu.cache<@kv, f32, heads 1, keys 32, values 32>)
// CHECK: quipu.cache_write %{{.*}} into @kv as f32 : {{.*}} -> !quipu.cache<@kv, f32, heads 1, keys 32, values 32>
// CHECK: quipu.kernel @logits(
// CHECK-NOT: quipu.kernel @logits
quipu.model @m for ["m"] {
  quipu.weight @token_embd = "token_embd.weight" : tensor<40x32xf32>
  quipu.weight @blk.k = "blk.k.weight" : tensor<32x32xf32>
  quipu.state @kv : !quipu.pages<heads 1, keys 32, values 32> layers 4 pool 0 at 0 stride 64
  quipu.entry @generate inputs [<"tokens" over token : 1 x i32 below 40>] outputs [<"spare" over selected : 40 x f32>, <"logits" over selected : 40 x f32>] steps [@prefill8]
  quipu.kernel @embed(%ids: tensor<8xi32>) -> tensor<8x32xf32> {
    %x = quipu.embed %ids, @token_embd : tensor<40x32xf32> : tensor<8xi32> -> tensor<8x32xf32>
    quipu.yield %x : tensor<8x32xf32>
  }
  quipu.kernel @write(%k: tensor<8x32xf32>, %x: tensor<8x32xf32>, %at: !quipu.positions) -> (tensor<8x32xf32>, !quipu.cache<@kv, f16, heads 1, keys 32, values 32>) schedule #quipu.cpu_tiles<lanes = 16, tokens = 8, tiles = 2> cost <bytes = 6144, operations = 16384, nanoseconds = 800> {
    %h = quipu.linear %x, @blk.k : tensor<32x32xf32> -> [1, 32] : tensor<8x32xf32> -> tensor<8x1x32xf32>
    %kv = quipu.cache_write %h, %h at %at into @kv : tensor<8x1x32xf32>, tensor<8x1x32xf32> -> !quipu.cache<@kv, f16, heads 1, keys 32, values 32>
    quipu.yield %k, %kv : tensor<8x32xf32>, !quipu.cache<@kv, f16, heads 1, keys 32, values 32>
  }
  quipu.kernel @logits(%h: tensor<8x32xf32>, %rows: tensor<8xi32>) -> tensor<8x40xf32> selected {
    %g = quipu.gather %h, %rows : tensor<8x32xf32>, tensor<8xi32> -> tensor<8x32xf32>
    %y = quipu.linear %g, @token_embd : tensor<40x32xf32> -> [40] : tensor<8x32xf32> -> tensor<8x40xf32>
    quipu.yield %y : tensor<8x40xf32>
  }
  quipu.kernel @attend(%q: tensor<8x2x32xf32>, %kv: !quipu.cache<@kv, f16, heads 1, keys 32, values 32>, %at: !quipu.positions) -> tensor<8x2x32xf32> {
    %a = quipu.attention %q over %kv at %at : tensor<8x2x32xf32>, !quipu.cache<@kv, f16, heads 1, keys 32, values 32> -> tensor<8x2x32xf32>
    quipu.yield %a : tensor<8x2x32xf32>
  }
  quipu.step @prefill8 tokens 8 arena 8192 {
    %tokens = quipu.input "tokens" : tensor<8xi32>
    %in = quipu.input "tokens" : tensor<8x32xf32>
    %q = quipu.input "tokens" : tensor<8x2x32xf32>
    %at = quipu.positions
    %x = quipu.launch @embed(%tokens) arena [2048] : (tensor<8xi32>) -> tensor<8x32xf32>
    quipu.barrier
    %last = quipu.layers "blk" times 3 from %x {
    ^bb0(%h: tensor<8x32xf32>):
      %y, %kv = quipu.launch @write(%h, %in, %at) arena [2048, -1] : (tensor<8x32xf32>, tensor<8x32xf32>, !quipu.positions) -> (tensor<8x32xf32>, !quipu.cache<@kv, f16, heads 1, keys 32, values 32>)
      quipu.barrier
      %a = quipu.launch @attend(%q, %kv, %at) arena [4096] : (tensor<8x2x32xf32>, !quipu.cache<@kv, f16, heads 1, keys 32, values 32>, !quipu.positions) -> tensor<8x2x32xf32>
      quipu.barrier
      quipu.yield %y : tensor<8x32xf32>
    } : tensor<8x32xf32> -> tensor<8x32xf32>
    %rows = quipu.input "selected" : tensor<8xi32>
    %spare = quipu.launch @logits(%last, %rows) arena [-1] : (tensor<8x32xf32>, tensor<8xi32>) -> tensor<8x40xf32>
    quipu.output "spare", %spare : tensor<8x40xf32>
    %logits = quipu.launch @logits(%last, %rows) arena [-1] : (tensor<8x32xf32>, tensor<8xi32>) -> tensor<8x40xf32>
    quipu.output "logits", %logits : tensor<8x40xf32>
  }
}

// Layers with different kernels: a table of the module says which one, for each
// type of cache; each has a number.
// CHECK-LABEL: llvm.func @differing_f16(
// CHECK: scf.for %[[LAYER:.*]] =
// CHECK: %[[TABLE:.*]] = llvm.mlir.addressof @k.kernels
// CHECK: %[[ENTRY:.*]] = llvm.getelementptr %[[TABLE]][%[[LAYER]]] : (!llvm.ptr, i32) -> !llvm.ptr, i64
// CHECK: %[[NUMBER:.*]] = llvm.load %[[ENTRY]] : !llvm.ptr -> i64
// CHECK: %[[KERNEL:.*]] = arith.index_cast %[[NUMBER]] : i64 to index
// CHECK: scf.index_switch %[[KERNEL]]
// CHECK-NEXT: case 1 {
// CHECK-NEXT: %[[B:.*]] = llvm.mlir.constant(2 : i32)
// CHECK-NEXT: llvm.call @quipu_trace(%{{.*}}, %[[B]])
// CHECK-NEXT: llvm.call @k.b(%{{.*}}, %[[LAYER]],
// CHECK: case 2 {
// CHECK-NEXT: %[[C:.*]] = llvm.mlir.constant(3 : i32)
// CHECK-NEXT: llvm.call @quipu_trace(%{{.*}}, %[[C]])
// CHECK-NEXT: llvm.call @k.c(%{{.*}}, %[[LAYER]],
// CHECK: default {
// CHECK-NEXT: %[[A:.*]] = llvm.mlir.constant(1 : i32)
// CHECK-NEXT: llvm.call @quipu_trace(%{{.*}}, %[[A]])
// CHECK-NEXT: llvm.call @k(%{{.*}}, %[[LAYER]],
// CHECK: llvm.func @differing_f32(
// CHECK: llvm.func @differing_q8_0(
// CHECK: llvm.mlir.addressof @k.kernels
// CHECK: quipu.entry @generate {{.*}} kernels[<"first" shape "" calls 1>, <"k" shape "" calls 2>, <"k.b" shape "" calls 1>, <"k.c" shape "" calls 1>, <"first" shape "" calls 1>]
quipu.model @differing for ["m"] {
  quipu.state @kv : !quipu.pages<heads 1, keys 32, values 32> layers 4 pool 0 at 0 stride 64
  quipu.kernel @first(%x: tensor<1x32xf32>) -> tensor<1x32xf32> {
    quipu.yield %x : tensor<1x32xf32>
  }
  quipu.kernel @k(%x: tensor<1x32xf32>) -> tensor<1x32xf32> {
    quipu.yield %x : tensor<1x32xf32>
  }
  quipu.kernel @k.b(%x: tensor<1x32xf32>) -> tensor<1x32xf32> {
    quipu.yield %x : tensor<1x32xf32>
  }
  quipu.kernel @k.c(%x: tensor<1x32xf32>) -> tensor<1x32xf32> {
    quipu.yield %x : tensor<1x32xf32>
  }
  quipu.entry @generate inputs [<"tokens" over token : 1 x i32 below 2147483647>] outputs [<"x" over token : 32 x f32>] steps [@differing]
  quipu.step @differing tokens 1 arena 128 {
    %tokens = quipu.input "tokens" : tensor<1x32xf32>
    %x = quipu.launch @first(%tokens) arena [0] : (tensor<1x32xf32>) -> tensor<1x32xf32>
    quipu.barrier
    %last = quipu.layers "blk" times 4 from %x {
    ^bb0(%h: tensor<1x32xf32>):
      %y = quipu.launch @k(%h) but @k.b in [1], @k.c in [2] arena [0] : (tensor<1x32xf32>) -> tensor<1x32xf32>
      quipu.barrier
      quipu.yield %y : tensor<1x32xf32>
    } : tensor<1x32xf32> -> tensor<1x32xf32>
    %out = quipu.launch @first(%last) arena [-1] : (tensor<1x32xf32>) -> tensor<1x32xf32>
    quipu.output "x", %out : tensor<1x32xf32>
  }
}
