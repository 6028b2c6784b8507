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
  void finish(Elements &elements, const OutputGroup &group,
              ArrayRef<GemmPair> pairs);
  Values loadPair(Value argument, const GemmPair &pair);
  void storePair(const Output &output, const Values &numbers,
                 const GemmPair &pair);
  Value getPlace(Value pointer, RankedTensorType type, const GemmPair &pair);

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
    emitter->emit(getCount(), [&](unsigned task, ArrayRef<GemmPair> pairs) {
      finish(elements, groups[task], pairs);
    });
    int64_t tiles = emitter->countTiles(getKernelTokens(kernel));
    // A multiprocessor holds one block.
    return Launch{{std::min(tiles, getChip(gpu).multiprocessors), 1, 1},
                  emitter->getSharedBytes()};
  });
}

/// The address of a pair in a row of the tensor.
Value GemmLowering::getPlace(Value pointer, RankedTensorType type,
                             const GemmPair &pair) {
  return getRows(type).getPlace(b, pointer, pair.token, pair.feature);
}

Values GemmLowering::loadPair(Value argument, const GemmPair &pair) {
  RankedTensorType type = cast<RankedTensorType>(argument.getType());
  Value place = getPlace(getOperand(cast<BlockArgument>(argument)), type, pair);
  if (type.getElementType().isF32())
    return b.loadVector(b.getF32Type(), 2, place);
  auto [first, second] = b.unpack(Half::F16, b.load(b.getI32Type(), place));
  return {first, second};
}

void GemmLowering::storePair(const Output &output, const Values &numbers,
                             const GemmPair &pair) {
  auto type = cast<RankedTensorType>(kernel.getResultTypes()[output.result]);
  Value place = getPlace(getResult(output.result), type, pair);
  b.ifThen(pair.isWritten, [&] {
    if (type.getElementType().isF32())
      b.storeVector(numbers, place);
    else
      b.store(b.pack(Half::F16, numbers[0], numbers[1]), place);
  });
}

/// Everything is loaded before anything is stored: stores may be to what is
/// loaded.
void GemmLowering::finish(Elements &elements, const OutputGroup &group,
                          ArrayRef<GemmPair> pairs) {
  SmallVector<SmallVector<Values>> rows; // of the pairs, of the operands
  for (const GemmPair &pair : pairs)
    rows.emplace_back(llvm::map_range(
        group.rows, [&](Value row) { return loadPair(row, pair); }));
  SmallVector<SmallVector<Values>> results; // of the pairs, of the outputs
  for (auto [pair, loaded] : llvm::zip_equal(pairs, rows)) {
    SmallVector<Values> &result = results.emplace_back(group.outputs.size());
    for (unsigned i : {0, 1}) {
      const Values &sums = i ? pair.second : pair.first;
      for (auto [linear, sum] : llvm::zip_equal(group.linears, sums)) {
        std::optional<WeightAttr> bias = cast<LinearOp>(linear).getBias();
        Value number =
            bias
                ? b.addF(sum, elements.getWeight(*bias, b.add(pair.feature, i)))
                : sum;
        elements.set(linear->getResult(0),
                     [number](Value, Value) { return number; });
      }
      for (auto [row, numbers] : llvm::zip_equal(group.rows, loaded))
        elements.set(row,
                     [number = numbers[i]](Value, Value) { return number; });
      for (auto [output, numbers] : llvm::zip_equal(group.outputs, result))
        numbers.push_back(
            elements.get(output.value, pair.token, b.add(pair.feature, i)));
    }
  }
  for (auto [pair, result] : llvm::zip_equal(pairs, results))
    for (auto [output, numbers] : llvm::zip_equal(group.outputs, result))
      storePair(output, numbers, pair);
}

std::unique_ptr<KernelLowering>
quipu::gpu::createGemmLowering(KernelOp kernel, GpuAttr gpu,
                               mlir::gpu::GPUModuleOp device) {
  return std::make_unique<GemmLowering>(
      kernel, cast<GpuGemmAttr>(kernel.getScheduleAttr()), gpu, device);
}
