//===- KernelCode.cpp - What Halide makes of kernels -----------
//------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/cpu/lower/KernelCode.h"
#include "compiler/codegen/cpu/halide/CompileHalide.h"
#include "compiler/codegen/cpu/llvm/KernelModule.h"
#include "compiler/codegen/cpu/lower/Passes.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Threading.h"
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

llvm::Expected<std::string>
KernelCode::compile(StringRef name, std::string description,
                    function_ref<AttentionKernel()> build) const {
  llvm::raw_string_ostream(description) << name << cpu;
  std::string key = cache.getKey(description);
  if (std::optional<std::string> known = cache.find(key))
    return *known;
  AttentionKernel function = build();
  auto bitcode = compileHalide(function.pipeline, function.arguments,
                               name.str(), cpu, KernelOutput::Bitcode);
  if (!bitcode)
    return bitcode.takeError();
  auto prepared = prepare(*bitcode, name, cpu);
  if (prepared)
    cache.add(key, *prepared);
  return prepared;
}

LogicalResult KernelCode::run(Job &job) const {
  llvm::Expected<std::string> bitcode = std::string();
  LogicalResult translated = success();
  llvm::Error thrown = catchHalide(job.kernel.getSymName(), [&] {
    Operation &first = job.kernel.getBody().front().front();
    if (isa<AttentionOp>(first)) {
      bitcode = compile(job.name, std::to_string(job.shape.sums), [&] {
        return getAttentionName(job.shape, /*isSplitKernel=*/true) == job.name
                   ? attentionSplit(job.shape)
                   : attentionCombine(job.shape);
      });
      return;
    }
    auto functions = translateKernel(job.kernel, cpu, job.translation.owners);
    translated = success(succeeded(functions));
    if (failed(functions))
      return;
    job.translation.functions = std::move(*functions);
    std::string text;
    llvm::raw_string_ostream stream(text);
    job.kernel->print(stream, OpPrintingFlags().useLocalScope());
    bitcode = compile(job.name, text, [&]() -> AttentionKernel {
      KernelBuilder &builder = *job.translation.functions;
      return {job.name, builder.halideArguments, builder.pipeline()};
    });
  });
  if (thrown) {
    llvm::consumeError(bitcode.takeError());
    return job.kernel.emitError(llvm::toString(std::move(thrown)));
  }
  if (!bitcode)
    return job.kernel.emitError(llvm::toString(bitcode.takeError()));
  job.bitcode = std::move(*bitcode);
  return translated;
}

LogicalResult KernelCode::compile(ArrayRef<KernelOp> kernels) {
  std::vector<Job> jobs;
  llvm::StringMap<bool> known;
  for (KernelOp kernel : kernels) {
    Operation &first = kernel.getBody().front().front();
    auto attention = dyn_cast<AttentionOp>(first);
    if (isa<RopeAnglesOp, PoolOp>(first))
      continue;
    if (!attention) {
      jobs.push_back({kernel, getFunctionName(kernel), {}, {}, {}});
      continue;
    }
    AttentionShape shape = getAttentionShape(attention, cpu);
    for (int64_t dim : {shape.cache.keyDim, shape.cache.valueDim})
      if (dim % tileRows)
        return attention.emitError("heads of ")
               << dim
               << " components are no multiple of 16; build with "
                  "--target=reference";
    for (int64_t tokens : getBlockSizes(attention)) {
      shape.tokens = tokens;
      for (bool isSplitKernel : {true, false}) {
        std::string name = getAttentionName(shape, isSplitKernel);
        // Kernels of one shape share it.
        if (known.try_emplace(name).second)
          jobs.push_back({kernel, name, shape, {}, {}});
      }
    }
  }

  MLIRContext *context = cpu.getContext();
  std::atomic<size_t> done = 0;
  auto compileOne = [&](Job &job) {
    LogicalResult result = failure();
    context->executeAction<LowerKernelAction>([&] { result = run(job); },
                                              {job.kernel.getOperation()},
                                              done++, jobs.size());
    return result;
  };
  if (failed(failableParallelForEach(context, jobs, compileOne)))
    return failure();

  for (Job &job : jobs) {
    ArrayRef<char> bytes(job.bitcode.data(), job.bitcode.size());
    auto type = RankedTensorType::get({int64_t(bytes.size())},
                                      IntegerType::get(context, 8));
    bitcode[job.name] = DenseI8ResourceElementsAttr::get(
        type, job.name, HeapAsmResourceBlob::allocateAndCopyInferAlign(bytes));
    if (job.translation.functions)
      translations.try_emplace(job.kernel, std::move(job.translation));
  }
  return success();
}
