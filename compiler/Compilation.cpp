//===- Compilation.cpp - From a checkpoint to a program -------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Compilation.h"
#include "abi/TokenizerImage.h"
#include "compiler/emit/ProgramTable.h"
#include "compiler/frontend/BoundWeights.h"
#include "compiler/frontend/ReadModule.h"
#include "compiler/frontend/Specs.h"
#include "compiler/frontend/Tasks.h"
#include "compiler/frontend/chat/ChatTemplate.h"
#include "compiler/frontend/tokenizer/TokenizerImage.h"
#include "dialect/Targets.h"
#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/Sequence.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace quipu;
using llvm::Error;
using llvm::Expected;

StringRef quipu::getCompilerVersion() { return QUIPU_COMPILER; }

Compilation::Compilation(const CompilationOptions &options,
                         MLIRContext &context, llvm::SourceMgr &sourceManager,
                         CompilationListener &listener)
    : options(options), context(context), sourceManager(sourceManager),
      listener(listener) {
  context.loadDialect<QuipuDialect>();
  parts.context = options.context;
  parts.randomSeed = options.randomSeed;
  parts.compiler = getCompilerVersion();
}

LogicalResult Compilation::fail(const Twine &sentence) {
  return emitError(UnknownLoc::get(&context)) << sentence;
}

LogicalResult Compilation::fail(Error error) {
  return fail(llvm::toString(std::move(error)));
}

//===----------------------------------------------------------------------===//
// What it begins with
//===----------------------------------------------------------------------===//

LogicalResult Compilation::findTarget() {
  Expected<std::vector<Target>> targets =
      Target::createVariants(options.target);
  if (!targets)
    return fail(targets.takeError());
  for (Target &target : *targets)
    parts.variants.push_back({ModuleOp(), std::move(target)});
  backend =
      &quipu::getBackend(parts.variants.front().target.getAttribute(&context));
  if (Error error = backend->checkPresent())
    return fail(std::move(error));
  stages = quipu::getStages(*backend);
  scheduled = findStage("scheduled");
  return success();
}

const Stage *Compilation::findStage(StringRef name) const {
  const Stage *stage = llvm::find_if(
      stages, [&](const Stage &known) { return known.name == name; });
  return stage == stages.end() ? nullptr : stage;
}

LogicalResult Compilation::begin(const Stage &from, StringRef file,
                                 const Stage &to) {
  first = &from;
  last = &to;
  if (failed(openTuned()))
    return failure();
  auto opened = openCheckpoint(options.model,
                               options.randomSeed ? TensorData::IsUnused
                                                  : TensorData::IsUsed,
                               options.quantization, options.adapters);
  if (!opened)
    return fail(opened.takeError());
  checkpoint = std::move(*opened);
  parts.checkpoint = checkpoint.get();
  if (failed(parse(file)))
    return failure();
  // A model with outputs of its own has no heads.
  bool yields = llvm::any_of(module->getOps<ModelOp>(), [](ModelOp model) {
    return !model.getOps<YieldOp>().empty();
  });
  addPrelude(sourceManager);
  if (first->name == "spec" && yields) {
    Expected<std::vector<std::string>> heads =
        chooseHeads(*checkpoint, options.heads);
    if (!heads)
      return fail(heads.takeError());
    if (Error error = addHeads(*module, *heads, sourceManager))
      return fail(std::move(error));
  }
  if (failed(adoptTargets()))
    return failure();
  for (ProgramVariant &variant : parts.variants)
    variant.module = *module;
  return success();
}

/// Whether the schedules were measured on a processor as the target's.
static bool suits(const TunedSchedules &tuned, const Target &target) {
  return tuned.processor == target.getKernelProcessor() &&
         tuned.lanes == target.getVectorLanes();
}

LogicalResult Compilation::openTuned() {
  if (options.tuned.empty())
    return success();
  Expected<TunedSchedules> file = TunedSchedules::read(options.tuned, &context);
  if (!file)
    return fail(file.takeError());
  tuned = std::move(*file);
  if (!backend->hasCandidates() ||
      llvm::none_of(parts.variants, [&](const ProgramVariant &variant) {
        return suits(*tuned, variant.target);
      }))
    emitWarning(UnknownLoc::get(&context))
        << options.tuned << ": these schedules were measured on "
        << tuned->processor << " with " << tuned->lanes
        << " lanes, which the target '" << options.target
        << "' is not; the cost model chooses instead";
  return success();
}

LogicalResult Compilation::parse(StringRef file) {
  if (file.empty()) {
    auto spec = findSpec(*checkpoint, sourceManager, &context);
    if (!spec)
      return fail(options.model + ": " + llvm::toString(spec.takeError()));
    module = std::move(*spec);
    return success();
  }
  constexpr size_t most = size_t(4) << 30; // the code of all kernels
  auto text = openText(file, most);
  if (!text)
    return fail(llvm::toString(text.takeError()));
  sourceManager.AddNewSourceBuffer(std::move(*text), SMLoc());
  module = readModule(sourceManager, &context);
  return success(static_cast<bool>(module));
}

LogicalResult Compilation::adoptTargets() {
  SmallVector<Attribute> targets = getTargets(*module);
  if (targets.empty())
    return success();
  auto getAttribute = [&](const ProgramVariant &variant) {
    return variant.target.getAttribute(&context);
  };
  if (llvm::equal(targets, llvm::map_range(parts.variants, getAttribute)))
    return success();
  Target first = Target::create(targets[0]);
  if (options.isTargetGiven || !backend->makes(targets[0]))
    return fail("the module of '--from' is for the target '" + first.name +
                "', which '--target " + options.target + "' is not");
  parts.variants.clear();
  for (Attribute target : targets)
    parts.variants.push_back({ModuleOp(), Target::create(target)});
  return success();
}

//===----------------------------------------------------------------------===//
// Stages
//===----------------------------------------------------------------------===//

/// The tokens of a step that has enough rows for each expert where there are
/// many: a weight is read, and unpacked, once for all of its rows.
static constexpr int64_t expertTokens = 512;

static bool hasExperts(const Checkpoint &checkpoint) {
  std::string key = (checkpoint.getArchitecture() + ".expert_count").str();
  return checkpoint.getInteger(key).value_or(0) > 0;
}

/// The tokens of the longest text that is read in one step, where tokens see
/// those behind them.
static constexpr int64_t wholeTokens = 512;

static int64_t getLongestWhole(ModuleOp module, const Checkpoint &checkpoint) {
  bool isFull = false;
  module.walk([&](AttentionOp attention) { isFull |= attention.getFull(); });
  if (!isFull)
    return 0;
  const CheckpointTensor *positions =
      checkpoint.findTensor("position_embd.weight");
  return positions ? std::min(positions->shape.front(), wholeTokens)
                   : wholeTokens;
}

void Compilation::setOptions(StageOptions &to, const Stage &stage,
                             const Target &target) {
  to.checkpoint = options.model;
  to.random = options.randomSeed.has_value();
  to.quantization = options.quantization;
  to.kernels = options.kernels;
  SmallVector<int64_t> tokens(backend->getStepTokens());
  if (hasExperts(*checkpoint) && tokens.back() < expertTokens)
    tokens.push_back(expertTokens);
  if (int64_t longest = getLongestWhole(*module, *checkpoint);
      longest > tokens.back())
    tokens.push_back(longest);
  to.tokens = tokens;
  // The stage `fused` is for all of them.
  if (&stage < scheduled)
    to.targets =
        llvm::map_to_vector(parts.variants, [](const ProgramVariant &variant) {
          return variant.target.name;
        });
  else if (first < scheduled)
    to.targets = {target.name};
  to.candidate = options.candidate.value_or(0);
  if (tuned && suits(*tuned, target))
    to.tuned = options.tuned;
}

void Compilation::show(const Stage &stage, const ProgramVariant &variant,
                       const LowerKernelAction &lower) {
  auto kernel = llvm::cast<Operation *>(lower.getContextIRUnits().front());
  double done =
      static_cast<double>(&variant - parts.variants.data()) +
      static_cast<double>(lower.number) / static_cast<double>(lower.count);
  std::scoped_lock lock(progress);
  listener.show(
      ("compiling " + cast<KernelOp>(kernel).getSymName()).str(),
      getPart(stage, done / static_cast<double>(parts.variants.size())));
}

LogicalResult Compilation::runPasses(const Stage &stage,
                                     const ProgramVariant &variant) {
  StageOptions stageOptions;
  setOptions(stageOptions, stage, variant.target);
  PassManager passes(&context);
  listener.prepare(passes);
  if (&stage == first)
    passes.addPass(createVerifyStagePass(stage.name));
  else
    addStage(passes, stage, stageOptions);
  context.registerActionHandler(
      [&](llvm::function_ref<void()> act, const tracing::Action &action) {
        if (auto *lower = llvm::dyn_cast<LowerKernelAction>(&action))
          show(stage, variant, *lower);
        act();
      });
  LogicalResult result = passes.run(variant.module);
  context.registerActionHandler(nullptr);
  return result;
}

LogicalResult Compilation::run(const Stage &stage) {
  listener.show(stage.name, getPart(stage, 0));
  if (&stage == scheduled)
    for (ProgramVariant &variant : llvm::drop_begin(parts.variants)) {
      copies.push_back(module->clone());
      variant.module = *copies.back();
    }
  if (stage.name == "graph" && first->name == "spec" && failed(checkKnown()))
    return failure();
  for (const ProgramVariant &variant :
       ArrayRef(parts.variants)
           .take_front(&stage < scheduled ? 1 : parts.variants.size()))
    if (failed(runPasses(stage, variant)))
      return failure();
  if (stage.name == "graph" && first->name == "spec" && failed(checkUsed()))
    return failure();
  bool isNext = &stage > scheduled && !std::exchange(isPrepared, true);
  if (isNext && !last->isModule())
    if (Error error = prepare())
      return fail(std::move(error));
  return success();
}

/// Adds the rows of the tensor that a weight has.
static void addRows(const CheckpointTensor &tensor, RowRangeAttr rows,
                    llvm::BitVector &used) {
  int64_t all = tensor.shape.front();
  used.resize(all);
  if (!rows)
    used.set();
  else
    for (int64_t group = 0; group < all; group += rows.getGroupRows(all))
      used.set(group + rows.getFirst(), group + rows.getLast());
}

/// "blk.*.attn_q.weight" for "blk.7.attn_q.weight".
static std::string getPattern(StringRef tensor) {
  std::string pattern;
  for (StringRef part : llvm::split(tensor, '.')) {
    bool isNumber = !part.empty() && llvm::all_of(part, llvm::isDigit);
    pattern += (pattern.empty() ? "" : ".") + (isNumber ? "*" : part.str());
  }
  return pattern;
}

LogicalResult Compilation::checkKnown() {
  llvm::StringSet<> there, known = findHeadTensors(&context);
  for (const CheckpointTensor &tensor : checkpoint->getTensors())
    there.insert(getPattern(tensor.name));
  bool isAllThere = true;
  module->walk([&](Operation *op) {
    auto layers = op->getParentOfType<LayersOp>();
    std::string prefix = layers ? (layers.getPrefix() + ".*.").str() : "";
    AttrTypeWalker walker;
    walker.addWalk([&](WeightAttr weight) {
      bool isThere = weight.getOptional();
      for (Attribute name : {weight.getName(), Attribute(weight.getFallback())})
        if (auto text = dyn_cast_if_present<StringAttr>(name)) {
          std::string tensor =
              getPattern(prefix + getTensorName(text.getValue()));
          isThere |= there.contains(tensor);
          known.insert(tensor);
        }
      isAllThere &= isThere;
    });
    walker.walk(op->getAttrDictionary());
  });
  if (isAllThere)
    return success();
  for (const CheckpointTensor &tensor : checkpoint->getTensors())
    if (!known.contains(getPattern(tensor.name)))
      return failUnused(tensor.name);
  return success();
}

LogicalResult Compilation::failUnused(StringRef tensor, const Twine &what) {
  return fail(options.model + ": " + what + " \"" + tensor +
              "\" is in the checkpoint, but the spec does not use it");
}

/// Whether the tensor is of a layer behind the model's own ones, which guesses
/// further tokens.
static bool isOfExtraLayer(const Checkpoint &checkpoint, StringRef tensor) {
  auto getCount = [&](const char *key) {
    return checkpoint
        .getInteger((checkpoint.getArchitecture() + "." + key).str())
        .value_or(0);
  };
  int64_t layer, layers = getCount("block_count"),
                 extra = getCount("nextn_predict_layers");
  return tensor.consume_front("blk.") && !tensor.consumeInteger(10, layer) &&
         extra > 0 && extra <= layers && layer >= layers - extra &&
         layer < layers;
}

LogicalResult Compilation::checkUsed() {
  llvm::StringSet<> ofHeads = findHeadTensors(&context);
  llvm::StringMap<llvm::BitVector> used; // the rows of tensors
  for (ModelOp model : module->getOps<ModelOp>())
    for (WeightOp weight : model.getOps<WeightOp>())
      for (int64_t layer : llvm::seq<int64_t>(weight.getLayers().value_or(1)))
        if (weight.hasLayer(layer)) {
          std::string name = getTensorName(weight, layer);
          addRows(*checkpoint->findTensor(name), weight.getRowsAttr(),
                  used[name]);
        }
  for (const CheckpointTensor &tensor : checkpoint->getTensors()) {
    auto rows = used.find(tensor.name);
    if (rows != used.end() && rows->second.all())
      continue;
    // What only a head reads that was not asked for changes nothing.
    if (rows == used.end() && (ofHeads.contains(tensor.name) ||
                               isOfExtraLayer(*checkpoint, tensor.name)))
      continue;
    std::string what = "the tensor";
    if (rows != used.end())
      what = "row " + std::to_string(rows->second.find_first_unset()) + " of " +
             what;
    return failUnused(tensor.name, what);
  }
  return success();
}

/// How many labels the model's classifier has; 0 without one.
static int64_t countLabels(ModuleOp module) {
  for (ModelOp model : module.getOps<ModelOp>())
    for (EntryOp entry : model.getOps<EntryOp>())
      for (auto port : entry.getOutputs().getAsRange<PortAttr>())
        if (hasLabels(port.getName().getValue()))
          return port.getWidth();
  return 0;
}

/// How many token ids the model knows: the rows of the table that they index.
static Expected<int64_t> getVocabulary(ModuleOp module) {
  for (ModelOp model : module.getOps<ModelOp>())
    for (EntryOp entry : model.getOps<EntryOp>())
      for (auto port : entry.getInputs().getAsRange<PortAttr>())
        if (port.getName() == "tokens" && port.getLimit())
          return *port.getLimit();
  return llvm::createStringError(
      "the module has no entry with an input \"tokens\"; is it older than "
      "this compiler?");
}

/// A program is useful without its chat, too.
void Compilation::warnOfChatTemplate() {
  if (tokenizer.empty())
    return;
  const auto &header = *reinterpret_cast<TokenizerImage *>(tokenizer.data());
  StringRef text(reinterpret_cast<const char *>(tokenizer.data()) +
                     header.chatTemplate.offset,
                 header.chatTemplate.count);
  std::string error = text.empty() ? "" : checkChatTemplate(text);
  if (!error.empty())
    emitWarning(UnknownLoc::get(&context))
        << checkpoint->getPath() << ": chat template: " << error
        << "; the program has no '--chat'";
}

Error Compilation::prepare() {
  Expected<int64_t> positions = getContext(*checkpoint, options.context);
  if (!positions)
    return positions.takeError();
  Expected<int64_t> vocabulary = getVocabulary(*module);
  if (!vocabulary)
    return vocabulary.takeError();
  if (options.candidate)
    return Error::success();
  auto warn = [&](const Twine &warning) {
    emitWarning(UnknownLoc::get(&context)) << warning;
  };
  for (const std::string &warning : checkpoint->getWarnings())
    warn(warning);
  Expected<int64_t> trained = getContext(*checkpoint, /*asked=*/0);
  if (!trained)
    consumeError(trained.takeError()); // the checkpoint does not say
  else if (*positions > *trained)
    warn("--context " + Twine(*positions) + " is more than the " +
         Twine(*trained) +
         " positions that the model was trained on: what is "
         "far apart may not be understood");
  Expected<Generation> generation =
      readGeneration(*checkpoint, *vocabulary, warn);
  if (!generation)
    return generation.takeError();
  parts.generation = std::move(*generation);
  Expected<Tasks> tasks = readTasks(*checkpoint, countLabels(*module));
  if (!tasks)
    return tasks.takeError();
  parts.tasks = std::move(*tasks);
  auto image = buildTokenizerImage(*checkpoint, *vocabulary, warn);
  if (image) {
    tokenizer = std::move(*image);
    warnOfChatTemplate();
  }
  parts.tokenizer = tokenizer;
  return llvm::handleErrors(
      image.takeError(), [&](const UnsupportedTokenizer &unsupported) {
        emitWarning(UnknownLoc::get(&context))
            << unsupported.getMessage()
            << "; the program takes token ids only, with '--tokens'";
      });
}

//===----------------------------------------------------------------------===//
// What is made of it
//===----------------------------------------------------------------------===//

Error Compilation::assemble() {
  if (std::exchange(isAssembled, true))
    return Error::success();
  for (const ProgramVariant &variant : parts.variants)
    if (Error error = backend->assemble(variant.module, options.assembler))
      return error;
  return Error::success();
}

LogicalResult Compilation::print(const Stage &stage, raw_ostream &os) {
  bool isCubin = stage.name == "cubin";
  if (isCubin || stage.name == "asm")
    if (Error error = assemble())
      return fail(std::move(error));
  std::string text = backend->printText(*module, stage);
  if (isCubin && !StringRef(text).starts_with("\177ELF"))
    return fail("there is no ptxas, which makes cubins; name one with "
                "'--ptxas FILE'");
  if (!text.empty()) {
    os << text;
    return success();
  }
  if (Error error =
          stage.isModule() ? printModule(stage, os) : printAssembly(os))
    return fail(std::move(error));
  return success();
}

Error Compilation::printModule(const Stage &stage, raw_ostream &os) {
  module->print(os, OpPrintingFlags().printNameLocAsPrefix());
  os << '\n';
  for (ModelOp model : module->getOps<ModelOp>())
    for (KernelOp kernel : model.getOps<KernelOp>()) {
      Expected<std::string> text = backend->printKernel(kernel, stage);
      if (!text)
        return text.takeError();
      if (text->empty())
        continue;
      os << '\n';
      for (StringRef line : llvm::split(StringRef(*text).rtrim(), '\n'))
        os << "// " << line << '\n';
    }
  return Error::success();
}

Error Compilation::printAssembly(raw_ostream &os) {
  Expected<std::string> text = emitAssembly(parts);
  if (!text)
    return text.takeError();
  os << *text;
  return Error::success();
}

FailureOr<uint64_t> Compilation::writeProgram(const LinkOptions &link) {
  listener.show("assembling", getPart(*last, 0));
  if (Error error = assemble())
    return fail(std::move(error));
  Expected<uint64_t> bytes = emitProgram(
      parts, link,
      [&](StringRef work, double done) {
        listener.show(work, getPart(*last, done));
      },
      [&](const Twine &warning) {
        if (!options.candidate)
          emitWarning(UnknownLoc::get(&context)) << warning;
      });
  if (!bytes)
    return fail(bytes.takeError());
  return *bytes;
}
