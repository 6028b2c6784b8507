//===- GpuCostModel.h - What a kernel should take on a GPU ------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_CODEGEN_GPU_LOWER_GPUCOSTMODEL_H
#define QUIPU_COMPILER_CODEGEN_GPU_LOWER_GPUCOSTMODEL_H

#include "compiler/transforms/CostModel.h"

namespace quipu::gpu {

/// What one call of the kernel does on the card that the chip's figures are of,
/// with the schedule that it has. An error when it cannot run so.
mlir::FailureOr<Work> predictWork(GpuAttr gpu, KernelOp kernel);

/// The candidates: schedules of the kind that what the kernel holds needs, the
/// fastest first. One where the kind has no parameters. An error when the
/// kernel can run in none of them.
mlir::FailureOr<llvm::SmallVector<ScheduleAttrInterface>>
rankSchedules(GpuAttr gpu, KernelOp kernel);

} // namespace quipu::gpu

#endif // QUIPU_COMPILER_CODEGEN_GPU_LOWER_GPUCOSTMODEL_H
