//===- Optimize.cpp - From the LLVM dialect to machine code ---------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/emit/Optimize.h"
#include "compiler/codegen/cpu/llvm/PassAnalyses.h"
#include "compiler/codegen/cpu/llvm/PrefetchWeights.h"
#include "compiler/target/Target.h"
#include "dialect/Quipu.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Verifier.h"
#include "llvm/Linker/Linker.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Transforms/IPO/AlwaysInliner.h"
#include "llvm/Transforms/IPO/ConstantMerge.h"
#include "llvm/Transforms/IPO/GlobalDCE.h"
#include "llvm/Transforms/IPO/Internalize.h"
#include "llvm/Transforms/IPO/MergeFunctions.h"

using namespace llvm;

/// A copy of the module's functions and constants: all that has a translation.
static mlir::OwningOpRef<mlir::ModuleOp>
cloneTranslatable(mlir::ModuleOp module) {
  mlir::OwningOpRef<mlir::ModuleOp> copy =
      mlir::ModuleOp::create(module.getLoc());
  mlir::OpBuilder builder = mlir::OpBuilder::atBlockEnd(copy->getBody());
  for (mlir::Operation &op : *module.getBody())
    if (isa<mlir::LLVM::LLVMDialect>(op.getDialect()))
      builder.clone(op);
  return copy;
}

/// The function `name` of the bitcode; all else in it becomes internal.
static Expected<std::unique_ptr<Module>>
readKernel(mlir::Attribute bitcode, StringRef name, const Module &program) {
  auto resource = dyn_cast<mlir::DenseI8ResourceElementsAttr>(bitcode);
  std::optional<ArrayRef<int8_t>> bytes =
      resource ? resource.tryGetAsArrayRef() : std::nullopt;
  if (!bytes)
    return createStringError("the kernel " + name +
                             " has no code: its quipu.bitcode is no resource "
                             "of i8 that the module has");
  StringRef text(reinterpret_cast<const char *>(bytes->data()), bytes->size());
  Expected<std::unique_ptr<Module>> module =
      parseBitcodeFile(MemoryBufferRef(text, name), program.getContext());
  if (!module)
    return createStringError("the code of the kernel " + name +
                             " is no bitcode: " + toString(module.takeError()));
  Function *kernel = (*module)->getFunction(name);
  if (!kernel || kernel->isDeclaration())
    return createStringError("the code of the kernel " + name +
                             " has no function of that name");
  kernel->setComdat(nullptr);
  internalizeModule(**module,
                    [&](const GlobalValue &value) { return &value == kernel; });
  // Halide's are about its own runtime and the LLVM in it.
  if (NamedMDNode *flags = (*module)->getModuleFlagsMetadata())
    flags->eraseFromParent();
  (*module)->setTargetTriple(program.getTargetTriple());
  (*module)->setDataLayout(program.getDataLayout());
  return module;
}

/// A kernel's body goes into its wrapper; wrappers stay apart, as steps call
/// the same ones again and again.
static void setInlining(Function &kernel) {
  kernel.setLinkage(GlobalValue::InternalLinkage);
  kernel.removeFnAttr(Attribute::NoInline);
  kernel.removeFnAttr(Attribute::OptimizeNone);
  kernel.addFnAttr(Attribute::AlwaysInline);
  for (User *user : kernel.users())
    if (auto *call = dyn_cast<CallBase>(user)) {
      call->removeFnAttr(Attribute::NoInline);
      call->getFunction()->addFnAttr(Attribute::NoInline);
    }
}

Expected<std::unique_ptr<Module>> quipu::translateToLLVM(mlir::ModuleOp module,
                                                         const Target &target,
                                                         LLVMContext &context) {
  mlir::registerBuiltinDialectTranslation(*module.getContext());
  mlir::registerLLVMDialectTranslation(*module.getContext());
  std::unique_ptr<Module> result = mlir::translateModuleToLLVMIR(
      *cloneTranslatable(module), context, "quipu");
  if (!result)
    return createStringError("the LLVM dialect cannot be translated to LLVM");
  result->setTargetTriple(target.triple);
  result->setDataLayout(target.createMachine()->createDataLayout());

  for (auto declaration : module.getOps<mlir::LLVM::LLVMFuncOp>()) {
    mlir::Attribute bitcode = declaration->getAttr(bitcodeName);
    if (!bitcode)
      continue;
    Expected<std::unique_ptr<Module>> kernel =
        readKernel(bitcode, declaration.getSymName(), *result);
    if (!kernel)
      return kernel.takeError();
    if (Linker::linkModules(*result, std::move(*kernel)))
      return createStringError("the code of the kernel " +
                               declaration.getSymName() +
                               " does not fit the program");
    setInlining(*result->getFunction(declaration.getSymName()));
  }
  for (Function &function : *result)
    if (!function.isDeclaration())
      target.setAttributes(function);
  return result;
}

Error quipu::simplify(Module &module, StringRef root) {
  for (Function &function : module) {
    if (function.isIntrinsic())
      continue;
    // The runtime throws nothing, and nothing unwinds.
    function.setDoesNotThrow();
    if (function.isDeclaration())
      continue;
    function.setUWTableKind(UWTableKind::None);
  }
  internalizeModule(module, [&](const GlobalValue &value) {
    return value.getName() == root;
  });
  std::string reason;
  raw_string_ostream stream(reason);
  if (verifyModule(module, &stream))
    return createStringError("the program's LLVM module is broken: " +
                             StringRef(reason).rtrim());

  PassBuilder builder;
  cpu::PassAnalyses analyses(builder);
  // Steps for more and for fewer tokens have many a kernel in common.
  ModulePassManager passes;
  passes.addPass(ConstantMergePass());
  passes.addPass(MergeFunctionsPass());
  passes.addPass(AlwaysInlinerPass());
  passes.addPass(GlobalDCEPass());
  passes.run(module, analyses.modules);
  return Error::success();
}

void quipu::optimize(Module &module, const Target &target) {
  std::unique_ptr<TargetMachine> machine = target.createMachine();
  PassBuilder builder(machine.get());
  cpu::PassAnalyses analyses(builder);
  builder.buildPerModuleDefaultPipeline(OptimizationLevel::O3)
      .run(module, analyses.modules);
  for (Function &function : module)
    if (!function.isDeclaration())
      cpu::prefetchWeights(function);
}

Error quipu::emitMachineCode(Module &module, const Target &target,
                             MachineOutput output, raw_pwrite_stream &to) {
  std::unique_ptr<TargetMachine> machine = target.createMachine();
  legacy::PassManager passes;
  if (machine->addPassesToEmitFile(passes, to, nullptr,
                                   output == MachineOutput::Assembly
                                       ? CodeGenFileType::AssemblyFile
                                       : CodeGenFileType::ObjectFile))
    return createStringError("LLVM cannot write machine code for " +
                             target.triple.str());
  passes.run(module);
  return Error::success();
}
