//===- GpuCostModel.cpp - What a kernel should take on a GPU --------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Multiprocessors share the card's memory and its products evenly, and the one
// with the most work sets the pace: a kernel takes as many rounds as that has
// units of work. A round takes as long as a share of the memory needs for its
// weights, or as the products and the conversion of weights to f16.
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/gpu/lower/GpuCostModel.h"
#include "abi/DeviceCall.h"
#include "compiler/codegen/gpu/Chip.h"
#include "compiler/codegen/gpu/Gemm.h"
#include "compiler/codegen/gpu/lower/GemvPlan.h"
#include "compiler/codegen/host/SplitPartials.h"
#include "dialect/PackedLayout.h"

using namespace mlir;
using namespace quipu;
using namespace quipu::gpu;

// Measured on an H200 (docs/performance-gpu.md), of a multiprocessor:

/// Weights that a kernel for few tokens converts and multiplies a cycle, and
/// one for many tokens converts beside its products.
static constexpr double gemvWeights = 14, gemmWeights = 57;
/// From a tile's last product to the next tile's first, for each of its tokens.
static constexpr double lastPartNanoseconds = 10;
/// With so many bytes of weights on their way, twice the time is lost that is
/// lost with twice as many: 8 % with 32 KB, 2 % with 64 KB.
static constexpr double rampBytes = 9 << 10;
/// Without a ring, the part of the memory's speed that loads reach.
static constexpr double loadShare = 0.8;
/// From the start of a copy to its end while all multiprocessors copy.
static constexpr double copyNanoseconds = 2000;
/// The same of bulk copies, about: not measured.
static constexpr double bulkNanoseconds = 1000;
/// Bytes that the second-level cache delivers for each operation of tensor
/// cores at their peak: tiles of 128 x 128 in f16, 1 / 64, kept it busy for 69
/// % when the tensor cores were so for 62 %.
static constexpr double cachedPerOperation = 1 / 58.0;
/// Attention: of the products' peak, beside the exponentials; and the rows of a
/// block.
static constexpr double attentionShare = 0.55;
static constexpr int64_t attentionRows = 128;
/// Split over blocks: loads that wait for each other, from the step's arguments
/// to the pages, and the results of pages brought together; and what each more
/// token costs. Pages up to some 2,000 positions are read side by side.
static constexpr double splitNanoseconds = 2000, splitTokenNanoseconds = 140;
/// Tokens that share f32 weights where they are many, see DotLowering.
static constexpr int64_t dotTokens = 8;
/// Experts: of the products' peak, where weights are converted for 64 choices.
/// An estimate.
static constexpr double expertShare = 0.25;

/// A token's, where only selected ones count: as a rule one.
static int64_t getTokens(KernelOp kernel) {
  return kernel.getSelected() ? 1 : getKernelTokens(kernel);
}

static double toDouble(int64_t number) { return static_cast<double>(number); }

//===----------------------------------------------------------------------===//
// Linear layers
//===----------------------------------------------------------------------===//

/// Of a stack those of the matrices that are chosen, if all choices differ.
static int64_t getWeightBytes(GpuAttr gpu, LinearOp linear, int64_t tokens) {
  RankedTensorType weight = linear.getWeight().getType();
  auto layout = dyn_cast_or_null<LayoutAttrInterface>(gpu.chooseLayout(weight));
  int64_t matrices = getMatrices(weight);
  return layout ? layout.getPackedBytes(weight) / matrices *
                      std::min(matrices, tokens * linear.getChosen())
                : 0;
}

static FailureOr<double> getGemvTime(GpuAttr gpu, KernelOp kernel,
                                     int64_t weightBytes) {
  const Chip &chip = getChip(gpu);
  GemvPlan plan;
  if (failed(plan.plan(kernel, gpu)))
    return failure();
  int64_t weights = 0;
  for (LinearOp linear : kernel.getOps<LinearOp>())
    weights += linear.getWeight().getType().getNumElements();
  auto units = toDouble(plan.unitCount);
  // Blocks that find no multiprocessor begin when others have ended.
  double rounds = toDouble(llvm::divideCeil(plan.unitCount, plan.blocks) *
                           llvm::divideCeil(plan.blocks, chip.multiprocessors));
  double atOnce = toDouble(chip.multiprocessors);
  auto ringBytes = toDouble(plan.slots * plan.slotBytes);
  double blockBytes = toDouble(weightBytes) / units * rounds;
  // All that a block reads may be on its way at once.
  bool isWhole = toDouble(plan.slots) >=
                 rounds * toDouble(plan.tilesOfUnit * plan.tileSlots);
  double lost = isWhole ? 0 : rampBytes / ringBytes;
  double readTime = blockBytes * atOnce / chip.bytes *
                    (plan.slots ? 1 + lost * lost : 1 / loadShare);
  double productTime =
      toDouble(weights) / units * rounds / (gemvWeights * chip.clock);
  // A block reads the tokens once, or again for each unit.
  double inputs = plan.isInputShared ? toDouble(plan.blocks) : units;
  double inputTime =
      inputs * toDouble(plan.tokens * plan.inputRowBytes) / chip.cachedBytes();
  return std::max(readTime, productTime) + inputTime;
}

/// Shared memory that a stage needs at most, see GemmEmitter.
static int64_t getStageBytes(KernelOp kernel, int64_t tokens) {
  constexpr int64_t columns = FragmentLayout::columnsMultiple;
  int64_t weightBytes = 0;
  for (LinearOp linear : kernel.getOps<LinearOp>())
    weightBytes = std::max(
        weightBytes, FragmentLayout::rowsMultiple / FragmentLayout::tileRows *
                         getFragmentLayout(linear.getWeight().getType())
                             ->codes()
                             .slotBytes(columns));
  return llvm::alignTo(tokens * columns * 2 + weightBytes, 1024);
}

/// Whether weights are multiplied as bulk copies bring them.
static bool isBulk(GpuAttr gpu, KernelOp kernel) {
  return gpu.hasWarpgroupProducts() &&
         llvm::none_of(kernel.getOps<LinearOp>(), [](LinearOp linear) {
           return getFragmentLayout(linear.getWeight().getType())
               ->codes()
               .hasScales();
         });
}

static double getGemmTime(GpuAttr gpu, KernelOp kernel, GpuGemmAttr schedule,
                          int64_t tokens) {
  const Chip &chip = getChip(gpu);
  int64_t tiles = 0, columns = 0;
  for (LinearOp linear : kernel.getOps<LinearOp>()) {
    FragmentLayout layout = *getFragmentLayout(linear.getWeight().getType());
    tiles += layout.paddedRows() / FragmentLayout::rowsMultiple;
    columns = std::max(columns, layout.paddedColumns());
  }
  tiles *= llvm::divideCeil(tokens, schedule.getTokens());
  double rate = chip.operations / toDouble(chip.multiprocessors);
  double operations =
      toDouble(2 * FragmentLayout::rowsMultiple *
               FragmentLayout::columnsMultiple * schedule.getTokens());
  // A stage's copies must have come when the products of those before are done.
  double ahead = toDouble(schedule.getStages() - 1);
  double stage =
      isBulk(gpu, kernel)
          ? std::max({operations / rate, bulkNanoseconds / ahead,
                      toDouble(getStageBytes(kernel, schedule.getTokens())) /
                          (cachedPerOperation * rate)})
          : std::max(operations / rate + FragmentLayout::columnsMultiple *
                                             FragmentLayout::rowsMultiple /
                                             (gemmWeights * chip.clock),
                     copyNanoseconds / ahead);
  double stages = toDouble(columns / FragmentLayout::columnsMultiple);
  return toDouble(llvm::divideCeil(tiles, chip.multiprocessors)) *
         (stages * stage +
          lastPartNanoseconds * toDouble(schedule.getTokens()));
}

//===----------------------------------------------------------------------===//
// Work
//===----------------------------------------------------------------------===//

/// Of the selected tokens where only these count.
static int64_t getActivationBytes(KernelOp kernel) {
  int64_t bytes = 0;
  for (Type type : llvm::concat<const Type>(kernel.getArgumentTypes(),
                                            kernel.getResultTypes()))
    if (auto tensor = dyn_cast<RankedTensorType>(type))
      bytes +=
          getStorageBytes(tensor.getElementType(), tensor.getNumElements());
  return bytes / getKernelTokens(kernel) * getTokens(kernel);
}

/// Over abi::pagePositions positions, whose keys and values a query tile reads
/// once.
static void addAttention(AttentionOp attention, const Chip &chip,
                         bool isBlocked, Work &work, double &time) {
  auto query = cast<RankedTensorType>(attention.getQuery().getType());
  auto cache = cast<CacheType>(attention.getCache().getType());
  int64_t tokens = query.getDimSize(0), rows = tokens * query.getDimSize(1);
  int64_t numbers = cache.getKeyDim() + cache.getValueDim();
  work.bytes +=
      llvm::divideCeil(tokens, abi::maxDeviceQueryTile) * abi::pagePositions *
      getStorageBytes(cache.getElementType(), cache.getHeads() * numbers);
  int64_t operations = 2 * rows * numbers * abi::pagePositions;
  work.operations += operations;
  if (!isBlocked) {
    time += splitNanoseconds + toDouble(tokens - 1) * splitTokenNanoseconds;
    return;
  }
  // Few blocks leave multiprocessors idle.
  double blocks = toDouble(llvm::divideCeil(rows, attentionRows));
  time += std::max(1.0, toDouble(chip.multiprocessors) / blocks) *
          (toDouble(operations) / (chip.operations * attentionShare) +
           toDouble(rows * abi::pagePositions) / chip.exponentials());
}

FailureOr<Work> quipu::gpu::predictWork(GpuAttr gpu, KernelOp kernel) {
  const Chip &chip = getChip(gpu);
  int64_t tokens = getTokens(kernel), weightBytes = 0;
  Work work;
  double productTime = 0;
  for (Operation &op : kernel.getBody().front()) {
    if (auto linear = dyn_cast<LinearOp>(op)) {
      weightBytes += getWeightBytes(gpu, linear, tokens);
      work.operations += 2 * tokens * linear.getChosen() * linear.getRows() *
                         linear.getColumns();
    } else if (auto attention = dyn_cast<AttentionOp>(op)) {
      auto schedule = dyn_cast<GpuAttentionAttr>(kernel.getScheduleAttr());
      addAttention(attention, chip, schedule && schedule.getBlocked(), work,
                   productTime);
    }
  }
  work.bytes += weightBytes + getActivationBytes(kernel);

  Attribute schedule = kernel.getScheduleAttr();
  if (isa<GpuGemvAttr>(schedule)) {
    FailureOr<double> time = getGemvTime(gpu, kernel, weightBytes);
    if (failed(time))
      return failure();
    productTime = *time;
  } else if (auto gemm = dyn_cast<GpuGemmAttr>(schedule)) {
    productTime = getGemmTime(gpu, kernel, gemm, tokens);
  } else if (isa<GpuDotsAttr>(schedule)) {
    // Each token reads all weights again or, of many, each tile of tokens.
    int64_t tile = tokens > maxGemvTokens ? dotTokens : 1;
    productTime =
        std::max(toDouble(work.operations) / chip.floatOperations(),
                 toDouble(llvm::divideCeil(tokens, tile) * weightBytes) /
                     chip.cachedBytes());
  } else if (auto experts = dyn_cast<GpuExpertsAttr>(schedule)) {
    productTime = std::max(toDouble(weightBytes) / (chip.bytes * loadShare),
                           toDouble(work.operations) * 64 /
                               toDouble(experts.getChoices()) /
                               (chip.operations * expertShare));
  }
  double time = std::max(toDouble(work.bytes) / chip.bytes, productTime);
  work.nanoseconds = abi::deviceCallNanoseconds + static_cast<int64_t>(time);
  return work;
}

//===----------------------------------------------------------------------===//
// Candidates
//===----------------------------------------------------------------------===//

static bool hasFragments(LinearOp linear) {
  auto input = cast<RankedTensorType>(linear.getInput().getType());
  return isFragmentMatrix(linear.getWeight().getType()) &&
         input.getElementType().isF16();
}

/// Bytes of the usual ring, and what its slots are a multiple of: small formats
/// need many, so that as many bytes are on their way.
static constexpr int64_t ringBytes = 148 << 10, ringMultiple = 8;

static int64_t getUsualSlots(GpuAttr gpu, KernelOp kernel) {
  if (!gpu.hasBulkCopies())
    return 0;
  int64_t slotBytes = 1;
  for (LinearOp linear : kernel.getOps<LinearOp>())
    slotBytes =
        std::max(slotBytes,
                 getFragmentLayout(linear.getWeight().getType())->slotBytes(0));
  return std::clamp<int64_t>(
      ringBytes / slotBytes / ringMultiple * ringMultiple, ringMultiple, 64);
}

/// As many blocks as there are multiprocessors or, with as many rounds, so few
/// that all have as much to do; the usual ring, and others.
static FailureOr<SmallVector<ScheduleAttrInterface>>
getGemvSchedules(GpuAttr gpu, KernelOp kernel) {
  int64_t most = getChip(gpu).multiprocessors;
  MLIRContext *context = gpu.getContext();
  SmallVector<int64_t> rings{getUsualSlots(gpu, kernel)};
  if (gpu.hasBulkCopies())
    rings.append({8, 16, 32});
  SmallVector<ScheduleAttrInterface> schedules;
  // A ring is shorter than was asked for where there is no room.
  SetVector<std::pair<int64_t, int64_t>> seen;
  for (int64_t slots : rings) {
    int64_t blocks = most;
    for (int candidate = 0; candidate < 2; ++candidate) {
      auto schedule = GpuGemvAttr::get(context, blocks, slots);
      kernel.setScheduleAttr(schedule);
      GemvPlan plan;
      if (failed(plan.plan(kernel, gpu)))
        return failure();
      if (seen.insert({plan.blocks, plan.slots}))
        schedules.push_back(schedule);
      blocks = llvm::divideCeil(plan.unitCount,
                                llvm::divideCeil(plan.unitCount, most));
    }
  }
  return schedules;
}

/// As many stages as there is room for. Each has two barriers.
static int64_t getMaxStages(GpuAttr gpu, KernelOp kernel, int64_t tokens) {
  return std::min<int64_t>(
      getChip(gpu).sharedBytes / (getStageBytes(kernel, tokens) + 16), 8);
}

static SmallVector<ScheduleAttrInterface> getGemmSchedules(GpuAttr gpu,
                                                           KernelOp kernel) {
  MLIRContext *context = gpu.getContext();
  int64_t usual = getMaxStages(gpu, kernel, 128);
  if (!isBulk(gpu, kernel))
    usual = std::min<int64_t>(usual, gpu.hasWarpgroupProducts() ? 6 : 3);
  SetVector<ScheduleAttrInterface> schedules;
  schedules.insert(GpuGemmAttr::get(context, 128, usual));
  for (int64_t tokens : {128, 64})
    for (int64_t stages = getMaxStages(gpu, kernel, tokens); stages >= 2;
         --stages)
      schedules.insert(GpuGemmAttr::get(context, tokens, stages));
  return schedules.takeVector();
}

/// Where more than 16 choose a matrix, if they choose evenly, weights are
/// converted for 64.
static SmallVector<ScheduleAttrInterface> getExpertSchedules(KernelOp kernel) {
  MLIRContext *context = kernel.getContext();
  if (!fitsGpuExperts(kernel) || getKernelTokens(kernel) > maxExpertTokens)
    return {GpuDotsAttr::get(context)};
  LinearOp linear = *kernel.getOps<LinearOp>().begin();
  int64_t each = getKernelTokens(kernel) * linear.getChosen() /
                 linear.getWeight().getType().getDimSize(0);
  bool isMany = each > 16 && linear.getColumns() % 8 == 0;
  return {GpuExpertsAttr::get(context, isMany ? 64 : 16)};
}

static FailureOr<SmallVector<ScheduleAttrInterface>>
getSchedules(GpuAttr gpu, KernelOp kernel) {
  MLIRContext *context = gpu.getContext();
  SmallVector<ScheduleAttrInterface> one(1);
  for (Operation &op : kernel.getBody().front()) {
    if (isa<LinearOp>(op)) {
      if (llvm::any_of(kernel.getOps<LinearOp>(),
                       [](LinearOp linear) { return linear.isStack(); }))
        return getExpertSchedules(kernel);
      if (!llvm::all_of(kernel.getOps<LinearOp>(), hasFragments))
        one[0] = GpuDotsAttr::get(context);
      else if (getKernelTokens(kernel) <= maxGemvTokens)
        return getGemvSchedules(gpu, kernel);
      else if (fitsGemm(kernel))
        return getGemmSchedules(gpu, kernel);
      else
        one[0] = GpuDotsAttr::get(context);
      return one;
    }
    if (isa<AttentionOp>(op))
      one[0] = GpuAttentionAttr::get(context,
                                     getKernelTokens(kernel) > maxSplitTokens);
    if (isa<TopKOp>(op))
      one[0] = GpuTopKAttr::get(context);
    if (isa<PoolOp>(op))
      one[0] = GpuPoolAttr::get(context);
    if (isa<RopeAnglesOp>(op))
      one[0] = GpuAnglesAttr::get(context);
  }
  if (!one[0])
    one[0] = GpuRowsAttr::get(context);
  return one;
}

FailureOr<SmallVector<ScheduleAttrInterface>>
quipu::gpu::rankSchedules(GpuAttr gpu, KernelOp kernel) {
  auto schedules = getSchedules(gpu, kernel);
  if (failed(schedules) || schedules->size() == 1)
    return schedules;
  SmallVector<std::pair<int64_t, size_t>> ranked; // the time, and which
  for (auto [i, schedule] : llvm::enumerate(*schedules)) {
    kernel.setScheduleAttr(schedule);
    FailureOr<Work> work = predictWork(gpu, kernel);
    if (failed(work))
      return failure();
    ranked.push_back({work->nanoseconds, i});
  }
  // The first one is what was measured: others must promise more than the
  // predictions are wrong by.
  ranked.front().first = ranked.front().first * 9 / 10;
  llvm::sort(ranked);
  return llvm::map_to_vector(
      ranked, [&](auto &entry) { return (*schedules)[entry.second]; });
}
