//===- PlanMemory.cpp - Gives results their place in memory ---------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/transforms/CarriedValues.h"
#include "compiler/transforms/Lifetimes.h"
#include "compiler/transforms/Passes.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/Remarks.h"

using namespace mlir;
using namespace quipu;

namespace quipu {
#define GEN_PASS_DEF_PLANMEMORY
#include "compiler/transforms/Passes.h.inc"
} // namespace quipu

/// The lowest offset at which nothing lies that is needed at the same time.
static int64_t
findGap(const Lifetime &lifetime,
        const llvm::MapVector<const Lifetime *, int64_t> &offsets) {
  int64_t offset = 0;
  for (bool moved = true; moved;) {
    moved = false;
    for (auto [other, begin] : offsets)
      if (other->meets(lifetime) && offset < begin + other->bytes &&
          begin < offset + lifetime.bytes) {
        offset = begin + other->bytes;
        moved = true;
      }
  }
  return offset;
}

namespace {
struct PlanMemory : quipu::impl::PlanMemoryBase<PlanMemory> {
  /// First fit, largest first.
  void plan(StepOp step) {
    Lifetimes lifetimes(step);
    SmallVector<const Lifetime *> order = lifetimes.get();
    llvm::sort(order, [](const Lifetime *a, const Lifetime *b) {
      return std::tie(b->bytes, a->begin, a->end) <
             std::tie(a->bytes, b->begin, b->end);
    });
    llvm::MapVector<const Lifetime *, int64_t> offsets;
    int64_t total = 0, apart = 0;
    for (const Lifetime *lifetime : order) {
      int64_t offset = findGap(*lifetime, offsets);
      offsets[lifetime] = offset;
      total = std::max(total, offset + lifetime->bytes);
      apart += lifetime->bytes;
    }
    remark::analysis(step.getLoc(),
                     remark::RemarkOpts::name("arena").category("plan-memory"))
        << "the step @" << step.getSymName() << " takes "
        << remark::metric("bytes", total) << " bytes of memory; apart, its "
        << remark::metric("values", order.size()) << " values would take "
        << remark::metric("apart", apart);
    step.setArena(total);
    step.walk([&](LaunchOp launch) {
      launch.setArena(
          llvm::map_to_vector(launch.getResults(), [&](Value result) {
            const Lifetime *lifetime = lifetimes.find(result);
            return lifetime ? offsets.lookup(lifetime) : -1;
          }));
    });
  }

  void runOnOperation() override {
    getOperation().walk([&](StepOp step) {
      if (failed(verifyCarriedValues(step)))
        return signalPassFailure();
      plan(step);
    });
  }
};
} // namespace
