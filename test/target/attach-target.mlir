// RUN: %quipu-opt %s -attach-target=target=x86-64-v4 | FileCheck %s --check-prefix=V4
// RUN: %quipu-opt %s -attach-target=target=sapphirerapids | FileCheck %s --check-prefix=AMX
// RUN: %quipu-opt %s -attach-target=target=aarch64+dotprod+bf16 | FileCheck %s --check-prefix=ARM
// RUN: %quipu-opt %s -attach-target=target=x86-64-v3,x86-64-v4 | FileCheck %s --check-prefix=TWO
// RUN: %quipu-opt %s -attach-target=target=aarch64 | FileCheck %s --check-prefix=FAT
// RUN: %quipu-opt %s -attach-target=target=reference | FileCheck %s --check-prefix=REFERENCE

// V4:  quipu.target = #quipu.cpu<"x86-64-v4", arch = "x86_64", tune = "x86-64-v4", features = ["avx", "avx2", {{.*}}], vector = 512, registers = 32, dots = [], tiles = []>}
// AMX: quipu.target = #quipu.cpu<"sapphirerapids", {{.*}} vector = 512, registers = 32, dots = [i8, bf16], tiles = [i8]>}
// ARM: quipu.target = #quipu.cpu<"aarch64+dotprod+bf16", arch = "aarch64", tune = "generic", features = ["bf16", "dotprod", "neon"], vector = 128, registers = 32, dots = [i8, bf16], tiles = []>}
// TWO: quipu.target = [#quipu.cpu<"x86-64-v3", {{.*}}, vector = 256, registers = 16, dots = [], tiles = []>, #quipu.cpu<"x86-64-v4",
// FAT: quipu.target = [#quipu.cpu<"aarch64+dotprod+i8mm", {{.*}}>, #quipu.cpu<"aarch64+dotprod", {{.*}}>, #quipu.cpu<"aarch64+neon",
// REFERENCE: quipu.target = #quipu.reference}
quipu.model @m for [] {
}

// What the module says stays, and is what text says: less than the features bring.
// RUN: %quipu-opt %s -attach-target=target=sapphirerapids | sed "s/tiles = \[i8\]/tiles = []/" | %quipu-opt -attach-target | FileCheck %s --check-prefix=LESS
// LESS: dots = [i8, bf16], tiles = []>}

// RUN: not %quipu-opt %s -attach-target 2>&1 | FileCheck %s --check-prefix=NONE
// NONE: error: has no quipu.target; give one to attach-target
// RUN: not %quipu-opt %s -attach-target=target=znver99 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// UNKNOWN: error: the target 'znver99' is unknown
// RUN: not %quipu-opt %s -attach-target=target=reference,x86-64-v3 2>&1 | FileCheck %s --check-prefix=MIXED
// MIXED: error: quipu.target must be a #quipu.cpu, several of them, a #quipu.gpu, or #quipu.reference
// RUN: not %quipu-opt %s -lower-kernels 2>&1 | FileCheck %s --check-prefix=NEEDED
// NEEDED: error: the module has no quipu.target that is one #quipu.cpu; run attach-target first
