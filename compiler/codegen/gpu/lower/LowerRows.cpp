//===- LowerRows.cpp - Rows of tokens on a GPU ----------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/gpu/lower/Elements.h"

using namespace mlir;
using namespace quipu;
using namespace quipu::gpu;

namespace {
/// A block for each token: what its norms need first, then every number of the
/// outputs by itself.
struct RowLowering : KernelLowering {
  using KernelLowering::KernelLowering;

  LogicalResult emit() final {
    return emitFunction("", rowThreads, [&]() -> FailureOr<Launch> {
      SmallVector<Operation *> ops(llvm::make_pointer_range(
          kernel.getBody().front().without_terminator()));
      LogicalResult result = success();
      Value token = b.getBlock(), thread = b.getThread();
      Value scratch = b.getSharedMemory();
      Value count = getCount();
      b.waitForKernelBefore();
      Elements elements(*this);
      b.ifThen(b.less(token, count), [&] {
        elements.reduceRow(ops, token, scratch, thread, [&] { b.syncBlock(); });
        for (const Output &output : getOutputs(kernel))
          elements.forColumns(
              thread, output.columns,
              [&](Value column) {
                return Values{elements.get(output.value, token, column)};
              },
              [&](Value column, Values numbers) {
                if (failed(elements.store(output, numbers[0], token, column)))
                  result = failure();
              });
      });
      if (failed(result))
        return failure();
      return Launch{{getKernelTokens(kernel), 1, 1},
                    Elements::getScratchBytes(ops)};
    });
  }
};
} // namespace

std::unique_ptr<KernelLowering>
quipu::gpu::createRowLowering(KernelOp kernel, GpuAttr gpu,
                              mlir::gpu::GPUModuleOp device) {
  return std::make_unique<RowLowering>(kernel, gpu, device);
}
