//===- Chip.cpp - What kinds of GPUs can do -------------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/gpu/Chip.h"

using namespace quipu;
using namespace quipu::gpu;

static constexpr Chip chips[] = {
    // NVIDIA A100 Tensor Core GPU Architecture, tables 1 and 4: 2,039 GB/s of
    // the card with 80 GB, and 312 TFLOP/s. A program for sm_80 runs on sm_86,
    // too, where a block has 99 KB (CUDA C++ Programming Guide, "Technical
    // Specifications").
    {"sm_80", "A100", 108, 99 << 10, 1.41, 2039, 312e3, 64},
    // NVIDIA Ada GPU Architecture, and the data sheet of the L40S: 864 GB/s,
    // 362 TFLOP/s.
    {"sm_89", "L40S", 142, 99 << 10, 2.52, 864, 362e3, 128},
    // Measured on an H200: a kernel that reads 4 GB; torch.matmul of bf16.
    // NVIDIA states 4,800 GB/s and 989 TFLOP/s.
    {"sm_90a", "H200", 132, 227 << 10, 1.98, 4535, 798e3, 128},
};

const Chip &quipu::gpu::getChip(GpuAttr gpu) {
  return *llvm::find_if(chips, [&](const Chip &chip) {
    return chip.name == gpu.getChip().getValue();
  });
}
