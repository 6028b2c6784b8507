//===- ProgramTable.cpp - The constant that describes a program -----------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/emit/ProgramTable.h"
#include "abi/Abi.h"
#include "compiler/emit/PackedWeights.h"
#include "compiler/emit/ProgramVariant.h"
#include "compiler/link/WeightsSection.h"
#include "dialect/CacheFormat.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/GlobalVariable.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/Path.h"
#include <cstddef>

using namespace llvm;
using namespace quipu;

namespace {
/// A constant with the layout of a C++ struct.
class StructBuilder {
public:
  explicit StructBuilder(Module &module) : module(module) {}

  void add(size_t offset, Constant *value) {
    pad(offset);
    fields.push_back(value);
    size += module.getDataLayout().getTypeStoreSize(value->getType());
  }
  void addInt32(size_t offset, int64_t value) {
    add(offset, ConstantInt::get(Type::getInt32Ty(module.getContext()), value));
  }
  void addInt64(size_t offset, uint64_t value) {
    add(offset, ConstantInt::get(Type::getInt64Ty(module.getContext()), value));
  }
  void addString(size_t offset, const Twine &text) {
    add(offset, addConstant(ConstantDataArray::getString(module.getContext(),
                                                         text.str())));
  }

  Constant *finish(size_t end) {
    pad(end);
    return ConstantStruct::getAnon(module.getContext(), fields,
                                   /*Packed=*/true);
  }

  GlobalVariable *addConstant(Constant *value, const Twine &name = "") {
    auto *global =
        new GlobalVariable(module, value->getType(), /*isConstant=*/true,
                           GlobalValue::PrivateLinkage, value, name);
    global->setUnnamedAddr(GlobalValue::UnnamedAddr::Global);
    return global;
  }
  /// An array of structs of one type, or a null pointer to none.
  Constant *addArray(ArrayRef<Constant *> entries, size_t alignment,
                     const Twine &name) {
    if (entries.empty())
      return ConstantPointerNull::get(
          PointerType::getUnqual(module.getContext()));
    auto *type = ArrayType::get(entries[0]->getType(), entries.size());
    GlobalVariable *array =
        addConstant(ConstantArray::get(type, entries), name);
    array->setAlignment(Align(alignment));
    return array;
  }

private:
  void pad(size_t offset) {
    assert(offset >= size && "fields overlap or are out of order");
    if (offset > size)
      fields.push_back(Constant::getNullValue(
          ArrayType::get(Type::getInt8Ty(module.getContext()), offset - size)));
    size = offset;
  }

  Module &module;
  SmallVector<Constant *> fields;
  size_t size = 0;
};

struct StepEntry {
  StringRef name;
  Function *function;
  int64_t tokens;
  uint64_t arenaBytes;
  abi::CacheType cacheType;
  ArrayRef<mlir::Attribute> kernels; // in the order of their numbers
};
} // namespace

/// A number of the dictionary that fits in an int32_t, or 0 to `most`.
static Expected<int64_t> getNumber(mlir::DictionaryAttr dictionary,
                                   StringRef name, const Twine &where,
                                   int64_t most = INT32_MAX) {
  auto value = dictionary.getAs<mlir::IntegerAttr>(name);
  if (!value || value.getValue().getSignificantBits() > 64 ||
      value.getValue().getSExtValue() < 0 ||
      value.getValue().getSExtValue() > most)
    return createStringError(where + ": '" + name +
                             "' must be a number from 0 to " + Twine(most));
  return value.getValue().getSExtValue();
}

/// By cache type, then by rising number of tokens.
static Expected<std::vector<StepEntry>>
findSteps(Module &module, const ProgramVariant &variant, bool isOneOfMany) {
  std::vector<StepEntry> steps;
  mlir::ModuleOp source = variant.module;
  for (auto function : source.getOps<mlir::LLVM::LLVMFuncOp>()) {
    auto step = function->getAttrOfType<mlir::DictionaryAttr>("quipu.step");
    if (!step)
      continue;
    std::string where = ("quipu.step of '" + function.getSymName() + "'").str();
    auto cache = step.getAs<mlir::TypeAttr>("cache");
    std::optional<abi::CacheType> cacheType;
    if (cache)
      cacheType = getCacheFormat(cache.getValue());
    if (!cacheType)
      return createStringError(where + ": 'cache' must be f16, f32 or q8_0");
    Expected<int64_t> tokens = getNumber(step, "tokens", where);
    if (!tokens)
      return tokens.takeError();
    Expected<int64_t> arena = getNumber(step, "arena", where, INT64_MAX);
    if (!arena)
      return arena.takeError();
    auto kernels = step.getAs<mlir::ArrayAttr>("kernels");
    if (!kernels)
      return createStringError(where + ": 'kernels' must be an array");
    StringRef name = function.getSymName();
    Function *body = module.getFunction(
        isOneOfMany ? getSymbol(name, variant.target) : name.str());
    if (!body || body->isDeclaration())
      return createStringError(where + ": the function has no body");
    steps.push_back({name, body, *tokens, static_cast<uint64_t>(*arena),
                     *cacheType, kernels.getValue()});
  }
  if (steps.empty())
    return createStringError("the module has no function with a 'quipu.step' "
                             "attribute; is it of stage llvm?");
  sort(steps, [](const StepEntry &a, const StepEntry &b) {
    return std::tuple(a.cacheType, a.tokens, a.name) <
           std::tuple(b.cacheType, b.tokens, b.name);
  });
  return steps;
}

static Expected<Constant *>
buildKernel(Module &module, mlir::Attribute attribute, const Twine &where) {
  using abi::Kernel;
  auto kernel = dyn_cast<mlir::DictionaryAttr>(attribute);
  auto name = kernel ? kernel.getAs<mlir::StringAttr>("name") : nullptr;
  auto shape = kernel ? kernel.getAs<mlir::StringAttr>("shape") : nullptr;
  auto schedule = kernel ? kernel.getAs<ScheduleAttr>("schedule") : nullptr;
  if (!name || !shape)
    return createStringError(where + ": each of 'kernels' must have a name and "
                                     "a shape");
  Expected<int64_t> calls = getNumber(kernel, "calls", where);
  if (!calls)
    return calls.takeError();
  StructBuilder entry(module);
  entry.addString(offsetof(Kernel, name), name.getValue());
  entry.addString(offsetof(Kernel, shape), shape.getValue());
  entry.addInt32(offsetof(Kernel, calls), *calls);
  // The reference's kernels have one way to run.
  if (!schedule)
    return entry.finish(sizeof(Kernel));
  entry.addInt32(offsetof(Kernel, tileTokens), schedule.getTokens());
  entry.addInt32(offsetof(Kernel, tiles), schedule.getTiles());
  entry.addInt32(offsetof(Kernel, panel), schedule.getPanel());
  entry.addInt64(offsetof(Kernel, bytes), schedule.getBytes());
  entry.addInt64(offsetof(Kernel, operations), schedule.getOperations());
  entry.addInt64(offsetof(Kernel, nanoseconds), schedule.getNanoseconds());
  if (schedule.getGrid() == Grid::Heads)
    entry.addInt32(offsetof(Kernel, positions), abi::pagePositions);
  return entry.finish(sizeof(Kernel));
}

static Expected<SmallVector<Constant *>> buildSteps(Module &module,
                                                    ArrayRef<StepEntry> steps) {
  SmallVector<Constant *> entries;
  for (const StepEntry &step : steps) {
    StructBuilder entry(module);
    entry.addString(offsetof(abi::Step, name), step.name);
    entry.add(offsetof(abi::Step, run), step.function);
    entry.addInt64(offsetof(abi::Step, arenaBytes), step.arenaBytes);
    entry.addInt32(offsetof(abi::Step, tokens), step.tokens);
    entry.addInt32(offsetof(abi::Step, cacheType),
                   static_cast<int32_t>(step.cacheType));
    SmallVector<Constant *> kernels;
    for (mlir::Attribute attribute : step.kernels) {
      Expected<Constant *> kernel =
          buildKernel(module, attribute, "quipu.step of '" + step.name + "'");
      if (!kernel)
        return kernel.takeError();
      kernels.push_back(*kernel);
    }
    entry.add(offsetof(abi::Step, kernels),
              entry.addArray(kernels, alignof(abi::Kernel), "quipu_kernels"));
    entry.addInt32(offsetof(abi::Step, kernelCount), kernels.size());
    entries.push_back(entry.finish(sizeof(abi::Step)));
  }
  return entries;
}

std::string quipu::getSymbol(StringRef function, const Target &target) {
  return (function + "." + target.name).str();
}

static Expected<SmallVector<Constant *>>
buildVariants(Module &module, ArrayRef<ProgramVariant> variants) {
  SmallVector<Constant *> entries;
  for (const ProgramVariant &variant : variants) {
    Expected<std::vector<StepEntry>> steps =
        findSteps(module, variant, variants.size() > 1);
    if (!steps)
      return steps.takeError();
    StructBuilder entry(module);
    entry.addString(offsetof(abi::Variant, target),
                    variant.target.getDescription());
    entry.addString(offsetof(abi::Variant, features),
                    variant.target.getRequiredFeatures());
    Expected<SmallVector<Constant *>> table = buildSteps(module, *steps);
    if (!table)
      return table.takeError();
    entry.add(offsetof(abi::Variant, steps),
              entry.addArray(*table, alignof(abi::Step), "quipu_steps"));
    entry.addInt32(offsetof(abi::Variant, stepCount), steps->size());
    entries.push_back(entry.finish(sizeof(abi::Variant)));
  }
  return entries;
}

Expected<int64_t> quipu::getContext(const Checkpoint &checkpoint,
                                    int64_t asked) {
  using abi::maxContext;
  if (asked) {
    if (asked < 1 || asked > maxContext)
      return createStringError("the context must be from 1 to " +
                               Twine(maxContext) + " positions, not " +
                               Twine(asked));
    return asked;
  }
  std::string key = (checkpoint.getArchitecture() + ".context_length").str();
  std::optional<int64_t> context = checkpoint.getInteger(key);
  if (!context || *context < 1 || *context > maxContext)
    return createStringError(
        checkpoint.getPath() + ": \"" + key + "\" must be a number from 1 to " +
        Twine(maxContext) + "; say with --context how many positions to keep");
  return *context;
}

/// A name that a terminal can show: valid UTF-8 without control characters.
static std::string getPrintable(StringRef text) {
  std::string printable = json::fixUTF8(text.take_front(256));
  for (char &c : printable)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      c = ' ';
  return printable;
}

static GlobalVariable *addTokenizer(Module &module, ArrayRef<uint8_t> image) {
  Constant *bytes = ConstantDataArray::get(module.getContext(), image);
  auto *global =
      new GlobalVariable(module, bytes->getType(),
                         /*isConstant=*/true, GlobalValue::InternalLinkage,
                         bytes, tokenizerSymbol);
  global->setAlignment(Align(64));
  return global;
}

Error quipu::addProgramTable(Module &module, ArrayRef<ProgramVariant> variants,
                             const ProgramDescription &description) {
  mlir::ModuleOp source = variants[0].module;
  auto models = source.getOps<ModelOp>();
  auto sizes = models.empty()
                   ? mlir::DictionaryAttr()
                   : (*models.begin())
                         ->getAttrOfType<mlir::DictionaryAttr>("quipu.sizes");
  if (!sizes)
    return createStringError("the module has no model with a 'quipu.sizes' "
                             "attribute; is it of stage llvm?");
  Expected<SmallVector<Constant *>> code = buildVariants(module, variants);
  if (!code)
    return code.takeError();
  Expected<int64_t> context =
      getContext(description.checkpoint, description.context);
  if (!context)
    return context.takeError();

  using abi::Program;
  StructBuilder table(module);
  table.addInt32(offsetof(Program, abiVersion), abi::version);
  for (auto [offset, name] :
       {std::pair(offsetof(Program, vocabulary), "vocabulary"),
        std::pair(offsetof(Program, logitsStride), "logits_stride"),
        std::pair(offsetof(Program, hidden), "hidden"),
        std::pair(offsetof(Program, layers), "layers"),
        std::pair(offsetof(Program, kvHeads), "kv_heads"),
        std::pair(offsetof(Program, headDim), "head_dim")}) {
    Expected<int64_t> number = getNumber(sizes, name, "quipu.sizes");
    if (!number)
      return number.takeError();
    table.addInt32(offset, *number);
  }
  Expected<int64_t> cacheElements =
      getNumber(sizes, "cache_elements", "quipu.sizes", INT64_MAX);
  if (!cacheElements)
    return cacheElements.takeError();
  Expected<int64_t> partialBytes =
      getNumber(sizes, "partial_bytes", "quipu.sizes");
  if (!partialBytes)
    return partialBytes.takeError();
  table.addInt32(offsetof(Program, context), *context);
  table.addInt32(offsetof(Program, variantCount), variants.size());
  table.add(offsetof(Program, variants),
            table.addArray(*code, alignof(abi::Variant), "quipu_variants"));

  const Checkpoint &checkpoint = description.checkpoint;
  StringRef name = checkpoint.getString("general.name").value_or("");
  if (name.empty())
    name = sys::path::stem(checkpoint.getPath());
  table.addString(offsetof(Program, name), getPrintable(name));
  table.addString(offsetof(Program, architecture),
                  getPrintable(checkpoint.getArchitecture()));
  table.addString(offsetof(Program, formats), description.weights.getFormats());
  table.addString(offsetof(Program, compiler), description.compiler);
  table.addInt64(offsetof(Program, weightBytes),
                 description.weights.getBytes());
  table.addInt64(offsetof(Program, bytesPerToken),
                 description.weights.getBytesPerToken());
  table.addInt64(offsetof(Program, cacheElements), *cacheElements);
  table.addInt64(offsetof(Program, partialBytes), *partialBytes);
  table.add(offsetof(Program, weights),
            addWeightsSection(module, description.weights.getBytes()));
  ArrayRef<uint8_t> tokenizer = description.tokenizer;
  table.add(offsetof(Program, tokenizer),
            tokenizer.empty()
                ? ConstantPointerNull::get(
                      PointerType::getUnqual(module.getContext()))
                : static_cast<Constant *>(addTokenizer(module, tokenizer)));
  table.addInt64(offsetof(Program, tokenizerBytes), tokenizer.size());

  Constant *value = table.finish(sizeof(Program));
  auto *program =
      new GlobalVariable(module, value->getType(), /*isConstant=*/true,
                         GlobalValue::ExternalLinkage, value, programSymbol);
  program->setVisibility(GlobalValue::HiddenVisibility);
  program->setAlignment(Align(alignof(Program)));
  return Error::success();
}
