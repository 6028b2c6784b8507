//===- KernelCode.cpp - What Halide makes of kernels ----------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/cpu/lower/KernelCode.h"
#include "compiler/codegen/cpu/halide/CompileHalide.h"
#include "compiler/codegen/cpu/llvm/KernelModule.h"
#include "compiler/codegen/cpu/lower/Passes.h"
#include "compiler/target/LowerKernelAction.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Threading.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Bitcode/BitcodeWriter.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"

using namespace mlir;
using namespace quipu;
using namespace quipu::cpu;

/// Halide's bitcode after the passes that prepare it for LLVM.
static llvm::Expected<std::string> prepare(StringRef bitcode, StringRef name,
                                           CpuAttr cpu) {
  llvm::LLVMContext context;
  // They count what Halide has made before, which the code must not depend on.
  context.setDiscardValueNames(true);
  auto module = parseKernel(bitcode, name, cpu.getFeatureNames(), context);
  if (!module)
    return module.takeError();
  llvm::SmallString<0> text;
  llvm::raw_svector_ostream stream(text);
  llvm::WriteBitcodeToFile(**module, stream);
  return text.str().str();
}

llvm::Expected<std::string> KernelCode::compile(const HalideFunction &function,
                                                std::string description) const {
  llvm::raw_string_ostream(description) << function.name << cpu;
  std::string key = cache.getKey(description);
  if (std::optional<std::string> known = cache.find(key))
    return *known;
  auto bitcode = compileHalide(function, cpu, KernelOutput::Bitcode);
  if (!bitcode)
    return bitcode.takeError();
  auto prepared = prepare(*bitcode, function.name, cpu);
  if (prepared)
    cache.add(key, *prepared);
  return prepared;
}

LogicalResult KernelCode::compile(ArrayRef<HalideJob> jobs) {
  llvm::MapVector<StringRef, std::string> compiled;
  SmallVector<const HalideJob *> first; // of its name
  for (const HalideJob &job : jobs)
    if (compiled.try_emplace(job.name).second)
      first.push_back(&job);

  MLIRContext *context = cpu.getContext();
  std::atomic<size_t> begun = 0;
  auto run = [&](const HalideJob &job, std::string &to) -> LogicalResult {
    FailureOr<HalideFunction> function = failure();
    KernelOp kernel = job.kernel;
    if (llvm::Error thrown =
            catchHalide(kernel.getSymName(), [&] { function = job.define(); }))
      return kernel.emitError(llvm::toString(std::move(thrown)));
    if (failed(function))
      return failure();
    auto code = compile(*function, job.description);
    if (!code)
      return kernel.emitError(llvm::toString(code.takeError()));
    to = std::move(*code);
    return success();
  };
  auto runOne = [&](const HalideJob *job) {
    LogicalResult result = failure();
    KernelOp kernel = job->kernel;
    context->executeAction<LowerKernelAction>(
        [&] { result = run(*job, compiled.find(job->name)->second); },
        {kernel.getOperation()}, begun++, first.size());
    return result;
  };
  if (failed(failableParallelForEach(context, first, runOne)))
    return failure();

  for (const auto &[name, code] : compiled) {
    ArrayRef<char> bytes(code.data(), code.size());
    auto type = RankedTensorType::get({int64_t(bytes.size())},
                                      IntegerType::get(context, 8));
    bitcode[name] = DenseI8ResourceElementsAttr::get(
        type, name, HeapAsmResourceBlob::allocateAndCopyInferAlign(bytes));
  }
  return success();
}
