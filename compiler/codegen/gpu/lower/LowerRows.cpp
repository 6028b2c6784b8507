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

  /// How many numbers a thread takes at once: all rows, and their heads, are of
  /// a multiple.
  static int64_t countTogether(ArrayRef<Operation *> ops) {
    auto isMultiple = [](Value value) {
      auto type = dyn_cast<RankedTensorType>(value.getType());
      if (!type || type.getRank() == 1)
        return true;
      // Angles are a row, whatever a pair of them is.
      bool isRow = type.getRank() == 3 && type.getDimSize(2) == 2;
      return (isRow ? getElementsPerToken(type) : type.getShape().back()) %
                 Elements::together ==
             0;
    };
    // The weights of choices are taken one by one.
    auto areMultiples = [&](Operation *op) {
      return llvm::all_of(isa<SumOp>(op) ? op->getOperands().take_front()
                                         : op->getOperands(),
                          isMultiple) &&
             llvm::all_of(op->getResults(), isMultiple);
    };
    return llvm::all_of(ops, areMultiples) ? Elements::together : 1;
  }

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
        int64_t atOnce = countTogether(ops);
        for (const Output &output : getOutputs(kernel))
          elements.forColumns(
              thread, output.columns / atOnce,
              [&](Value number) {
                return elements.get(output.value, token, b.mul(number, atOnce),
                                    atOnce);
              },
              [&](Value number, Values numbers) {
                if (failed(elements.store(output, numbers, token,
                                          b.mul(number, atOnce))))
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
