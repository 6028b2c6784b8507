//===- ProgramTable.cpp - The constant that describes a program -----------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/emit/ProgramTable.h"
#include "abi/Abi.h"
#include "abi/Symbols.h"
#include "compiler/emit/PackedWeights.h"
#include "compiler/emit/RandomWeights.h"
#include "compiler/emit/WeightsSymbol.h"
#include "dialect/CacheFormat.h"
#include "dialect/States.h"
#include "dialect/Targets.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "weights/WeightLayout.h"
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
  void addFloat(size_t offset, float value) {
    add(offset, ConstantFP::get(Type::getFloatTy(module.getContext()), value));
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
  /// An array of what `finish` returned, or a null pointer to none.
  Constant *addArray(ArrayRef<Constant *> entries, size_t alignment,
                     const Twine &name) {
    if (entries.empty())
      return ConstantPointerNull::get(
          PointerType::getUnqual(module.getContext()));
    // They have one size, but not one type: each pads for itself.
    GlobalVariable *array = addConstant(
        ConstantStruct::getAnon(module.getContext(), entries, /*Packed=*/true),
        name);
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

} // namespace

/// The one model of the module.
static Expected<ModelOp> getModel(mlir::ModuleOp module) {
  auto models = module.getOps<ModelOp>();
  if (!hasSingleElement(models))
    return createStringError("the module must have one quipu.model, not " +
                             Twine(range_size(models)));
  return *models.begin();
}

static Constant *buildKernel(Module &module, CompiledKernelAttr kernel) {
  using abi::Kernel;
  StructBuilder entry(module);
  entry.addString(offsetof(Kernel, name), kernel.getName().getValue());
  entry.addString(offsetof(Kernel, shape), kernel.getShape().getValue());
  entry.addInt32(offsetof(Kernel, calls), kernel.getCalls());
  if (auto tiles = mlir::dyn_cast_or_null<CpuTilesAttr>(kernel.getSchedule())) {
    entry.addInt32(offsetof(Kernel, tileTokens), tiles.getTokens());
    entry.addInt32(offsetof(Kernel, tiles), tiles.getTiles());
    entry.addInt32(offsetof(Kernel, panel), tiles.getPanel());
  }
  if (CostAttr cost = kernel.getCost()) {
    entry.addInt64(offsetof(Kernel, bytes), cost.getBytes());
    entry.addInt64(offsetof(Kernel, operations), cost.getOperations());
    entry.addInt64(offsetof(Kernel, nanoseconds), cost.getNanoseconds());
  }
  auto gpu = mlir::dyn_cast_or_null<GpuAttentionAttr>(kernel.getSchedule());
  if (mlir::isa_and_nonnull<CpuAttentionAttr>(kernel.getSchedule()) ||
      (gpu && gpu.getBlocked()))
    entry.addInt32(offsetof(Kernel, positions), abi::pagePositions);
  return entry.finish(sizeof(Kernel));
}

namespace {
struct StepEntry {
  int64_t entry;
  CompiledStepAttr step;
  abi::CacheType cacheType;
  Function *function;
};
} // namespace

/// By entry, cache type, then by rising number of tokens.
static Expected<std::vector<StepEntry>>
findSteps(Module &module, const ProgramVariant &variant, bool isOneOfMany) {
  Expected<ModelOp> model = getModel(variant.module);
  if (!model)
    return model.takeError();
  std::vector<StepEntry> steps;
  for (auto [index, entry] : enumerate(model->getOps<EntryOp>())) {
    if (!entry.getCompiled() || entry.getCompiled()->empty())
      return createStringError("the entry '" + entry.getSymName() +
                               "' has no compiled steps; is the module of "
                               "stage llvm?");
    for (auto step : entry.getCompiled()->getAsRange<CompiledStepAttr>()) {
      StringRef name = step.getFunction().getValue();
      Function *function = module.getFunction(
          isOneOfMany ? getSymbol(name, variant.target) : name.str());
      if (!function || function->isDeclaration())
        return createStringError("the step '" + name + "' has no function");
      steps.push_back({static_cast<int64_t>(index), step,
                       *getCacheFormat(step.getCacheType()), function});
    }
  }
  if (steps.empty())
    return createStringError("the model has no entry; is the module of stage "
                             "llvm?");
  sort(steps, [](const StepEntry &a, const StepEntry &b) {
    return std::tuple(a.entry, a.cacheType, a.step.getTokens()) <
           std::tuple(b.entry, b.cacheType, b.step.getTokens());
  });
  return steps;
}

static SmallVector<Constant *> buildSteps(Module &module,
                                          ArrayRef<StepEntry> steps) {
  SmallVector<Constant *> entries;
  for (const auto &[entry, step, cacheType, function] : steps) {
    StructBuilder table(module);
    table.addString(offsetof(abi::Step, name), step.getFunction().getValue());
    table.add(offsetof(abi::Step, run), function);
    table.addInt64(offsetof(abi::Step, arenaBytes), step.getArena());
    table.addInt32(offsetof(abi::Step, entry), entry);
    table.addInt32(offsetof(abi::Step, tokens), step.getTokens());
    table.addInt32(offsetof(abi::Step, cacheType),
                   static_cast<int32_t>(cacheType));
    table.addInt32(offsetof(abi::Step, kernelCount), step.getKernels().size());
    SmallVector<Constant *> kernels;
    for (CompiledKernelAttr kernel : step.getKernels())
      kernels.push_back(buildKernel(module, kernel));
    table.add(offsetof(abi::Step, kernels),
              table.addArray(kernels, alignof(abi::Kernel), "quipu_kernels"));
    entries.push_back(table.finish(sizeof(abi::Step)));
  }
  return entries;
}

/// A name that a terminal can show: valid UTF-8 without control characters.
static std::string getPrintable(StringRef text) {
  std::string printable = json::fixUTF8(text.take_front(256));
  for (char &c : printable)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      c = ' ';
  return printable;
}

/// abi::Tensor::labels.
static Constant *buildLabels(StructBuilder &table, Module &module,
                             PortAttr port, const Tasks &tasks) {
  StringRef output = port.getName();
  SmallVector<StringRef> labels;
  if (hasLabels(output))
    labels.assign(tasks.labels.begin(), tasks.labels.end());
  if (output == "span" && port.getWidth() == 2)
    labels = {"start", "end"};
  if (static_cast<int64_t>(labels.size()) != port.getWidth())
    labels.clear();
  SmallVector<Constant *> texts;
  for (StringRef label : labels)
    texts.push_back(table.addConstant(ConstantDataArray::getString(
        module.getContext(), getPrintable(label))));
  return table.addArray(texts, alignof(const char *), "quipu_labels");
}

static Constant *buildPorts(StructBuilder &table, Module &module,
                            mlir::ArrayAttr ports, const Tasks &tasks,
                            const Twine &name) {
  SmallVector<Constant *> entries;
  for (auto port : ports.getAsRange<PortAttr>()) {
    using abi::Tensor;
    StructBuilder entry(module);
    entry.addString(offsetof(Tensor, name), port.getName().getValue());
    entry.addInt32(offsetof(Tensor, type),
                   int32_t(port.getElementType().isF32()
                               ? abi::ElementType::F32
                               : abi::ElementType::I32));
    entry.addInt32(offsetof(Tensor, domain), int32_t(port.getDomain()));
    entry.addInt32(offsetof(Tensor, width), port.getWidth());
    // A kernel writes whole tiles of 16 numbers.
    bool isOutput = !port.getLimit();
    entry.addInt32(offsetof(Tensor, stride),
                   isOutput ? alignTo(port.getWidth(), tileRows)
                            : port.getWidth());
    entry.addInt32(offsetof(Tensor, limit), port.getLimit().value_or(0));
    if (hasLabels(port.getName().getValue()))
      entry.addInt32(offsetof(Tensor, scores), int32_t(tasks.scores));
    entry.add(offsetof(Tensor, labels),
              buildLabels(entry, module, port, tasks));
    entries.push_back(entry.finish(sizeof(Tensor)));
  }
  return table.addArray(entries, alignof(abi::Tensor), name);
}

static SmallVector<Constant *> buildEntries(Module &module, ModelOp model,
                                            const Tasks &tasks) {
  using abi::Entry;
  SmallVector<Constant *> entries;
  for (EntryOp op : model.getOps<EntryOp>()) {
    StructBuilder entry(module);
    entry.addString(offsetof(Entry, name), op.getSymName());
    entry.add(offsetof(Entry, inputs),
              buildPorts(entry, module, op.getInputs(), tasks, "quipu_inputs"));
    entry.add(
        offsetof(Entry, outputs),
        buildPorts(entry, module, op.getOutputs(), tasks, "quipu_outputs"));
    entry.addInt32(offsetof(Entry, inputCount), op.getInputs().size());
    entry.addInt32(offsetof(Entry, outputCount), op.getOutputs().size());
    entry.addInt32(offsetof(Entry, wholeSequences), op.getWholeSequences());
    entry.addInt32(offsetof(Entry, writesSums), op.getPooled());
    entries.push_back(entry.finish(sizeof(Entry)));
  }
  return entries;
}

static SmallVector<Constant *> buildPools(Module &module, ModelOp model) {
  SmallVector<Constant *> entries;
  for (const StatePool &pool : getPools(model)) {
    StructBuilder entry(module);
    entry.addInt64(offsetof(abi::Pool, numbers), pool.numbers);
    entry.addInt32(offsetof(abi::Pool, window),
                   std::min<int64_t>(pool.window, abi::maxContext));
    entries.push_back(entry.finish(sizeof(abi::Pool)));
  }
  return entries;
}

static SmallVector<Constant *> buildStates(Module &module, ModelOp model) {
  using abi::State;
  SmallVector<Constant *> entries;
  for (StateOp state : model.getOps<StateOp>()) {
    PagesType pages = state.getPages();
    if (!pages)
      continue;
    StructBuilder entry(module);
    entry.addString(offsetof(State, name), state.getSymName());
    entry.addInt32(offsetof(State, pool), *state.getPool());
    entry.addInt32(offsetof(State, layers), state.getKeptLayers());
    entry.addInt32(offsetof(State, heads), pages.getHeads());
    entry.addInt32(offsetof(State, keyDim), pages.getKeyDim());
    entry.addInt32(offsetof(State, valueDim), pages.getValueDim());
    entry.addInt32(offsetof(State, valuesInKeys), pages.getValuesInKeys());
    entry.addInt64(offsetof(State, offset), state.getOffset().value_or(0));
    entry.addInt64(offsetof(State, stride), state.getStride().value_or(0));
    entries.push_back(entry.finish(sizeof(State)));
  }
  return entries;
}

static SmallVector<Constant *> buildSums(Module &module, ModelOp model) {
  SmallVector<Constant *> entries;
  for (StateOp state : getRowStates(model)) {
    auto type = cast<mlir::RankedTensorType>(state.getType());
    StructBuilder entry(module);
    entry.addString(offsetof(abi::Sum, name), state.getSymName());
    entry.addInt32(offsetof(abi::Sum, width), type.getDimSize(0));
    entries.push_back(entry.finish(sizeof(abi::Sum)));
  }
  return entries;
}

static SmallVector<Constant *>
buildRandomWeights(Module &module, const PackedWeights &weights) {
  using abi::RandomPart, abi::RandomWeight;
  SmallVector<Constant *> entries;
  for (const PackedTensor &tensor : weights.getTensors()) {
    SmallVector<Constant *> parts;
    for (const RandomPart &part : getRandomParts(tensor)) {
      StructBuilder entry(module);
      entry.addInt64(offsetof(RandomPart, bytes), part.bytes);
      entry.addInt64(offsetof(RandomPart, constant), part.constant);
      entry.addInt32(offsetof(RandomPart, kind), int32_t(part.kind));
      parts.push_back(entry.finish(sizeof(RandomPart)));
    }
    StructBuilder entry(module);
    entry.addInt64(offsetof(RandomWeight, offset), tensor.offset);
    entry.addInt64(offsetof(RandomWeight, bytes), tensor.bytes);
    entry.add(offsetof(RandomWeight, parts),
              entry.addArray(parts, alignof(RandomPart), "quipu_parts"));
    entry.addInt32(offsetof(RandomWeight, partCount), parts.size());
    entries.push_back(entry.finish(sizeof(RandomWeight)));
  }
  return entries;
}

std::string quipu::getSymbol(StringRef function, const Target &target) {
  return (function + "." + target.name).str();
}

/// abi::DeviceCode of a variant, null for a CPU.
static Constant *buildDeviceCode(Module &module,
                                 const ProgramVariant &variant) {
  auto code = variant.module->getAttrOfType<DeviceCodeAttr>(deviceCodeName);
  if (!code)
    return ConstantPointerNull::get(
        PointerType::getUnqual(module.getContext()));
  SmallVector<Constant *> kernels;
  for (DeviceKernelAttr kernel : code.getKernels()) {
    using abi::DeviceKernel;
    StructBuilder entry(module);
    entry.addString(offsetof(DeviceKernel, name), kernel.getName().getValue());
    for (auto [i, blocks] : enumerate(kernel.getGrid().asArrayRef()))
      entry.addInt32(offsetof(DeviceKernel, grid) + i * sizeof(int32_t),
                     blocks);
    entry.addInt32(offsetof(DeviceKernel, threads), kernel.getThreads());
    entry.addInt32(offsetof(DeviceKernel, sharedBytes), kernel.getShared());
    kernels.push_back(entry.finish(sizeof(DeviceKernel)));
  }
  StructBuilder table(module);
  StringRef image = code.getImage().getValue();
  table.addString(offsetof(abi::DeviceCode, chip), code.getChip().getValue());
  GlobalVariable *bytes = table.addConstant(
      ConstantDataArray::getString(module.getContext(), image),
      "quipu_device_image");
  bytes->setAlignment(Align(64));
  table.add(offsetof(abi::DeviceCode, image), bytes);
  table.addInt64(offsetof(abi::DeviceCode, imageBytes), image.size());
  table.add(offsetof(abi::DeviceCode, kernels),
            table.addArray(kernels, alignof(abi::DeviceKernel),
                           "quipu_device_kernels"));
  table.addInt32(offsetof(abi::DeviceCode, kernelCount), kernels.size());
  return table.addConstant(table.finish(sizeof(abi::DeviceCode)),
                           "quipu_device_code");
}

/// Program::createEngine.
static Constant *getEngineFactory(Module &module,
                                  ArrayRef<ProgramVariant> variants) {
  PointerType *pointer = PointerType::getUnqual(module.getContext());
  if (none_of(variants, [](const ProgramVariant &variant) {
        return variant.module->hasAttr(deviceCodeName);
      }))
    return ConstantPointerNull::get(pointer);
  return cast<Constant>(
      module
          .getOrInsertFunction("quipu_create_cuda_engine",
                               FunctionType::get(pointer, /*isVarArg=*/false))
          .getCallee());
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
    entry.add(offsetof(abi::Variant, steps),
              entry.addArray(buildSteps(module, *steps), alignof(abi::Step),
                             "quipu_steps"));
    entry.addInt32(offsetof(abi::Variant, stepCount), steps->size());
    entry.add(offsetof(abi::Variant, device), buildDeviceCode(module, variant));
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

static GlobalVariable *addTokenizer(Module &module, ArrayRef<uint8_t> image) {
  Constant *bytes = ConstantDataArray::get(module.getContext(), image);
  auto *global =
      new GlobalVariable(module, bytes->getType(),
                         /*isConstant=*/true, GlobalValue::InternalLinkage,
                         bytes, abi::tokenizerSymbol);
  global->setAlignment(Align(64));
  return global;
}

static SmallVector<Constant *> buildPrompts(Module &module,
                                            const Tasks &tasks) {
  SmallVector<Constant *> entries;
  for (const auto &[name, text] : tasks.prompts) {
    StructBuilder entry(module);
    entry.addString(offsetof(abi::TextPrompt, name), getPrintable(name));
    entry.addString(offsetof(abi::TextPrompt, text), text);
    entries.push_back(entry.finish(sizeof(abi::TextPrompt)));
  }
  return entries;
}

static Constant *buildSampling(Module &module, const abi::Sampling &from) {
  using abi::Sampling;
  StructBuilder sampling(module);
  sampling.addFloat(offsetof(Sampling, temperature), from.temperature);
  sampling.addInt32(offsetof(Sampling, topK), from.topK);
  sampling.addFloat(offsetof(Sampling, topP), from.topP);
  sampling.addFloat(offsetof(Sampling, minP), from.minP);
  sampling.addFloat(offsetof(Sampling, repeatPenalty), from.repeatPenalty);
  return sampling.finish(sizeof(Sampling));
}

Error quipu::addProgramTable(Module &module, const ProgramParts &parts,
                             const PackedWeights &weights) {
  ArrayRef<ProgramVariant> variants = parts.variants;
  Expected<ModelOp> model = getModel(variants[0].module);
  if (!model)
    return model.takeError();
  for (StateOp state : model->getOps<StateOp>())
    if (!state.getPool())
      return createStringError("the state '" + state.getSymName() +
                               "' has no offset; is the module of stage llvm?");
  Expected<SmallVector<Constant *>> code = buildVariants(module, variants);
  if (!code)
    return code.takeError();
  Expected<int64_t> context = getContext(*parts.checkpoint, parts.context);
  if (!context)
    return context.takeError();
  int64_t partialBytes = 0;
  for (EntryOp entry : model->getOps<EntryOp>())
    for (auto step : entry.getCompiled()->getAsRange<CompiledStepAttr>())
      partialBytes = std::max(partialBytes, step.getPartials());

  using abi::Program;
  StructBuilder table(module);
  table.addInt32(offsetof(Program, abiVersion), abi::version);
  table.addInt32(offsetof(Program, context), *context);
  SmallVector<Constant *> entries = buildEntries(module, *model, parts.tasks),
                          pools = buildPools(module, *model),
                          states = buildStates(module, *model),
                          sums = buildSums(module, *model);
  table.addInt32(offsetof(Program, entryCount), entries.size());
  table.addInt32(offsetof(Program, poolCount), pools.size());
  table.addInt32(offsetof(Program, stateCount), states.size());
  table.addInt32(offsetof(Program, sumCount), sums.size());
  table.addInt32(offsetof(Program, variantCount), variants.size());
  auto addTable = [&](size_t offset, ArrayRef<Constant *> rows,
                      size_t alignment, const char *name) {
    table.add(offset, table.addArray(rows, alignment, name));
  };
  addTable(offsetof(Program, entries), entries, alignof(abi::Entry),
           "quipu_entries");
  addTable(offsetof(Program, pools), pools, alignof(abi::Pool), "quipu_pools");
  addTable(offsetof(Program, states), states, alignof(abi::State),
           "quipu_states");
  addTable(offsetof(Program, sums), sums, alignof(abi::Sum), "quipu_sums");
  addTable(offsetof(Program, variants), *code, alignof(abi::Variant),
           "quipu_variants");

  const Checkpoint &checkpoint = *parts.checkpoint;
  StringRef name = checkpoint.getString("general.name").value_or("");
  if (name.empty())
    name = sys::path::stem(checkpoint.getPath());
  table.addString(offsetof(Program, name), getPrintable(name));
  table.addString(offsetof(Program, architecture),
                  getPrintable(checkpoint.getArchitecture()));
  table.addString(offsetof(Program, formats), weights.getFormats());
  table.addString(offsetof(Program, compiler), parts.compiler);
  table.addInt64(offsetof(Program, weightBytes), weights.getBytes());
  table.addInt64(offsetof(Program, bytesPerToken), weights.getBytesPerToken());
  table.addInt64(offsetof(Program, partialBytes), partialBytes);
  SmallVector<Constant *> random;
  if (parts.randomSeed)
    random = buildRandomWeights(module, weights);
  else
    table.add(offsetof(Program, weights),
              addWeightsSymbol(module, weights.getBytes()));
  ArrayRef<uint8_t> tokenizer = parts.tokenizer;
  table.add(offsetof(Program, tokenizer),
            tokenizer.empty()
                ? ConstantPointerNull::get(
                      PointerType::getUnqual(module.getContext()))
                : static_cast<Constant *>(addTokenizer(module, tokenizer)));
  table.addInt64(offsetof(Program, tokenizerBytes), tokenizer.size());
  table.add(offsetof(Program, createEngine),
            getEngineFactory(module, variants));
  addTable(offsetof(Program, random), random, alignof(abi::RandomWeight),
           "quipu_random_weights");
  table.addInt64(offsetof(Program, randomSeed), parts.randomSeed.value_or(0));
  table.addInt32(offsetof(Program, randomCount), random.size());
  SmallVector<Constant *> ends;
  for (int32_t id : parts.generation.ends)
    ends.push_back(ConstantInt::get(Type::getInt32Ty(module.getContext()), id));
  table.addInt32(offsetof(Program, endCount), ends.size());
  addTable(offsetof(Program, ends), ends, alignof(int32_t), "quipu_ends");
  table.add(offsetof(Program, sampling),
            buildSampling(module, parts.generation.sampling));
  SmallVector<Constant *> prompts = buildPrompts(module, parts.tasks);
  table.addInt32(offsetof(Program, promptCount), prompts.size());
  addTable(offsetof(Program, prompts), prompts, alignof(abi::TextPrompt),
           "quipu_prompts");
  table.addInt32(offsetof(Program, defaultPrompt), parts.tasks.defaultPrompt);

  Constant *value = table.finish(sizeof(Program));
  auto *program = new GlobalVariable(
      module, value->getType(), /*isConstant=*/true,
      GlobalValue::ExternalLinkage, value, abi::programSymbol);
  program->setVisibility(GlobalValue::HiddenVisibility);
  program->setAlignment(Align(alignof(Program)));
  return Error::success();
}
