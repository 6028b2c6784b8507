//===- CheckModel.cpp - Whether steps can be lowered as they are ----------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/host/CheckModel.h"
#include "compiler/transforms/LaunchWindow.h"
#include "compiler/transforms/Lifetimes.h"
#include "dialect/States.h"

using namespace mlir;
using namespace quipu;

//===----------------------------------------------------------------------===//
// Steps
//===----------------------------------------------------------------------===//

static LogicalResult checkIsPlanned(StepOp step) {
  constexpr StringRef unplanned =
      "has no offset in the arena; run plan-memory first";
  if (!step.getArena())
    return step.emitOpError(unplanned);
  auto result = step.walk([&](LaunchOp launch) {
    return launch.getArena() ? WalkResult::advance()
                             : WalkResult(launch.emitOpError(unplanned));
  });
  return failure(result.wasInterrupted());
}

/// The step's inputs are a program's, and each input and output has a row for
/// each token.
static LogicalResult checkInputsAndOutputs(StepOp step) {
  auto check = [&](Operation *op, Value value) -> LogicalResult {
    int64_t rows = cast<RankedTensorType>(value.getType()).getDimSize(0);
    if (rows == step.getTokensAttr().getInt())
      return success();
    return op->emitOpError("has ")
           << rows << " rows in a step for " << step.getTokens() << " tokens";
  };
  for (auto input : step.getOps<InputOp>()) {
    if (!input.isSelected() &&
        !llvm::is_contained(programInputs, input.getName()))
      return input.emitOpError("is ")
             << input.getNameAttr() << ", but a program has the inputs "
             << listInputs(programInputs) << " and \"selected\" only";
    if (failed(check(input, input.getResult())))
      return failure();
  }
  for (auto output : step.getOps<OutputOp>())
    if (failed(check(output, output.getValue())))
      return failure();
  return success();
}

static KernelOp getKernel(LaunchOp launch) {
  return launch->getParentOfType<ModelOp>().lookupSymbol<KernelOp>(
      launch.getKernelAttr());
}

/// Whether a kernel's operand is only read at rows that are gathered, or that
/// say which.
static bool isGathered(BlockArgument argument) {
  return !argument.use_empty() &&
         llvm::all_of(argument.getUsers(), llvm::IsaPred<GatherOp>);
}

/// The operands that a launch reads at the rows which it goes over.
static SmallVector<Value> getRowOperands(LaunchOp launch) {
  SmallVector<Value> operands;
  for (auto [value, argument] : llvm::zip_equal(
           launch.getInputs(), getKernel(launch).getBody().getArguments()))
    if (isa<RankedTensorType>(value.getType()) && !isGathered(argument))
      operands.push_back(value);
  return operands;
}

/// The step's values that have a row for each selected token instead of each
/// token.
static DenseSet<Value> getSelectedRows(StepOp step) {
  DenseSet<Value> selected;
  step.walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (auto layers = dyn_cast<LayersOp>(op);
        layers && selected.contains(layers.getInit())) {
      for (Block *body : layers.getBlocks())
        selected.insert(body->getArgument(0));
      selected.insert(layers.getResult());
    }
    auto launch = dyn_cast<LaunchOp>(op);
    if (launch && (getKernel(launch).getSelected() ||
                   llvm::any_of(getRowOperands(launch), [&](Value value) {
                     return selected.contains(value);
                   })))
      selected.insert(launch.result_begin(), launch.result_end());
  });
  return selected;
}

/// What is an index into rows is an input that the runtime has checked.
static LogicalResult checkIndices(LaunchOp launch, Value value,
                                  BlockArgument argument) {
  auto input = value.getDefiningOp<InputOp>();
  for (OpOperand &use : argument.getUses()) {
    bool isRow = isa<GatherOp>(use.getOwner()) && use.getOperandNumber() == 1;
    bool isToken = isa<EmbedOp>(use.getOwner());
    if ((isRow && !(input && input.isSelected())) ||
        (isToken &&
         !(input && llvm::is_contained(indexInputs, input.getName()))))
      return launch.emitOpError("of ")
             << launch.getKernelAttr() << " takes rows that are not the input "
             << (isRow ? "\"selected\"" : listInputs(indexInputs));
  }
  return success();
}

/// Whether `value` are the ids that a top_k chooses of so many experts, or
/// fewer.
static bool isChoice(Value value, int64_t experts) {
  auto launch = value.getDefiningOp<LaunchOp>();
  if (!launch)
    return false;
  unsigned number = cast<OpResult>(value).getResultNumber();
  return llvm::all_of(launch.getKernels(), [&](FlatSymbolRefAttr name) {
    auto kernel =
        launch->getParentOfType<ModelOp>().lookupSymbol<KernelOp>(name);
    Value yielded =
        kernel.getBody().front().getTerminator()->getOperand(number);
    auto choice = yielded.getDefiningOp<TopKOp>();
    return choice && choice.getIds() == yielded &&
           cast<RankedTensorType>(choice.getScores().getType()).getDimSize(1) <=
               experts;
  });
}

/// What chooses experts names none that there is not.
static LogicalResult checkChoices(LaunchOp launch, Value value,
                                  BlockArgument argument) {
  for (Operation *user : argument.getUsers()) {
    auto linear = dyn_cast<LinearOp>(user);
    if (!linear || linear.getIds() != argument)
      continue;
    int64_t experts = linear.getWeight().getType().getDimSize(0);
    if (!isChoice(value, experts))
      return launch.emitOpError("of ")
             << launch.getKernelAttr()
             << " takes ids that are not what a top_k has chosen of " << experts
             << " experts";
  }
  return success();
}

/// A kernel that gathers goes over the selected tokens, and one that goes over
/// those reads no rows of others.
static LogicalResult checkRows(LaunchOp launch,
                               const DenseSet<Value> &selected) {
  KernelOp kernel = getKernel(launch);
  for (auto [value, argument] :
       llvm::zip_equal(launch.getInputs(), kernel.getBody().getArguments()))
    if (failed(checkIndices(launch, value, argument)) ||
        failed(checkChoices(launch, value, argument)))
      return failure();
  if (!kernel.getSelected() && !kernel.getBody().getOps<GatherOp>().empty())
    return launch.emitOpError("of ")
           << launch.getKernelAttr()
           << " gathers rows, but the kernel is not 'selected'";
  SmallVector<Value> operands = getRowOperands(launch);
  auto isSelected = [&](Value value) { return selected.contains(value); };
  // Of one token there is one row, whichever it is called.
  if (launch->getParentOfType<StepOp>().getTokens() == 1 ||
      llvm::all_of(operands, isSelected) ||
      (!kernel.getSelected() && llvm::none_of(operands, isSelected)))
    return success();
  return launch.emitOpError("of ")
         << launch.getKernelAttr()
         << " reads rows of all tokens beside those of selected ones";
}

/// The states of a kernel's caches keep the positions that attention sees.
static LogicalResult checkWindow(AttentionOp attention) {
  auto cache = cast<CacheType>(attention.getCache().getType());
  StateOp state = findState(attention, cache.getState());
  auto window = dyn_cast_or_null<IntegerAttr>(attention.getWindowAttr());
  if (!state || !state.getWindow() ||
      (window && window.getInt() <= int64_t(*state.getWindow())))
    return success();
  return attention.emitOpError("sees ")
         << (window ? std::to_string(window.getInt()) + " positions"
                    : std::string("all positions"))
         << ", but the state " << cache.getState() << " keeps only "
         << *state.getWindow();
}

static LogicalResult checkStep(StepOp step) {
  if (failed(checkIsPlanned(step)) || failed(checkInputsAndOutputs(step)))
    return failure();
  DenseSet<Value> selected = getSelectedRows(step);
  auto result = step.walk(
      [&](LaunchOp launch) { return WalkResult(checkRows(launch, selected)); });
  return failure(result.wasInterrupted() || failed(verifyArena(step)) ||
                 failed(verifyBarriers(step)));
}

//===----------------------------------------------------------------------===//
// Entries
//===----------------------------------------------------------------------===//

/// The entry's port of that name, or null.
static PortAttr findInput(EntryOp entry, StringRef name) {
  for (PortAttr port : entry.getInputs().getAsRange<PortAttr>())
    if (port.getName().getValue() == name)
      return port;
  return {};
}

/// The ports are a program's, in its order, tokens first.
static LogicalResult checkPorts(EntryOp entry) {
  const auto *next = std::begin(programInputs);
  for (PortAttr port : entry.getInputs().getAsRange<PortAttr>()) {
    const auto *found =
        std::find(next, std::end(programInputs), port.getName().getValue());
    bool isFirst = next == std::begin(programInputs);
    if (found == std::end(programInputs) || (isFirst && found != next) ||
        port.getWidth() != 1 || port.getDomain() != Domain::Token ||
        !port.getElementType().isInteger(32))
      return entry.emitOpError("has the input ")
             << port << ", but a program takes " << listInputs(programInputs)
             << ", in this order and the first always, one i32 each";
    next = found + 1;
  }
  return success();
}

/// What the entry takes are rows of the tables that the step reads.
static LogicalResult checkInputs(EntryOp entry, StepOp step) {
  for (InputOp input : step.getOps<InputOp>())
    if (!input.isSelected() && !findInput(entry, input.getName()))
      return input.emitOpError("is no input of the entry @")
             << entry.getSymName();
  auto result = step.walk([&](LaunchOp launch) {
    return getKernel(launch).walk([&](EmbedOp embed) {
      auto ids = dyn_cast<BlockArgument>(embed.getIds());
      auto input =
          ids ? launch.getInputs()[ids.getArgNumber()].getDefiningOp<InputOp>()
              : InputOp();
      PortAttr port = input ? findInput(entry, input.getName()) : PortAttr();
      int64_t rows = embed.getWeight().getType().getDimSize(0);
      if (port && port.getLimit().value_or(INT64_MAX) <= rows)
        return WalkResult::advance();
      return WalkResult(
          embed.emitOpError("has ")
          << rows << " rows, but ids of the entry @" << entry.getSymName()
          << " are below "
          << (port ? port.getLimit().value_or(INT64_MAX) : INT64_MAX));
    });
  });
  return failure(result.wasInterrupted());
}

static LogicalResult checkOutputs(EntryOp entry, StepOp step) {
  DenseSet<Value> selectedRows = getSelectedRows(step);
  SmallVector<OutputOp> outputs(step.getOps<OutputOp>());
  if (outputs.size() != entry.getOutputs().size())
    return entry.emitOpError("has ")
           << entry.getOutputs().size() << " outputs, but the step @"
           << step.getSymName() << " returns " << outputs.size();
  for (auto [port, output] :
       llvm::zip_equal(entry.getOutputs().getAsRange<PortAttr>(), outputs)) {
    auto type = cast<RankedTensorType>(output.getValue().getType());
    bool selected = selectedRows.contains(output.getValue());
    Domain domain = output.getDomain().value_or(selected ? Domain::Selected
                                                         : Domain::Token);
    if ((domain == Domain::Token) == selected)
      return output.emitOpError("has rows of ")
             << (selected ? "selected tokens" : "all tokens")
             << ", but is over " << stringifyDomain(domain);
    auto returned =
        PortAttr::get(entry.getContext(), output.getNameAttr(), domain,
                      getElementsPerToken(type), type.getElementType(), {});
    if (port != returned)
      return entry.emitOpError("has the output ")
             << port << ", but the step @" << step.getSymName() << " returns "
             << returned;
  }
  return success();
}

static LogicalResult checkEntry(EntryOp entry) {
  if (failed(checkPorts(entry)))
    return failure();
  int64_t before = 0;
  for (auto name : entry.getStepsAttr().getAsRange<FlatSymbolRefAttr>()) {
    auto step = entry->getParentOfType<ModelOp>().lookupSymbol<StepOp>(name);
    int64_t tokens = step.getTokensAttr().getInt();
    if (tokens <= before)
      return entry.emitOpError("has the step ")
             << name << " for " << tokens << " tokens behind one for "
             << before;
    before = tokens;
    if (failed(checkInputs(entry, step)) || failed(checkOutputs(entry, step)))
      return failure();
  }
  return success();
}

LogicalResult quipu::checkModel(ModelOp model) {
  if (failed(verifyPlaces(model)))
    return failure();
  for (StepOp step : model.getOps<StepOp>())
    if (failed(checkStep(step)))
      return failure();
  for (EntryOp entry : model.getOps<EntryOp>())
    if (entry.getSteps() && failed(checkEntry(entry)))
      return failure();
  auto result = model.walk(
      [](AttentionOp attention) { return WalkResult(checkWindow(attention)); });
  return failure(result.wasInterrupted());
}

LogicalResult quipu::checkWeights(KernelOp kernel) {
  auto model = kernel->getParentOfType<ModelOp>();
  for (Operation &op : kernel.getBody().front())
    for (NamedAttribute attribute : op.getAttrs()) {
      auto weight = dyn_cast<WeightAttr>(attribute.getValue());
      if (!weight)
        continue;
      auto declared = model.lookupSymbol<WeightOp>(weight.getSymbol());
      if (!declared || !declared.getOffset())
        return op.emitOpError("needs the weight ")
               << weight.getName()
               << ", which has no offset; run assign-weight-offsets first";
      bool isMatrix = isMatrixUse(&op, attribute.getName());
      if (isMatrix == isa<FloatsAttr>(declared.getLayout()))
        return op.emitOpError("reads the weight ")
               << weight.getName() << " as a "
               << (isMatrix ? "matrix" : "vector") << ", but its layout is "
               << declared.getLayout() << "; run assign-weight-offsets first";
      if (isa<MixedType>(weight.getType().getElementType()))
        return op.emitOpError("reads the weight ")
               << weight.getName()
               << " in several formats; run specialize-kernels first";
    }
  return success();
}
