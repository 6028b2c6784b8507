//===- LowerExperts.cpp - Linear layers that tokens choose on a GPU -------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A block takes some units of one matrix: 16 of its rows or, of two layers, 8
// rows of either. It lists the choices of the matrix by itself, which takes
// less than a kernel of its own would, and computes the units for some of them
// at a time. Each segment of 256 columns is a chain of products from zero, and
// the segments are added up in rising order, so that the bits of a choice
// depend on no other.
//
//   16 choices   the block's warps divide the segments; their sums go to shared
//                memory, where each thread adds up some numbers
//   64 choices   each warp has a unit, and adds up its segments; the inputs go
//                through shared memory, a segment ahead
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/gpu/Fragments.h"
#include "compiler/codegen/gpu/lower/Elements.h"
#include "dialect/PackedLayout.h"

using namespace mlir;
using namespace quipu;
using namespace quipu::gpu;

namespace {
constexpr int64_t warps = rowThreads / 32;
constexpr int64_t segmentColumns = FragmentLayout::segmentColumns;
constexpr int64_t segmentBlocks = segmentColumns / FragmentCodes::blockColumns;
constexpr int64_t slotSegments = FragmentLayout::slotColumns / segmentColumns;
constexpr int64_t unitRows = 2 * FragmentLayout::tileRows;
/// Of a choice the numbers of a unit, padded against bank conflicts.
constexpr int64_t unitBytes = (unitRows + 4) * 4;

class ExpertLowering : public KernelLowering {
public:
  using KernelLowering::KernelLowering;
  LogicalResult emit() final;

private:
  /// A choice, the number of its token and which of the token's it is.
  struct Choice {
    Value token, number;
  };
  Choice getChoice(Value place); // in the list
  void listChoices(Value slot);
  void emitMatrix(Elements &elements);
  void emitChoices(Elements &elements, Value first);

  Values multiply(Value segment, function_ref<Values(int64_t, int64_t)> load);
  SmallVector<Value> getTiles();
  Value getPair(const Choice &choice, Value column, int64_t inSegment);
  Values loadInput(ArrayRef<Choice> choices, Value segment, int64_t block,
                   int64_t chain);
  void copyInput(Value first, Value segment);
  Values loadCopied(Value segment, int64_t block, int64_t chain);
  void storeSums(ValueRange sums, Value unit);
  void addSegments(Value first);
  void addRounds(Value first);
  void storeOutputs(Elements &elements, Value first);

  SmallVector<LinearOp> linears;
  RankedTensorType inputType;
  bool hasRowPerChoice = false;
  int64_t tokens = 1, chosen = 1, experts = 1, rows = 0, columns = 0;
  int64_t segments = 1, lastBlocks = 0; // of 32 columns in the last segment
  int64_t together = 16;                // choices at a time
  int64_t segmentWarps = 1;             // that divide a unit's segments
  int64_t blockUnits = 1;               // of a block
  int64_t linearRows = 0;               // that a unit has of each layer
  bool copiesInput = false;             // for 64 choices
  int64_t countsAt = 0, copiesAt = 0, sumsAt = 0, sharedBytes = 0;

  LogicalResult result = success();
  Value shared, thread, lane, warp, matrix, count, firstUnit;
};
} // namespace

/// A segment's inputs: panels of 64 columns, as those of weights but of all the
/// choices.
static constexpr int64_t panels = segmentColumns / FragmentCodes::panelColumns;

//===----------------------------------------------------------------------===//
// Choices
//===----------------------------------------------------------------------===//

ExpertLowering::Choice ExpertLowering::getChoice(Value place) {
  Value choice = b.load(b.getI32Type(), b.at(shared, b.mul(place, 4)));
  return {b.divide(choice, chosen), b.remainder(choice, chosen)};
}

/// Those of the matrix, from the first token to the last; a head's are all
/// tokens.
void ExpertLowering::listChoices(Value slot) {
  Value all = getCount();
  if (linears[0].getOfHeads()) {
    b.forEach(thread, all, rowThreads, [&](Value token) {
      b.store(b.add(b.mul(token, chosen), matrix),
              b.at(shared, b.mul(token, 4)));
    });
    b.syncBlock();
    count = all;
    return;
  }
  if (tokens == 1) {
    b.ifThen(b.equal(thread, 0), [&] { b.store(slot, shared); });
    b.syncBlock();
    count = b.i32(1);
    return;
  }
  count =
      b.forEach(0, all, rowThreads, {b.i32(0)}, [&](Value first, Values sum) {
        Value token = b.add(first, thread);
        Value choice = b.choose(
            b.less(token, all),
            [&] {
              Value found = b.i32(-1);
              for (int64_t i = 0; i < chosen; ++i)
                found = b.select(
                    b.equal(getChosenMatrix(linears[0], token, b.i32(i)),
                            matrix),
                    b.add(b.mul(token, chosen), i), found);
              return Values{found};
            },
            [&] { return Values{b.i32(-1)}; })[0];
        Value isThere = b.less(-1, choice);
        Value lanes = b.ballot(isThere);
        b.ifThen(b.equal(lane, 0), [&] {
          b.store(b.countBits(lanes),
                  b.at(b.at(shared, countsAt), b.mul(warp, 4)));
        });
        b.syncBlock();
        Value place = sum[0], total = sum[0];
        for (int64_t i = 0; i < warps; ++i) {
          Value number = b.load(b.getI32Type(), b.at(shared, countsAt + 4 * i));
          place = b.select(b.less(i, warp), b.add(place, number), place);
          total = b.add(total, number);
        }
        Value before = b.sub(b.shiftLeft(1, lane), 1);
        place = b.add(place, b.countBits(b.bitAnd(lanes, before)));
        b.ifThen(isThere,
                 [&] { b.store(choice, b.at(shared, b.mul(place, 4))); });
        b.syncBlock();
        return Values{total};
      })[0];
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

/// Where the two tiles of the warp's unit begin.
SmallVector<Value> ExpertLowering::getTiles() {
  Value unit = b.add(firstUnit, b.divide(warp, segmentWarps));
  SmallVector<Value> tiles;
  for (int64_t i = 0; i < 2; ++i) {
    LinearOp linear = linears[i % linears.size()];
    RankedTensorType type = linear.getWeight().getType();
    FragmentLayout layout = *getFragmentLayout(type);
    // Padded rows are whole blocks.
    Value tile = linears.size() == 2 ? unit : b.add(b.mul(unit, 2), i);
    tiles.push_back(
        b.at(getMatrix(getWeight(linear.getWeight().getSymbol()), type, matrix),
             b.mul(b.extend(tile), b.i64(layout.tileBytes()))));
  }
  return tiles;
}

/// The sums of a segment of the warp's unit; zeros behind the last one.
Values ExpertLowering::multiply(Value segment,
                                function_ref<Values(int64_t, int64_t)> load) {
  int64_t chains = together / FragmentLayout::tileRows;
  auto multiplyBlocks = [&](int64_t blocks) {
    Value slot = b.divide(segment, slotSegments);
    SmallVector<FragmentCodes, 2> codes;
    SmallVector<FragmentAddress, 2> addresses;
    for (auto [i, tile] : llvm::enumerate(getTiles())) {
      FragmentLayout layout =
          *getFragmentLayout(linears[i % linears.size()].getWeight().getType());
      codes.push_back(layout.codes());
      Value slotAt =
          b.at(tile, b.mul(b.extend(slot), b.i64(layout.fullSlotBytes())));
      addresses.push_back(getSegmentAddress(
          b, layout, slotAt, slot, b.remainder(segment, slotSegments)));
    }
    return multiplyFragments(b, codes, addresses, blocks, chains, lane,
                             /*isShared=*/false, load);
  };
  auto whole = [&] { return multiplyBlocks(segmentBlocks); };
  auto last = [&] { return multiplyBlocks(lastBlocks); };
  if (segments == 1 && segmentWarps == 1)
    return last();
  auto there = [&] {
    if (lastBlocks == segmentBlocks)
      return whole();
    return b.choose(b.equal(segment, segments - 1), last, whole);
  };
  if (segments % segmentWarps == 0)
    return there();
  return b.choose(b.less(segment, segments), there,
                  [&] { return Values(4 * chains, b.f32(0)); });
}

/// The address of a pair of a block in the choice's row, from its first column
/// in the segment on: at constant distances where the row begins in a panel.
Value ExpertLowering::getPair(const Choice &choice, Value column,
                              int64_t inSegment) {
  ActivationRows activation = getRows(inputType);
  Value input = getOperand(cast<BlockArgument>(linears[0].getInput()));
  Value first =
      hasRowPerChoice ? b.add(b.mul(choice.number, columns), column) : column;
  if (!activation.panelBytes)
    return b.at(activation.getPlace(b, input, choice.token, first),
                inSegment * activation.numberBytes);
  constexpr int64_t panelColumns = FragmentCodes::panelColumns;
  if (hasRowPerChoice && columns % panelColumns != 0)
    return activation.getPlace(b, input, choice.token, b.add(first, inSegment));
  Value panel = b.at(input, b.mul(b.extend(b.divide(first, panelColumns)),
                                  b.i64(activation.panelBytes)));
  // The chunk changes by an exclusive or.
  Value place = b.bitXor(
      getPlaceInPanel(b, choice.token, b.remainder(first, panelColumns)),
      inSegment % panelColumns * activation.numberBytes);
  return b.at(b.at(panel, place),
              inSegment / panelColumns * activation.panelBytes);
}

/// The lane's pairs of the choice of a chain, from global memory.
Values ExpertLowering::loadInput(ArrayRef<Choice> choices, Value segment,
                                 int64_t block, int64_t chain) {
  Value column =
      b.add(b.mul(segment, segmentColumns), b.mul(b.remainder(lane, 4), 2));
  Values loaded;
  for (int64_t i = 0; i < 4; ++i) {
    int64_t inSegment = block * FragmentCodes::blockColumns + 8 * i;
    auto load = [&] {
      return Values{
          b.load(b.getI32Type(), getPair(choices[chain], column, inSegment))};
    };
    // Zeros where weights are padded.
    bool isPadded = columns % FragmentLayout::columnsMultiple != 0;
    loaded.push_back(isPadded
                         ? b.choose(b.less(b.add(column, inSegment), columns),
                                    load, [&] { return Values{b.i32(0)}; })[0]
                         : load()[0]);
  }
  return loaded;
}

/// The inputs of a segment for the choices from `first` on, 16 bytes a thread.
void ExpertLowering::copyInput(Value first, Value segment) {
  constexpr int64_t chunk = FragmentCodes::chunkBytes / 2;
  Value input = getOperand(cast<BlockArgument>(linears[0].getInput()));
  Value column = b.add(b.mul(segment, segmentColumns), b.mul(lane, chunk));
  Value panel = b.divide(lane, FragmentCodes::panelColumns / chunk);
  int64_t panelBytes = together * FragmentCodes::panelRowBytes;
  Value to = b.at(b.at(shared, copiesAt),
                  b.add(b.mul(b.remainder(segment, 2), panels * panelBytes),
                        b.mul(panel, panelBytes)));
  Value valid = columns % segmentColumns
                    ? b.select(b.less(column, columns), 16, b.i32(0))
                    : Value();
  if (valid)
    column = b.min(column, columns - chunk);
  for (int64_t i = 0; i < together; i += warps) {
    Value row = b.add(warp, i);
    Choice choice = getChoice(b.min(b.add(first, row), b.sub(count, 1)));
    Value inRow =
        hasRowPerChoice ? b.add(b.mul(choice.number, columns), column) : column;
    b.copyAsync(b.at(to, getPlaceInPanel(b, row, b.mul(lane, chunk))),
                getRows(inputType).getPlace(b, input, choice.token, inRow), 16,
                valid);
  }
  b.commitCopies();
}

Values ExpertLowering::loadCopied(Value segment, int64_t block, int64_t chain) {
  int64_t panelBytes = together * FragmentCodes::panelRowBytes;
  Value place =
      getPlaceInPanel(b, b.remainder(lane, 8), b.mul(b.divide(lane, 8), 8));
  if (block % 2)
    place = b.bitXor(place, 4 * FragmentCodes::chunkBytes);
  Value from =
      b.at(b.at(shared, copiesAt),
           b.add(b.mul(b.remainder(segment, 2), panels * panelBytes), place));
  return b.loadMatrices(from, /*transposed=*/false,
                        block / 2 * panelBytes +
                            chain * FragmentCodes::panelBytes);
}

//===----------------------------------------------------------------------===//
// Sums
//===----------------------------------------------------------------------===//

/// [unit][choice][16 rows].
void ExpertLowering::storeSums(ValueRange sums, Value unit) {
  Value row = b.divide(lane, 4), two = b.mul(b.remainder(lane, 4), 2);
  Value first = b.at(b.at(shared, sumsAt),
                     b.add(b.mul(unit, together * unitBytes),
                           b.add(b.mul(two, unitBytes), b.mul(row, 4))));
  for (size_t chain = 0; chain < sums.size() / 4; ++chain)
    for (size_t i = 0; i < 4; ++i)
      b.store(sums[4 * chain + i],
              b.at(first,
                   static_cast<int64_t>((8 * chain + i % 2) * unitBytes +
                                        i / 2 * FragmentLayout::tileRows * 4)));
}

/// A warp its unit's, one after the other.
void ExpertLowering::addSegments(Value first) {
  copyInput(first, b.i32(0));
  int64_t numbers = together / FragmentLayout::tileRows * 4;
  Values totals =
      b.forEach(0, segments, 1, Values(numbers, b.f32(0)),
                [&](Value segment, Values totals) {
                  Value next = b.add(segment, 1);
                  b.ifElse(
                      b.less(next, segments),
                      [&] {
                        copyInput(first, next);
                        b.waitCopies(1);
                      },
                      [&] { b.waitCopies(0); });
                  b.syncBlock();
                  Values sums =
                      multiply(segment, [&](int64_t block, int64_t chain) {
                        return loadCopied(segment, block, chain);
                      });
                  b.syncBlock();
                  for (auto [total, sum] : llvm::zip_equal(totals, sums))
                    total = b.addF(total, sum);
                  return totals;
                });
  storeSums(totals, warp);
  b.syncBlock();
}

/// As many segments as warps at a time. A thread adds up the same numbers in
/// each round.
void ExpertLowering::addRounds(Value first) {
  SmallVector<Choice> choices;
  for (int64_t i = 0; i < together; i += 8)
    choices.push_back(getChoice(
        b.min(b.add(first, b.add(b.divide(lane, 4), i)), b.sub(count, 1))));
  int64_t threads = segmentWarps * 32, numbers = together * unitRows;
  int64_t each = static_cast<int64_t>(llvm::divideCeil(numbers, threads));
  Value inUnit = b.remainder(thread, threads);
  Value unit = b.divide(warp, segmentWarps);
  Value firstWarp = b.mul(unit, segmentWarps);
  auto getPlace = [&](Value warp, int64_t i) {
    // Threads behind the last number have one of its own, too.
    Value number = b.remainder(b.add(inUnit, i * threads), numbers);
    return b.at(b.at(shared, sumsAt),
                b.add(b.mul(warp, together * unitBytes),
                      b.add(b.mul(b.divide(number, unitRows), unitBytes),
                            b.mul(b.remainder(number, unitRows), 4))));
  };
  int64_t rounds =
      static_cast<int64_t>(llvm::divideCeil(segments, segmentWarps));
  Values totals = b.forEach(
      0, rounds, 1, Values(each, b.f32(0)), [&](Value round, Values totals) {
        Value segment =
            b.add(b.mul(round, segmentWarps), b.remainder(warp, segmentWarps));
        storeSums(multiply(segment,
                           [&](int64_t block, int64_t chain) {
                             return loadInput(choices, segment, block, chain);
                           }),
                  warp);
        b.syncBlock();
        for (int64_t i = 0; i < each; ++i)
          for (int64_t other = 0; other < segmentWarps; ++other)
            totals[i] =
                b.addF(totals[i], b.load(b.getF32Type(),
                                         getPlace(b.add(firstWarp, other), i)));
        b.syncBlock();
        return totals;
      });
  for (int64_t i = 0; i < each; ++i)
    b.ifThen(b.less(b.add(inUnit, i * threads), numbers),
             [&] { b.store(totals[i], getPlace(unit, i)); });
  b.syncBlock();
}

//===----------------------------------------------------------------------===//
// Outputs
//===----------------------------------------------------------------------===//

void ExpertLowering::storeOutputs(Elements &elements, Value first) {
  int64_t blockRows = blockUnits * linearRows;
  Value firstRow = b.mul(firstUnit, linearRows);
  Value there = b.min(b.sub(count, first), together);
  b.forEach(thread, b.mul(there, blockRows), rowThreads, [&](Value number) {
    Value inBlock = b.remainder(number, blockRows);
    Value place = b.divide(number, blockRows);
    Value row = b.add(firstRow, inBlock);
    b.ifThen(b.less(row, rows), [&] {
      Choice choice = getChoice(b.add(first, place));
      Value column = b.add(b.mul(choice.number, rows), row);
      for (auto [i, linear] : llvm::enumerate(linears)) {
        Value at = b.at(
            b.at(shared, sumsAt),
            b.add(b.mul(b.divide(inBlock, linearRows), together * unitBytes),
                  b.add(b.mul(place, unitBytes),
                        b.mul(b.add(b.remainder(inBlock, linearRows),
                                    static_cast<int64_t>(i) * linearRows),
                              4))));
        Value total = b.load(b.getF32Type(), at);
        if (std::optional<WeightAttr> bias = linear.getBias())
          total = b.addF(total, elements.getWeight(
                                    *bias, b.add(b.mul(matrix, rows), row)));
        elements.set(linear.getResult(),
                     [total](Value, Value) { return total; });
      }
      for (const Output &output : getOutputs(kernel))
        if (failed(elements.store(
                output, elements.get(output.value, choice.token, column),
                choice.token, column)))
          result = failure();
    });
  });
  b.syncBlock();
}

void ExpertLowering::emitMatrix(Elements &elements) {
  b.forEach(0, count, together, [&](Value first) {
    if (copiesInput)
      addSegments(first);
    else
      addRounds(first);
    storeOutputs(elements, first);
  });
}

LogicalResult ExpertLowering::emit() {
  llvm::append_range(linears, kernel.getOps<LinearOp>());
  auto schedule = cast<GpuExpertsAttr>(kernel.getScheduleAttr());
  LinearOp linear = linears[0];
  inputType = cast<RankedTensorType>(linear.getInput().getType());
  hasRowPerChoice = linear.hasRowPerChoice();
  tokens = getKernelTokens(kernel);
  chosen = linear.getChosen();
  experts = linear.getWeight().getType().getDimSize(0);
  rows = linear.getRows();
  columns = linear.getColumns();
  linearRows = unitRows / static_cast<int64_t>(linears.size());
  FragmentLayout layout = *getFragmentLayout(linear.getWeight().getType());
  int64_t blocks = layout.paddedColumns() / FragmentCodes::blockColumns;
  segments = static_cast<int64_t>(llvm::divideCeil(blocks, segmentBlocks));
  lastBlocks = blocks - (segments - 1) * segmentBlocks;
  copiesInput = schedule.getChoices() > 16;
  if (copiesInput && columns % 8)
    return linear.emitOpError("has ") << columns << " columns; " << schedule
                                      << " copies 8 numbers at a time";
  together = std::min<int64_t>(schedule.getChoices(), tokens > 8 ? 64 : 8);
  segmentWarps =
      copiesInput ? 1 : std::min<int64_t>(warps, llvm::PowerOf2Ceil(segments));
  blockUnits = warps / segmentWarps;

  // The list of choices comes first.
  countsAt = static_cast<int64_t>(llvm::alignTo(tokens * 4, 128));
  copiesAt = sumsAt =
      static_cast<int64_t>(llvm::alignTo(countsAt + warps * 4, 1024));
  sharedBytes = sumsAt + warps * together * unitBytes;
  if (copiesInput) // Sums take the place of copies.
    sharedBytes =
        std::max(sharedBytes, copiesAt + 2 * together * segmentColumns * 2);

  // Of few choices each is looked at, and the matrix is the first one's.
  bool isByChoice = !linear.getOfHeads() && tokens * chosen <= experts;
  auto body = [&]() -> FailureOr<Launch> {
    thread = b.getThread();
    lane = b.remainder(thread, 32);
    warp = b.getUniform(b.divide(thread, 32));
    shared = b.getSharedMemory();
    firstUnit = b.mul(b.getBlock(), blockUnits);
    Value slot = b.getBlockY();
    b.waitForKernelBefore();
    Elements elements(*this);
    if (!isByChoice) {
      matrix = slot;
      listChoices(slot);
      emitMatrix(elements);
    } else {
      b.ifThen(b.less(slot, b.mul(getCount(), chosen)), [&] {
        matrix = getChosenMatrix(linears[0], b.divide(slot, chosen),
                                 b.remainder(slot, chosen));
        listChoices(slot);
        b.ifThen(b.equal(b.load(b.getI32Type(), shared), slot),
                 [&] { emitMatrix(elements); });
      });
    }
    if (failed(result))
      return failure();
    return Launch{
        {static_cast<int64_t>(llvm::divideCeil(rows, blockUnits * linearRows)),
         isByChoice ? tokens * chosen : experts, 1},
        sharedBytes};
  };
  return emitFunction("", rowThreads, body, copiesInput ? 1 : 2);
}

std::unique_ptr<KernelLowering>
quipu::gpu::createExpertLowering(KernelOp kernel, GpuAttr gpu,
                                 mlir::gpu::GPUModuleOp device) {
  return std::make_unique<ExpertLowering>(kernel, gpu, device);
}
