// A model of stage `llvm` whose next token is (token + position + 1) modulo 16,
// with weights of every format.
quipu.model @toy for ["llama"] {
  quipu.weight @token_embd = "token_embd.weight" : tensor<16x32x!quipu.q8_0, #quipu.rows16> packed at 0
  quipu.weight @blk.attn_norm = "blk.*.attn_norm.weight" layers 2 : tensor<32xf32, #quipu.floats> packed at 576 stride 1408
  quipu.weight @blk.attn_q = "blk.*.attn_q.weight" layers 2 : tensor<16x64x!quipu.q4_1, #quipu.rows16> packed at 704 stride 1408
  quipu.weight @blk.attn_k = "blk.*.attn_k.weight" layers 2 : tensor<17x32x!quipu.q4_0, #quipu.rows16> packed at 1344 stride 1408
  quipu.weight @ffn = "ffn.weight" : tensor<5x8xf32, #quipu.rows16> packed at 3392
  quipu.weight @output_norm = "output_norm.weight" : tensor<3xf32, #quipu.floats> packed at 3904
  quipu.weight @output = "output.weight" : tensor<18x32xf16, #quipu.rows16> packed at 3968
  quipu.weight @gate = "gate.weight" : tensor<4x16xbf16, #quipu.rows16> packed at 6016
  quipu.state @blk.kv : !quipu.pages<heads 1, keys 32, values 32> layers 2 pool 0 at 0 stride 64
  quipu.entry @generate inputs [<"tokens" over token : 1 x i32 below 16>] outputs [<"logits" over selected : 16 x f32>] compiled [
      <@step_b_f32 tokens 1 cache f32 arena 64 partials 0 kernels []>,
      <@step_a_f16 tokens 8 cache f16 arena 64 partials 0 kernels [<"next" shape "5x8xf32" calls 1 schedule #quipu.cpu_tiles<lanes = 8, tokens = 4, tiles = 2, panel = true> cost <bytes = 1000, operations = 2000, nanoseconds = 3000>>]>,
      <@step_c_f16 tokens 1 cache f16 arena 128 partials 0 kernels []>]
}

llvm.func @quipu_barrier(!llvm.ptr)

// (token, position, logits, weights)
llvm.func @next.halide(i32, i32, !llvm.ptr, !llvm.ptr) attributes {quipu.bitcode = dense_resource<next> : tensor<1xi8>}

llvm.func @next(%args: !llvm.ptr, %layer: i32, %worker: i32, %workers: i32) attributes {passthrough = ["noinline"]} {
  %0 = llvm.mlir.constant(0 : i32) : i32
  %1 = llvm.mlir.constant(1 : i32) : i32
  %stride = llvm.mlir.constant(16 : i32) : i32
  %outputs_field = llvm.getelementptr %args[8] : (!llvm.ptr) -> !llvm.ptr, i8
  %positions_field = llvm.getelementptr %args[16] : (!llvm.ptr) -> !llvm.ptr, i8
  %rows_field = llvm.getelementptr %args[40] : (!llvm.ptr) -> !llvm.ptr, i8
  %weights_field = llvm.getelementptr %args[72] : (!llvm.ptr) -> !llvm.ptr, i8
  %row_count_field = llvm.getelementptr %args[116] : (!llvm.ptr) -> !llvm.ptr, i8
  %inputs = llvm.load %args : !llvm.ptr -> !llvm.ptr
  %tokens = llvm.load %inputs : !llvm.ptr -> !llvm.ptr
  %outputs = llvm.load %outputs_field : !llvm.ptr -> !llvm.ptr
  %positions = llvm.load %positions_field : !llvm.ptr -> !llvm.ptr
  %rows = llvm.load %rows_field : !llvm.ptr -> !llvm.ptr
  %logits = llvm.load %outputs : !llvm.ptr -> !llvm.ptr
  %weights = llvm.load %weights_field : !llvm.ptr -> !llvm.ptr
  %row_count = llvm.load %row_count_field : !llvm.ptr -> i32
  llvm.br ^head(%worker : i32)
^head(%row: i32):
  %more = llvm.icmp "slt" %row, %row_count : i32
  llvm.cond_br %more, ^body, ^end
^body:
  %index_field = llvm.getelementptr %rows[%row] : (!llvm.ptr, i32) -> !llvm.ptr, i32
  %index = llvm.load %index_field : !llvm.ptr -> i32
  %token_field = llvm.getelementptr %tokens[%index] : (!llvm.ptr, i32) -> !llvm.ptr, i32
  %token = llvm.load %token_field : !llvm.ptr -> i32
  %position_field = llvm.getelementptr %positions[%index] : (!llvm.ptr, i32) -> !llvm.ptr, i32
  %position = llvm.load %position_field : !llvm.ptr -> i32
  %first = llvm.mul %row, %stride : i32
  %out = llvm.getelementptr %logits[%first] : (!llvm.ptr, i32) -> !llvm.ptr, f32
  llvm.call @next.halide(%token, %position, %out, %weights) : (i32, i32, !llvm.ptr, !llvm.ptr) -> ()
  %next = llvm.add %row, %workers : i32
  llvm.br ^head(%next : i32)
^end:
  llvm.return
}

llvm.func @step_b_f32(%args: !llvm.ptr, %worker: i32, %workers: i32) {
  %0 = llvm.mlir.constant(0 : i32) : i32
  llvm.call @next(%args, %0, %worker, %workers) : (!llvm.ptr, i32, i32, i32) -> ()
  llvm.return
}
llvm.func @step_a_f16(%args: !llvm.ptr, %worker: i32, %workers: i32) {
  %0 = llvm.mlir.constant(0 : i32) : i32
  %barrier_field = llvm.getelementptr %args[80] : (!llvm.ptr) -> !llvm.ptr, i8
  %barrier = llvm.load %barrier_field : !llvm.ptr -> !llvm.ptr
  llvm.call @quipu_barrier(%barrier) : (!llvm.ptr) -> ()
  llvm.call @next(%args, %0, %worker, %workers) : (!llvm.ptr, i32, i32, i32) -> ()
  llvm.return
}
llvm.func @step_c_f16(%args: !llvm.ptr, %worker: i32, %workers: i32) {
  %0 = llvm.mlir.constant(0 : i32) : i32
  llvm.call @next(%args, %0, %worker, %workers) : (!llvm.ptr, i32, i32, i32) -> ()
  llvm.return
}
