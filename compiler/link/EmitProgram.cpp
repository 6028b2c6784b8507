//===- EmitProgram.cpp - From stage `llvm` to the finished file -----------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/link/EmitProgram.h"
#include "compiler/emit/Optimize.h"
#include "compiler/emit/ProgramTable.h"
#include "compiler/link/RuntimeFiles.h"
#include "compiler/link/WeightsSection.h"
#include "support/OutputFile.h"
#include "llvm/Linker/Linker.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace llvm;
using namespace quipu;

Error quipu::checkVariants(ArrayRef<ProgramVariant> variants) {
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

static Expected<PackedWeights> findWeights(ArrayRef<ProgramVariant> variants,
                                           const Checkpoint &checkpoint) {
  if (Error error = checkVariants(variants))
    return std::move(error);
  mlir::ModuleOp module = variants[0].module;
  auto models = module.getOps<ModelOp>();
  if (!hasSingleElement(models))
    return createStringError("the module must have one quipu.model, not " +
                             Twine(range_size(models)));
  return PackedWeights::create(*models.begin(), checkpoint);
}

/// Tells the variants' functions apart.
static void addSuffix(Module &module, const quipu::Target &target) {
  for (Function &function : module)
    if (!function.isDeclaration())
      function.setName(getSymbol(function.getName(), target));
}

static Expected<std::unique_ptr<Module>>
buildCode(ArrayRef<ProgramVariant> variants, const Checkpoint &checkpoint,
          const PackedWeights &weights, ArrayRef<uint8_t> tokenizer,
          const EmitOptions &options, LLVMContext &context) {
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
  if (Error error = addProgramTable(
          *code, variants,
          {checkpoint, weights, tokenizer, options.context, options.compiler}))
    return error;
  if (Error error = optimize(*code, programSymbol, variants[0].target))
    return error;
  return code;
}

Expected<std::unique_ptr<Module>>
quipu::buildCode(ArrayRef<ProgramVariant> variants,
                 const Checkpoint &checkpoint, ArrayRef<uint8_t> tokenizer,
                 const EmitOptions &options, LLVMContext &context) {
  Expected<PackedWeights> weights = findWeights(variants, checkpoint);
  if (!weights)
    return weights.takeError();
  return ::buildCode(variants, checkpoint, *weights, tokenizer, options,
                     context);
}

/// Whether the header stands there already.
static bool isHeader(const OutputPlace &place) {
  if (place.kind != OutputPlace::File)
    return false;
  auto file = MemoryBuffer::getFile(place.path);
  return file && (*file)->getBuffer() == publicHeader;
}

/// The header beside a library.
static Error openHeader(StringRef library, OutputFile &header) {
  std::string path = getHeaderPath(library);
  if (path.empty())
    return Error::success();
  OutputPlace place;
  std::string error = place.examine(path, /*standardOutput=*/false);
  if (!error.empty())
    return createStringError(error);
  if (isHeader(place))
    return Error::success();
  if (place.inode)
    return createStringError("the header of the library would replace '" +
                             path +
                             "', which is another file; move that away, or "
                             "give the library another folder");
  error = header.open(path);
  if (error.empty())
    error = header.write(publicHeader);
  return error.empty() ? Error::success() : createStringError(error);
}

std::string quipu::getHeaderPath(StringRef library) {
  OutputPlace place;
  if (!place.examine(library.str(), /*standardOutput=*/true).empty() ||
      place.kind != OutputPlace::File)
    return "";
  SmallString<128> path(library);
  sys::path::remove_filename(path);
  sys::path::append(path, "quipu.h");
  return path.str().str();
}

Expected<uint64_t> quipu::emitProgram(ArrayRef<ProgramVariant> variants,
                                      const Checkpoint &checkpoint,
                                      ArrayRef<uint8_t> tokenizer,
                                      const EmitOptions &options,
                                      const LinkOptions &link, Report report) {
  // First of all, so that a wrong output is not found after minutes.
  OutputFile program, header;
  if (std::string error = program.open(
          link.output, {.executable = true, .standardOutput = true});
      !error.empty())
    return createStringError(error);
  bool isLibrary = link.kind == ProgramKind::Library;
  if (isLibrary)
    if (Error error = openHeader(link.output, header))
      return std::move(error);

  Expected<PackedWeights> weights = findWeights(variants, checkpoint);
  if (!weights)
    return weights.takeError();
  const Target &target = variants[0].target;
  SmallString<0> object;
  {
    LLVMContext context;
    report("optimizing code", 0);
    Expected<std::unique_ptr<Module>> code = ::buildCode(
        variants, checkpoint, *weights, tokenizer, options, context);
    if (!code)
      return code.takeError();
    report("writing machine code", 0.3);
    raw_svector_ostream to(object);
    if (Error error =
            emitMachineCode(**code, target, MachineOutput::Object, to))
      return std::move(error);
  }
  report("linking", 0.6);
  Expected<std::string> linked =
      linkProgram(link.kind, object, target, link.runtimeFolder, link.output);
  if (!linked)
    return linked.takeError();
  if (Error error = writeProgram(
          std::move(*linked), *weights, program,
          [&](uint64_t done, uint64_t total) {
            report("packing weights", 0.6 + 0.4 * static_cast<double>(done) /
                                                static_cast<double>(total));
          }))
    return std::move(error);
  std::string error = program.keep();
  if (error.empty() && header.size() > 0)
    error = header.keep();
  if (!error.empty())
    return createStringError(error);
  return program.size();
}
