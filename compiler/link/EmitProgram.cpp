//===- EmitProgram.cpp - From stage `llvm` to the finished file -----------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/link/EmitProgram.h"
#include "compiler/link/Optimize.h"
#include "compiler/link/ProgramTable.h"
#include "compiler/link/WeightsObject.h"

using namespace llvm;
using namespace quipu;

static Expected<PackedWeights> findWeights(mlir::ModuleOp module,
                                           const Checkpoint &checkpoint) {
  auto models = module.getOps<ModelOp>();
  if (!hasSingleElement(models))
    return createStringError("the module must have one quipu.model, not " +
                             Twine(range_size(models)));
  return PackedWeights::create(*models.begin(), checkpoint);
}

static Expected<std::unique_ptr<Module>>
buildCode(mlir::ModuleOp module, const Checkpoint &checkpoint,
          const PackedWeights &weights, ArrayRef<uint8_t> tokenizer,
          const quipu::Target &target, const EmitOptions &options,
          LLVMContext &context) {
  Expected<std::unique_ptr<Module>> code =
      translateToLLVM(module, target, options.kernels, context);
  if (!code)
    return code.takeError();
  if (Error error = addProgramTable(**code, module,
                                    {checkpoint, weights, target, tokenizer,
                                     options.context, options.compiler}))
    return error;
  if (Error error = optimize(**code, programSymbol, target))
    return error;
  return code;
}

Expected<std::unique_ptr<Module>>
quipu::buildCode(mlir::ModuleOp module, const Checkpoint &checkpoint,
                 ArrayRef<uint8_t> tokenizer, const Target &target,
                 const EmitOptions &options, LLVMContext &context) {
  Expected<PackedWeights> weights = findWeights(module, checkpoint);
  if (!weights)
    return weights.takeError();
  return ::buildCode(module, checkpoint, *weights, tokenizer, target, options,
                     context);
}

Error quipu::emitProgram(mlir::ModuleOp module, const Checkpoint &checkpoint,
                         ArrayRef<uint8_t> tokenizer, const Target &target,
                         const EmitOptions &options, const LinkOptions &link,
                         const Progress &progress) {
  // First of all, so that a wrong output is not found after minutes.
  Expected<TemporaryFile> codeFile =
      TemporaryFile::create(link.output, "-code.o");
  if (!codeFile)
    return codeFile.takeError();
  Expected<TemporaryFile> weightsFile =
      TemporaryFile::create(link.output, "-weights.o");
  if (!weightsFile)
    return weightsFile.takeError();

  Expected<PackedWeights> weights = findWeights(module, checkpoint);
  if (!weights)
    return weights.takeError();
  if (Error error = codeFile->write([&](raw_fd_ostream &to) -> Error {
        LLVMContext context;
        Expected<std::unique_ptr<Module>> code = ::buildCode(
            module, checkpoint, *weights, tokenizer, target, options, context);
        if (!code)
          return code.takeError();
        return emitMachineCode(**code, target, MachineOutput::Object, to);
      }))
    return error;
  if (Error error = weightsFile->write([&](raw_fd_ostream &to) {
        writeWeightsObject(*weights, target.triple, to, progress);
        return Error::success();
      }))
    return error;
  return linkProgram(link.kind, {codeFile->getPath(), weightsFile->getPath()},
                     link.runtimeFolder,
                     target.isReference() ? "libquipu-reference.a" : "",
                     link.output);
}
