// What bind-checkpoint says of a broken file: the file, what is wrong in it, and the
// line of the spec that needs it.

// RUN: rm -rf %t && mkdir %t && cd %t
// RUN: cat %source/models/llama.mlir %source/models/heads/generate.mlir > llama.mlir
// DEFINE: %{file} =
// DEFINE: %{edits} =
// DEFINE: %{bind} = %python %S/Inputs/make_llama.py %{file}.gguf %{edits} && not %quipu-opt llama.mlir --mlir-print-op-on-diagnostic=false --bind-checkpoint="checkpoint=%{file}.gguf tokens=1" 2>&1 | FileCheck %s --match-full-lines --check-prefix

// REDEFINE: %{file} = no-key
// REDEFINE: %{edits} = -block_count
// RUN: %{bind} CHECK-NO-KEY
// CHECK-NO-KEY: models/prelude.mlir:4:3: error: no-key.gguf: the key "llama.block_count" is missing, and @layers has no other value in the spec

// REDEFINE: %{file} = array-key
// REDEFINE: %{edits} = +embedding_length=[1,2]
// RUN: %{bind} CHECK-ARRAY-KEY
// CHECK-ARRAY-KEY: models/prelude.mlir:5:3: error: array-key.gguf: the key "llama.embedding_length" is neither a number nor a word, as @hidden needs

// REDEFINE: %{file} = bool-key
// REDEFINE: %{edits} = +embedding_length=True
// RUN: %{bind} CHECK-BOOL-KEY
// CHECK-BOOL-KEY: models/prelude.mlir:5:3: error: bool-key.gguf: the key "llama.embedding_length" is neither a number nor a word, as @hidden needs

// REDEFINE: %{file} = no-heads
// REDEFINE: %{edits} = +attention.head_count=0
// RUN: %{bind} CHECK-NO-HEADS
// CHECK-NO-HEADS: models/prelude.mlir:9:3: error: the expression (@hidden floordiv @heads) has no value: it is (64 floordiv 0)

// REDEFINE: %{file} = real-heads
// REDEFINE: %{edits} = +attention.head_count=2.5
// RUN: %{bind} CHECK-REAL-HEADS
// CHECK-REAL-HEADS: models/prelude.mlir:9:3: error: the expression (@hidden floordiv @heads) has no value: it is (64 floordiv 2.500000e+00)

// REDEFINE: %{file} = no-rows
// REDEFINE: %{edits} = ~token_embd.weight
// RUN: %{bind} CHECK-NO-ROWS
// CHECK-NO-ROWS: {{.*}}llama.mlir:38:3: error: no-rows.gguf: the tensor "token_embd.weight" is missing, whose rows @vocabulary needs

// REDEFINE: %{file} = no-layers
// REDEFINE: %{edits} = +block_count=-1
// RUN: %{bind} CHECK-NO-LAYERS
// CHECK-NO-LAYERS: {{.*}}llama.mlir:11:13: error: the number of layers is -1 : i64, expected a positive integer of at most 65536
// CHECK-NO-LAYERS: models/prelude.mlir:4:3: note: @layers is -1: no-layers.gguf, "llama.block_count"

// REDEFINE: %{file} = word-layers
// REDEFINE: %{edits} = "+block_count='two'"
// RUN: %{bind} CHECK-WORD-LAYERS
// CHECK-WORD-LAYERS: {{.*}}llama.mlir:{{[0-9]+:[0-9]+}}: error: the number of layers is "two", expected a positive integer of at most 65536

// REDEFINE: %{file} = many-layers
// REDEFINE: %{edits} = +block_count=9223372036854775807
// RUN: %{bind} CHECK-MANY-LAYERS
// CHECK-MANY-LAYERS: {{.*}}llama.mlir:{{[0-9]+:[0-9]+}}: error: the number of layers is 9223372036854775807 : i64, expected a positive integer of at most 65536

// REDEFINE: %{file} = no-tensor
// REDEFINE: %{edits} = ~blk.1.attn_q.weight
// RUN: %{bind} CHECK-NO-TENSOR
// CHECK-NO-TENSOR: {{.*}}llama.mlir:14:13: error: no-tensor.gguf: the tensor "blk.1.attn_q.weight" is missing

// REDEFINE: %{file} = no-bias
// REDEFINE: %{edits} = blk.0.attn_q.bias=F32:64
// RUN: %{bind} CHECK-NO-BIAS
// CHECK-NO-BIAS: {{.*}}llama.mlir:{{[0-9]+:[0-9]+}}: error: no-bias.gguf: the tensor "blk.1.attn_q.bias" is missing

// REDEFINE: %{file} = late-bias
// REDEFINE: %{edits} = blk.1.attn_q.bias=F32:64
// RUN: %{bind} CHECK-LATE-BIAS
// CHECK-LATE-BIAS: {{.*}}llama.mlir:{{[0-9]+:[0-9]+}}: error: late-bias.gguf: the tensor "blk.0.attn_q.bias" is missing

// REDEFINE: %{file} = shapes
// REDEFINE: %{edits} = blk.1.ffn_up.weight=Q4_1:96x64
// RUN: %{bind} CHECK-SHAPES
// CHECK-SHAPES: {{.*}}llama.mlir:{{[0-9]+:[0-9]+}}: error: shapes.gguf: the tensor "blk.1.ffn_up.weight" is 'tensor<96x64x!quipu.q4_1>', but that of layer 0 is 'tensor<128x64x!quipu.q4_1>'; store all layers in one shape

// REDEFINE: %{file} = output-shape
// REDEFINE: %{edits} = +attention.head_count=8
// RUN: %{bind} CHECK-OUTPUT-SHAPE
// CHECK-OUTPUT-SHAPE: {{.*}}llama.mlir:15:13: error: 'quipu.linear' op C2: the weight @blk.attn_k has 32 rows, but the output shape [2, 8] needs 16

// REDEFINE: %{file} = input-shape
// REDEFINE: %{edits} = blk.0.attn_q.weight=Q4_1:64x32 blk.1.attn_q.weight=Q4_1:64x32
// RUN: %{bind} CHECK-INPUT-SHAPE
// CHECK-INPUT-SHAPE: {{.*}}llama.mlir:14:13: error: 'quipu.linear' op C1: the weight @blk.attn_q is 'tensor<64x32x!quipu.q4_1>', but the input has 64 numbers per token

// REDEFINE: %{file} = overflow
// REDEFINE: %{edits} = +attention.head_count=1152921504606846977 +attention.key_length=64
// RUN: %{bind} CHECK-OVERFLOW
// CHECK-OVERFLOW: {{.*}}llama.mlir:14:13: error: 'quipu.linear' op C2: the weight @blk.attn_q has 64 rows, but the output shape [1152921504606846977, 64] needs 9223372036854775807

// REDEFINE: %{file} = vector-embedding
// REDEFINE: %{edits} = token_embd.weight=F32:64
// RUN: %{bind} CHECK-VECTOR-EMBEDDING
// CHECK-VECTOR-EMBEDDING: {{.*}}llama.mlir:10:13: error: C2: the weight @token_embd is not a bound matrix

// REDEFINE: %{file} = family
// REDEFINE: %{edits} = family=qwen3
// RUN: %{bind} CHECK-FAMILY
// CHECK-FAMILY: {{.*}}llama.mlir:4:1: error: the spec @llama is for ["llama", "ernie4_5"], but the checkpoint's family is "qwen3"; give a spec for it with --spec

// REDEFINE: %{file} = eps
// REDEFINE: %{edits} = +attention.layer_norm_rms_epsilon=0.0
// RUN: %{bind} CHECK-EPS
// CHECK-EPS: {{.*}}llama.mlir:13:13: error: 'quipu.rms_norm' op C2: eps is not positive

// REDEFINE: %{file} = word-eps
// REDEFINE: %{edits} = "+attention.layer_norm_rms_epsilon='small'"
// RUN: %{bind} CHECK-WORD-EPS
// CHECK-WORD-EPS: {{.*}}llama.mlir:{{[0-9]+:[0-9]+}}: error: 'quipu.rms_norm' op attribute 'eps' failed to satisfy constraint: real

// REDEFINE: %{file} = scaling
// REDEFINE: %{edits} = "+rope.scaling.type='ntk'"
// RUN: %{bind} CHECK-SCALING
// CHECK-SCALING: {{.*}}llama.mlir:7:13: error: 'quipu.rope_angles' op C3: the scaling "ntk" is none of none, linear, llama3, yarn, longrope, dynamic

// REDEFINE: %{file} = theta
// REDEFINE: %{edits} = +rope.freq_base=1e400
// RUN: %{bind} CHECK-THETA
// CHECK-THETA: {{.*}}llama.mlir:7:13: error: 'quipu.rope_angles' op C4: theta is 0x7FF0000000000000 : f64, not finite in f32
// CHECK-THETA: models/prelude.mlir:14:3: note: @theta is 0x7FF0000000000000: theta.gguf, "llama.rope.freq_base"

// REDEFINE: %{file} = odd-dims
// REDEFINE: %{edits} = +rope.dimension_count=15
// RUN: %{bind} CHECK-ODD-DIMS
// CHECK-ODD-DIMS: {{.*}}llama.mlir:7:13: error: C1: dims is even and positive, not 15
// CHECK-ODD-DIMS: models/prelude.mlir:13:3: note: @rope_dims is 15: odd-dims.gguf, "llama.rope.dimension_count"
// CHECK-ODD-DIMS: models/prelude.mlir:14:3: note: @theta is 1.000000e+04: from the spec

// REDEFINE: %{file} = large-dims
// REDEFINE: %{edits} = +rope.dimension_count=32
// RUN: %{bind} CHECK-LARGE-DIMS
// CHECK-LARGE-DIMS: {{.*}}llama.mlir:{{[0-9]+:[0-9]+}}: error: 'quipu.rope' op C2: the angles 'tensor<1x16x2xf32>' do not fit 'tensor<1x4x16xf32>'

// REDEFINE: %{file} = yarn
// REDEFINE: %{edits} = "+rope.scaling.type='yarn'" +rope.scaling.factor=4.0 +rope.scaling.original_context_length=64 +rope.scaling.yarn_beta_slow=40.0
// RUN: %{bind} CHECK-YARN
// CHECK-YARN: {{.*}}llama.mlir:7:13: error: 'quipu.rope_angles' op C3: the scaling's beta_slow and beta_fast are not rising: 4.000000e+01 : f64 and 3.200000e+01 : f64

// REDEFINE: %{file} = ignored-key
// REDEFINE: %{edits} = +rope.scaling.attn_factor=1.5
// RUN: %{bind} CHECK-IGNORED-KEY
// CHECK-IGNORED-KEY: {{.*}}llama.mlir:4:1: error: ignored-key.gguf: the key "llama.rope.scaling.attn_factor" is in the checkpoint, but the spec does not use it

// What else the pass is told.

// RUN: %python %S/Inputs/make_llama.py good.gguf
// RUN: not %quipu-opt llama.mlir --bind-checkpoint="checkpoint=nowhere.gguf tokens=1" 2>&1 | FileCheck %s --check-prefix=NOWHERE
// NOWHERE: error: {{.*}}nowhere.gguf
// RUN: not %quipu-opt llama.mlir --bind-checkpoint="checkpoint=good.gguf" 2>&1 | FileCheck %s --check-prefix=NO-TOKENS
// NO-TOKENS: error: an entry needs a step; say for how many tokens
// RUN: not %quipu-opt llama.mlir --bind-checkpoint="checkpoint=good.gguf tokens=1,0" 2>&1 | FileCheck %s --check-prefix=TOKENS
// TOKENS: error: the number of tokens of a step is 0, expected one from 1 to 65536
// RUN: not %quipu-opt llama.mlir --bind-checkpoint="checkpoint=good.gguf tokens=1,1" 2>&1 | FileCheck %s --check-prefix=TWICE
// TWICE: error: redefinition of symbol named 'decode'
