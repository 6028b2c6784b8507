// RUN: %python %S/Inputs/make_llama.py %t.gguf
// RUN: cat %source/models/llama.mlir %source/models/heads/generate.mlir > %t.mlir
// RUN: %quipu-opt %t.mlir --bind-checkpoint="checkpoint=%t.gguf tokens=1,3" | FileCheck %s
// RUN: %quipu-opt %t.mlir --bind-checkpoint="checkpoint=%t.gguf tokens=1,3" | %quipu-opt | FileCheck %s

// Parameters are gone; weights are declared once, in the order in which the spec
// names them, whatever the number of steps. `output` is not in the file, nor is
// `rope_freqs`, nor are biases.
// CHECK-NOT:   quipu.param
// CHECK:       quipu.model @llama for ["llama", "ernie4_5"] {
// CHECK-NEXT:    quipu.weight @token_embd = "token_embd.weight" : tensor<96x64x!quipu.q8_0>
// CHECK-NEXT:    quipu.weight @blk.attn_norm = "blk.*.attn_norm.weight" layers 2 : tensor<64xf32>
// CHECK-NEXT:    quipu.weight @blk.attn_q = "blk.*.attn_q.weight" layers 2 : tensor<64x64x!quipu.q4_1>
// CHECK-NEXT:    quipu.weight @blk.attn_k = "blk.*.attn_k.weight" layers 2 : tensor<32x64x!quipu.q4_1>
// CHECK-NEXT:    quipu.weight @blk.attn_v =
// CHECK-NEXT:    quipu.weight @blk.attn_output =
// CHECK-NEXT:    quipu.weight @blk.ffn_norm =
// CHECK-NEXT:    quipu.weight @blk.ffn_gate =
// CHECK-NEXT:    quipu.weight @blk.ffn_up =
// CHECK-NEXT:    quipu.weight @blk.ffn_down = "blk.*.ffn_down.weight" layers 2 : tensor<64x128x!quipu.q4_1>
// CHECK-NEXT:    quipu.weight @output_norm = "output_norm.weight" : tensor<64xf32>

// The layers' keys and values are a state, declared once, too.
// CHECK-NEXT:    quipu.state @blk.kv : !quipu.pages<heads 2, keys 16, values 16> layers 2{{$}}
// An id is less than the rows of the table that it indexes.
// CHECK-NEXT:    quipu.entry @generate inputs [<"tokens" over token : 1 x i32 below 96>] outputs [<"logits" over selected : 96 x f32>] steps [@decode, @prefill3]
// CHECK-NEXT:    quipu.step @decode tokens 1 {
// CHECK-NEXT:      %[[TOKENS:.+]] = quipu.input "tokens" : tensor<1xi32>
// CHECK-NEXT:      %[[AT:.+]] = quipu.positions
// @rope_dims is @head_dim, which is 64 floordiv 4; @theta has a number in the spec.
// CHECK-NEXT:      %[[ANGLES:.+]] = quipu.rope_angles %[[AT]] dims 16 theta 1.000000e+04 scaling <type = "none", factor = 1.000000e+00 : f64, original_context = 0 : i64> tokens 1 : tensor<1x8x2xf32>
// CHECK-NEXT:      %[[X:.+]] = quipu.embed %[[TOKENS]], @token_embd : tensor<96x64x!quipu.q8_0> : tensor<1xi32> -> tensor<1x64xf32>
// CHECK-NEXT:      %[[LAST:.+]] = quipu.layers "blk" times 2 from %[[X]] {
// CHECK-NEXT:      ^{{.+}}(%[[H:.+]]: tensor<1x64xf32>):
// The file's f32 9.99999974e-06 was 1e-05.
// CHECK-NEXT:        %[[N:.+]] = quipu.rms_norm %[[H]], @blk.attn_norm : tensor<64xf32> eps 1.000000e-05 : tensor<1x64xf32> -> tensor<1x64xf32>
// CHECK-NEXT:        %[[Q:.+]] = quipu.linear %[[N]], @blk.attn_q : tensor<64x64x!quipu.q4_1> -> [4, 16] : tensor<1x64xf32> -> tensor<1x4x16xf32>
// CHECK-NEXT:        %[[K:.+]] = quipu.linear %[[N]], @blk.attn_k : tensor<32x64x!quipu.q4_1> -> [2, 16] : tensor<1x64xf32> -> tensor<1x2x16xf32>
// CHECK-NEXT:        %[[V:.+]] = quipu.linear %[[N]], @blk.attn_v : tensor<32x64x!quipu.q4_1> -> [2, 16] : tensor<1x64xf32> -> tensor<1x2x16xf32>
// CHECK-NEXT:        %[[QR:.+]] = quipu.rope %[[Q]] by %[[ANGLES]] pairs adjacent : tensor<1x4x16xf32>, tensor<1x8x2xf32> -> tensor<1x4x16xf32>
// CHECK-NEXT:        %[[KR:.+]] = quipu.rope %[[K]] by %[[ANGLES]] pairs adjacent
// CHECK-NEXT:        %[[KV:.+]] = quipu.cache_write %[[KR]], %[[V]] at %[[AT]] into @blk.kv : tensor<1x2x16xf32>, tensor<1x2x16xf32> -> !quipu.cache<@blk.kv, f16, heads 2, keys 16, values 16>
// CHECK-NEXT:        %[[A:.+]] = quipu.attention %[[QR]] over %[[KV]] at %[[AT]] : tensor<1x4x16xf32>, !quipu.cache<@blk.kv, f16, heads 2, keys 16, values 16> -> tensor<1x4x16xf32>
// CHECK-NEXT:        %[[O:.+]] = quipu.linear %[[A]], @blk.attn_output : tensor<64x64x!quipu.q4_1> -> [64] : tensor<1x4x16xf32> -> tensor<1x64xf32>
// CHECK:             quipu.swiglu {{.+}} : tensor<1x128xf32>
// CHECK:             quipu.yield %{{.+}} : tensor<1x64xf32>
// CHECK-NEXT:      } : tensor<1x64xf32> -> tensor<1x64xf32>
// Here the head begins, with the backbone's hidden states.
// CHECK-NEXT:      %[[HIDDEN:.+]] = quipu.rms_norm %[[LAST]], @output_norm
// CHECK-NEXT:      %[[SELECTED:.+]] = quipu.input "selected" : tensor<1xi32>
// CHECK-NEXT:      %[[ROWS:.+]] = quipu.gather %[[HIDDEN]], %[[SELECTED]] : tensor<1x64xf32>, tensor<1xi32> -> tensor<1x64xf32>
// The embedding serves as the output matrix.
// CHECK-NEXT:      %[[LOGITS:.+]] = quipu.linear %[[ROWS]], @token_embd : tensor<96x64x!quipu.q8_0> -> [96] : tensor<1x64xf32> -> tensor<1x96xf32>
// CHECK-NEXT:      quipu.output "logits", %[[LOGITS]] : tensor<1x96xf32>

// CHECK:         quipu.step @prefill3 tokens 3 {
// CHECK:           quipu.rope_angles {{.+}} tokens 3 : tensor<3x8x2xf32>
// CHECK:           quipu.layers "blk" times 2
// CHECK:             quipu.linear {{.+}}, @blk.attn_q : tensor<64x64x!quipu.q4_1> -> [4, 16] : tensor<3x64xf32> -> tensor<3x4x16xf32>
// CHECK:           quipu.output "logits", %{{.+}} : tensor<3x96xf32>

// What the file says comes before what the spec says; optional weights are taken
// when they are there.
// RUN: %python %S/Inputs/make_llama.py %t-all.gguf output.weight=F16:96x64 rope_freqs.weight=F32:4 blk.0.attn_q.bias=F32:64 blk.1.attn_q.bias=F32:64 blk.0.attn_norm.weight=F16 blk.1.attn_norm.weight=F16 +rope.freq_base=500000.0 "+rope.scaling.type='linear'" +rope.scaling.factor=2.5 +rope.dimension_count=8 +attention.key_length=16 +vocab_size=96
// RUN: %quipu-opt %t.mlir --bind-checkpoint="checkpoint=%t-all.gguf tokens=1" | FileCheck %s --check-prefix=ALL
// ALL: quipu.weight @rope_freqs = "rope_freqs.weight" : tensor<4xf32>
// Vectors are widened as they are packed.
// ALL: quipu.weight @blk.attn_norm = "blk.*.attn_norm.weight" layers 2 : tensor<64xf32>
// ALL: quipu.weight @blk.attn_q.bias = "blk.*.attn_q.bias" layers 2 : tensor<64xf32>
// ALL: quipu.weight @output = "output.weight" : tensor<96x64xf16>
// ALL: quipu.rope_angles %{{.+}} dims 8 theta 5.000000e+05 scaling <type = "linear", factor = 2.500000e+00 : f64, original_context = 0 : i64> factors @rope_freqs : tensor<4xf32> tokens 1 : tensor<1x4x2xf32>
// ALL: quipu.linear %{{.+}}, @blk.attn_q : tensor<64x64x!quipu.q4_1> bias @blk.attn_q.bias : tensor<64xf32> -> [4, 16]
// ALL: quipu.linear %{{.+}}, @blk.attn_k : tensor<32x64x!quipu.q4_1> -> [2, 16]
// ALL: quipu.linear %{{.+}}, @output : tensor<96x64xf16> -> [96]

// An f32 that needs nine digits keeps its value; f64s stay as they are.
// RUN: %python %S/Inputs/make_llama.py %t-real.gguf +attention.layer_norm_rms_epsilon=1.00000012
// RUN: %quipu-opt %t.mlir --bind-checkpoint="checkpoint=%t-real.gguf tokens=1" | FileCheck %s --check-prefix=REAL
// REAL: quipu.rms_norm {{.+}} eps 1.0000001{{[0-9]*}} :

// Integers serve where reals are needed.
// RUN: %python %S/Inputs/make_llama.py %t-integers.gguf +rope.freq_base=10000 +attention.layer_norm_rms_epsilon=1
// RUN: %quipu-opt %t.mlir --bind-checkpoint="checkpoint=%t-integers.gguf tokens=1" | FileCheck %s --check-prefix=INTEGERS
// INTEGERS: quipu.rope_angles {{.+}} theta 1.000000e+04
// INTEGERS: quipu.rms_norm {{.+}} eps 1.000000e+00 :

// Layers may have different formats: the most frequent one comes first (of two as
// frequent, layer 0's), and the others have their layers. Vectors are f32 anyway.
// RUN: %python %S/Inputs/make_llama.py %t-mixed.gguf blk.1.attn_v.weight=Q8_0 blk.0.ffn_down.weight=F16 blk.1.ffn_down.weight=F32 blk.1.attn_norm.weight=F16
// RUN: %quipu-opt %t.mlir --bind-checkpoint="checkpoint=%t-mixed.gguf tokens=1" | FileCheck %s --check-prefix=MIXED
// MIXED: quipu.weight @blk.attn_norm = "blk.*.attn_norm.weight" layers 2 : tensor<64xf32>{{$}}
// MIXED: quipu.weight @blk.attn_v = "blk.*.attn_v.weight" layers 2 : tensor<32x64x!quipu.mixed<!quipu.q4_1, !quipu.q8_0>> but !quipu.q8_0 in [1]{{$}}
// MIXED: quipu.weight @blk.ffn_down = "blk.*.ffn_down.weight" layers 2 : tensor<64x128x!quipu.mixed<f16, f32>> but f32 in [1]{{$}}
// MIXED: quipu.linear %{{.+}}, @blk.attn_v : tensor<32x64x!quipu.mixed<!quipu.q4_1, !quipu.q8_0>> -> [2, 16] : tensor<1x64xf32> -> tensor<1x2x16xf32>

// A parameter that has no value leaves out what it is given for.
// RUN: %python %S/Inputs/make_llama.py %t-yarn.gguf +attention.sliding_window=20 "+rope.scaling.type='yarn'" +rope.scaling.factor=4.0 +rope.scaling.original_context_length=64 +rope.scaling.yarn_beta_fast=16.0 +rope.scaling.yarn_attn_factor=1.25
// RUN: %quipu-opt %t.mlir --bind-checkpoint="checkpoint=%t-yarn.gguf tokens=1" | FileCheck %s --check-prefix=YARN
// YARN: quipu.rope_angles {{.+}} scaling <type = "yarn", factor = 4.000000e+00 : f64, original_context = 64 : i64, beta_fast = 1.600000e+01 : f64, attention = 1.250000e+00 : f64> tokens
// YARN: quipu.attention {{.+}} window 20 :

// A factor without a type divides positions, by either name, and a factor of 1 does
// nothing; a window of 0 is none.
// RUN: %python %S/Inputs/make_llama.py %t-factor.gguf +rope.scaling.factor=4.0 +attention.sliding_window=0
// RUN: %quipu-opt %t.mlir --bind-checkpoint="checkpoint=%t-factor.gguf tokens=1" | FileCheck %s --check-prefix=FACTOR
// FACTOR: quipu.rope_angles {{.+}} scaling <type = "linear", factor = 4.000000e+00 : f64
// FACTOR: quipu.attention %{{.+}} over %{{.+}} at %{{[a-z]+}} :
// RUN: %python %S/Inputs/make_llama.py %t-divisor.gguf +rope.scale_linear=2.0
// RUN: %quipu-opt %t.mlir --bind-checkpoint="checkpoint=%t-divisor.gguf tokens=1" | FileCheck %s --check-prefix=DIVISOR
// DIVISOR: quipu.rope_angles {{.+}} scaling <type = "linear", factor = 2.000000e+00 : f64
// RUN: %python %S/Inputs/make_llama.py %t-one.gguf +rope.scaling.factor=1.0
// RUN: %quipu-opt %t.mlir --bind-checkpoint="checkpoint=%t-one.gguf tokens=1" | FileCheck %s --check-prefix=ONE
// RUN: %python %S/Inputs/make_llama.py %t-none.gguf +rope.scaling.factor=4.0 "+rope.scaling.type='none'"
// RUN: %quipu-opt %t.mlir --bind-checkpoint="checkpoint=%t-none.gguf tokens=1" | FileCheck %s --check-prefix=ONE
// ONE: quipu.rope_angles {{.+}} scaling <type = "none"

// What only layers need that this checkpoint has none of is read, too: here the
// rotation of those that see all positions.
// RUN: %python %S/Inputs/make_llama.py %t-few.gguf +attention.sliding_window=20 +rope.freq_base=500000.0 +attention.sliding_window_pattern=4
// RUN: sed -f %S/Inputs/windows.sed %t.mlir > %t-few.mlir
// RUN: %quipu-opt %t-few.mlir --bind-checkpoint="checkpoint=%t-few.gguf tokens=1" | FileCheck %s --check-prefix=FEW
// FEW: quipu.rope_angles {{.+}} theta 1.000000e+04
// FEW-NOT: quipu.rope_angles
// FEW: quipu.attention {{.+}} window 20 :

// Vectors may be filled up with dimensions of 1, and a number may be given for each
// layer.
// RUN: %python %S/Inputs/make_llama.py %t-filled.gguf blk.0.attn_norm.weight=F32:1x64 blk.0.attn_q.bias=F32:64 blk.1.attn_q.bias=F32:1x64 "+attention.head_count_kv=[2, 2]"
// RUN: %quipu-opt %t.mlir --bind-checkpoint="checkpoint=%t-filled.gguf tokens=1" | FileCheck %s --check-prefix=FILLED
// FILLED: quipu.weight @blk.attn_norm = "blk.*.attn_norm.weight" layers 2 : tensor<64xf32>{{$}}
// FILLED: quipu.weight @blk.attn_q.bias = "blk.*.attn_q.bias" layers 2 : tensor<64xf32>{{$}}
// FILLED: quipu.linear %{{.+}}, @blk.attn_k : {{.+}} -> [2, 16]
