//===- EmitPtx.cpp - From a module of device code to PTX ------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/gpu/EmitPtx.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/ExecutionEngine/OptUtils.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/GPU/GPUToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/NVVM/NVVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"

using namespace mlir;
using namespace quipu::gpu;
using llvm::createStringError;
using llvm::Expected;

void quipu::gpu::registerPtxTranslation(DialectRegistry &registry) {
  // convert-gpu-to-nvvm converts branches, too, when it knows how.
  cf::registerConvertControlFlowToLLVMInterface(registry);
  registerBuiltinDialectTranslation(registry);
  registerGPUDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  registerNVVMDialectTranslation(registry);
}

static Expected<std::unique_ptr<llvm::TargetMachine>>
createMachine(StringRef chip, StringRef features) {
  static bool initialized = [] {
    LLVMInitializeNVPTXTargetInfo();
    LLVMInitializeNVPTXTarget();
    LLVMInitializeNVPTXTargetMC();
    LLVMInitializeNVPTXAsmPrinter();
    return true;
  }();
  (void)initialized;
  llvm::Triple triple("nvptx64-nvidia-cuda");
  std::string reason;
  const llvm::Target *target =
      llvm::TargetRegistry::lookupTarget(triple, reason);
  if (!target)
    return createStringError("LLVM cannot write PTX: " + reason);
  return std::unique_ptr<llvm::TargetMachine>(
      target->createTargetMachine(triple, chip, features, {}, std::nullopt));
}

Expected<std::string> quipu::gpu::emitPtx(mlir::gpu::GPUModuleOp module,
                                          StringRef chip, StringRef features) {
  MLIRContext *context = module.getContext();
  OwningOpRef<ModuleOp> copy = ModuleOp::create(module.getLoc());
  auto clone = cast<mlir::gpu::GPUModuleOp>(
      OpBuilder::atBlockEnd(copy->getBody()).clone(*module));

  PassManager passes(context, ModuleOp::getOperationName());
  OpPassManager &nested = passes.nest<mlir::gpu::GPUModuleOp>();
  nested.addPass(createSCFToControlFlowPass());
  ConvertGpuOpsToNVVMOpsOptions options;
  options.useBarePtrCallConv = true;
  nested.addPass(createConvertGpuOpsToNVVMOps(options));
  nested.addPass(createConvertVectorToLLVMPass());
  nested.addPass(createConvertIndexToLLVMPass());
  nested.addPass(createConvertNVVMToLLVMPass());
  nested.addPass(createArithToLLVMConversionPass());
  nested.addPass(createCanonicalizerPass());
  nested.addPass(createCSEPass());
  nested.addPass(createReconcileUnrealizedCastsPass());
  if (failed(passes.run(*copy)))
    return createStringError("the device code cannot be lowered to LLVM");

  auto machine = createMachine(chip, features);
  if (!machine)
    return machine.takeError();
  llvm::LLVMContext llvmContext;
  std::unique_ptr<llvm::Module> translated =
      translateModuleToLLVMIR(clone, llvmContext, module.getName());
  if (!translated)
    return createStringError("the device code cannot be translated to LLVM");
  translated->setTargetTriple((*machine)->getTargetTriple());
  translated->setDataLayout((*machine)->createDataLayout());
  if (llvm::Error error = makeOptimizingTransformer(
          /*optLevel=*/3, /*sizeLevel=*/0, machine->get())(translated.get()))
    return std::move(error);

  llvm::SmallString<0> text;
  llvm::raw_svector_ostream stream(text);
  llvm::legacy::PassManager codegen;
  if ((*machine)->addPassesToEmitFile(codegen, stream, nullptr,
                                      llvm::CodeGenFileType::AssemblyFile))
    return createStringError("LLVM cannot write PTX for " + chip);
  codegen.run(*translated);
  return text.str().str();
}

std::optional<std::string> quipu::gpu::findPtxas() {
  if (std::optional<std::string> path =
          llvm::sys::Process::GetEnv("QUIPU_PTXAS"))
    return path;
  llvm::ErrorOr<std::string> path = llvm::sys::findProgramByName("ptxas");
  return path ? std::optional(*path) : std::nullopt;
}

/// An empty file that goes away with the value.
static Expected<std::unique_ptr<llvm::FileRemover>>
createFile(StringRef suffix, llvm::SmallString<128> &path) {
  if (std::error_code error =
          llvm::sys::fs::createTemporaryFile("quipu-kernels", suffix, path))
    return createStringError(error, "no temporary file: " + error.message());
  return std::make_unique<llvm::FileRemover>(path);
}

Expected<Assembled> quipu::gpu::runPtxas(StringRef ptxas, StringRef ptx,
                                         StringRef chip) {
  llvm::SmallString<128> input, output, report;
  auto inputFile = createFile("ptx", input);
  if (!inputFile)
    return inputFile.takeError();
  auto outputFile = createFile("cubin", output);
  if (!outputFile)
    return outputFile.takeError();
  auto reportFile = createFile("txt", report);
  if (!reportFile)
    return reportFile.takeError();
  if (llvm::Error error = llvm::writeToOutput(input, [&](raw_ostream &stream) {
        stream << ptx;
        return llvm::Error::success();
      }))
    return std::move(error);

  std::string arch = ("-arch=" + chip).str(), reason;
  int code = llvm::sys::ExecuteAndWait(
      ptxas, {ptxas, "-v", arch, input, "-o", output}, std::nullopt,
      {std::nullopt, StringRef(report), StringRef(report)},
      /*SecondsToWait=*/0, /*MemoryLimit=*/0, &reason);
  auto read = [](StringRef path) {
    auto buffer = llvm::MemoryBuffer::getFile(path);
    return buffer ? (*buffer)->getBuffer().str() : std::string();
  };
  Assembled assembled{read(output), read(report)};
  if (code != 0)
    return createStringError(ptxas + " fails for " + chip + ": " +
                             (reason.empty() ? assembled.report : reason));
  return assembled;
}
