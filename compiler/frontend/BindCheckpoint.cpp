//===- BindCheckpoint.cpp - Sizes and formats into a spec -----------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "abi/Abi.h"
#include "compiler/frontend/BoundParameters.h"
#include "compiler/frontend/BoundWeights.h"
#include "compiler/frontend/Checkpoint.h"
#include "compiler/frontend/LayerKinds.h"
#include "compiler/frontend/Passes.h"
#include "compiler/frontend/Specs.h"
#include "dialect/LayerSets.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Verifier.h"
#include "weights/WeightLayout.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace quipu;

namespace quipu {
#define GEN_PASS_DEF_BINDCHECKPOINT
#include "compiler/frontend/Passes.h.inc"
} // namespace quipu

/// A step for more makes no sense on any machine.
static constexpr int64_t maxTokens = 1 << 16;

/// The name that `tokens` tokens at once go by.
static std::string getStepName(StringRef entry, int64_t tokens) {
  std::string name =
      tokens == 1 ? "decode" : "prefill" + std::to_string(tokens);
  return entry == "generate" ? name : (entry + "." + name).str();
}

/// Reals that the checkpoint has as integers become reals.
static void widenReals(ArgumentsInterface op) {
  for (StringRef name : op.getRealAttributes())
    if (auto integer = op->getAttrOfType<IntegerAttr>(name))
      op->setAttr(name,
                  Builder(op.getContext())
                      .getF64FloatAttr(static_cast<double>(integer.getInt())));
}

/// Gives `op`, whose operands are bound, its types.
static LogicalResult inferTypes(Operation *op, int64_t tokens) {
  MLIRContext *context = op->getContext();
  if (auto input = dyn_cast<InputOp>(op)) {
    input.getResult().setType(
        RankedTensorType::get({tokens}, IntegerType::get(context, 32)));
    return success();
  }
  if (auto layers = dyn_cast<LayersOp>(op)) {
    auto count = dyn_cast<IntegerAttr>(layers.getCount());
    if (!count || count.getInt() <= 0 || count.getInt() > maxLayers)
      return layers.emitError("the number of layers is ")
             << layers.getCount() << ", expected a positive integer of at most "
             << maxLayers;
    for (Block *body : layers.getBlocks())
      body->getArgument(0).setType(layers.getInit().getType());
    layers.getResult().setType(layers.getInit().getType());
    return success();
  }
  if (auto angles = dyn_cast<RopeAnglesOp>(op))
    angles.setTokens(tokens);
  auto inferring = dyn_cast<InferTypeOpInterface>(op);
  if (!inferring)
    return success();
  SmallVector<Type> types;
  if (failed(inferring.inferReturnTypes(
          context, op->getLoc(), op->getOperands(), op->getRawDictionaryAttrs(),
          op->getPropertiesStorage(), op->getRegions(), types)))
    return failure();
  for (auto [result, type] : llvm::zip_equal(op->getResults(), types))
    result.setType(type);
  return success();
}

/// Reports what is wrong with an op before the ops that read it are typed.
static LogicalResult verifyBound(Operation *op) {
  return success(op->getNumRegions() ||
                 succeeded(verify(op, /*verifyRecursively=*/false)));
}

/// A spec may come from anywhere: what is an index is one that the runtime has
/// checked.
static LogicalResult verifyInputs(Operation *op) {
  if (auto input = dyn_cast<InputOp>(op);
      input && !input.isSelected() &&
      !llvm::is_contained(programInputs, input.getName()))
    return input.emitError("a program has the inputs ")
           << listInputs(programInputs) << " and \"selected\", not "
           << input.getNameAttr();
  if (auto embed = dyn_cast<EmbedOp>(op)) {
    auto input = embed.getIds().getDefiningOp<InputOp>();
    if (!input || !llvm::is_contained(indexInputs, input.getName()))
      return embed.emitError("the ids are none of the inputs ")
             << listInputs(indexInputs);
  }
  if (auto angles = dyn_cast<RopeAnglesOp>(op))
    for (Value axis : angles.getAxes()) {
      auto input = axis.getDefiningOp<InputOp>();
      if (!input || !llvm::is_contained(axisInputs, input.getName()))
        return angles.emitError("an axis is none of the inputs ")
               << listInputs(axisInputs);
    }
  if (auto gather = dyn_cast<GatherOp>(op)) {
    auto input = gather.getRows().getDefiningOp<InputOp>();
    if (!input || !input.isSelected())
      return gather.emitError("the rows are not the input \"selected\"");
  }
  if (auto linear = dyn_cast<LinearOp>(op);
      linear && linear.getIds() && !linear.getIds().getDefiningOp<TopKOp>())
    return linear.emitError("the ids are not what a quipu.top_k has chosen");
  if (auto output = dyn_cast<OutputOp>(op);
      output && output->getParentOfType<LayersOp>())
    return output.emitError("a quipu.output stands in the layers; write it "
                            "after them");
  return success();
}

static bool hasOptionalWeight(Operation *op) {
  auto norm = dyn_cast<NormInterface>(op);
  return norm && norm.getWeight() && norm.getWeight()->getOptional();
}

/// A norm whose optional weight is not in the checkpoint is not in the model.
static bool leaveOut(NormInterface norm) {
  if (norm.getWeight())
    return false;
  norm->getResult(0).replaceAllUsesWith(norm->getOperand(0));
  norm->erase();
  return true;
}

namespace {
/// What an entry is made of: the model's ops and a head's, if it has one.
struct Forward {
  StringRef entry;
  Operation *source; // for messages
  SmallVector<Operation *> backbone, head;
  Value hidden, argument; // what the head's argument stands for
};

/// Makes the steps of one entry.
class EntryBinding {
public:
  EntryBinding(ModelOp model, const Forward &forward,
               BoundParameters &parameters, BoundWeights &weights)
      : model(model), forward(forward), parameters(parameters),
        weights(weights), builder(model.getContext()) {}

  LogicalResult run(ArrayRef<int64_t> tokens) {
    readKeys();
    for (int64_t count : tokens)
      if (failed(addStep(count)))
        return failure();
    return addEntry();
  }

private:
  /// Also those of layers that there are not.
  void readKeys();
  LogicalResult addStep(int64_t tokens);
  LogicalResult bind(Operation *op, int64_t tokens);
  LogicalResult addEntry();
  /// The state that `op` writes in its loop's layers. Layers of another kind
  /// write the same one, if it keeps the same positions there.
  FlatSymbolRefAttr nameCache(CacheWriteOp op);
  /// A name that no op of the step has for its state yet.
  FlatSymbolRefAttr nameState(StringRef prefix, StringRef name);
  LogicalResult declareState(Operation *op, FlatSymbolRefAttr name, Type type,
                             IntegerAttr layers, LayerSetAttr present);
  LogicalResult setWindows(StepOp step);

  ModelOp model;
  const Forward &forward;
  BoundParameters &parameters;
  BoundWeights &weights;
  OpBuilder builder;
  SmallVector<StepOp> steps;
  // Of the step that is being made:
  llvm::StringSet<> states;
  DenseMap<Operation *, FlatSymbolRefAttr> caches;     // of cache writes
  DenseMap<Operation *, SmallVector<StringRef>> named; // parameters of ops
};
} // namespace

FlatSymbolRefAttr EntryBinding::nameState(StringRef prefix, StringRef name) {
  std::string base = (prefix + (prefix.empty() ? "" : ".") + name).str();
  std::string unique = base;
  for (int number = 1; !states.insert(unique).second; ++number)
    unique = base + "_" + std::to_string(number);
  return FlatSymbolRefAttr::get(builder.getContext(), unique);
}

/// The windows of those who read the cache; nothing when one sees all.
static SmallVector<Attribute> getWindows(CacheWriteOp write) {
  SmallVector<Attribute> windows;
  for (Operation *user : write->getUsers())
    if (auto attention = dyn_cast<AttentionOp>(user)) {
      if (!attention.getWindowAttr())
        return {};
      windows.push_back(attention.getWindowAttr());
    }
  return windows;
}

/// What is in the place of `write` in each of the loop's bodies that writes a
/// cache there for as long.
static SmallVector<CacheWriteOp> findAlike(CacheWriteOp write,
                                           LayersOp layers) {
  auto own = write->getBlock()->getOps<CacheWriteOp>();
  int64_t place = std::distance(own.begin(), llvm::find(own, write));
  SmallVector<CacheWriteOp> alike;
  for (Block *body : layers.getBlocks()) {
    SmallVector<CacheWriteOp> writes(body->getOps<CacheWriteOp>());
    if (place < static_cast<int64_t>(writes.size()) &&
        getWindows(writes[place]) == getWindows(write))
      alike.push_back(writes[place]);
  }
  return alike;
}

/// The kind of the layers in a body: nothing for the first.
static StringRef getKind(LayersOp layers, Block *body) {
  unsigned number = body->getParent()->getRegionNumber();
  return number ? cast<StringAttr>((*layers.getKinds())[number - 1]).getValue()
                : StringRef();
}

FlatSymbolRefAttr EntryBinding::nameCache(CacheWriteOp write) {
  auto layers = write->getParentOfType<LayersOp>();
  if (!layers)
    return nameState("", "kv");
  FlatSymbolRefAttr &name = caches[write];
  if (name)
    return name;
  StringRef kind = getKind(layers, write->getBlock());
  name =
      nameState(layers.getPrefix(), kind.empty() ? "kv" : ("kv." + kind).str());
  FlatSymbolRefAttr common = name;
  for (CacheWriteOp other : findAlike(write, layers))
    caches[other] = common;
  return common;
}

/// Those that write one cache; null when all do, or there is no loop.
static LayerSetAttr getLayersOf(CacheWriteOp write) {
  auto layers = write->getParentOfType<LayersOp>();
  if (!layers || layers.getBodies().size() == 1)
    return {};
  SmallVector<int64_t> all;
  for (CacheWriteOp other : findAlike(write, layers))
    llvm::append_range(all, layers.getLayersOf(other->getBlock()));
  llvm::sort(all);
  bool isEach = static_cast<int64_t>(all.size()) == *getLayerCount(write);
  return isEach ? LayerSetAttr() : LayerSetAttr::get(write.getContext(), all);
}

LogicalResult EntryBinding::declareState(Operation *op, FlatSymbolRefAttr name,
                                         Type type, IntegerAttr layers,
                                         LayerSetAttr present) {
  if (auto known = model.lookupSymbol<StateOp>(name)) {
    if (known.getType() == type && known.getLayersAttr() == layers &&
        known.getPresentAttr() == present)
      return success();
    return op->emitError("the state ")
           << name << " is " << known.getType()
           << " in another step or entry, but here " << type;
  }
  OpBuilder::InsertionGuard guard(builder);
  Block &body = model.getBody().front();
  builder.setInsertionPoint(
      &body, llvm::find_if(body, llvm::IsaPred<StepOp, EntryOp>));
  StateOp::create(builder, op->getLoc(), name.getValue(), type, layers, present,
                  /*window=*/IntegerAttr(), /*pool=*/IntegerAttr(),
                  /*offset=*/IntegerAttr(), /*stride=*/IntegerAttr());
  return success();
}

LogicalResult EntryBinding::bind(Operation *op, int64_t tokens) {
  if (failed(weights.bind(op)))
    return failure();
  ScopedDiagnosticHandler notes(op->getContext(), [&](Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() == DiagnosticSeverity::Error)
      parameters.addNotes(diagnostic, named[op]);
    return failure(); // on to who prints it
  });
  if (auto reals = dyn_cast<ArgumentsInterface>(op))
    widenReals(reals);
  auto write = dyn_cast<CacheWriteOp>(op);
  auto pool = dyn_cast<PoolOp>(op);
  bool isPooled =
      pool && pool.getKind() != StringAttr::get(op->getContext(), "last");
  if (write)
    write.setStateAttr(nameCache(write));
  if (isPooled)
    pool.setStateAttr(nameState(forward.entry, "pool"));
  if (failed(inferTypes(op, tokens)) || failed(verifyBound(op)) ||
      failed(verifyInputs(op)))
    return failure();
  if (auto linear = dyn_cast<LinearOp>(op); linear && linear.getIds()) {
    auto stack = model.lookupSymbol<WeightOp>(linear.getWeight().getSymbol());
    if (stack.getChosen().value_or(0) < uint64_t(linear.getChosen()))
      stack.setChosen(linear.getChosen());
  }
  if (write) {
    auto cache = cast<CacheType>(write.getResult().getType());
    auto layers = op->getParentOfType<LayersOp>();
    return declareState(op, write.getStateAttr(), cache.getPages(),
                        layers ? cast<IntegerAttr>(layers.getCount())
                               : builder.getI64IntegerAttr(1),
                        getLayersOf(write));
  }
  if (isPooled) {
    auto rows = cast<RankedTensorType>(pool.getResult().getType());
    return declareState(
        op, pool.getStateAttr(),
        RankedTensorType::get(getElementsPerToken(rows), rows.getElementType()),
        IntegerAttr(), LayerSetAttr());
  }
  return success();
}

void EntryBinding::readKeys() {
  for (ArrayRef<Operation *> ops : {forward.backbone, forward.head})
    for (Operation *op : ops)
      op->walk([&](Operation *inner) {
        parameters.readKeysOf(inner);
        auto choose = dyn_cast<ChooseOp>(inner);
        if (!choose || !choose.getSetAttr())
          return;
        for (LayerSetOp set : model.getOps<LayerSetOp>())
          if (set.getSymNameAttr() == choose.getSetAttr().getAttr())
            parameters.readKeysOf(set);
      });
}

LogicalResult EntryBinding::addStep(int64_t tokens) {
  states.clear();
  caches.clear();
  named.clear();
  builder.setInsertionPointToEnd(&model.getBody().front());
  auto step = StepOp::create(builder, model.getLoc(),
                             getStepName(forward.entry, tokens), tokens,
                             /*arena=*/IntegerAttr());
  steps.push_back(step);
  OpBuilder::InsertionGuard guard(builder);
  builder.createBlock(&step.getBody());
  IRMapping mapping;
  for (Operation *op : forward.backbone)
    builder.clone(*op, mapping);
  if (forward.argument)
    mapping.map(forward.argument, mapping.lookup(forward.hidden));
  for (Operation *op : forward.head)
    builder.clone(*op, mapping);
  if (failed(resolveChoices(step, model, parameters)))
    return failure();
  auto result = step.getBody().walk([&](Operation *op) {
    return WalkResult(parameters.substitute(op, named[op]));
  });
  if (result.wasInterrupted())
    return failure();
  result = step.getBody().walk<WalkOrder::PreOrder>([&](Operation *op) {
    bool isOptional = hasOptionalWeight(op);
    if (failed(bind(op, tokens)))
      return WalkResult::interrupt();
    return isOptional && leaveOut(cast<NormInterface>(op))
               ? WalkResult::skip()
               : WalkResult::advance();
  });
  return failure(result.wasInterrupted() || failed(setWindows(step)));
}

/// A state keeps what the attentions that read it see.
LogicalResult EntryBinding::setWindows(StepOp step) {
  llvm::MapVector<StringAttr, int64_t> windows; // INT64_MAX: all
  step.walk([&](AttentionOp attention) {
    auto cache = cast<CacheType>(attention.getCache().getType());
    auto window = dyn_cast_or_null<IntegerAttr>(attention.getWindowAttr());
    int64_t &most = windows[cache.getState().getAttr()];
    most = std::max(most, window ? window.getInt() : INT64_MAX);
  });
  for (auto [name, window] : windows) {
    StateOp state = model.lookupSymbol<StateOp>(name);
    IntegerAttr attribute;
    if (window <= abi::maxContext)
      attribute = builder.getI64IntegerAttr(window);
    if (steps.size() > 1 && state.getWindowAttr() != attribute)
      return step.emitError("the window of the state @")
             << name.getValue() << " differs from step to step";
    state.setWindowAttr(attribute);
  }
  return success();
}

/// The rows of the smallest table that the numbers of an input index.
static int64_t getLimit(StepOp step, StringRef name) {
  int64_t limit = INT64_MAX;
  step.walk([&](EmbedOp embed) {
    if (embed.getIds().getDefiningOp<InputOp>().getName() == name)
      limit = std::min(limit, embed.getWeight().getType().getDimSize(0));
  });
  return limit;
}

/// Whether `value` has a row for each selected token.
static bool isSelected(Value value) {
  llvm::SmallPtrSet<Operation *, 16> seen;
  SmallVector<Value> open{value};
  while (!open.empty()) {
    Operation *op = open.pop_back_val().getDefiningOp();
    if (!op || !seen.insert(op).second)
      continue;
    if (isa<GatherOp>(op))
      return true;
    llvm::append_range(open, op->getOperands());
  }
  return false;
}

LogicalResult EntryBinding::addEntry() {
  StepOp step = steps.front();
  MLIRContext *context = model.getContext();
  SmallVector<Attribute> inputs, outputs, names;
  for (StringRef name : programInputs) {
    bool isRead = llvm::any_of(step.getOps<InputOp>(), [&](InputOp input) {
      return input.getName() == name;
    });
    if (!isRead && name == programInputs[0])
      return forward.source->emitError("the entry @")
             << forward.entry << " has no quipu.input \"tokens\"";
    if (!isRead)
      continue;
    int64_t limit = getLimit(step, name);
    if (limit > INT32_MAX && limit < INT64_MAX)
      return forward.source->emitError("the input \"")
             << name << "\" indexes a table of " << limit
             << " rows, more than a number of it can name";
    inputs.push_back(PortAttr::get(context, builder.getStringAttr(name),
                                   Domain::Token, 1, builder.getI32Type(),
                                   std::min<int64_t>(limit, INT32_MAX)));
  }
  for (OutputOp output : step.getOps<OutputOp>()) {
    auto type = cast<RankedTensorType>(output.getValue().getType());
    bool selected = isSelected(output.getValue());
    Domain domain = output.getDomain().value_or(selected ? Domain::Selected
                                                         : Domain::Token);
    if ((domain == Domain::Token) == selected)
      return output.emitError("the output ")
             << output.getNameAttr() << " has a row for each "
             << (selected ? "selected token; gather" : "token; do not gather")
             << " what is over " << stringifyDomain(domain);
    int64_t width = getElementsPerToken(type);
    if (width > INT32_MAX - tileRows || !type.getElementType().isF32())
      return output.emitError("the output ")
             << output.getNameAttr() << " is " << type
             << ", not a row of at most 2^31 numbers in f32";
    outputs.push_back(PortAttr::get(context, output.getNameAttr(), domain,
                                    width, type.getElementType(),
                                    std::nullopt));
  }
  if (outputs.empty())
    return forward.source->emitError("the entry @")
           << forward.entry << " has no quipu.output; write one";
  bool isFull = false, isPooled = false;
  step.walk([&](AttentionOp attention) { isFull |= attention.getFull(); });
  step.walk([&](PoolOp pool) { isPooled |= bool(pool.getStateAttr()); });
  for (StepOp other : steps)
    names.push_back(FlatSymbolRefAttr::get(other.getSymNameAttr()));
  builder.setInsertionPoint(steps.front());
  EntryOp::create(builder, forward.source->getLoc(), forward.entry,
                  builder.getArrayAttr(inputs), builder.getArrayAttr(outputs),
                  isFull, isPooled, builder.getArrayAttr(names),
                  /*compiled=*/ArrayAttr());
  return success();
}

/// The entries that the module's heads make, or the model alone.
static LogicalResult findForwards(ModuleOp module, ModelOp model,
                                  SmallVectorImpl<Forward> &forwards) {
  Forward backbone{"generate", model, {}, {}, {}, {}};
  Operation *output = nullptr;
  for (Operation &op : model.getBody().front()) {
    if (auto yield = dyn_cast<YieldOp>(op)) {
      if (yield.getValues().size() != 1)
        return yield.emitError("a model yields its hidden states, one value");
      backbone.hidden = yield.getValues().front();
    } else if (!isa<ParamOp, LayerSetOp>(op)) {
      backbone.backbone.push_back(&op);
      op.walk([&](OutputOp found) { output = found; });
    }
  }
  auto heads = module.getOps<HeadOp>();
  if (output && (backbone.hidden || !heads.empty()))
    return output->emitError("the model has a quipu.output beside ")
           << (backbone.hidden ? "its quipu.yield" : "a quipu.head")
           << "; write outputs in heads only";
  if (!backbone.hidden) {
    forwards.push_back(backbone);
    return success();
  }
  for (HeadOp head : heads) {
    Forward &forward = forwards.emplace_back(backbone);
    forward.entry = head.getSymName();
    forward.source = head;
    forward.argument = head.getBody().getArgument(0);
    for (Operation &op : head.getBody().front())
      if (!isa<ParamOp>(op))
        forward.head.push_back(&op);
  }
  if (forwards.empty())
    return model.emitError("the spec @")
           << model.getSymName()
           << " yields hidden states, but there is no quipu.head; give one "
              "with --head";
  return success();
}

LogicalResult quipu::bindCheckpoint(ModuleOp module,
                                    const Checkpoint &checkpoint,
                                    ArrayRef<int64_t> tokens) {
  auto models = llvm::to_vector(module.getOps<ModelOp>());
  if (models.size() != 1)
    return module.emitError("the spec has ")
           << models.size() << " models; write exactly one quipu.model";
  ModelOp model = models.front();
  StringRef family = checkpoint.getArchitecture();
  if (llvm::none_of(model.getArchitectures().getAsValueRange<StringAttr>(),
                    [&](StringRef known) { return known == family; }))
    return model.emitError("the spec @")
           << model.getSymName() << " is for " << model.getArchitectures()
           << ", but the checkpoint's family is \"" << family
           << "\"; give a spec for it with --spec";

  BoundParameters parameters(checkpoint);
  BoundWeights weights(model, checkpoint);
  SmallVector<Forward> forwards;
  OwningOpRef<ModuleOp> prelude = parsePrelude(module.getContext());
  parameters.share((*prelude->getOps<ModelOp>().begin()).getBody().front());
  if (failed(parameters.define(model.getBody().front())) ||
      failed(findForwards(module, model, forwards)))
    return failure();
  std::vector<BoundParameters> own(forwards.size(), parameters);
  for (auto [forward, parameters] : llvm::zip_equal(forwards, own))
    if (auto head = dyn_cast<HeadOp>(forward.source))
      if (failed(parameters.define(head.getBody().front())))
        return failure();
  if (tokens.empty())
    return module.emitError("an entry needs a step; say for how many tokens");
  for (int64_t count : tokens)
    if (count <= 0 || count > maxTokens)
      return module.emitError("the number of tokens of a step is ")
             << count << ", expected one from 1 to " << maxTokens;
  for (auto [forward, parameters] : llvm::zip_equal(forwards, own))
    if (failed(EntryBinding(model, forward, parameters, weights).run(tokens)))
      return failure();
  if (failed(verifyAllRead(model, checkpoint, own)))
    return failure();
  for (HeadOp head : llvm::make_early_inc_range(module.getOps<HeadOp>()))
    head.erase();
  for (Operation &op :
       llvm::make_early_inc_range(llvm::reverse(model.getBody().front())))
    if (!isa<WeightOp, StateOp, EntryOp, StepOp>(op))
      op.erase();
  return success();
}

namespace {
struct BindCheckpoint : quipu::impl::BindCheckpointBase<BindCheckpoint> {
  using BindCheckpointBase::BindCheckpointBase;

  void runOnOperation() override {
    auto file = openCheckpoint(
        checkpoint, random ? TensorData::IsUnused : TensorData::IsUsed,
        quantization);
    if (!file) {
      getOperation().emitError(toString(file.takeError()));
      return signalPassFailure();
    }
    if (failed(bindCheckpoint(getOperation(), **file, tokens)))
      signalPassFailure();
  }
};
} // namespace
