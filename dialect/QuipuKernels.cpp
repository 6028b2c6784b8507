//===- QuipuKernels.cpp - Kernels and their launches ----------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialect/LayerSets.h"
#include "dialect/PackedLayout.h"
#include "mlir/IR/Builders.h"
#include "mlir/Interfaces/FunctionImplementation.h"
#include "llvm/ADT/Sequence.h"

using namespace mlir;
using namespace quipu;

/// `@name(%arg: type, ...) -> (type, ...) (schedule #...)? (cost <...>)?
/// (selected)? { ... }`
ParseResult KernelOp::parse(OpAsmParser &parser, OperationState &state) {
  StringAttr name;
  SmallVector<OpAsmParser::Argument> arguments;
  SmallVector<Type> results;
  if (parser.parseSymbolName(name) ||
      parser.parseArgumentList(arguments, OpAsmParser::Delimiter::Paren,
                               /*allowType=*/true) ||
      parser.parseOptionalArrowTypeList(results))
    return failure();
  SmallVector<Type> types;
  for (OpAsmParser::Argument &argument : arguments)
    types.push_back(argument.type);
  auto &properties = state.getOrAddProperties<Properties>();
  properties.sym_name = name;
  properties.function_type =
      TypeAttr::get(parser.getBuilder().getFunctionType(types, results));
  if (succeeded(parser.parseOptionalKeyword("schedule"))) {
    ScheduleAttrInterface schedule;
    if (parser.parseAttribute(schedule))
      return failure();
    properties.schedule = schedule;
  }
  if (succeeded(parser.parseOptionalKeyword("cost"))) {
    Attribute cost = CostAttr::parse(parser, Type());
    if (!cost)
      return failure();
    properties.cost = cast<CostAttr>(cost);
  }
  if (succeeded(parser.parseOptionalKeyword("selected")))
    properties.selected = parser.getBuilder().getUnitAttr();
  return failure(parser.parseOptionalAttrDictWithKeyword(state.attributes) ||
                 parser.parseRegion(*state.addRegion(), arguments));
}

void KernelOp::print(OpAsmPrinter &printer) {
  printer << ' ';
  printer.printSymbolName(getSymName());
  printer << '(';
  llvm::interleaveComma(
      getBody().getArguments(), printer,
      [&](BlockArgument argument) { printer.printRegionArgument(argument); });
  printer << ')';
  printer.printOptionalArrowTypeList(getResultTypes());
  if (getSchedule())
    printer << " schedule " << getScheduleAttr();
  if (getCost()) {
    printer << " cost ";
    getCost()->print(printer);
  }
  if (getSelected())
    printer << " selected";
  printer.printOptionalAttrDictWithKeyword(
      (*this)->getDiscardableAttrDictionary().getValue());
  printer << ' ';
  printer.printRegion(getBody(), /*printEntryBlockArgs=*/false);
}

/// That an op which divides its work in its own way is all that its kernel
/// does.
static LogicalResult verifyWhole(Operation &op, Block &body) {
  Operation *last = &op;
  if (auto rounding = dyn_cast<QuantizeOp>(op.getNextNode());
      rounding && isa<AttentionOp>(op) &&
      rounding.getInput() == op.getResult(0))
    last = rounding;
  if (&op != &body.front() || last->getNextNode() != body.getTerminator())
    return op.emitOpError("C3: is not alone in its kernel");
  if (!llvm::equal(op.getOperands(), body.getArguments()) ||
      !llvm::equal(last->getResults(), body.getTerminator()->getOperands()))
    return op.emitOpError("C3: does not take what its kernel takes and compute "
                          "what it yields");
  return success();
}

LogicalResult KernelOp::verifyRegions() {
  Block &body = getBody().front();
  auto yield = dyn_cast<YieldOp>(body.getTerminator());
  if (!yield || yield.getValues().getTypes() != TypeRange(getResultTypes()))
    return emitOpError("C1: the body does not yield ")
           << getFunctionType().getResults();
  CacheWriteOp first;
  for (Operation &op : body.without_terminator()) {
    auto fusing = dyn_cast<FusionInterface>(op);
    if (fusing && fusing.getFusionRole() == FusionRole::Whole &&
        failed(verifyWhole(op, body)))
      return failure();
    auto write = dyn_cast<CacheWriteOp>(op);
    if (!write)
      continue;
    if (first)
      return write.emitOpError("C4: is the second in its kernel");
    if (!llvm::is_contained(yield.getValues(), write.getResult()))
      return write.emitOpError("C4: is not yielded by its kernel");
    first = write;
  }
  if (failed(verifyIsBound(*this, "C2")))
    return failure();
  return getSchedule() ? getSchedule()->verifyKernel(*this) : success();
}

/// The layers in which a launch runs the kernel of that number (of getKernels).
static SmallVector<int64_t> getLayersOf(LaunchOp launch, int64_t number) {
  SmallVector<int64_t> layers;
  auto loop = launch->getParentOfType<LayersOp>();
  if (!loop || !isa<IntegerAttr>(loop.getCount()))
    return {0};
  Block *body = launch->getBlock();
  while (body->getParentOp() != loop)
    body = body->getParentOp()->getBlock();
  for (int64_t layer : loop.getLayersOf(body))
    if (findAlternative(launch.getOverrideLayersAttr(), layer) == number)
      layers.push_back(layer);
  return layers;
}

/// That the launch is in the layers of a weight which the kernel of that number
/// reads, and sees it in each of them as it is there.
static LogicalResult verifyLayers(LaunchOp launch, int64_t number,
                                  WeightOp weight, RankedTensorType seen) {
  if (!weight.getLayers())
    return success();
  int64_t layers = getLayerCount(launch).value_or(0);
  if (layers != int64_t(*weight.getLayers()))
    return launch.emitOpError("C4: the weight @")
           << weight.getSymName() << " has " << *weight.getLayers()
           << " layers, but the kernel that reads it is launched in a loop of "
           << layers;
  bool isAlike = seen == weight.getTypeOfUses();
  if (isAlike && !weight.getPresent())
    return success();
  for (int64_t layer : getLayersOf(launch, number)) {
    if (!weight.hasLayer(layer))
      return launch.emitOpError("C4: the weight @")
             << weight.getSymName() << " is not there in layer " << layer
             << ", but the kernel that reads it runs there";
    if (!isAlike && weight.getLayerType(layer) != seen)
      return launch.emitOpError("C5: the weight @")
             << weight.getSymName() << " is " << weight.getLayerType(layer)
             << " in layer " << layer << ", but " << seen
             << " in the kernel that runs there";
  }
  return success();
}

static LogicalResult verifyWeights(LaunchOp launch,
                                   SymbolTableCollection &symbols) {
  for (auto [number, name] : llvm::enumerate(launch.getKernels())) {
    auto kernel = symbols.lookupNearestSymbolFrom<KernelOp>(launch, name);
    auto result = kernel.walk([&](Operation *op) {
      for (NamedAttribute attribute : op->getAttrs()) {
        auto seen = dyn_cast<WeightAttr>(attribute.getValue());
        auto weight = seen && seen.getSymbol()
                          ? symbols.lookupNearestSymbolFrom<WeightOp>(
                                op, seen.getSymbol())
                          : WeightOp();
        if (weight &&
            failed(verifyLayers(launch, number, weight, seen.getType())))
          return WalkResult::interrupt();
      }
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      return failure();
  }
  return success();
}

static LogicalResult verifyOthers(LaunchOp launch) {
  size_t kernels = launch.getKernels().size() - 1;
  size_t sets =
      launch.getOverrideLayers() ? launch.getOverrideLayers()->size() : 0;
  if (kernels != sets)
    return launch.emitOpError("C3: ")
           << sets << " sets of layers for " << kernels << " other kernels";
  if (sets == 0)
    return success();
  std::string wrong = checkLayerSets(*launch.getOverrideLayers(),
                                     getLayerCount(launch).value_or(1));
  return wrong.empty() ? success()
                       : LogicalResult(launch.emitOpError("C3: ") << wrong);
}

/// That the caches of the kernel of that number have the layers in which it
/// runs.
static LogicalResult verifyCaches(LaunchOp launch, int64_t number,
                                  KernelOp kernel,
                                  SymbolTableCollection &symbols) {
  int64_t layers = getLayerCount(launch).value_or(1);
  for (Type type : llvm::concat<const Type>(kernel.getArgumentTypes(),
                                            kernel.getResultTypes())) {
    auto cache = dyn_cast<CacheType>(type);
    auto state =
        cache
            ? symbols.lookupNearestSymbolFrom<StateOp>(launch, cache.getState())
            : StateOp();
    if (!state)
      continue;
    if (int64_t(state.getLayers().value_or(1)) < layers)
      return launch.emitOpError("C6: the cache ")
             << cache.getState() << " has " << state.getLayers().value_or(1)
             << " layers, but the launch is in a loop of " << layers;
    if (!state.getPresent())
      continue;
    for (int64_t layer : getLayersOf(launch, number))
      if (!llvm::binary_search(state.getPresent()->getLayers(), layer))
        return launch.emitOpError("C6: the cache ")
               << cache.getState() << " is not for layer " << layer
               << ", but the kernel " << kernel.getSymNameAttr()
               << " runs there";
  }
  return success();
}

bool quipu::areAlike(Type type, Type other) {
  auto a = dyn_cast<CacheType>(type), b = dyn_cast<CacheType>(other);
  if (!a || !b)
    return type == other;
  return a.getPages() == b.getPages();
}

SmallVector<FlatSymbolRefAttr> LaunchOp::getKernels() {
  SmallVector<FlatSymbolRefAttr> kernels{getKernelAttr()};
  if (getKernelOverrides())
    llvm::append_range(kernels,
                       getKernelOverrides()->getAsRange<FlatSymbolRefAttr>());
  return kernels;
}

SmallVector<FlatSymbolRefAttr> LaunchOp::getKernelsOfLayers() {
  SmallVector<FlatSymbolRefAttr> kernels = getKernels(), all;
  for (int64_t layer : llvm::seq(getLayerCount(*this).value_or(1)))
    all.push_back(kernels[findAlternative(getOverrideLayersAttr(), layer)]);
  return all;
}

void LaunchOp::setKernelsOfLayers(ArrayRef<FlatSymbolRefAttr> kernels) {
  // Where the launch does not run it has no kernel of its own.
  SmallVector<FlatSymbolRefAttr> here(kernels);
  if (auto loop = dyn_cast<LayersOp>((*this)->getParentOp())) {
    SmallVector<FlatSymbolRefAttr> run;
    SmallVector<int64_t> own = loop.getLayersOf((*this)->getBlock());
    for (int64_t layer : own)
      run.push_back(kernels[layer]);
    here.assign(kernels.size(),
                Alternatives<FlatSymbolRefAttr>(run).values.front());
    for (int64_t layer : own)
      here[layer] = kernels[layer];
  }
  Alternatives<FlatSymbolRefAttr> alternatives(here);
  setKernelAttr(alternatives.values.front());
  SmallVector<Attribute> others(llvm::drop_begin(alternatives.values));
  MLIRContext *context = getContext();
  setKernelOverridesAttr(others.empty() ? ArrayAttr()
                                        : ArrayAttr::get(context, others));
  setOverrideLayersAttr(others.empty()
                            ? ArrayAttr()
                            : getLayerSets(context, alternatives.ofLayer));
}

LogicalResult LaunchOp::verifySymbolUses(SymbolTableCollection &symbols) {
  for (FlatSymbolRefAttr name : getKernels()) {
    auto kernel = symbols.lookupNearestSymbolFrom<KernelOp>(*this, name);
    if (!kernel)
      return emitOpError("C1: there is no kernel ") << name;
    if (!llvm::equal(getInputs().getTypes(), kernel.getArgumentTypes(),
                     areAlike) ||
        !llvm::equal(getResultTypes(), kernel.getResultTypes(), areAlike))
      return emitOpError("C1: the kernel ")
             << name << " has the type " << kernel.getFunctionType();
  }
  if (failed(verifyOthers(*this)) || failed(verifyWeights(*this, symbols)))
    return failure();
  for (auto [number, name] : llvm::enumerate(getKernels()))
    if (failed(verifyCaches(
            *this, number,
            symbols.lookupNearestSymbolFrom<KernelOp>(*this, name), symbols)))
      return failure();
  if (getArena() && getArena()->size() != getNumResults())
    return emitOpError("C2: ") << getArena()->size() << " arena offsets for "
                               << getNumResults() << " results";
  if (!getArena())
    return success();
  // Without a plan for the step there is no end yet.
  auto step = (*this)->getParentOfType<StepOp>();
  int64_t end =
      step && step.getArenaAttr() ? step.getArenaAttr().getInt() : INT64_MAX;
  for (auto [result, offset] : llvm::zip_equal(getResults(), *getArena())) {
    auto type = dyn_cast<RankedTensorType>(result.getType());
    if (offset == -1)
      continue;
    if (offset < 0 || offset % packedAlignment)
      return emitOpError("C2: the arena offset ")
             << offset << " is neither -1 nor a multiple of "
             << packedAlignment;
    if (offset > end || (type && getArenaBytes(type) > end - offset))
      return emitOpError("C2: what is ")
             << result.getType() << " does not fit at " << offset
             << " of the step's arena of " << end << " bytes";
  }
  return success();
}

void LaunchOp::getAsmResultNames(OpAsmSetValueNameFn setName) {
  for (Value result : getResults())
    setName(result, getKernel());
}
