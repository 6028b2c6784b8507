//===- MergeKernels.cpp - Makes equal kernels one -------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/transforms/Passes.h"
#include "dialect/Quipu.h"
#include "mlir/IR/Remarks.h"

using namespace mlir;
using namespace quipu;

namespace quipu {
#define GEN_PASS_DEF_MERGEKERNELS
#include "compiler/transforms/Passes.h.inc"
} // namespace quipu

/// Whether the kernels differ in their names and locations only.
static bool areEqual(KernelOp a, KernelOp b) {
  return a.getFunctionType() == b.getFunctionType() &&
         a.getScheduleAttr() == b.getScheduleAttr() &&
         a.getCostAttr() == b.getCostAttr() &&
         a.getSelected() == b.getSelected() &&
         a->getDiscardableAttrDictionary() ==
             b->getDiscardableAttrDictionary() &&
         OperationEquivalence::isRegionEquivalentTo(
             &a.getBody(), &b.getBody(), OperationEquivalence::IgnoreLocations);
}

namespace {
struct MergeKernels : quipu::impl::MergeKernelsBase<MergeKernels> {
  void runOnOperation() override {
    getOperation().walk([&](ModelOp model) {
      SmallVector<KernelOp> kept;
      DenseMap<StringAttr, FlatSymbolRefAttr> merged;
      for (KernelOp kernel :
           llvm::make_early_inc_range(model.getOps<KernelOp>())) {
        auto *first = llvm::find_if(
            kept, [&](KernelOp other) { return areEqual(kernel, other); });
        if (first == kept.end()) {
          kept.push_back(kernel);
          continue;
        }
        remark::passed(
            kernel.getLoc(),
            remark::RemarkOpts::name("merged").category("merge-kernels"))
            << "the kernel @" << kernel.getSymName() << " is @"
            << first->getSymName();
        merged[kernel.getSymNameAttr()] = FlatSymbolRefAttr::get(*first);
        kernel.erase();
      }
      AttrTypeReplacer replacer;
      replacer.addReplacement([&](FlatSymbolRefAttr name) -> Attribute {
        FlatSymbolRefAttr first = merged.lookup(name.getAttr());
        return first ? first : name;
      });
      model.walk([&](LaunchOp launch) {
        replacer.replaceElementsIn(launch, /*replaceAttrs=*/true);
        if (launch.getKernelOverrides())
          launch.setKernelsOfLayers(launch.getKernelsOfLayers());
      });
    });
  }
};
} // namespace
