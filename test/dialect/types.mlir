// RUN: %quipu-opt %s -verify-diagnostics -split-input-file -allow-unregistered-dialect | %quipu-opt -split-input-file -allow-unregistered-dialect | FileCheck %s

// CHECK: "storage"() {format = tensor<8x64x!quipu.q4_0>} : () -> ()
// CHECK: "storage"() {format = tensor<8x64x!quipu.q4_1>} : () -> ()
// CHECK: "storage"() {format = tensor<8x64x!quipu.q8_0>} : () -> ()
// CHECK: "storage"() {format = tensor<8x64x!quipu.i8x32>} : () -> ()
// CHECK: "storage"() {format = !quipu.cache<f16, heads 3, dim 64>} : () -> ()
// CHECK: "storage"() {format = !quipu.cache<f32, heads 1, dim 1>} : () -> ()
// CHECK: "storage"() {format = !quipu.cache<!quipu.q8_0, heads 1, dim 32>} : () -> ()
// CHECK: "storage"() {format = !quipu.value} : () -> ()
// CHECK: "storage"() {format = tensor<8x64x!quipu.mixed<!quipu.q4_0, !quipu.q8_0>>} : () -> ()
// CHECK: "storage"() {format = !quipu.mixed<f16, f32, bf16>} : () -> ()
// CHECK: "storage"() {format = !quipu.positions} : () -> ()
"storage"() {format = tensor<8x64x!quipu.q4_0>} : () -> ()
"storage"() {format = tensor<8x64x!quipu.q4_1>} : () -> ()
"storage"() {format = tensor<8x64x!quipu.q8_0>} : () -> ()
"storage"() {format = tensor<8x64x!quipu.i8x32>} : () -> ()
"storage"() {format = !quipu.cache<f16, heads 3, dim 64>} : () -> ()
"storage"() {format = !quipu.cache<f32, heads 1, dim 1>} : () -> ()
"storage"() {format = !quipu.cache<!quipu.q8_0, heads 1, dim 32>} : () -> ()
"storage"() {format = !quipu.value} : () -> ()
"storage"() {format = tensor<8x64x!quipu.mixed<!quipu.q4_0, !quipu.q8_0>>} : () -> ()
"storage"() {format = !quipu.mixed<f16, f32, bf16>} : () -> ()
"storage"() {format = !quipu.positions} : () -> ()

// -----

// expected-error@+1 {{a cache holds f16, f32 or !quipu.q8_0, not 'bf16'}}
"storage"() {format = !quipu.cache<bf16, heads 3, dim 64>} : () -> ()

// -----

// expected-error@+1 {{a cache in !quipu.q8_0 has heads of a multiple of 32 components, not 48}}
"storage"() {format = !quipu.cache<!quipu.q8_0, heads 3, dim 48>} : () -> ()

// -----

// expected-error@+1 {{a cache has at least one head and one component, not 0 and 64}}
"storage"() {format = !quipu.cache<f16, heads 0, dim 64>} : () -> ()

// -----

// expected-error@+1 {{a cache has at least one head and one component, not 3 and -1}}
"storage"() {format = !quipu.cache<f16, heads 3, dim -1>} : () -> ()

// -----

// expected-error@+1 {{expected 'heads'}}
"storage"() {format = !quipu.cache<f16, 3, 64>} : () -> ()

// -----

// expected-error@+1 {{unknown type 'q5_2'; the storage formats are F32, F16, BF16, Q4_0,}}
"storage"() {format = tensor<8x64x!quipu.q5_2>} : () -> ()

// -----

// expected-error@+1 {{C1: a mix has at least two formats, none twice}}
"storage"() {format = !quipu.mixed<f16>} : () -> ()

// -----

// expected-error@+1 {{C1: a mix has at least two formats, none twice}}
"storage"() {format = !quipu.mixed<f16, f32, f16>} : () -> ()

// -----

// expected-error@+1 {{C2: a mix is of block formats and floats}}
"storage"() {format = !quipu.mixed<f16, i8>} : () -> ()
