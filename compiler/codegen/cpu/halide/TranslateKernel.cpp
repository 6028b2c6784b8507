//===- TranslateKernel.cpp - From a kernel's region to Halide -------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/cpu/halide/TranslateKernel.h"
#include "compiler/codegen/cpu/halide/Schedule.h"
#include "compiler/codegen/host/SplitPartials.h"
#include "dialect/CacheFormat.h"
#include "dialect/KernelShape.h"
#include "dialect/PackedLayout.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cmath>

using namespace quipu;
using namespace quipu::cpu;
using mlir::failure;
using mlir::FailureOr;
using mlir::LogicalResult;
using mlir::RankedTensorType;
using mlir::success;
using mlir::Type;

static double getNumber(mlir::Attribute number) {
  if (auto integer = mlir::dyn_cast<mlir::IntegerAttr>(number))
    return integer.getInt();
  return mlir::cast<mlir::FloatAttr>(number).getValueAsDouble();
}

int64_t cpu::getChosen(KernelOp kernel) {
  for (LinearOp linear : kernel.getOps<LinearOp>())
    if (linear.isStack())
      return linear.getChosen();
  for (QuantizeOp quantize : kernel.getOps<QuantizeOp>())
    if (quantize.getEach())
      return mlir::cast<RankedTensorType>(quantize.getResult().getType())
          .getDimSize(1);
  return 0;
}

bool cpu::isOfChoices(RankedTensorType type, int64_t chosen) {
  return chosen && type.getRank() == 3 && type.getDimSize(1) == chosen;
}

/// What the schedule says; without tiles rows are computed one by one.
static std::unique_ptr<KernelBuilder> makeBuilder(KernelOp kernel,
                                                  CpuAttr cpu) {
  auto tiles = mlir::dyn_cast<CpuTilesAttr>(kernel.getScheduleAttr());
  Vectors vectors{tiles ? tiles.getLanes() : cpu.getLanes(),
                  /*hasSignedDots=*/cpu.isArm()};
  return std::make_unique<KernelBuilder>(
      kernel.getSymName().str(), tiles ? getKernelTokens(kernel) : 1,
      tiles ? tiles.getTile() : RegisterTile(), vectors);
}

namespace {

/// Walks the ops in order and keeps what each value is in Halide.
class Translation {
public:
  Translation(KernelOp kernel, CpuAttr cpu, int64_t pageNumbers)
      : kernel(kernel), pageNumbers(pageNumbers),
        builder(makeBuilder(kernel, cpu)), chosen(getChosen(kernel)) {
    isOfHeads = llvm::any_of(kernel.getOps<LinearOp>(), [](LinearOp linear) {
      return linear.getOfHeads();
    });
    if (chosen && !isOfHeads)
      builder->computeChoices(chosen);
  }

  FailureOr<TranslatedKernel> run() {
    for (auto write : kernel.getBody().getOps<CacheWriteOp>())
      if (failed(addResults(write)))
        return failure();
    auto yield = mlir::cast<YieldOp>(kernel.getBody().front().getTerminator());
    for (auto [index, value] : llvm::enumerate(yield.getValues())) {
      if (mlir::isa<CacheType>(value.getType()))
        continue;
      if (failed(translateFor(value)))
        return failure();
      BufferOwner owner{BufferOwner::Result, unsigned(index)};
      bool isQuantized = isBlockFormat(
          mlir::cast<RankedTensorType>(value.getType()).getElementType());
      if (builder->tokens > 1 &&
          (isQuantized || getFloats(value).form == Form::Rows))
        return kernel.emitError("the result ")
               << index
               << " is computed from no linear layer, but row by row; give it "
                  "a kernel of its own";
      if (isQuantized)
        builder->result(owner, getQuantized(value));
      else
        builder->result(owner, getFloats(value), getStride(value.getType()));
    }
    scheduleKernel(*builder);
    return TranslatedKernel{std::move(builder), std::move(weights)};
  }

private:
  BufferOwner getWeight(WeightAttr weight) {
    auto *found = llvm::find(weights, weight.getSymbol());
    BufferOwner owner{BufferOwner::Weight, unsigned(found - weights.begin())};
    if (found == weights.end())
      weights.push_back(weight.getSymbol());
    return owner;
  }

  static unsigned getArgNumber(mlir::Value operand) {
    return mlir::cast<mlir::BlockArgument>(operand).getArgNumber();
  }

  BufferOwner getOperand(mlir::Value value) const {
    BufferOwner owner{BufferOwner::Operand, getArgNumber(value)};
    owner.isOfTokens = chosen && !isOfChoices(value.getType());
    return owner;
  }

  bool isOfChoices(Type type) const {
    return cpu::isOfChoices(mlir::cast<RankedTensorType>(type), chosen);
  }

  /// The numbers of a row.
  int64_t getWidth(mlir::Value value) const {
    auto type = mlir::cast<RankedTensorType>(value.getType());
    return getElementsPerToken(type) / (isOfChoices(type) ? chosen : 1);
  }

  /// 32-bit words from one row to the next. A call for a head computes that of
  /// each token.
  int64_t getStride(Type type) const {
    return getRowBytes(mlir::cast<RankedTensorType>(type)) / sizeof(float) /
           (isOfChoices(type) && !isOfHeads ? chosen : 1);
  }

  const FloatValue &getFloats(mlir::Value value) {
    auto it = floats.find(value);
    if (it != floats.end())
      return it->second;
    return floats[value] = readRows(value, getOperand(value));
  }

  FloatValue readRows(mlir::Value value, BufferOwner owner) {
    auto type = mlir::cast<RankedTensorType>(value.getType());
    auto rows = type.getElementType().isBF16() ? &KernelBuilder::pairedRows
                                               : &KernelBuilder::rows;
    return (*builder.*rows)(owner, getWidth(value), getStride(type));
  }

  const QuantizedValue &getQuantized(mlir::Value value) {
    auto it = quantized.find(value);
    if (it == quantized.end())
      it = quantized
               .emplace(value, builder->quantizedRows(
                                   getOperand(value), getWidth(value),
                                   getStride(value.getType())))
               .first;
    return it->second;
  }

  /// The value as heads; a linear layer's result becomes that on first use.
  const FloatValue &getHeads(mlir::Value value) {
    const FloatValue &found = getFloats(value);
    if (found.form == Form::Heads)
      return found;
    auto [it, isNew] = heads.try_emplace(value);
    if (isNew)
      it->second = builder->heads(
          found, mlir::cast<RankedTensorType>(value.getType()).getDimSize(2));
    return it->second;
  }

  /// What a norm multiplies by and adds.
  NormVectors getVectors(NormInterface norm) {
    auto get = [&](std::optional<WeightAttr> vector) {
      return vector
                 ? std::optional(NormVector{getWeight(*vector),
                                            vector->getType().getNumElements()})
                 : std::nullopt;
    };
    return {get(norm.getWeight()), get(norm.getBias())};
  }

  NormShape getLastDimension(mlir::Value value) const {
    int64_t size =
        mlir::cast<RankedTensorType>(value.getType()).getShape().back();
    return {getWidth(value) / size, size};
  }

  /// The value as rows, all of whose numbers are at hand.
  FailureOr<FloatValue> getRow(mlir::Operation *op, mlir::Value value) {
    const FloatValue &found = getFloats(value);
    if (found.form == Form::Rows)
      return found;
    if (found.form == Form::Heads && isOfMemory(found))
      return builder->flatten(found);
    return LogicalResult(op->emitError(
        "needs the whole row of what a linear layer computes; give it a kernel "
        "of its own"));
  }

  /// Computes `op`, which reduces rows of its input, or its heads.
  LogicalResult
  reduce(mlir::Operation *op, NormShape shape,
         llvm::function_ref<FloatValue(const FloatValue &)> compute) {
    mlir::Value input = op->getOperand(0);
    auto type = mlir::cast<RankedTensorType>(input.getType());
    if (type.getRank() == 3 && shape.size == type.getShape().back()) {
      if (failed(checkHeads(op, input)))
        return failure();
      floats[op->getResult(0)] = compute(getHeads(input));
      return success();
    }
    FailureOr<FloatValue> row = getRow(op, input);
    if (failed(row))
      return failure();
    floats[op->getResult(0)] = compute(*row);
    return success();
  }

  /// Linear layers compute tiles of 16 numbers, of one head each.
  LogicalResult checkHeads(mlir::Operation *op, mlir::Value value) {
    int64_t dim =
        mlir::cast<RankedTensorType>(value.getType()).getShape().back();
    const FloatValue &found = getFloats(value);
    if (dim % tileRows == 0 || (found.form != Form::Tiles && isOfMemory(found)))
      return success();
    return op->emitError("heads of ")
           << dim
           << " components are no multiple of 16; give what follows their "
              "linear layer a kernel of its own";
  }

  /// Whether heads are computed from no linear layer.
  bool isOfMemory(const FloatValue &value) {
    return llvm::all_of(value.inputHeads, [&](unsigned head) {
      return builder->inputHeads[head].linears.empty();
    });
  }

  /// Translates what the result `value` is computed from. Only rows may be
  /// what another result is computed from, too: they are computed first.
  LogicalResult translateFor(mlir::Value value) {
    heads.clear();
    std::erase_if(floats, [](const auto &entry) {
      return entry.second.form != Form::Rows;
    });
    mlir::Block &body = kernel.getBody().front();
    llvm::SmallPtrSet<mlir::Operation *, 16> needed{value.getDefiningOp()};
    for (mlir::Operation &op : llvm::reverse(body))
      if (needed.contains(&op))
        for (mlir::Value operand : op.getOperands())
          needed.insert(operand.getDefiningOp());
    for (mlir::Operation &op : body.without_terminator())
      if (needed.contains(&op) && !floats.contains(op.getResult(0)) &&
          !quantized.contains(op.getResult(0)) && failed(translate(&op)))
        return failure();
    return success();
  }

  /// A cache's keys and its values are a result each.
  LogicalResult addResults(CacheWriteOp op) {
    if (failed(translateFor(op.getKey())) ||
        failed(checkHeads(op, op.getKey())))
      return failure();
    auto cache = mlir::cast<CacheType>(op.getResult().getType());
    CacheShape shape{getKvLayout(cache), pageNumbers};
    builder->writeKeys(getHeads(op.getKey()), shape);
    if (!op.getValue())
      return success();
    if (failed(translateFor(op.getValue())) ||
        failed(checkHeads(op, op.getValue())))
      return failure();
    builder->writeValues(getHeads(op.getValue()), shape);
    return success();
  }

  LogicalResult translate(mlir::Operation *op) {
    return llvm::TypeSwitch<mlir::Operation *, LogicalResult>(op)
        .Case([&](EmbedOp op) {
          floats[op.getResult()] =
              builder->embed(getOperand(op.getIds()), getWeight(op.getWeight()),
                             *getWeightLayout(op.getWeight().getType()));
          return success();
        })
        .Case([&](GatherOp op) {
          // The caller hands over the row that is selected.
          if (builder->tokens > 1)
            return LogicalResult(
                op.emitError("runs row by row; give it a kernel of its own"));
          BufferOwner owner = getOperand(op.getInput());
          owner.selection = getArgNumber(op.getRows());
          floats[op.getResult()] = readRows(op.getInput(), owner);
          return success();
        })
        .Case([&](RMSNormOp op) {
          return reduce(op, getNormShape(op), [&](const FloatValue &x) {
            return builder->rmsNorm(x, getVectors(op), getNumber(op.getEps()));
          });
        })
        .Case([&](LayerNormOp op) {
          return reduce(op, getNormShape(op), [&](const FloatValue &x) {
            return builder->layerNorm(x, getVectors(op),
                                      getNumber(op.getEps()));
          });
        })
        .Case([&](SumOp op) {
          if (builder->tokens > 1 || chosen)
            return LogicalResult(
                op.emitError("runs row by row; give it a kernel of its own"));
          floats[op.getResult()] = builder->sum(getFloats(op.getInput()),
                                                getFloats(op.getWeights()));
          return success();
        })
        .Case([&](L2NormOp op) {
          return reduce(
              op, getLastDimension(op.getInput()),
              [&](const FloatValue &x) { return builder->l2Norm(x); });
        })
        .Case([&](SoftmaxOp op) {
          return reduce(
              op, getLastDimension(op.getInput()),
              [&](const FloatValue &x) { return builder->softmax(x); });
        })
        .Case([&](QuantizeOp op) {
          FailureOr<FloatValue> row = getRow(op, op.getInput());
          if (failed(row))
            return failure();
          const FloatValue &input = *row;
          if (op.getElement() && op.getElement()->isBF16())
            floats[op.getResult()] = builder->roundToPairs(input);
          else
            quantized.emplace(op.getResult(), builder->quantize(input));
          return success();
        })
        .Case([&](LinearOp op) {
          BufferOwner weight = getWeight(op.getWeight());
          WeightLayout layout = *getWeightLayout(op.getWeight().getType());
          auto input = mlir::cast<RankedTensorType>(op.getInput().getType());
          FloatValue y =
              isBlockFormat(input.getElementType())
                  ? builder->linear(getQuantized(op.getInput()), weight, layout)
                  : builder->linear(getFloats(op.getInput()), weight, layout);
          if (op.getBias())
            y = builder->bias(y, getWeight(*op.getBias()));
          floats[op.getResult()] = y;
          return success();
        })
        .Case([&](RopeOp op) {
          auto angles = mlir::cast<RankedTensorType>(op.getAngles().getType());
          RopeShape shape{abi::RopePairing(op.getPairs()), getFirstTurned(op),
                          angles.getDimSize(1) * 2};
          if (failed(checkHeads(op, op.getInput())))
            return failure();
          floats[op.getResult()] = builder->rope(
              getHeads(op.getInput()), getOperand(op.getAngles()), shape);
          return success();
        })
        .Case([&](ConcatOp op) {
          for (mlir::Value part : op.getOperands())
            if (failed(checkHeads(op, part)))
              return failure();
          floats[op.getResult()] =
              builder->concat(getHeads(op.getLhs()), getHeads(op.getRhs()));
          return success();
        })
        .Case([&](SwiGLUOp op) {
          floats[op.getResult()] =
              builder->swiglu(getFloats(op.getLhs()), getFloats(op.getRhs()));
          return success();
        })
        .Case([&](AddOp op) {
          floats[op.getResult()] =
              builder->add(getFloats(op.getLhs()), getFloats(op.getRhs()));
          return success();
        })
        .Case([&](MulOp op) {
          floats[op.getResult()] =
              builder->multiply(getFloats(op.getLhs()), getFloats(op.getRhs()));
          return success();
        })
        .Case([&](ActivateOp op) {
          floats[op.getResult()] = builder->activate(
              abi::Activation(op.getKind()), getFloats(op.getInput()));
          return success();
        })
        .Case([&](ClampOp op) {
          floats[op.getResult()] = builder->clamp(
              getFloats(op.getInput()),
              op.getFromAttr() ? getNumber(op.getFromAttr()) : -INFINITY,
              op.getToAttr() ? getNumber(op.getToAttr()) : INFINITY);
          return success();
        })
        .Case([&](ScaleOp op) {
          floats[op.getResult()] = builder->multiply(getFloats(op.getInput()),
                                                     getNumber(op.getFactor()));
          return success();
        })
        .Default([&](mlir::Operation *op) {
          return op->emitError("the CPU has no kernel for this op; build with "
                               "--target=reference");
        });
  }

  KernelOp kernel;
  int64_t pageNumbers; // of the pool that the cache lies in
  std::unique_ptr<KernelBuilder> builder;
  int64_t chosen; // of a token, or its heads
  bool isOfHeads; // that have a matrix each
  llvm::SmallVector<mlir::FlatSymbolRefAttr> weights;
  struct Less {
    bool operator()(mlir::Value a, mlir::Value b) const {
      return a.getAsOpaquePointer() < b.getAsOpaquePointer();
    }
  };
  std::map<mlir::Value, FloatValue, Less> floats, heads;
  std::map<mlir::Value, QuantizedValue, Less> quantized;
};
} // namespace

FailureOr<TranslatedKernel> cpu::translateKernel(KernelOp kernel, CpuAttr cpu,
                                                 int64_t pageNumbers) {
  return Translation(kernel, cpu, pageNumbers).run();
}

AttentionShape cpu::getAttentionShape(AttentionOp op,
                                      CpuAttentionAttr schedule) {
  auto cache = mlir::cast<CacheType>(op.getCache().getType());
  auto query = mlir::cast<RankedTensorType>(op.getQuery().getType());
  AttentionShape shape;
  shape.cache = getKvLayout(cache);
  shape.queryHeads = getQueryGroup(query.getDimSize(0),
                                   query.getDimSize(1) / cache.getHeads());
  shape.isFull = op.getFull();
  shape.scale = op.getScaleAttr() ? getNumber(op.getScaleAttr())
                                  : 1.0 / std::sqrt(double(cache.getKeyDim()));
  if (op.getSoftCapAttr())
    shape.softCap = getNumber(op.getSoftCapAttr());
  shape.hasSinks = bool(op.getSinks());
  if (auto window =
          mlir::dyn_cast_or_null<mlir::IntegerAttr>(op.getWindowAttr()))
    shape.window = std::min<int64_t>(window.getInt(), abi::maxContext);
  shape.sums = schedule.getLanes() < tileRows ? 6 : 24;
  return shape;
}

llvm::SmallVector<int64_t> cpu::getBlockSizes(AttentionOp op) {
  auto query = mlir::cast<RankedTensorType>(op.getQuery().getType());
  if (query.getDimSize(0) == 1)
    return {1};
  return {1, abi::maxQueryTile};
}
