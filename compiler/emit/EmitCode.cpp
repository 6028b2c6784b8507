//===- EmitCode.cpp - The code of a program -------------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/emit/EmitCode.h"
#include "abi/Symbols.h"
#include "compiler/emit/Optimize.h"
#include "compiler/emit/ProgramTable.h"
#include "llvm/Linker/Linker.h"

using namespace llvm;
using namespace quipu;

/// An error unless the variants have in common what they must.
static Error checkVariants(ArrayRef<ProgramVariant> variants) {
  auto getCommon = [](mlir::ModuleOp module) {
    SmallVector<mlir::Attribute> common;
    for (ModelOp model : module.getOps<ModelOp>()) {
      for (mlir::Operation &op : model.getBody().front())
        if (isa<WeightOp, StateOp>(op))
          common.push_back(op.getAttrDictionary());
      for (EntryOp entry : model.getOps<EntryOp>())
        llvm::append_values(common, entry.getSymNameAttr(),
                            entry.getInputsAttr(), entry.getOutputsAttr());
    }
    return common;
  };
  for (const ProgramVariant &variant : variants.drop_front())
    if (getCommon(variant.module) != getCommon(variants[0].module))
      return createStringError("the code for '" + variant.target.name +
                               "' needs other sizes or weights than that for "
                               "'" +
                               variants[0].target.name + "'");
  return Error::success();
}

Expected<PackedWeights> quipu::findWeights(const ProgramParts &parts) {
  if (Error error = checkVariants(parts.variants))
    return std::move(error);
  mlir::ModuleOp module = parts.variants[0].module;
  auto models = module.getOps<ModelOp>();
  if (!hasSingleElement(models))
    return createStringError("the module must have one quipu.model, not " +
                             Twine(range_size(models)));
  return PackedWeights::create(*models.begin(), *parts.checkpoint);
}

/// Tells the variants' functions apart.
static void addSuffix(Module &module, const quipu::Target &target) {
  for (Function &function : module)
    if (!function.isDeclaration())
      function.setName(getSymbol(function.getName(), target));
}

Expected<std::unique_ptr<Module>> quipu::buildCode(const ProgramParts &parts,
                                                   const PackedWeights &weights,
                                                   LLVMContext &context) {
  const std::vector<ProgramVariant> &variants = parts.variants;
  std::unique_ptr<Module> code;
  for (const ProgramVariant &variant : variants) {
    Expected<std::unique_ptr<Module>> part =
        translateToLLVM(variant.module, variant.target, context);
    if (!part)
      return part.takeError();
    if (variants.size() > 1)
      addSuffix(**part, variant.target);
    if (!code)
      code = std::move(*part);
    else if (Linker::linkModules(*code, std::move(*part)))
      return createStringError("the code for '" + variant.target.name +
                               "' does not fit the other variants'");
  }
  if (Error error = addProgramTable(*code, parts, weights))
    return error;
  if (Error error = simplify(*code, abi::programSymbol))
    return error;
  return code;
}
