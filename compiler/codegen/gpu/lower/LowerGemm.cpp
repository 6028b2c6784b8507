//===- LowerGemm.cpp - Linear layers for many tokens on a GPU -------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/gpu/Gemm.h"
#include "compiler/codegen/gpu/lower/Elements.h"
#include "dialect/KernelShape.h"
#include "dialect/PackedLayout.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace quipu;
using namespace quipu::gpu;

namespace {
/// Outputs that are computed from the same linear layers, one or two, and from
/// rows of the kernel's operands.
struct OutputGroup {
  llvm::SmallSetVector<Operation *, 2> linears;
  llvm::SmallSetVector<Value, 2> rows;
  SmallVector<Output> outputs;
};

struct GemmLowering : KernelLowering {
  GemmLowering(KernelOp kernel, GpuGemmAttr schedule, GpuAttr gpu,
               mlir::gpu::GPUModuleOp device)
      : KernelLowering(kernel, gpu, device), schedule(schedule) {}

  LogicalResult emit() final;

private:
  GemmInput getInput(LinearOp linear);
  Values load(const OutputGroup &group, const GemmPart &part);
  void finish(Elements &elements, const OutputGroup &group,
              const GemmPart &part, ArrayRef<Values> sums, ValueRange loaded);

  GpuGemmAttr schedule;
  SmallVector<OutputGroup> groups;
};
} // namespace

/// Says why an op or a kernel cannot be lowered.
using Refuse = function_ref<void(Operation *, const Twine &)>;

/// What `value` is computed from, up to linear layers.
static LogicalResult collectInputs(Value value, OutputGroup &group,
                                   Refuse refuse) {
  if (isa<BlockArgument>(value)) {
    group.rows.insert(value);
    return success();
  }
  Operation *op = value.getDefiningOp();
  if (auto linear = dyn_cast<LinearOp>(op)) {
    if (!isa<BlockArgument>(linear.getInput()) ||
        !cast<RankedTensorType>(linear.getInput().getType())
             .getElementType()
             .isF16()) {
      refuse(op, "has an input that is not a kernel's operand in f16, as a "
                 "gpu_gemm kernel needs it");
      return failure();
    }
    group.linears.insert(op);
    return success();
  }
  for (Value operand : op->getOperands())
    if (isa<RankedTensorType>(operand.getType()) &&
        failed(collectInputs(operand, group, refuse)))
      return failure();
  return success();
}

static FailureOr<SmallVector<OutputGroup>> collectGroups(KernelOp kernel,
                                                         Refuse refuse) {
  SmallVector<OutputGroup> groups;
  for (const Output &output : getOutputs(kernel)) {
    if (output.write) {
      refuse(kernel, "writes to a cache, which a gpu_gemm kernel does not");
      return failure();
    }
    OutputGroup group;
    if (failed(collectInputs(output.value, group, refuse)))
      return failure();
    auto *same = llvm::find_if(groups, [&](const OutputGroup &other) {
      return llvm::any_of(group.linears, [&](Operation *linear) {
        return other.linears.contains(linear);
      });
    });
    if (same == groups.end())
      same = &groups.emplace_back();
    same->linears.insert_range(group.linears);
    same->rows.insert_range(group.rows);
    same->outputs.push_back(output);
  }
  for (const OutputGroup &group : groups)
    if (group.linears.empty() || group.linears.size() > 2) {
      refuse(kernel, "computes an output from " + Twine(group.linears.size()) +
                         " linear layers, expected one or two");
      return failure();
    }
  if (!llvm::all_equal(
          llvm::map_range(kernel.getOps<LinearOp>(),
                          [](LinearOp linear) { return linear.getInput(); }))) {
    refuse(kernel, "has linear layers of different operands, which a gpu_gemm "
                   "kernel does not compute together");
    return failure();
  }
  return groups;
}

bool quipu::gpu::fitsGemm(KernelOp kernel) {
  return succeeded(collectGroups(kernel, [](Operation *, const Twine &) {}));
}

GemmInput GemmLowering::getInput(LinearOp linear) {
  auto argument = cast<BlockArgument>(linear.getInput());
  return {getOperand(argument),
          getPanelBytes(cast<RankedTensorType>(argument.getType())),
          linear.getWeight().getType().getDimSize(1)};
}

LogicalResult GemmLowering::emit() {
  auto collected = collectGroups(
      kernel, [](Operation *op, const Twine &why) { op->emitOpError(why); });
  if (failed(collected))
    return failure();
  groups = *std::move(collected);
  GemmShape shape{schedule.getTokens(), schedule.getStages()};
  unsigned threads = GemmEmitter::getThreads(b.getSm());
  return emitFunction("", threads, [&]() -> FailureOr<Launch> {
    SmallVector<GemmTask> tasks;
    for (const OutputGroup &group : groups) {
      GemmTask &task = tasks.emplace_back();
      for (Operation *op : group.linears) {
        WeightAttr weight = cast<LinearOp>(op).getWeight();
        task.weights.push_back({getWeight(weight.getSymbol()),
                                *getFragmentLayout(weight.getType())});
      }
    }
    auto first = cast<LinearOp>(groups.front().linears.front());
    auto emitter = GemmEmitter::create(b, tasks, getInput(first), shape);
    Elements elements(*this);
    auto load = [&](unsigned task, const GemmPart &part) {
      return this->load(groups[task], part);
    };
    auto finish = [&](unsigned task, const GemmPart &part,
                      ArrayRef<Values> sums, ValueRange loaded) {
      this->finish(elements, groups[task], part, sums, loaded);
    };
    emitter->emit(getCount(), {load, finish});
    int64_t tiles = emitter->countTiles(getKernelTokens(kernel));
    // A multiprocessor holds one block.
    return Launch{{std::min(tiles, getChip(gpu).multiprocessors), 1, 1},
                  emitter->getSharedBytes()};
  });
}

/// The numbers of the rows, one after the other.
Values GemmLowering::load(const OutputGroup &group, const GemmPart &part) {
  Values loaded;
  for (Value row : group.rows) {
    auto type = cast<RankedTensorType>(row.getType());
    llvm::append_range(
        loaded, part.load(getRows(type), getOperand(cast<BlockArgument>(row))));
  }
  return loaded;
}

/// A result may be stored to what is loaded: a thread does so to its own
/// numbers only, or to those of its warp that its own depend on.
void GemmLowering::finish(Elements &elements, const OutputGroup &group,
                          const GemmPart &part, ArrayRef<Values> sums,
                          ValueRange loaded) {
  Value feature = part.getFeature();
  SmallVector<Values> layers(sums);
  for (auto [linear, numbers] : llvm::zip_equal(group.linears, layers))
    if (std::optional<WeightAttr> bias = cast<LinearOp>(linear).getBias()) {
      Value added = elements.getWeight(*bias, feature);
      for (Value &number : numbers)
        number = b.addF(number, added);
    }
  auto setNumber = [&](Value value, Value number) {
    elements.set(value, [number](Value, Value) { return number; });
  };
  SmallVector<Values> results(group.outputs.size());
  for (size_t i = 0; i < part.size(); ++i) {
    for (auto [linear, numbers] : llvm::zip_equal(group.linears, layers))
      setNumber(linear->getResult(0), numbers[i]);
    for (auto [row, value] : llvm::enumerate(group.rows))
      setNumber(value, loaded[row * part.size() + i]);
    for (auto [output, result] : llvm::zip_equal(group.outputs, results))
      result.push_back(elements.get(output.value, part.getToken(i), feature));
  }
  for (auto [output, result] : llvm::zip_equal(group.outputs, results)) {
    auto type = cast<RankedTensorType>(kernel.getResultTypes()[output.result]);
    part.store(getRows(type), getResult(output.result), result);
  }
}

std::unique_ptr<KernelLowering>
quipu::gpu::createGemmLowering(KernelOp kernel, GpuAttr gpu,
                               mlir::gpu::GPUModuleOp device) {
  return std::make_unique<GemmLowering>(
      kernel, cast<GpuGemmAttr>(kernel.getScheduleAttr()), gpu, device);
}
