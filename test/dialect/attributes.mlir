// RUN: %quipu-opt %s -verify-diagnostics -split-input-file -allow-unregistered-dialect | %quipu-opt -split-input-file -allow-unregistered-dialect | FileCheck %s

// CHECK: a = #quipu.weight<"w">,
// CHECK-SAME: b = #quipu.weight<"w" else "v">,
// CHECK-SAME: c = #quipu.weight<optional "w">,
// CHECK-SAME: d = #quipu.weight<@blk.w : tensor<8x32x!quipu.q4_1>>,
// CHECK-SAME: e = #quipu.weight<"a \22quoted\22 name">
"weights"() {a = #quipu.weight<"w">, b = #quipu.weight<"w" else "v">, c = #quipu.weight<optional "w">,
             d = #quipu.weight<@blk.w : tensor<8x32x!quipu.q4_1>>, e = #quipu.weight<"a \22quoted\22 name">} : () -> ()

// CHECK: "layers"() {a = #quipu<layer_set[3]>, b = #quipu<layer_set[0, 1]>, c = #quipu<layer_set[0 to 2, 5, 7 to 9]>}
"layers"() {a = #quipu<layer_set[3]>, b = #quipu<layer_set[0 to 1]>, c = #quipu<layer_set[0, 1 to 2, 5 to 5, 7 to 9]>} : () -> ()

// CHECK: "scalings"() {a = #quipu.rope_scaling<type = "none">, b = #quipu.rope_scaling<type = @t, factor = @f, original_context = 4096 : i64, low = 1.000000e+00 : f64, high = 4.000000e+00 : f64, beta_fast = 3.200000e+01 : f64, beta_slow = 1.000000e+00 : f64, attention = @a>}
"scalings"() {a = #quipu.rope_scaling<type = "none">,
              b = #quipu.rope_scaling<type = @t, factor = @f, original_context = 4096, low = 1.0, high = 4.0,
                                      beta_fast = 32.0, beta_slow = 1.0, attention = @a>} : () -> ()

// CHECK: "fallbacks"() {a = #quipu.expression<(@n floordiv @m)>, b = #quipu.rows<"w">}
"fallbacks"() {a = #quipu.expression<(@n floordiv @m)>, b = #quipu.rows<"w">} : () -> ()

// CHECK: a = #quipu<activation silu>, b = #quipu<activation gelu>, c = #quipu<activation gelu_tanh>, d = #quipu<activation relu>, e = #quipu<activation sigmoid>, f = #quipu<activation tanh>, g = #quipu<pairing adjacent>, h = #quipu<pairing halves>
"enums"() {a = #quipu<activation silu>, b = #quipu<activation gelu>, c = #quipu<activation gelu_tanh>,
           d = #quipu<activation relu>, e = #quipu<activation sigmoid>, f = #quipu<activation tanh>,
           g = #quipu<pairing adjacent>, h = #quipu<pairing halves>} : () -> ()

// CHECK: a = #quipu.cpu_tiles<lanes = 16, tokens = 4, tiles = 3>, b = #quipu.cpu_tiles<lanes = 8, tokens = 2, tiles = 1, panel = true>
// CHECK-SAME: c = #quipu.cpu_rows, d = #quipu.cpu_attention<lanes = 4>, e = #quipu.cpu_pool, e2 = #quipu.cpu_top_k, f = #quipu.cpu_angles
// CHECK-SAME: g = #quipu.cost<bytes = 1, operations = 2>, h = #quipu.cost<bytes = 0, operations = 0, nanoseconds = 3>
"schedules"() {a = #quipu.cpu_tiles<lanes = 16, tokens = 4, tiles = 3, panel = false>,
               b = #quipu.cpu_tiles<panel = true, tiles = 1, tokens = 2, lanes = 8>,
               c = #quipu.cpu_rows, d = #quipu.cpu_attention<lanes = 4>, e = #quipu.cpu_pool, e2 = #quipu.cpu_top_k, f = #quipu.cpu_angles,
               g = #quipu.cost<bytes = 1, operations = 2>, h = #quipu.cost<bytes = 0, operations = 0, nanoseconds = 3>} : () -> ()

// -----

// expected-error@+1 {{integer literal not valid for specified type}}
"weights"() {a = #quipu.weight<64>} : () -> ()

// -----

// expected-error@+1 {{invalid kind of type specified}}
"weights"() {a = #quipu.weight<@w : i32>} : () -> ()

// -----

// expected-error@+1 {{expected ':'}}
"weights"() {a = #quipu.weight<@w>} : () -> ()

// -----

// expected-error@+1 {{expected '>'}}
"weights"() {a = #quipu.weight<"w" : tensor<8xf32>>} : () -> ()

// -----

// expected-error@+2 {{expected ::quipu::ActivationKind to be one of: silu, gelu, gelu_tanh, relu, sigmoid, tanh}}
// expected-error@+1 {{failed to parse Quipu_ActivationKindAttr parameter}}
"enums"() {a = #quipu<activation selu>} : () -> ()

// -----

// expected-error@+1 {{struct is missing required parameter: type}}
"scalings"() {a = #quipu.rope_scaling<factor = 2.0>} : () -> ()

// -----

// expected-error@+1 {{duplicate or unknown struct parameter name: depth}}
"schedules"() {a = #quipu.cpu_tiles<depth = 3>} : () -> ()

// -----

// expected-error@+1 {{C1: lanes, tokens and tiles are 16, 0 and 1, expected from 1 to 64}}
"schedules"() {a = #quipu.cpu_tiles<lanes = 16, tokens = 0, tiles = 1>} : () -> ()

// -----

// expected-error@+1 {{C1: lanes, tokens and tiles are 16, 1 and 65, expected from 1 to 64}}
"schedules"() {a = #quipu.cpu_tiles<lanes = 16, tokens = 1, tiles = 65>} : () -> ()

// -----

// expected-error@+1 {{C1: there are 65 lanes, expected from 1 to 64}}
"schedules"() {a = #quipu.cpu_attention<lanes = 65>} : () -> ()

// -----

// expected-error@+1 {{C1: bytes, operations and nanoseconds are -1, 0 and 0, expected no negative numbers}}
"costs"() {a = #quipu.cost<bytes = -1, operations = 0>} : () -> ()

// -----

// expected-error@+1 {{C1: the layers do not rise from 0 or more}}
"layers"() {a = #quipu<layer_set[3, 3]>} : () -> ()

// -----

// expected-error@+1 {{C1: the layers do not rise from 0 or more}}
"layers"() {a = #quipu<layer_set[]>} : () -> ()

// -----

// expected-error@+1 {{the layers 3 to 2 are no range below 65536}}
"layers"() {a = #quipu<layer_set[3 to 2]>} : () -> ()

// -----

// expected-error@+1 {{the layers 0 to 9223372036854775807 are no range below 65536}}
"layers"() {a = #quipu<layer_set[0 to 9223372036854775807]>} : () -> ()

// -----

// A name that nobody reads is refused, not handed on.
// expected-error@+1 {{the dialect has no attribute "quipu.targets"; it has quipu.target, quipu.bitcode, quipu.device and quipu.launch}}
module attributes {quipu.targets = #quipu.reference} {
}

// -----

// expected-error@+1 {{quipu.bitcode is an attribute of functions without a body}}
module attributes {quipu.bitcode = dense_resource<code> : tensor<1xi8>} {
}

// -----

// expected-error@+1 {{quipu.bitcode is an attribute of functions without a body}}
llvm.func @f() attributes {quipu.bitcode = dense_resource<code> : tensor<1xi8>} {
  llvm.return
}

// -----

// expected-error@+1 {{quipu.bitcode must be a resource of i8}}
llvm.func @f() attributes {quipu.bitcode = dense_resource<code> : tensor<1xi16>}
