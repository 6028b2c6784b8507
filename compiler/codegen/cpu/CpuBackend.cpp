//===- CpuBackend.cpp - Programs for CPUs ---------------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/cpu/CpuBackend.h"
#include "compiler/codegen/cpu/lower/Passes.h"
#include "compiler/codegen/host/HostStages.h"
#include "compiler/transforms/Passes.h"

using namespace mlir;
using namespace quipu;

static void addScheduled(OpPassManager &passes, const StageOptions &options) {
  addOneTarget(passes, options);
  passes.nest<ModelOp>().nest<KernelOp>().addPass(createChooseSchedules(
      {.candidate = options.candidate, .tuned = options.tuned}));
  addPlan(passes);
}

static void addLlvm(OpPassManager &passes, const StageOptions &options) {
  passes.addPass(createLowerKernels({.cache = options.kernels}));
  addHostConversions(passes);
}

namespace {
class CpuBackend : public Backend {
public:
  StringRef getName() const final { return "cpu"; }
  bool makes(Attribute target) const final { return isa<CpuAttr>(target); }
  ArrayRef<Stage> getStages() const final { return stages; }
  bool hasCandidates() const final { return true; }

  llvm::Expected<std::string> printKernel(Operation *kernel,
                                          const Stage &stage) const final {
    if (stage.name != "cpu")
      return std::string();
    llvm::Expected<std::string> text =
        printHalideStatements(cast<KernelOp>(kernel));
    if (text && !text->empty())
      *text = ("What Halide makes of @" +
               SymbolTable::getSymbolName(kernel).getValue() + ":\n" + *text)
                  .str();
    return text;
  }

private:
  SmallVector<Stage> stages =
      getHostStages(addScheduled, addLlvm, "compiler/codegen/cpu");
};
} // namespace

void quipu::registerCpuPasses() { registerQuipuCodegenCPUPasses(); }

const Backend &quipu::getCpuBackend() {
  static const CpuBackend backend;
  return backend;
}
