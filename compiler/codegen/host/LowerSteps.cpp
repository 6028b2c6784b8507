//===- LowerSteps.cpp - Makes each step a host function -------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "abi/Abi.h"
#include "compiler/codegen/host/AbiBuilder.h"
#include "compiler/codegen/host/Passes.h"
#include "dialect/CacheFormat.h"
#include "dialect/KernelShape.h"
#include "dialect/LayerSets.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace quipu;

namespace quipu {
#define GEN_PASS_DEF_LOWERSTEPS
#include "compiler/codegen/host/Passes.h.inc"
} // namespace quipu

namespace {

/// Whether a step's inputs are a program's, its types known and its memory
/// planned.
LogicalResult checkPlanned(StepOp step) {
  constexpr StringRef unplanned =
      "has no offset in the arena; run plan-memory first";
  if (!step.getArena())
    return step.emitOpError(unplanned);
  auto result = step.walk([&](Operation *op) -> WalkResult {
    if (llvm::any_of(
            llvm::concat<const Type>(SmallVector<Type>(op->getOperandTypes()),
                                     SmallVector<Type>(op->getResultTypes())),
            llvm::IsaPred<ValueType>))
      return op->emitOpError("is not bound; run bind-checkpoint first");
    if (auto input = dyn_cast<InputOp>(op);
        input && !input.isTokens() && !input.isRows())
      return input.emitOpError("is ") << input.getNameAttr()
                                      << ", but a program has the inputs "
                                         "\"tokens\" and \"rows\" only";
    auto launch = dyn_cast<LaunchOp>(op);
    if (!launch)
      return WalkResult::advance();
    if (!launch.getArena())
      return launch.emitOpError(unplanned);
    // A result that is not in the arena is a cache or the logits.
    for (auto [result, offset] :
         llvm::zip_equal(launch.getResults(), *launch.getArena()))
      if (offset < 0 && isa<RankedTensorType>(result.getType()) &&
          llvm::none_of(result.getUsers(), llvm::IsaPred<OutputOp>))
        return launch.emitOpError(unplanned);
    return WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

/// One step for one type of cache.
class StepLowering {
public:
  StepLowering(StepOp step, Type cacheType)
      : step(step), cacheType(cacheType), builder(step.getContext()),
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
    if (failed(lower(step.getBody().front(), abi.getInt32(0))))
      return failure();
    mark(-1);
    LLVM::ReturnOp::create(builder, step.getLoc(), ValueRange());
    function->setAttr(
        "quipu.step",
        builder.getDictionaryAttr({
            {builder.getStringAttr("tokens"), step.getTokensAttr()},
            {builder.getStringAttr("cache"), TypeAttr::get(cacheType)},
            {builder.getStringAttr("arena"), step.getArenaAttr()},
            {builder.getStringAttr("kernels"), builder.getArrayAttr(kernels)},
        }));
    return success();
  }

private:
  std::string addSuffix(StringRef name) {
    return (name + "_" + abi::getFormat(*getCacheFormat(cacheType)).name).str();
  }

  /// The name that the value is printed with.
  Value setName(Value value, StringRef name) {
    value.setLoc(NameLoc::get(builder.getStringAttr(name), value.getLoc()));
    return value;
  }

  LogicalResult lower(Block &block, Value layer) {
    for (Operation &op : block) {
      if (auto input = dyn_cast<InputOp>(op)) {
        size_t field = input.isTokens() ? offsetof(abi::StepArgs, tokens)
                                        : offsetof(abi::StepArgs, rows);
        pointers[input.getResult()] =
            setName(abi.loadPointer(args, field), input.getName());
      } else if (auto layers = dyn_cast<LayersOp>(op)) {
        if (failed(lower(layers)))
          return failure();
      } else if (auto launch = dyn_cast<LaunchOp>(op)) {
        if (failed(lower(launch, layer)))
          return failure();
      } else if (isa<BarrierOp>(op)) {
        abi.call<decltype(quipu_barrier)>("quipu_barrier", barrier);
      } else if (!isa<PositionsOp, YieldOp, OutputOp>(op)) {
        return op.emitOpError("is not in a kernel; run fuse-kernels first");
      }
    }
    return success();
  }

  LogicalResult lower(LayersOp layers) {
    Value pointer = pointers.lookup(layers.getInit());
    pointers[layers.getBody().getArgument(0)] = pointer;
    pointers[layers.getResult()] = pointer;
    Value first = abi.getInt32(0), step = abi.getInt32(1);
    Value count = abi.getInt32(cast<IntegerAttr>(layers.getCount()).getInt());
    auto loop =
        scf::ForOp::create(builder, layers.getLoc(), first, count, step);
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(loop.getBody());
    return lower(layers.getBody().front(),
                 setName(loop.getInductionVar(), "layer"));
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
      pointer = offset >= 0
                    ? abi.addBytes(arena, offset)
                    : abi.loadPointer(args, offsetof(abi::StepArgs, logits));
      if (pointer != arena)
        pointer.setLoc(launch.getLoc());
      operands.push_back(pointer);
    }
    if (launch.getOverrideLayers()) {
      callOneOf(launch, layer, operands);
      return success();
    }
    auto loop = launch->getParentOfType<LayersOp>();
    call(launch, launch.getKernelAttr(),
         loop ? cast<IntegerAttr>(loop.getCount()).getInt() : 1, operands);
    return success();
  }

  /// A call that one call of the step makes `count` times.
  void call(LaunchOp launch, FlatSymbolRefAttr kernel, int64_t count,
            ValueRange operands) {
    mark(static_cast<int32_t>(kernels.size()));
    kernels.push_back(describe(kernel, count));
    SmallVector<Type> types(operands.getTypes());
    auto type = LLVM::LLVMFunctionType::get(
        LLVM::LLVMVoidType::get(builder.getContext()), types);
    LLVM::CallOp::create(builder, launch.getLoc(),
                         abi.declare(getKernel(kernel), type), operands);
  }

  /// Calls the layer's kernel, which a table knows by number.
  void callOneOf(LaunchOp launch, Value layer, ValueRange operands) {
    auto loop = launch->getParentOfType<LayersOp>();
    SmallVector<int64_t> numbers;
    for (int64_t i : llvm::seq(cast<IntegerAttr>(loop.getCount()).getInt()))
      numbers.push_back(findAlternative(launch.getOverrideLayersAttr(), i));
    Value number =
        abi.getEntry((launch.getKernel() + ".kernels").str(), numbers, layer);
    Location loc = launch.getLoc();
    Value index =
        setName(arith::IndexCastOp::create(builder, step.getLoc(),
                                           builder.getIndexType(), number),
                "kernel");
    auto cases = llvm::to_vector(
        llvm::seq<int64_t>(1, int64_t(launch.getKernels().size())));
    auto choice = scf::IndexSwitchOp::create(builder, loc, TypeRange(), index,
                                             cases, cases.size());
    for (auto [i, kernel] : llvm::enumerate(launch.getKernels())) {
      OpBuilder::InsertionGuard guard(builder);
      builder.createBlock(i == 0 ? &choice.getDefaultRegion()
                                 : &choice.getCaseRegions()[i - 1]);
      call(launch, kernel, llvm::count(numbers, i), operands);
      scf::YieldOp::create(builder, loc);
    }
  }

  /// Tells whoever measures what begins: a kernel or, -1, nothing more.
  void mark(int32_t kernel) {
    abi.call<decltype(quipu_trace)>("quipu_trace",
                                    {timer, worker, abi.getInt32(kernel)});
  }

  /// What the program's table says of a kernel.
  DictionaryAttr describe(FlatSymbolRefAttr symbol, int64_t calls) {
    auto kernel =
        step->getParentOfType<ModelOp>().lookupSymbol<KernelOp>(symbol);
    SmallVector<NamedAttribute> entries{
        {builder.getStringAttr("name"), kernel.getSymNameAttr()},
        {builder.getStringAttr("shape"),
         builder.getStringAttr(getKernelShape(kernel))},
        {builder.getStringAttr("calls"), builder.getI64IntegerAttr(calls)},
    };
    if (ScheduleAttr schedule = kernel.getScheduleAttr())
      entries.emplace_back(builder.getStringAttr("schedule"), schedule);
    return builder.getDictionaryAttr(entries);
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
      replacer.addReplacement([&](CacheType type) -> Type {
        return CacheType::get(type.getContext(), cacheType, type.getHeads(),
                              type.getDim());
      });
      replacer.recursivelyReplaceElementsIn(copy, /*replaceAttrs=*/true,
                                            /*replaceLocs=*/false,
                                            /*replaceTypes=*/true);
    }
    return name;
  }

  StepOp step;
  Type cacheType;
  OpBuilder builder;
  AbiBuilder abi;
  Value args, worker, workers, arena, barrier, timer;
  SmallVector<Attribute> kernels; // by the number that marks them
  DenseMap<Value, Value> pointers;
};

/// A block's partial result of one piece, for the largest of the model's
/// attentions: of each query head and token, a head's components, behind them
/// the largest score and the sum of the weights.
int64_t getPartialBytes(ModelOp model) {
  int64_t bytes = 0;
  model.walk([&](AttentionOp attention) {
    auto cache = cast<CacheType>(attention.getCache().getType());
    auto query = cast<RankedTensorType>(attention.getQuery().getType());
    bytes = std::max<int64_t>(
        bytes, abi::maxQueryTile * (query.getDimSize(1) / cache.getHeads()) *
                   (cache.getDim() + 16) * sizeof(float));
  });
  return bytes;
}

/// What the program's table says of the model.
DictionaryAttr getSizes(StepOp step) {
  Builder builder(step.getContext());
  int64_t vocabulary = 0, hidden = 0, layers = 0, elements = 0;
  CacheType cache;
  step.walk([&](OutputOp output) {
    vocabulary = getElementsPerToken(
        cast<RankedTensorType>(output.getValue().getType()));
  });
  step.walk([&](LayersOp loop) {
    int64_t count = cast<IntegerAttr>(loop.getCount()).getInt();
    layers += count;
    hidden =
        getElementsPerToken(cast<RankedTensorType>(loop.getInit().getType()));
    loop.walk([&](LaunchOp launch) {
      for (Type type : launch.getResultTypes())
        if (auto written = dyn_cast<CacheType>(type)) {
          cache = written;
          elements += 2 * count * written.getHeads() * written.getDim();
        }
    });
  });
  auto entry = [&](StringRef name, int64_t value) {
    return NamedAttribute(builder.getStringAttr(name),
                          builder.getI64IntegerAttr(value));
  };
  return builder.getDictionaryAttr({
      entry("vocabulary", vocabulary),
      entry("logits_stride", llvm::alignTo(vocabulary, 16)),
      entry("hidden", hidden),
      entry("layers", layers),
      entry("kv_heads", cache ? cache.getHeads() : 0),
      entry("head_dim", cache ? cache.getDim() : 0),
      entry("cache_elements", elements),
      entry("partial_bytes", getPartialBytes(step->getParentOfType<ModelOp>())),
  });
}

struct LowerSteps : quipu::impl::LowerStepsBase<LowerSteps> {
  void runOnOperation() override {
    auto result = getOperation().walk([&](ModelOp model) {
      for (StepOp step : llvm::make_early_inc_range(model.getOps<StepOp>())) {
        if (failed(checkPlanned(step)))
          return WalkResult::interrupt();
        DictionaryAttr sizes = getSizes(step);
        model->setAttr("quipu.sizes", sizes);
        int64_t dim = sizes.getAs<IntegerAttr>("head_dim").getInt();
        for (Type cacheType : getCacheElements(&getContext(), dim))
          if (failed(StepLowering(step, cacheType).run()))
            return WalkResult::interrupt();
        step.erase();
      }
      return WalkResult::skip();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }
};
} // namespace
