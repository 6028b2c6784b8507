// RUN: %quipu-opt %s -verify-diagnostics -split-input-file -allow-unregistered-dialect | %quipu-opt -split-input-file -allow-unregistered-dialect | FileCheck %s

// CHECK: "storage"() {format = tensor<8x64x!quipu.q4_0>} : () -> ()
// CHECK: "storage"() {format = tensor<8x64x!quipu.q4_1>} : () -> ()
// CHECK: "storage"() {format = tensor<8x64x!quipu.q8_0>} : () -> ()
// CHECK: "storage"() {format = tensor<8x64x!quipu.i8x32>} : () -> ()
// CHECK: "storage"() {format = !quipu.cache<@kv, f16, heads 3, keys 64, values 64>} : () -> ()
// CHECK: "storage"() {format = !quipu.cache<@kv, f32, heads 1, keys 1, values 1>} : () -> ()
// CHECK: "storage"() {format = !quipu.cache<@kv, !quipu.q8_0, heads 1, keys 32, values 32>} : () -> ()
// CHECK: "storage"() {format = !quipu.value} : () -> ()
// CHECK: "storage"() {format = tensor<8x64x!quipu.mixed<!quipu.q4_0, !quipu.q8_0>>} : () -> ()
// CHECK: "storage"() {format = !quipu.mixed<f16, f32, bf16>} : () -> ()
// CHECK: "storage"() {format = !quipu.positions} : () -> ()
"storage"() {format = tensor<8x64x!quipu.q4_0>} : () -> ()
"storage"() {format = tensor<8x64x!quipu.q4_1>} : () -> ()
"storage"() {format = tensor<8x64x!quipu.q8_0>} : () -> ()
"storage"() {format = tensor<8x64x!quipu.i8x32>} : () -> ()
"storage"() {format = !quipu.cache<@kv, f16, heads 3, keys 64, values 64>} : () -> ()
"storage"() {format = !quipu.cache<@kv, f32, heads 1, keys 1, values 1>} : () -> ()
"storage"() {format = !quipu.cache<@kv, !quipu.q8_0, heads 1, keys 32, values 32>} : () -> ()
"storage"() {format = !quipu.value} : () -> ()
"storage"() {format = tensor<8x64x!quipu.mixed<!quipu.q4_0, !quipu.q8_0>>} : () -> ()
"storage"() {format = !quipu.mixed<f16, f32, bf16>} : () -> ()
"storage"() {format = !quipu.positions} : () -> ()

// CHECK: "layouts"() {a = tensor<8x64x!quipu.q4_0, #quipu.rows16>, b = tensor<8x64x!quipu.mixed<f16, !quipu.q8_0>, #quipu.rows16>, c = tensor<64xbf16, #quipu.floats>} : () -> ()
"layouts"() {a = tensor<8x64x!quipu.q4_0, #quipu.rows16>, b = tensor<8x64x!quipu.mixed<f16, !quipu.q8_0>, #quipu.rows16>, c = tensor<64xbf16, #quipu.floats>} : () -> ()

// -----

// expected-error@+1 {{a cache holds f16, f32 or !quipu.q8_0, not 'bf16'}}
"storage"() {format = !quipu.cache<@kv, bf16, heads 3, keys 64, values 64>} : () -> ()

// -----

// expected-error@+1 {{a cache in !quipu.q8_0 has heads of a multiple of 32 components, not 48}}
"storage"() {format = !quipu.cache<@kv, !quipu.q8_0, heads 3, keys 48, values 48>} : () -> ()

// -----

// expected-error@+1 {{C1: 0 heads of keys with 64 and values with 64 components are no pages}}
"storage"() {format = !quipu.cache<@kv, f16, heads 0, keys 64, values 64>} : () -> ()

// -----

// expected-error@+1 {{C1: 3 heads of keys with -1 and values with -1 components are no pages}}
"storage"() {format = !quipu.cache<@kv, f16, heads 3, keys -1, values -1>} : () -> ()

// -----

// expected-error@+1 {{expected 'heads'}}
"storage"() {format = !quipu.cache<@kv, f16, 3, 64>} : () -> ()

// -----

// expected-error@+1 {{unknown type 'q5_2'; the storage formats are F32, F16, BF16, Q4_0,}}
"storage"() {format = tensor<8x64x!quipu.q5_2>} : () -> ()

// -----

// expected-error@+1 {{C1: #quipu.rows16 is for matrices in storage formats}}
"layouts"() {a = tensor<2x4x8x64x!quipu.q4_0, #quipu.rows16>} : () -> ()

// -----

// expected-error@+1 {{C1: #quipu.rows16 is for matrices in storage formats}}
"layouts"() {a = tensor<8x64xi32, #quipu.rows16>} : () -> ()

// -----

// expected-error@+1 {{C1: #quipu.floats is for vectors of floats}}
"layouts"() {a = tensor<64x!quipu.q8_0, #quipu.floats>} : () -> ()

// -----

// expected-error@+1 {{C1: #quipu.floats is for vectors of floats}}
"layouts"() {a = tensor<4x8x64xf32, #quipu.floats>} : () -> ()

// -----

// expected-error@+1 {{C1: a mix has at least two formats, none twice}}
"storage"() {format = !quipu.mixed<f16>} : () -> ()

// -----

// expected-error@+1 {{C1: #quipu.rows16 is for matrices in storage formats}}
"layouts"() {a = tensor<2x4x8x64x!quipu.q4_0, #quipu.rows16>} : () -> ()

// -----

// expected-error@+1 {{C1: #quipu.rows16 is for matrices in storage formats}}
"layouts"() {a = tensor<8x64xi32, #quipu.rows16>} : () -> ()

// -----

// expected-error@+1 {{C1: #quipu.floats is for vectors of floats}}
"layouts"() {a = tensor<64x!quipu.q8_0, #quipu.floats>} : () -> ()

// -----

// expected-error@+1 {{C1: #quipu.floats is for vectors of floats}}
"layouts"() {a = tensor<4x8x64xf32, #quipu.floats>} : () -> ()

// -----

// expected-error@+1 {{C1: a mix has at least two formats, none twice}}
"storage"() {format = !quipu.mixed<f16, f32, f16>} : () -> ()

// -----

// expected-error@+1 {{C2: a mix is of block formats and floats}}
"storage"() {format = !quipu.mixed<f16, i8>} : () -> ()
