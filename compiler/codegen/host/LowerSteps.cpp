//===- LowerSteps.cpp - Makes each step a host function -------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "abi/Abi.h"
#include "compiler/codegen/host/AbiBuilder.h"
#include "compiler/codegen/host/CheckModel.h"
#include "compiler/codegen/host/Passes.h"
#include "compiler/codegen/host/SplitPartials.h"
#include "dialect/CacheFormat.h"
#include "dialect/KernelShape.h"
#include "dialect/LayerSets.h"
#include "dialect/Targets.h"
#include "weights/WeightLayout.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace quipu;

namespace quipu {
#define GEN_PASS_DEF_LOWERSTEPS
#include "compiler/codegen/host/Passes.h.inc"
} // namespace quipu

namespace {

/// The partial result of a query tile and a split, for the largest attention of
/// the step: of each query head and token, a head's components, behind them the
/// largest score and the sum of the weights. On a GPU all tiles' together, by
/// the splits that its one worker is said to have.
int64_t getPartialBytes(StepOp step, bool isDevice) {
  auto model = step->getParentOfType<ModelOp>();
  int64_t bytes = 0, tokens = step.getTokensAttr().getInt();
  if (isDevice && tokens > maxSplitTokens)
    return 0;
  step.walk([&](LaunchOp launch) {
    for (FlatSymbolRefAttr name : launch.getKernels())
      model.lookupSymbol<KernelOp>(name).walk([&](AttentionOp attention) {
        auto cache = cast<CacheType>(attention.getCache().getType());
        auto query = cast<RankedTensorType>(attention.getQuery().getType());
        if (isDevice) {
          bytes =
              std::max(bytes, getSplitPartialBytes(tokens, query.getDimSize(1),
                                                   cache.getValueDim()));
          return;
        }
        bytes = std::max<int64_t>(
            bytes,
            abi::maxQueryTile *
                getQueryGroup(query.getDimSize(0),
                              query.getDimSize(1) / cache.getHeads()) *
                (llvm::alignTo(cache.getValueDim(), tileRows) + tileRows) *
                sizeof(float));
      });
  });
  return bytes;
}

/// One step for one type of cache.
class StepLowering {
public:
  StepLowering(StepOp step, Type cacheType, bool serial)
      : step(step), cacheType(cacheType), serial(serial),
        builder(step.getContext()),
        abi(builder, step.getLoc(), step->getParentOfType<ModuleOp>()) {}

  LogicalResult run() {
    builder.setInsertionPoint(step->getParentOp());
    Type i32 = builder.getI32Type();
    auto type = LLVM::LLVMFunctionType::get(
        LLVM::LLVMVoidType::get(builder.getContext()),
        {abi.getPointerType(), i32, i32});
    auto function = LLVM::LLVMFuncOp::create(
        builder, step.getLoc(), addSuffix(step.getSymName()), type);
    Block *entry = function.addEntryBlock(builder);
    builder.setInsertionPointToStart(entry);
    args = setName(entry->getArgument(0), "args");
    worker = setName(entry->getArgument(1), "worker");
    workers = setName(entry->getArgument(2), "workers");
    arena =
        setName(abi.loadPointer(args, offsetof(abi::StepArgs, arena)), "arena");
    barrier = setName(abi.loadPointer(args, offsetof(abi::StepArgs, barrier)),
                      "barrier");
    timer =
        setName(abi.loadPointer(args, offsetof(abi::StepArgs, timer)), "timer");
    for (auto [index, output] : llvm::enumerate(step.getOps<OutputOp>()))
      if (!outputs.try_emplace(output.getValue(), index).second)
        return output.emitOpError("returns what another output returns; run "
                                  "insert-copies first");
    if (failed(lower(step.getBody().front(), abi.getInt32(0))))
      return failure();
    trace(-1);
    LLVM::ReturnOp::create(builder, step.getLoc(), ValueRange());
    compiled = CompiledStepAttr::get(
        builder.getContext(), FlatSymbolRefAttr::get(function.getSymNameAttr()),
        step.getTokensAttr().getInt(), cacheType, step.getArenaAttr().getInt(),
        getPartialBytes(step, serial), kernels);
    return success();
  }

  /// What the program's table says of the function.
  CompiledStepAttr getCompiled() const { return compiled; }

private:
  std::string addSuffix(StringRef name) {
    return (name + "_" + abi::getFormat(*getCacheFormat(cacheType)).name).str();
  }

  /// The name that the value is printed with.
  Value setName(Value value, StringRef name) {
    value.setLoc(NameLoc::get(builder.getStringAttr(name), value.getLoc()));
    return value;
  }

  /// Its place among the inputs of the step's entry.
  int64_t getInputNumber(InputOp input) {
    for (auto entry : step->getParentOfType<ModelOp>().getOps<EntryOp>())
      if (llvm::is_contained(
              entry.getStepsAttr().getAsRange<FlatSymbolRefAttr>(),
              FlatSymbolRefAttr::get(step.getSymNameAttr())))
        for (auto [number, port] :
             llvm::enumerate(entry.getInputs().getAsRange<PortAttr>()))
          if (port.getName() == input.getNameAttr())
            return static_cast<int64_t>(number);
    return 0; // a step without an entry
  }

  LogicalResult lower(Block &block, Value layer) {
    for (Operation &op : block) {
      if (auto input = dyn_cast<InputOp>(op)) {
        Value pointer =
            input.isSelected()
                ? abi.loadPointer(args, offsetof(abi::StepArgs, selected))
                : abi.loadElement(
                      abi.loadPointer(args, offsetof(abi::StepArgs, inputs)),
                      getInputNumber(input));
        pointers[input.getResult()] = setName(pointer, input.getName());
      } else if (auto layers = dyn_cast<LayersOp>(op)) {
        if (failed(lower(layers)))
          return failure();
      } else if (auto launch = dyn_cast<LaunchOp>(op)) {
        if (failed(lower(launch, layer)))
          return failure();
      } else if (isa<BarrierOp>(op)) {
        if (!serial)
          abi.call<decltype(quipu_barrier)>("quipu_barrier", barrier);
      } else if (auto output = dyn_cast<OutputOp>(op)) {
        if (!output.getValue().getDefiningOp<LaunchOp>())
          return output.emitOpError("is no result of a kernel");
      } else if (!isa<PositionsOp, YieldOp>(op)) {
        return op.emitOpError("is not in a kernel; run fuse-kernels first");
      }
    }
    return success();
  }

  LogicalResult lower(LayersOp layers) {
    Value pointer = pointers.lookup(layers.getInit());
    for (Block *body : layers.getBlocks())
      pointers[body->getArgument(0)] = pointer;
    pointers[layers.getResult()] = pointer;
    Value first = abi.getInt32(0), next = abi.getInt32(1);
    Value count = abi.getInt32(cast<IntegerAttr>(layers.getCount()).getInt());
    auto loop =
        scf::ForOp::create(builder, layers.getLoc(), first, count, next);
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(loop.getBody());
    Value layer = setName(loop.getInductionVar(), "layer");
    if (!layers.getOverrideLayers())
      return lower(*layers.getBlocks().front(), layer);
    // Each layer runs the body of its kind.
    std::string table =
        (step.getSymName() + "." + layers.getPrefix() + ".kinds").str();
    SmallVector<Block *> bodies = layers.getBlocks();
    auto choice = switchByLayer(
        layers.getLoc(), "kind", table, layer,
        getAlternatives(layers.getOverrideLayersAttr(), layers), bodies.size());
    for (auto [body, region] : llvm::zip_equal(bodies, choice)) {
      builder.createBlock(region);
      if (failed(lower(*body, layer)))
        return failure();
      scf::YieldOp::create(builder, layers.getLoc());
    }
    return success();
  }

  /// The alternative of each of the loop's layers.
  static SmallVector<int64_t> getAlternatives(ArrayAttr sets, LayersOp layers) {
    return llvm::map_to_vector(
        llvm::seq(cast<IntegerAttr>(layers.getCount()).getInt()),
        [&](int64_t layer) { return findAlternative(sets, layer); });
  }

  /// A switch with an empty region for each of `count` alternatives, by what a
  /// table says of the layer.
  SmallVector<Region *> switchByLayer(Location loc, StringRef what,
                                      StringRef table, Value layer,
                                      ArrayRef<int64_t> alternatives,
                                      int64_t count) {
    Value number = abi.getEntry(table, alternatives, layer);
    Value index =
        setName(arith::IndexCastOp::create(builder, step.getLoc(),
                                           builder.getIndexType(), number),
                what);
    auto cases = llvm::to_vector(llvm::seq<int64_t>(1, count));
    auto choice = scf::IndexSwitchOp::create(builder, loc, TypeRange(), index,
                                             cases, cases.size());
    SmallVector<Region *> regions{&choice.getDefaultRegion()};
    for (Region &region : choice.getCaseRegions())
      regions.push_back(&region);
    return regions;
  }

  LogicalResult lower(LaunchOp launch, Value layer) {
    SmallVector<Value> operands{args, layer, worker, workers};
    for (Value input : launch.getInputs())
      if (isa<RankedTensorType>(input.getType()))
        operands.push_back(pointers.lookup(input));
    for (auto [result, offset] :
         llvm::zip_equal(launch.getResults(), *launch.getArena())) {
      if (!isa<RankedTensorType>(result.getType()))
        continue;
      Value &pointer = pointers[result];
      pointer =
          offset >= 0
              ? abi.addBytes(arena, offset)
              : abi.loadElement(
                    abi.loadPointer(args, offsetof(abi::StepArgs, outputs)),
                    outputs.lookup(result));
      if (pointer != arena)
        pointer.setLoc(launch.getLoc());
      operands.push_back(pointer);
    }
    if (launch.getOverrideLayers()) {
      callOneOf(launch, layer, operands);
      return success();
    }
    auto loop = dyn_cast<LayersOp>(launch->getParentOp());
    call(launch, launch.getKernelAttr(),
         loop ? loop.getLayersOf(launch->getBlock()).size() : 1, operands);
    return success();
  }

  /// A call that one call of the step makes `count` times.
  void call(LaunchOp launch, FlatSymbolRefAttr kernel, int64_t count,
            ValueRange operands) {
    trace(static_cast<int32_t>(kernels.size()));
    kernels.push_back(describe(kernel, count));
    SmallVector<Type> types(operands.getTypes());
    auto type = LLVM::LLVMFunctionType::get(
        LLVM::LLVMVoidType::get(builder.getContext()), types);
    LLVM::CallOp::create(builder, launch.getLoc(),
                         abi.declare(getKernel(kernel), type), operands);
  }

  /// Calls the layer's kernel, which a table knows by number.
  void callOneOf(LaunchOp launch, Value layer, ValueRange operands) {
    auto loop = cast<LayersOp>(launch->getParentOp());
    SmallVector<int64_t> numbers =
        getAlternatives(launch.getOverrideLayersAttr(), loop);
    SmallVector<int64_t> own = loop.getLayersOf(launch->getBlock());
    SmallVector<FlatSymbolRefAttr> kernels = launch.getKernels();
    OpBuilder::InsertionGuard guard(builder);
    auto regions = switchByLayer(launch.getLoc(), "kernel",
                                 (launch.getKernel() + ".kernels").str(), layer,
                                 numbers, kernels.size());
    for (auto [i, kernel] : llvm::enumerate(kernels)) {
      builder.createBlock(regions[i]);
      int64_t number = i;
      call(launch, kernel,
           llvm::count_if(own,
                          [&](int64_t of) { return numbers[of] == number; }),
           operands);
      scf::YieldOp::create(builder, launch.getLoc());
    }
  }

  /// Tells whoever measures what begins: a kernel or, -1, nothing more.
  void trace(int32_t kernel) {
    abi.call<decltype(quipu_trace)>("quipu_trace",
                                    {timer, worker, abi.getInt32(kernel)});
  }

  /// What the program's table says of a kernel.
  CompiledKernelAttr describe(FlatSymbolRefAttr symbol, int64_t calls) {
    auto kernel =
        step->getParentOfType<ModelOp>().lookupSymbol<KernelOp>(symbol);
    return CompiledKernelAttr::get(
        builder.getContext(), kernel.getSymNameAttr(),
        builder.getStringAttr(getKernelShape(kernel)), calls,
        kernel.getScheduleAttr(), kernel.getCostAttr());
  }

  /// The kernel for this type of cache; made when it does not exist yet.
  std::string getKernel(FlatSymbolRefAttr symbol) {
    auto model = step->getParentOfType<ModelOp>();
    auto kernel = model.lookupSymbol<KernelOp>(symbol);
    auto isOther = [&](Type type) {
      auto cache = dyn_cast<CacheType>(type);
      return cache && cache.getElementType() != cacheType;
    };
    if (llvm::none_of(llvm::concat<const Type>(kernel.getArgumentTypes(),
                                               kernel.getResultTypes()),
                      isOther))
      return kernel.getSymName().str();
    std::string name = addSuffix(kernel.getSymName());
    if (!model.lookupSymbol(name)) {
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointAfter(kernel);
      auto copy = cast<KernelOp>(builder.clone(*kernel));
      copy.setSymName(name);
      copy.walk([&](CacheWriteOp write) { write.setElement(cacheType); });
      AttrTypeReplacer replacer;
      replacer.addReplacement(
          [&](CacheType type) -> Type { return type.withElement(cacheType); });
      replacer.recursivelyReplaceElementsIn(copy, /*replaceAttrs=*/true,
                                            /*replaceLocs=*/false,
                                            /*replaceTypes=*/true);
    }
    return name;
  }

  StepOp step;
  Type cacheType;
  bool serial;
  OpBuilder builder;
  AbiBuilder abi;
  Value args, worker, workers, arena, barrier, timer;
  SmallVector<CompiledKernelAttr> kernels; // by the number that traces them
  DenseMap<Value, Value> pointers;
  DenseMap<Value, int64_t> outputs; // their numbers
  CompiledStepAttr compiled;
};

struct LowerSteps : quipu::impl::LowerStepsBase<LowerSteps> {
  using LowerStepsBase::LowerStepsBase;

  LogicalResult lower(ModelOp model) {
    if (failed(checkModel(model)))
      return failure();
    bool isForGpu = llvm::any_of(getTargets(model), llvm::IsaPred<GpuAttr>);
    DenseMap<StringAttr, SmallVector<Attribute>> compiled;
    for (StepOp step : model.getOps<StepOp>()) {
      for (Type cacheType : getCacheElements(model)) {
        if (isForGpu && *getCacheFormat(cacheType) == abi::CacheType::Q8_0)
          continue;
        StepLowering lowering(step, cacheType, serial);
        if (failed(lowering.run()))
          return failure();
        compiled[step.getSymNameAttr()].push_back(lowering.getCompiled());
      }
    }
    for (EntryOp entry : model.getOps<EntryOp>()) {
      SmallVector<Attribute> steps;
      if (entry.getSteps())
        for (auto name : entry.getSteps()->getAsRange<FlatSymbolRefAttr>())
          llvm::append_range(steps, compiled.lookup(name.getAttr()));
      entry.setCompiledAttr(ArrayAttr::get(&getContext(), steps));
      entry.removeStepsAttr();
    }
    for (StepOp step : llvm::make_early_inc_range(model.getOps<StepOp>()))
      step.erase();
    return success();
  }

  void runOnOperation() override {
    for (ModelOp model : getOperation().getOps<ModelOp>())
      if (failed(lower(model)))
        return signalPassFailure();
  }
};
} // namespace
