// RUN: %quipu-opt %s -split-input-file -verify-diagnostics

// expected-error @+1 {{C1: the architecture "riscv64" is neither "x86_64" nor "aarch64"}}
module attributes {quipu.target = #quipu.cpu<"a", arch = "riscv64", tune = "a", features = [], vector = 128, registers = 32, dots = [], tiles = []>} {}

// -----

// expected-error @+1 {{C2: "dotprod" is no feature of "x86_64"}}
module attributes {quipu.target = #quipu.cpu<"a", arch = "x86_64", tune = "a", features = ["avx", "dotprod"], vector = 256, registers = 16, dots = [], tiles = []>} {}

// -----

// expected-error @+1 {{C2: the features are not in alphabetical order: "avx" after "fma"}}
module attributes {quipu.target = #quipu.cpu<"a", arch = "x86_64", tune = "a", features = ["fma", "avx"], vector = 256, registers = 16, dots = [], tiles = []>} {}

// -----

// expected-error @+1 {{C2: the features are not in alphabetical order: "avx" after "avx"}}
module attributes {quipu.target = #quipu.cpu<"a", arch = "x86_64", tune = "a", features = ["avx", "avx"], vector = 256, registers = 16, dots = [], tiles = []>} {}

// -----

// expected-error @+1 {{C3: 32 vectors of 512 bits, where the features have such of 256}}
module attributes {quipu.target = #quipu.cpu<"a", arch = "x86_64", tune = "a", features = ["avx2"], vector = 512, registers = 32, dots = [], tiles = []>} {}

// -----

// expected-error @+1 {{C3: 32 vectors of 96 bits}}
module attributes {quipu.target = #quipu.cpu<"a", arch = "aarch64", tune = "a", features = [], vector = 96, registers = 32, dots = [], tiles = []>} {}

// -----

// expected-error @+1 {{C3: 0 vectors of 128 bits}}
module attributes {quipu.target = #quipu.cpu<"a", arch = "aarch64", tune = "a", features = [], vector = 128, registers = 0, dots = [], tiles = []>} {}

// -----

// expected-error @+1 {{C4: the features bring no dots of bf16}}
module attributes {quipu.target = #quipu.cpu<"a", arch = "x86_64", tune = "a", features = ["avx512vnni"], vector = 256, registers = 16, dots = [i8, bf16], tiles = []>} {}

// -----

// expected-error @+1 {{C4: the features bring no tiles of i8}}
module attributes {quipu.target = #quipu.cpu<"a", arch = "x86_64", tune = "a", features = ["avx512vnni"], vector = 256, registers = 16, dots = [i8], tiles = [i8]>} {}

// -----

// expected-error @+1 {{quipu.target must be a #quipu.cpu, several of them, a #quipu.gpu, or #quipu.reference}}
module attributes {quipu.target = "native"} {}

// -----

// expected-error @+1 {{quipu.target must be a #quipu.cpu, several of them, a #quipu.gpu, or #quipu.reference}}
module attributes {quipu.target = [#quipu.reference, #quipu.reference]} {}

// -----

// expected-error @+1 {{quipu.target is an attribute of modules}}
quipu.model @m for [] attributes {quipu.target = #quipu.reference} {
}
