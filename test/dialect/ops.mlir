// Every op, before and after binding, survives printing and parsing, in its own
// syntax and in the generic one.

// RUN: %quipu-opt %s | %quipu-opt | FileCheck %s
// RUN: %quipu-opt %s --mlir-print-op-generic | %quipu-opt | FileCheck %s

//===----------------------------------------------------------------------===//
// A spec: names for sizes, no types
//===----------------------------------------------------------------------===//

// CHECK-LABEL: quipu.model @spec for ["a", "b"] {
quipu.model @spec for ["a", "b"] {
  // CHECK-NEXT: quipu.param @n = "count"{{$}}
  // CHECK-NEXT: quipu.param @m = "other" else @n
  // CHECK-NEXT: quipu.param @d = "dim" else (@n floordiv @m)
  // CHECK-NEXT: quipu.param @v = "vocabulary" else rows "token_embd"
  // CHECK-NEXT: quipu.param @eps = "eps" else 1.000000e-05
  // CHECK-NEXT: quipu.param @word = "word" else "none"
  // CHECK-NEXT: quipu.param @zero = "zero" else 0
  // CHECK-NEXT: quipu.param @maybe = "maybe" else absent
  // CHECK-NEXT: quipu.param @third = "list" at 2 else 4
  // CHECK-NEXT: quipu.param @all = ((2 * @n) ** -5.000000e-01)
  // CHECK-NEXT: quipu.layer_set @full = where "kinds" is "full" else where "flags" is false else every (@n + 1) from @m
  // CHECK-NEXT: quipu.layer_set @first = below @m
  quipu.param @n = "count"
  quipu.param @m = "other" else @n
  quipu.param @d = "dim" else (@n floordiv @m)
  quipu.param @v = "vocabulary" else rows "token_embd"
  quipu.param @eps = "eps" else 1.0e-5
  quipu.param @word = "word" else "none"
  quipu.param @zero = "zero" else 0
  quipu.param @maybe = "maybe" else absent
  quipu.param @third = "list" at 2 else 4
  quipu.param @all = ((2 * @n) ** -0.5)
  quipu.layer_set @full = where "kinds" is "full" else where "flags" is false else every (@n + 1) from @m
  quipu.layer_set @first = below @m

  // CHECK-NEXT: %[[TOKENS:.+]] = quipu.input "tokens"{{ *$}}
  // CHECK-NEXT: %[[AT:.+]] = quipu.positions{{ *$}}
  // CHECK-NEXT: %[[ANGLES:.+]] = quipu.rope_angles %[[AT]] dims @d theta @eps scaling <type = @word, factor = 2.000000e+00 : f64> factors optional "rope_freqs" short optional "short"{{ *$}}
  // CHECK-NEXT: %[[TIME:.+]] = quipu.input "time"{{ *$}}
  // CHECK-NEXT: quipu.rope_angles %[[AT]] axes %[[TIME]], %[[TIME]], %[[TIME]] sections [2, @n, @d] interleaved dims @d theta @eps{{ *$}}
  // CHECK-NEXT: %[[X:.+]] = quipu.embed %[[TOKENS]], "token_embd"{{ *$}}
  %tokens = quipu.input "tokens"
  %at = quipu.positions
  %angles = quipu.rope_angles %at dims @d theta @eps scaling <type = @word, factor = 2.0> factors optional "rope_freqs" short optional "short"
  %time = quipu.input "time"
  %places = quipu.rope_angles %at axes %time, %time, %time sections [2, @n, @d] interleaved dims @d theta @eps
  %x = quipu.embed %tokens, "token_embd"
  // CHECK-NEXT: %[[LAST:.+]] = quipu.layers "blk" times @n from %[[X]] {
  // CHECK-NEXT: ^{{.+}}(%[[H:.+]]: !quipu.value):
  %last = quipu.layers "blk" times @n from %x {
  ^layer(%h: !quipu.value):
    // CHECK-NEXT: %[[NORM:.+]] = quipu.rms_norm %[[H]], "norm" eps @eps{{ *$}}
    // CHECK-NEXT: %[[Q:.+]] = quipu.linear %[[NORM]], "q" bias optional "q.bias" -> [@n, @d]{{ *$}}
    // CHECK-NEXT: %[[K:.+]] = quipu.linear %[[NORM]], "k" else "q" -> [@m, 64]{{ *$}}
    // CHECK-NEXT: %[[R:.+]] = quipu.rope %[[Q]] by %[[ANGLES]] pairs halves{{ *$}}
    // CHECK-NEXT: %[[KV:.+]] = quipu.cache_write %[[K]], %[[K]] at %[[AT]]{{ *$}}
    // CHECK-NEXT: %[[KV32:.+]] = quipu.cache_write %[[K]], %[[K]] at %[[AT]] as f32{{ *$}}
    // CHECK-NEXT: %[[A:.+]] = quipu.attention %[[R]] over %[[KV]] at %[[AT]]{{ *$}}
    // CHECK-NEXT: quipu.attention %[[R]] over %[[KV32]] at %[[AT]] scale @eps window @n soft_cap 5.000000e+01 sinks "sinks"{{ *$}}
    %norm = quipu.rms_norm %h, "norm" eps @eps
    %q = quipu.linear %norm, "q" bias optional "q.bias" -> [@n, @d]
    %k = quipu.linear %norm, "k" else "q" -> [@m, 64]
    %r = quipu.rope %q by %angles pairs halves
    %kv = quipu.cache_write %k, %k at %at
    %kv32 = quipu.cache_write %k, %k at %at as f32
    %a = quipu.attention %r over %kv at %at
    %b = quipu.attention %r over %kv32 at %at scale @eps window @n soft_cap 50.0 sinks "sinks"
    // CHECK-NEXT: %[[Z:.+]] = quipu.quantize %[[H]]{{ *$}}
    // CHECK-NEXT: %[[S:.+]] = quipu.swiglu %[[H]], %[[A]]{{ *$}}
    // CHECK-NEXT: %[[SUM:.+]] = quipu.add %[[S]], %[[A]]{{ *$}}
    // CHECK-NEXT: %[[MUL:.+]] = quipu.mul %[[SUM]], %[[A]]{{ *$}}
    // CHECK-NEXT: %[[SC:.+]] = quipu.scale %[[MUL]] by @eps{{ *$}}
    // CHECK-NEXT: %[[ACT:.+]] = quipu.activate gelu_tanh %[[SC]]{{ *$}}
    // CHECK-NEXT: %[[SOFT:.+]] = quipu.softmax %[[ACT]]{{ *$}}
    // CHECK-NEXT: %[[L:.+]] = quipu.layer_norm %[[SOFT]], optional "norm" bias optional "norm.bias" eps @eps{{ *$}}
    // CHECK-NEXT: %[[P:.+]] = quipu.rms_norm %[[L]] eps @eps{{ *$}}
    // CHECK-NEXT: %[[C:.+]] = quipu.clamp %[[P]] from -7.000000e+00 to @eps{{ *$}}
    // CHECK-NEXT: quipu.rope %[[Q]] by %[[ANGLES]] pairs adjacent from @n{{ *$}}
    // CHECK-NEXT: quipu.concat %[[K]], %[[R]]{{ *$}}
    // CHECK-NEXT: quipu.yield %[[C]]{{ *$}}
    %z = quipu.quantize %h
    %s = quipu.swiglu %h, %a
    %sum = quipu.add %s, %a
    %mul = quipu.mul %sum, %a
    %sc = quipu.scale %mul by @eps
    %act = quipu.activate gelu_tanh %sc
    %soft = quipu.softmax %act
    %ln = quipu.layer_norm %soft, optional "norm" bias optional "norm.bias" eps @eps
    %plain = quipu.rms_norm %ln eps @eps
    %cl = quipu.clamp %plain from -7.0 to @eps
    %rf = quipu.rope %q by %angles pairs adjacent from @n
    %cc = quipu.concat %k, %r
    quipu.yield %cl
  }
  // CHECK:      %[[ROWS:.+]] = quipu.input "selected"
  // CHECK-NEXT: %[[WANTED:.+]] = quipu.gather %[[LAST]], %[[ROWS]]{{ *$}}
  // CHECK-NEXT: quipu.output "logits", %[[WANTED]]{{ *$}}
  %rows = quipu.input "selected"
  %selected = quipu.gather %last, %rows
  quipu.output "logits", %selected
}

//===----------------------------------------------------------------------===//
// A bound model: numbers and types
//===----------------------------------------------------------------------===//

// CHECK-LABEL: quipu.model @bound for ["a"] {
quipu.model @bound for ["a"] {
  // CHECK-NEXT: quipu.weight @token_embd = "token_embd.weight" : tensor<96x64xf16>{{ *$}}
  // CHECK-NEXT: quipu.weight @blk.norm = "blk.*.norm.weight" layers 3 : tensor<64xf32, #quipu.floats> packed at 12288 stride 512
  // CHECK-NEXT: quipu.weight @output = "output.weight" : tensor<96x64x!quipu.q8_0, #quipu.rows16> packed at 0
  quipu.weight @token_embd = "token_embd.weight" : tensor<96x64xf16>
  quipu.weight @blk.norm = "blk.*.norm.weight" layers 3 : tensor<64xf32, #quipu.floats> packed at 12288 stride 512
  quipu.weight @output = "output.weight" : tensor<96x64x!quipu.q8_0, #quipu.rows16> packed at 0
  // CHECK-NEXT: quipu.state @kv : !quipu.pages<heads 2, keys 16, values 16> layers 4{{ *$}}
  quipu.state @kv : !quipu.pages<heads 2, keys 16, values 16> layers 4
  quipu.weight @rope_freqs = "rope_freqs.weight" : tensor<8xf32>
  quipu.weight @blk.m = "blk.*.m.weight" layers 3 : tensor<64x64x!quipu.mixed<!quipu.q4_0, f16>> but f16 in [1]
  quipu.weight @blk.q = "blk.*.q.weight" layers 3 : tensor<64x64x!quipu.q4_0>
  quipu.weight @blk.q.bias = "blk.*.q.bias" layers 3 : tensor<64xf32>
  quipu.weight @blk.k = "blk.*.k.weight" layers 3 : tensor<32x64xbf16>
  quipu.weight @blk.sinks = "blk.*.sinks.weight" layers 3 : tensor<4xf32>
  quipu.weight @blk.o = "blk.*.o.weight" layers 3 : tensor<64x64xf32>

  // CHECK-LABEL: quipu.step @prefill2 tokens 2 {
  quipu.step @prefill2 tokens 2 {
    // CHECK-NEXT: %[[TOKENS:.+]] = quipu.input "tokens" : tensor<2xi32>
    // CHECK-NEXT: %[[AT:.+]] = quipu.positions
    // CHECK-NEXT: %[[ANGLES:.+]] = quipu.rope_angles %[[AT]] dims 16 theta 1.000000e+04 scaling <type = "llama3", factor = 8.000000e+00 : f64, original_context = 8192 : i64, low = 1.000000e+00 : f64, high = 4.000000e+00 : f64> factors @rope_freqs : tensor<8xf32> tokens 2 : tensor<2x8x2xf32>
    // CHECK-NEXT: %[[TIME:.+]] = quipu.input "time" : tensor<2xi32>
    // CHECK-NEXT: quipu.rope_angles %[[AT]] axes %[[TIME]], %[[TIME]], %[[TIME]] sections [2, 3, 3] dims 16 theta 1.000000e+04 tokens 2 : tensor<2xi32>, tensor<2xi32>, tensor<2xi32> -> tensor<2x8x2xf32>
    // CHECK-NEXT: %[[X:.+]] = quipu.embed %[[TOKENS]], @token_embd : tensor<96x64xf16> : tensor<2xi32> -> tensor<2x64xf32>
    %tokens = quipu.input "tokens" : tensor<2xi32>
    %at = quipu.positions
    %angles = quipu.rope_angles %at dims 16 theta 10000.0 scaling <type = "llama3", factor = 8.0 : f64, original_context = 8192 : i64, low = 1.0 : f64, high = 4.0 : f64> factors @rope_freqs : tensor<8xf32> tokens 2 : tensor<2x8x2xf32>
    %time = quipu.input "time" : tensor<2xi32>
    %places = quipu.rope_angles %at axes %time, %time, %time sections [2, 3, 3] dims 16 theta 10000.0 tokens 2 : tensor<2xi32>, tensor<2xi32>, tensor<2xi32> -> tensor<2x8x2xf32>
    %x = quipu.embed %tokens, @token_embd : tensor<96x64xf16> : tensor<2xi32> -> tensor<2x64xf32>
    // CHECK-NEXT: quipu.layers "blk" times 3 from %[[X]] {
    // CHECK-NEXT: ^{{.+}}(%[[H:.+]]: tensor<2x64xf32>):
    %last = quipu.layers "blk" times 3 from %x {
    ^layer(%h: tensor<2x64xf32>):
      // CHECK-NEXT: %[[N:.+]] = quipu.rms_norm %[[H]], @blk.norm : tensor<64xf32> eps 1.000000e-05 : tensor<2x64xf32> -> tensor<2x64xf32>
      // CHECK-NEXT: %[[Z:.+]] = quipu.quantize %[[N]] : tensor<2x64xf32> -> tensor<2x64x!quipu.i8x32>
      // CHECK-NEXT: quipu.linear %[[N]] or %[[Z]], @blk.m : tensor<64x64x!quipu.mixed<!quipu.q4_0, f16>> -> [64] : tensor<2x64xf32> or tensor<2x64x!quipu.i8x32> -> tensor<2x64xf32>
      // CHECK-NEXT: %[[Q:.+]] = quipu.linear %[[Z]], @blk.q : tensor<64x64x!quipu.q4_0> bias @blk.q.bias : tensor<64xf32> -> [4, 16] : tensor<2x64x!quipu.i8x32> -> tensor<2x4x16xf32>
      // CHECK-NEXT: %[[B:.+]] = quipu.quantize %[[N]] as bf16 : tensor<2x64xf32> -> tensor<2x64xbf16>
      // CHECK-NEXT: %[[K:.+]] = quipu.linear %[[B]], @blk.k : tensor<32x64xbf16> -> [2, 16] : tensor<2x64xbf16> -> tensor<2x2x16xf32>
      // CHECK-NEXT: %[[R:.+]] = quipu.rope %[[Q]] by %[[ANGLES]] pairs adjacent : tensor<2x4x16xf32>, tensor<2x8x2xf32> -> tensor<2x4x16xf32>
      // CHECK-NEXT: %[[KV:.+]] = quipu.cache_write %[[K]], %[[K]] at %[[AT]] into @kv : tensor<2x2x16xf32>, tensor<2x2x16xf32> -> !quipu.cache<@kv, f16, heads 2, keys 16, values 16>
      // CHECK-NEXT: %[[A:.+]] = quipu.attention %[[R]] over %[[KV]] at %[[AT]] scale 2.500000e-01 window 8 soft_cap 5.000000e+01 sinks @blk.sinks : tensor<4xf32> : tensor<2x4x16xf32>, !quipu.cache<@kv, f16, heads 2, keys 16, values 16> -> tensor<2x4x16xf32>
      // CHECK-NEXT: %[[O:.+]] = quipu.linear %[[A]], @blk.o : tensor<64x64xf32> -> [64] : tensor<2x4x16xf32> -> tensor<2x64xf32>
      %n = quipu.rms_norm %h, @blk.norm : tensor<64xf32> eps 1.0e-5 : tensor<2x64xf32> -> tensor<2x64xf32>
      %z = quipu.quantize %n : tensor<2x64xf32> -> tensor<2x64x!quipu.i8x32>
      %both = quipu.linear %n or %z, @blk.m : tensor<64x64x!quipu.mixed<!quipu.q4_0, f16>> -> [64] : tensor<2x64xf32> or tensor<2x64x!quipu.i8x32> -> tensor<2x64xf32>
      %q = quipu.linear %z, @blk.q : tensor<64x64x!quipu.q4_0> bias @blk.q.bias : tensor<64xf32> -> [4, 16] : tensor<2x64x!quipu.i8x32> -> tensor<2x4x16xf32>
      %b = quipu.quantize %n as bf16 : tensor<2x64xf32> -> tensor<2x64xbf16>
      %k = quipu.linear %b, @blk.k : tensor<32x64xbf16> -> [2, 16] : tensor<2x64xbf16> -> tensor<2x2x16xf32>
      %r = quipu.rope %q by %angles pairs adjacent : tensor<2x4x16xf32>, tensor<2x8x2xf32> -> tensor<2x4x16xf32>
      %kv = quipu.cache_write %k, %k at %at into @kv : tensor<2x2x16xf32>, tensor<2x2x16xf32> -> !quipu.cache<@kv, f16, heads 2, keys 16, values 16>
      %a = quipu.attention %r over %kv at %at scale 0.25 window 8 soft_cap 50.0 sinks @blk.sinks : tensor<4xf32> : tensor<2x4x16xf32>, !quipu.cache<@kv, f16, heads 2, keys 16, values 16> -> tensor<2x4x16xf32>
      %o = quipu.linear %a, @blk.o : tensor<64x64xf32> -> [64] : tensor<2x4x16xf32> -> tensor<2x64xf32>
      // CHECK-NEXT: %[[G:.+]] = quipu.swiglu %[[O]], %[[N]] : tensor<2x64xf32>
      // CHECK-NEXT: %[[S:.+]] = quipu.add %[[G]], %[[H]] : tensor<2x64xf32>
      // CHECK-NEXT: %[[M:.+]] = quipu.mul %[[S]], %[[S]] : tensor<2x64xf32>
      // CHECK-NEXT: %[[C:.+]] = quipu.scale %[[M]] by 2.000000e+00 : tensor<2x64xf32> -> tensor<2x64xf32>
      // CHECK-NEXT: %[[T:.+]] = quipu.activate silu %[[C]] : tensor<2x64xf32> -> tensor<2x64xf32>
      // CHECK-NEXT: %[[P:.+]] = quipu.softmax %[[T]] : tensor<2x64xf32> -> tensor<2x64xf32>
      // CHECK-NEXT: quipu.yield %[[P]] : tensor<2x64xf32>
      // CHECK-NEXT: } : tensor<2x64xf32> -> tensor<2x64xf32>
      %g = quipu.swiglu %o, %n : tensor<2x64xf32>
      %s = quipu.add %g, %h : tensor<2x64xf32>
      %m = quipu.mul %s, %s : tensor<2x64xf32>
      %c = quipu.scale %m by 2.0 : tensor<2x64xf32> -> tensor<2x64xf32>
      %t = quipu.activate silu %c : tensor<2x64xf32> -> tensor<2x64xf32>
      %p = quipu.softmax %t : tensor<2x64xf32> -> tensor<2x64xf32>
      quipu.yield %p : tensor<2x64xf32>
    } : tensor<2x64xf32> -> tensor<2x64xf32>
    // CHECK:      %[[W:.+]] = quipu.gather %{{.+}}, %{{.+}} : tensor<2x64xf32>, tensor<2xi32> -> tensor<2x64xf32>
    // CHECK-NEXT: quipu.output "hidden", %[[W]] : tensor<2x64xf32>
    %rows = quipu.input "selected" : tensor<2xi32>
    %w = quipu.gather %last, %rows : tensor<2x64xf32>, tensor<2xi32> -> tensor<2x64xf32>
    quipu.output "hidden", %w : tensor<2x64xf32>
  }
}

//===----------------------------------------------------------------------===//
// Kernels and their launches
//===----------------------------------------------------------------------===//

// CHECK-LABEL: quipu.model @kernels for [] {
quipu.model @kernels for [] {
  // CHECK-NEXT: quipu.kernel @double(%[[X:.+]]: tensor<1x64xf32>) -> tensor<1x64xf32> schedule #quipu.cpu_rows cost <bytes = 512, operations = 64> {
  // CHECK-NEXT: %[[Y:.+]] = quipu.add %[[X]], %[[X]] : tensor<1x64xf32>
  // CHECK-NEXT: quipu.yield %[[Y]] : tensor<1x64xf32>
  quipu.kernel @double(%x: tensor<1x64xf32>) -> tensor<1x64xf32> schedule #quipu.cpu_rows cost <bytes = 512, operations = 64> {
    %y = quipu.add %x, %x : tensor<1x64xf32>
    quipu.yield %y : tensor<1x64xf32>
  }
  // CHECK: quipu.kernel @both(%[[X:.+]]: tensor<1x64xf32>, %{{.+}}: !quipu.positions) -> (tensor<1x64xf32>, tensor<1x64xf32>) selected {
  quipu.kernel @both(%x: tensor<1x64xf32>, %at: !quipu.positions) -> (tensor<1x64xf32>, tensor<1x64xf32>) selected {
    quipu.yield %x, %x : tensor<1x64xf32>, tensor<1x64xf32>
  }
  // CHECK: quipu.kernel @tagged(%{{.+}}: tensor<1x64xf32>) -> tensor<1x64xf32> cost <bytes = 8, operations = 0> selected attributes {note = "kept"} {
  quipu.kernel @tagged(%x: tensor<1x64xf32>) -> tensor<1x64xf32> cost <bytes = 8, operations = 0> selected attributes {note = "kept"} {
    quipu.yield %x : tensor<1x64xf32>
  }

  // CHECK-LABEL: quipu.step @decode tokens 1 arena 512 {
  quipu.step @decode tokens 1 arena 512 {
    // CHECK-NEXT: %[[AT:.+]] = quipu.positions
    // CHECK-NEXT: %[[X:.+]] = quipu.input "x" : tensor<1x64xf32>
    // CHECK-NEXT: %[[D:.+]] = quipu.launch @double(%[[X]]) arena [256] : (tensor<1x64xf32>) -> tensor<1x64xf32>
    // CHECK-NEXT: quipu.barrier
    // CHECK-NEXT: %[[B:.+]], %[[B2:.+]] = quipu.launch @both(%[[D]], %[[AT]]) : (tensor<1x64xf32>, !quipu.positions) -> (tensor<1x64xf32>, tensor<1x64xf32>)
    // CHECK-NEXT: quipu.output "y", %[[B2]] : tensor<1x64xf32>
    %at = quipu.positions
    %x = quipu.input "x" : tensor<1x64xf32>
    %d = quipu.launch @double(%x) arena [256] : (tensor<1x64xf32>) -> tensor<1x64xf32>
    quipu.barrier
    %b:2 = quipu.launch @both(%d, %at) : (tensor<1x64xf32>, !quipu.positions) -> (tensor<1x64xf32>, tensor<1x64xf32>)
    quipu.output "y", %b#1 : tensor<1x64xf32>
  }
}

//===----------------------------------------------------------------------===//
// What differs from layer to layer
//===----------------------------------------------------------------------===//

// CHECK-LABEL: quipu.model @differing for [] {
quipu.model @differing for [] {
  // CHECK-NEXT: quipu.weight @blk.w = "blk.*.w.weight" layers 8 : tensor<64x64x!quipu.mixed<!quipu.q4_0, !quipu.q8_0, !quipu.q4_1>, #quipu.rows16> but !quipu.q8_0 in [0 to 2, 5], !quipu.q4_1 in [6, 7] packed at 64 strides [64, 128, 64, 128, 64, 128, 64]
  quipu.weight @blk.w = "blk.*.w.weight" layers 8 : tensor<64x64x!quipu.mixed<!quipu.q4_0, !quipu.q8_0, !quipu.q4_1>, #quipu.rows16> but !quipu.q8_0 in [0, 1, 2, 5], !quipu.q4_1 in [6 to 7] packed at 64 strides [64, 128, 64, 128, 64, 128, 64]
  quipu.kernel @down(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.kernel @down.q8_0(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.step @decode tokens 1 arena 512 {
    %x = quipu.input "x" : tensor<1x64xf32>
    %last = quipu.layers "blk" times 8 from %x {
    ^bb0(%h: tensor<1x64xf32>):
      // CHECK: quipu.launch @down(%{{.+}}) but @down.q8_0 in [0 to 2, 5], @down in [6, 7] arena [0] : (tensor<1x64xf32>) -> tensor<1x64xf32>
      %y = quipu.launch @down(%h) but @down.q8_0 in [0 to 2, 5], @down in [6, 7] arena [0] : (tensor<1x64xf32>) -> tensor<1x64xf32>
      quipu.yield %y : tensor<1x64xf32>
    } : tensor<1x64xf32> -> tensor<1x64xf32>
  }
}

//===----------------------------------------------------------------------===//
// What differs from layer to layer
//===----------------------------------------------------------------------===//

// CHECK-LABEL: quipu.model @choices for [] {
quipu.model @choices for [] {
  quipu.param @cap = "cap" else absent
  quipu.layer_set @full = every 6 from 5
  %x = quipu.input "x"
  // CHECK: quipu.layers "blk" times (@n - 1) from
  %last = quipu.layers "blk" times (@n - 1) from %x {
  ^layer(%h: !quipu.value):
    // CHECK: %[[Q:.+]] = quipu.linear %{{.+}}, "qkv" rows 0 to (@n * @d) bias optional "qkv.bias" rows 0 to 16 of 48 -> [@n, (@d floordiv 2)]{{ *$}}
    %q = quipu.linear %h, "qkv" rows 0 to (@n * @d) bias optional "qkv.bias" rows 0 to 16 of 48 -> [@n, (@d floordiv 2)]
    // CHECK: %[[S:.+]] = quipu.scale %[[Q]] by (1 / @cap){{ *$}}
    %s = quipu.scale %q by (1 / @cap)
    // CHECK: %[[C:.+]] = quipu.choose %[[Q]] in @full else %[[S]]{{ *$}}
    %c = quipu.choose %q in @full else %s
    // CHECK: quipu.choose %[[C]] given @cap else %[[Q]]{{ *$}}
    %d = quipu.choose %c given @cap else %q
    quipu.yield %d
  }
  quipu.output "y", %last
}

// CHECK-LABEL: quipu.model @kinds for [] {
quipu.model @kinds for [] {
  // CHECK-NEXT: quipu.weight @blk.qkv_0 = "blk.*.qkv.weight" rows 0 to 16 of 48 layers 8 in [0 to 3, 7] : tensor<64x64xf32>
  quipu.weight @blk.qkv_0 = "blk.*.qkv.weight" rows 0 to 16 of 48 layers 8 in [0 to 3, 7] : tensor<64x64xf32>
  // CHECK-NEXT: quipu.state @blk.kv : !quipu.pages<heads 2, keys 16, values 16> layers 8 in [1, 2] window 7
  quipu.state @blk.kv : !quipu.pages<heads 2, keys 16, values 16> layers 8 in [1, 2] window 7
  quipu.step @decode tokens 1 {
    %x = quipu.input "x" : tensor<1x64xf32>
    // CHECK: quipu.layers "blk" times 8 from %{{.+}} {
    // CHECK: } but full {
    // CHECK-NEXT: ^{{.+}}(%[[H:.+]]: tensor<1x64xf32>):
    // CHECK-NEXT: %[[S:.+]] = quipu.scale %[[H]] by 2.0
    // CHECK-NEXT: quipu.yield %[[S]]
    // CHECK-NEXT: } in [5], "a b" {
    // CHECK: } in [0 to 2, 7] : tensor<1x64xf32> -> tensor<1x64xf32>
    %y = quipu.layers "blk" times 8 from %x {
    ^layer(%h: tensor<1x64xf32>):
      quipu.yield %h : tensor<1x64xf32>
    } but full {
    ^layer(%h: tensor<1x64xf32>):
      %s = quipu.scale %h by 2.0 : tensor<1x64xf32> -> tensor<1x64xf32>
      quipu.yield %s : tensor<1x64xf32>
    } in [5], "a b" {
    ^layer(%h: tensor<1x64xf32>):
      quipu.yield %h : tensor<1x64xf32>
    } in [0 to 2, 7] : tensor<1x64xf32> -> tensor<1x64xf32>
    quipu.output "y", %y : tensor<1x64xf32>
  }
}

//===----------------------------------------------------------------------===//
// Experts
//===----------------------------------------------------------------------===//

// CHECK-LABEL: quipu.model @experts for ["a"] with "expert_count", "b.weight" {
quipu.model @experts for ["a"] with "expert_count", "b.weight" {
  // CHECK: quipu.layers
  %tokens = quipu.input "tokens"
  %x = quipu.embed %tokens, "token_embd"
  %last = quipu.layers "blk" times @n from %x {
  ^layer(%h: !quipu.value):
    // CHECK: %[[IDS:.+]], %[[W:.+]] = quipu.top_k %[[H:.+]] count @chosen biased "b.bias" groups @n keep 2 normalized{{ *$}}
    // CHECK-NEXT: quipu.top_k %[[H]] count 2 groups @n keep @n by 1{{ *$}}
    // CHECK-NEXT: quipu.top_k %[[H]] count 2 normalized @flag{{ *$}}
    // CHECK-NEXT: quipu.top_k %[[H]] count 2 normalized false{{ *$}}
    // CHECK-NEXT: %[[UP:.+]] = quipu.linear %[[H]], "up" of %[[IDS]] bias optional "up.bias" -> [@ffn]{{ *$}}
    // CHECK-NEXT: %[[Q:.+]] = quipu.quantize %[[UP]] each as bf16{{ *$}}
    // CHECK-NEXT: quipu.sum %[[Q]] by %[[W]]{{ *$}}
    %ids, %w = quipu.top_k %h count @chosen biased "b.bias" groups @n keep 2 normalized
    %groups:2 = quipu.top_k %h count 2 groups @n keep @n by 1
    %others:2 = quipu.top_k %h count 2 normalized @flag
    %unchanged:2 = quipu.top_k %h count 2 normalized false
    %up = quipu.linear %h, "up" of %ids bias optional "up.bias" -> [@ffn]
    %q = quipu.quantize %up each as bf16
    %down = quipu.sum %q by %w
    quipu.yield %down
  }
}

// CHECK-LABEL: quipu.model @bound_experts
quipu.model @bound_experts for ["a"] {
  // CHECK-NEXT: quipu.weight @blk.up = "blk.*.up.weight" layers 3 chosen 2 : tensor<4x32x64x!quipu.q8_0, #quipu.rows16> packed at 0 stride 8704
  quipu.weight @blk.up = "blk.*.up.weight" layers 3 chosen 2 : tensor<4x32x64x!quipu.q8_0, #quipu.rows16> packed at 0 stride 8704
  quipu.weight @m = "m.weight" chosen 2 : tensor<4x64x32x!quipu.mixed<!quipu.q8_0, f16>> but f16 in [0]
  %h = quipu.input "h" : tensor<3x64xf32>
  %p = quipu.input "p" : tensor<3x4xf32>
  // CHECK: %[[IDS:.+]], %[[W:.+]] = quipu.top_k %{{.+}} count 2 : tensor<3x4xf32> -> tensor<3x2xi32>, tensor<3x2xf32>
  // CHECK-NEXT: %[[Q:.+]] = quipu.quantize %[[H:.+]] each : tensor<3x2x32xf32> -> tensor<3x2x32x!quipu.i8x32>
  // CHECK-NEXT: %[[E:.+]] = quipu.linear %[[H]] or %[[Q]], @m : tensor<4x64x32x!quipu.mixed<!quipu.q8_0, f16>> of %[[IDS]] -> [64] : tensor<3x2x32xf32> or tensor<3x2x32x!quipu.i8x32> of tensor<3x2xi32> -> tensor<3x2x64xf32>
  // CHECK-NEXT: quipu.sum %[[E]] by %[[W]] : tensor<3x2x64xf32>, tensor<3x2xf32> -> tensor<3x64xf32>
  %up = quipu.input "up" : tensor<3x2x32xf32>
  %ids, %w = quipu.top_k %p count 2 : tensor<3x4xf32> -> tensor<3x2xi32>, tensor<3x2xf32>
  %q = quipu.quantize %up each : tensor<3x2x32xf32> -> tensor<3x2x32x!quipu.i8x32>
  %each = quipu.linear %up or %q, @m : tensor<4x64x32x!quipu.mixed<!quipu.q8_0, f16>> of %ids -> [64] : tensor<3x2x32xf32> or tensor<3x2x32x!quipu.i8x32> of tensor<3x2xi32> -> tensor<3x2x64xf32>
  %y = quipu.sum %each by %w : tensor<3x2x64xf32>, tensor<3x2xf32> -> tensor<3x64xf32>
}

// What is cached once for keys and values, and a matrix for each head.
// CHECK-LABEL: quipu.model @latent
quipu.model @latent for ["a"] {
  %at = quipu.positions
  %h = quipu.input "tokens"
  // CHECK: %[[K:.+]] = quipu.linear %{{.+}}, "k" -> [1, @dim]
  // CHECK-NEXT: %[[KV:.+]] = quipu.cache_write %[[K]] values @rank at %{{.+}}
  // CHECK-NEXT: %[[Q:.+]] = quipu.linear %{{.+}}, "q" of heads -> [@dim]{{ *$}}
  // CHECK-NEXT: quipu.attention %[[Q]] over %[[KV]]
  %k = quipu.linear %h, "k" -> [1, @dim]
  %kv = quipu.cache_write %k values @rank at %at
  %q = quipu.linear %h, "q" of heads -> [@dim]
  %a = quipu.attention %q over %kv at %at
}

// CHECK-LABEL: quipu.model @bound_latent
quipu.model @bound_latent for ["a"] {
  quipu.weight @q = "q.weight" : tensor<4x48x16xf32>
  // CHECK: quipu.state @kv : !quipu.pages<heads 1, keys 48, values 32 of keys> layers 2{{ *$}}
  quipu.state @kv : !quipu.pages<heads 1, keys 48, values 32 of keys> layers 2
  %at = quipu.positions
  %k = quipu.input "k" : tensor<3x1x48xf32>
  %h = quipu.input "h" : tensor<3x4x16xf32>
  // CHECK: quipu.cache_write %{{.+}} values 32 at %{{.+}} into @kv : tensor<3x1x48xf32> -> !quipu.cache<@kv, f16, heads 1, keys 48, values 32 of keys>
  // CHECK-NEXT: quipu.linear %{{.+}}, @q : tensor<4x48x16x{{.+}}> of heads -> [48] : tensor<3x4x16xf32> -> tensor<3x4x48xf32>
  // CHECK-NEXT: quipu.attention {{.+}} !quipu.cache<@kv, f16, heads 1, keys 48, values 32 of keys> -> tensor<3x4x32xf32>
  %kv = quipu.cache_write %k values 32 at %at into @kv : tensor<3x1x48xf32> -> !quipu.cache<@kv, f16, heads 1, keys 48, values 32 of keys>
  %q = quipu.linear %h, @q : tensor<4x48x16xf32> of heads -> [48] : tensor<3x4x16xf32> -> tensor<3x4x48xf32>
  %a = quipu.attention %q over %kv at %at : tensor<3x4x48xf32>, !quipu.cache<@kv, f16, heads 1, keys 48, values 32 of keys> -> tensor<3x4x32xf32>
}
