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
  std::string text;
  llvm::Error failure = llvm::Error::success();
  auto print = [&](const std::vector<Halide::Argument> &arguments,
                   const Halide::Pipeline &pipeline, StringRef name) {
    auto part = compileHalide(pipeline, arguments, name.str(), *cpu,
                              KernelOutput::Statement);
    if (part)
      text += *part;
    else
      failure = llvm::joinErrors(std::move(failure), part.takeError());
  };
  llvm::Error thrown = catchHalide(kernel.getSymName(), [&] {
    Operation &first = kernel.getBody().front().front();
    if (auto attention = dyn_cast<AttentionOp>(first)) {
      AttentionShape shape = getAttentionShape(attention, *cpu);
      for (int64_t tokens : getBlockSizes(attention)) {
        shape.tokens = tokens;
        for (const AttentionKernel &part :
             {attentionSplit(shape), attentionCombine(shape)})
          print(part.arguments, part.pipeline, part.name);
      }
    } else if (!isa<RopeAnglesOp, PoolOp>(first)) {
      std::map<std::string, BufferOwner> owners;
      if (auto functions = translateKernel(kernel, *cpu, owners);
          succeeded(functions))
        print((*functions)->halideArguments, (*functions)->pipeline(),
              kernel.getSymName());
    }
  });
  if (llvm::Error error =
          llvm::joinErrors(std::move(failure), std::move(thrown)))
    return error;
  return text;
}

namespace {
struct LowerKernels : quipu::impl::LowerKernelsBase<LowerKernels> {
  using LowerKernelsBase::LowerKernelsBase;

  void runOnOperation() override {
    FailureOr<CpuAttr> cpu = getCpu(getOperation());
    if (failed(cpu))
      return signalPassFailure();
    SmallVector<KernelOp> kernels;
    getOperation().walk([&](KernelOp kernel) { kernels.push_back(kernel); });
    if (llvm::any_of(kernels, [](KernelOp kernel) {
          return failed(checkIsScheduled(kernel));
        }))
      return signalPassFailure();
    KernelCache files(cache);
    KernelCode code(*cpu, files);
    if (failed(code.compile(kernels)))
      return signalPassFailure();
    for (KernelOp kernel : kernels) {
      if (failed(KernelLowering(kernel, *cpu, code).run()))
        return signalPassFailure();
      kernel.erase();
    }
  }
};
} // namespace
