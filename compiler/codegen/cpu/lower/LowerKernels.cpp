//===- LowerKernels.cpp - Makes each kernel a function --------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/cpu/halide/CompileHalide.h"
#include "compiler/codegen/cpu/lower/KernelLowering.h"
#include "compiler/codegen/cpu/lower/Passes.h"
#include "dialect/Targets.h"

using namespace mlir;
using namespace quipu;
using namespace quipu::cpu;

namespace quipu {
#define GEN_PASS_DEF_LOWERKERNELS
#include "compiler/codegen/cpu/lower/Passes.h.inc"
} // namespace quipu

llvm::Expected<std::string> quipu::printHalideStatements(KernelOp kernel) {
  FailureOr<CpuAttr> cpu = getCpu(kernel);
  if (failed(cpu))
    return llvm::createStringError("the module is for no CPU");
  auto unknown = [&] {
    return llvm::createStringError("the kernel '" + kernel.getSymName() +
                                   "' has no code on a CPU");
  };
  auto lowering = KernelLowering::create(kernel, *cpu);
  if (failed(lowering))
    return unknown();
  auto jobs = (*lowering)->getJobs();
  if (failed(jobs))
    return unknown();
  std::string text;
  for (const HalideJob &job : *jobs) {
    FailureOr<HalideFunction> function = failure();
    if (llvm::Error thrown =
            catchHalide(kernel.getSymName(), [&] { function = job.define(); }))
      return thrown;
    if (failed(function))
      return unknown();
    auto statement = compileHalide(*function, *cpu, KernelOutput::Statement);
    if (!statement)
      return statement.takeError();
    text += *statement;
  }
  return text;
}

namespace {
struct LowerKernels : quipu::impl::LowerKernelsBase<LowerKernels> {
  using LowerKernelsBase::LowerKernelsBase;

  void runOnOperation() override {
    if (failed(lowerKernels()))
      signalPassFailure();
  }

  LogicalResult lowerKernels() {
    FailureOr<CpuAttr> cpu = getCpu(getOperation());
    if (failed(cpu))
      return failure();
    std::vector<std::unique_ptr<KernelLowering>> lowerings;
    std::vector<HalideJob> jobs;
    auto prepare = [&](KernelOp kernel) -> WalkResult {
      auto lowering = KernelLowering::create(kernel, *cpu);
      if (failed(lowering))
        return failure();
      auto needed = (*lowering)->getJobs();
      if (failed(needed))
        return failure();
      lowerings.push_back(std::move(*lowering));
      llvm::move(*needed, std::back_inserter(jobs));
      return WalkResult::advance();
    };
    if (getOperation().walk(prepare).wasInterrupted())
      return failure();

    KernelCache files(cache);
    KernelCode code(*cpu, files);
    if (failed(code.compile(jobs)))
      return failure();
    for (auto &lowering : lowerings) {
      if (failed(lowering->run(code)))
        return failure();
      lowering->getKernel().erase();
    }
    return success();
  }
};
} // namespace
