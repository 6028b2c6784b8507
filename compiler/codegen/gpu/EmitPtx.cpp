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
