//===- SessionStep.cpp - Checking a batch and running it in steps ---------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/engine/Entries.h"
#include "runtime/engine/Session.h"
#include <algorithm>
#include <bit>

using namespace quipu;

// Sentences are made where something is wrong only: a step takes less than a
// millisecond.

static std::string sentenceStart(const char *what, int32_t i) {
  return what + std::to_string(i);
}

static std::string quote(const char *name) {
  return "'" + std::string(name) + "'";
}

/// Also notes which token is the last one of each sequence.
Status Session::checkToken(const Batch &batch, int32_t i,
                           const InputLimits &limits) {
  const abi::Entry &entry = image->entries[batch.entry];
  auto wrong = [&](const std::string &what) {
    return argumentError(sentenceStart("token ", i) + what);
  };
  int32_t sequence = slotOf(batch, i);
  if (batch.tokens[i] < 0 || batch.tokens[i] >= limits.token)
    return wrong("'s id must be from 0 to " + std::to_string(limits.token - 1) +
                 ", not " + std::to_string(batch.tokens[i]));
  if (batch.types && (batch.types[i] < 0 || batch.types[i] >= limits.type))
    return wrong("'s type must be from 0 to " +
                 std::to_string(limits.type - 1) + ", not " +
                 std::to_string(batch.types[i]));
  if (sequence < 0 || sequence >= slotCount)
    return wrong("'s sequence must be from 0 to " +
                 std::to_string(slotCount - 1) + ", not " +
                 std::to_string(sequence));

  Slot &slot = slots[sequence];
  bool first = slot.seen != stamp;
  int32_t expected = first ? slot.length : slot.next;
  int32_t position = batch.positions ? batch.positions[i] : expected;
  if (position < 0 || position > expected || (!first && position < expected))
    return wrong(" is at position " + std::to_string(position) +
                 " of sequence " + std::to_string(sequence) + ", but " +
                 std::to_string(expected) + " is next");
  if (position >= positionCount)
    return {QUIPU_ERROR_CONTEXT_FULL, "the context of " +
                                          std::to_string(positionCount) +
                                          " positions is full"};
  if (position >= limits.position)
    return wrong(" is at position " + std::to_string(position) + ", but " +
                 quote(entry.name) + " knows " +
                 std::to_string(limits.position) + " positions only");
  if (first && position < slot.length && !canGoBack(sequence, position))
    return wrong(" goes back to position " + std::to_string(position) +
                 " of sequence " + std::to_string(sequence) +
                 ", whose window is no longer cached; begin again at "
                 "position 0");
  if (first && position > 0 &&
      (entry.wholeSequences ||
       (entry.writesSums &&
        (slot.reader != batch.entry || position < slot.length))))
    return wrong(" is at position " + std::to_string(position) +
                 " of sequence " + std::to_string(sequence) + ", but " +
                 quote(entry.name) +
                 " reads all of a sequence; reset it, or begin at position 0");
  if (entry.wholeSequences && !first && slot.last != i - 1)
    return wrong(" comes back to sequence " + std::to_string(sequence) +
                 ", but " + quote(entry.name) +
                 " reads one sequence after the other");
  if (int32_t most = steps[batch.entry].back().tokens;
      entry.wholeSequences && position >= most)
    return argumentError("sequence " + std::to_string(sequence) +
                         " has more than the " + std::to_string(most) +
                         " tokens that " + quote(entry.name) +
                         " reads together");
  slot.seen = stamp;
  slot.next = position + 1;
  slot.last = i;
  return {};
}

Status Session::checkSelected(const Batch &batch) const {
  if (batch.selectedCount < 0 || batch.selectedCount > batch.count)
    return argumentError("the number of selected tokens must be from 0 to " +
                         std::to_string(batch.count) + ", not " +
                         std::to_string(batch.selectedCount));
  for (int32_t i = 0; batch.selected && i < batch.selectedCount; ++i)
    if (batch.selected[i] < (i ? batch.selected[i - 1] + 1 : 0) ||
        batch.selected[i] >= batch.count)
      return argumentError("selected tokens must rise and be less than the " +
                           std::to_string(batch.count) +
                           " tokens, but number " + std::to_string(i) + " is " +
                           std::to_string(batch.selected[i]));
  return {};
}

/// The batch's selected token number `i`.
static int32_t getSelected(const Batch &batch, int32_t i) {
  return batch.selected ? batch.selected[i]
                        : batch.count - batch.selectedCount + i;
}

Status Session::checkSequenceEnds(const Batch &batch) const {
  for (int32_t i = 0; i < batch.selectedCount; ++i) {
    int32_t token = getSelected(batch, i), sequence = slotOf(batch, token);
    if (slots[sequence].last != token)
      return argumentError(
          sentenceStart("token ", token) + " is selected, but " +
          quote(image->entries[batch.entry].name) +
          " gives rows for sequences, and the last token of sequence " +
          std::to_string(sequence) + " is " +
          std::to_string(slots[sequence].last));
  }
  return {};
}

/// Also makes room for noting them, so that a step cannot fail.
Status Session::checkPlaces(const Batch &batch) {
  if (!batch.places)
    return {};
  const abi::Entry &entry = image->entries[batch.entry];
  if (!hasAxes(entry))
    return argumentError(quote(entry.name) +
                         " turns tokens by their positions, and takes no "
                         "places on axes");
  for (int32_t axis = 0; axis < axisCount; ++axis)
    for (int32_t i = 0; i < batch.count; ++i)
      if (int32_t place = batch.places[int64_t(axis) * batch.count + i];
          place < 0 || place >= abi::maxContext)
        return argumentError(
            sentenceStart("token ", i) + "'s place on the axis " +
            quote(axisNames[axis].data()) + " must be from 0 to " +
            std::to_string(abi::maxContext - 1) + ", not " +
            std::to_string(place));
  for (int32_t i = 0; i < batch.count; ++i)
    slots[slotOf(batch, i)].places.reserve(batch.count);
  return {};
}

Status Session::check(const Batch &batch) {
  if (batch.entry < 0 || batch.entry >= image->entryCount)
    return argumentError("the entry must be from 0 to " +
                         std::to_string(image->entryCount - 1) + ", not " +
                         std::to_string(batch.entry));
  if (batch.count < 1)
    return argumentError("a step needs at least one token");
  Status status = checkSelected(batch);
  ++stamp;
  const abi::Entry &entry = image->entries[batch.entry];
  // Found by names: not for each of thousands of tokens.
  InputLimits limits{getTokenLimit(entry), getTypeLimit(entry),
                     getPositionLimit(entry)};
  for (int32_t i = 0; i < batch.count && status.ok(); ++i)
    status = checkToken(batch, i, limits);
  if (status.ok())
    status = checkPlaces(batch);
  if (status.ok() && readsOutSequences(entry))
    status = checkSequenceEnds(batch);
  return status;
}

/// The smallest step that takes all of the next tokens, or else the largest,
/// and how many of them it takes.
const abi::Step &Session::pick(const Batch &batch, int32_t begin,
                               int32_t &count) const {
  std::span<const abi::Step> choice = steps[batch.entry];
  int32_t remaining = batch.count - begin;
  int32_t limit = std::min(choice.back().tokens, chunk);
  count = std::min(remaining, limit);
  if (image->entries[batch.entry].wholeSequences) {
    count = 0;
    for (int32_t i = 0; i < remaining && (count == 0 || i < limit);) {
      int32_t sequence = slotOf(batch, begin + i);
      while (i < remaining && slotOf(batch, begin + i) == sequence)
        ++i;
      if (count == 0 || i <= limit)
        count = i;
    }
  }
  return *std::find_if(
      choice.begin(), choice.end() - 1,
      [&](const abi::Step &step) { return step.tokens >= count; });
}

/// Makes room in the caches for a step's tokens from `begin` on, and fills in
/// what it is told of each.
void Session::prepare(const Batch &batch, int32_t begin) {
  ++stamp;
  for (int32_t i = 0; i < args.count; ++i) {
    int32_t sequence = slotOf(batch, begin + i);
    Slot &slot = slots[sequence];
    int32_t position =
        batch.positions ? batch.positions[begin + i] : slot.length;
    forget(sequence, position);
    for (int32_t p = 0; p < image->poolCount; ++p) {
      if (slot.seen != stamp)
        caches[p].release(sequence, position);
      slotMappings[int64_t(p) * maxTokens + i] =
          caches[p].prepare(sequence, position);
    }
    positions[i] = position;
    sequenceOf[i] = sequence;
    placeOnAxes(batch, begin, i);
    slot.seen = stamp;
    slot.length = position + 1;
    slot.reader = batch.entry;
  }
  for (int32_t i = 0; i < args.count; ++i) {
    ends[i] = slots[sequenceOf[i]].length;
    lengths[i] = slots[sequenceOf[i]].next;
  }
}

/// Of token number `i` of the step.
void Session::placeOnAxes(const Batch &batch, int32_t begin, int32_t i) {
  AxisPlaces &places = slots[sequenceOf[i]].places;
  int32_t next = places.next(positions[i]), largest = next;
  for (int32_t axis = 0; axis < axisCount; ++axis) {
    int32_t &place = axesOf[int64_t(axis) * maxTokens + i];
    place = batch.places ? batch.places[int64_t(axis) * batch.count + begin + i]
                         : next;
    largest = axis == 0 ? place : std::max(largest, place);
  }
  places.add(positions[i], largest);
}

void Session::placeInputs(const Batch &batch, int32_t begin) {
  const abi::Entry &entry = image->entries[batch.entry];
  for (int32_t i = 0; i < entry.inputCount; ++i) {
    std::string_view name = entry.inputs[i].name;
    int32_t axis = findAxis(name);
    inputs[i] = axis >= 0             ? &axesOf[int64_t(axis) * maxTokens]
                : name == "tokens"    ? batch.tokens + begin
                : name == "positions" ? positions.get()
                : batch.types         ? batch.types + begin
                                      : types.get();
  }
}

/// Cuts the step's tokens into query tiles. On a CPU two tokens are no tile:
/// those that fill it up would cost more than what is shared.
void Session::findQueryTiles() {
  auto follows = [&](int32_t i) {
    return sequenceOf[i] == sequenceOf[i - 1] &&
           positions[i] == positions[i - 1] + 1;
  };
  int32_t most = chosen->device ? abi::maxDeviceQueryTile : abi::maxQueryTile;
  int32_t least = chosen->device ? 2 : 3;
  args.queryTileCount = 0;
  for (int32_t i = 0; i < args.count;) {
    int32_t size = 1;
    while (size < most && i + size < args.count && follows(i + size))
      ++size;
    size = size < least ? 1 : size;
    queryTiles[args.queryTileCount++] = {i, size};
    i += size;
  }
}

/// Tells the step which of its tokens are selected, from the batch's selected
/// token number `row` on.
void Session::select(const Batch &batch, int32_t begin, int32_t row) {
  args.selectedCount = 0;
  for (; row < batch.selectedCount; ++row) {
    int32_t token = getSelected(batch, row) - begin;
    if (token >= args.count)
      break;
    selected[args.selectedCount++] = token;
  }
}

/// Without a branch for each number, as this is done for each token.
static bool areFinite(const float *numbers, int32_t count) {
  constexpr uint32_t exponent = 0x7f800000;
  bool finite = true;
  for (int32_t i = 0; i < count; ++i)
    finite &= (std::bit_cast<uint32_t>(numbers[i]) & exponent) != exponent;
  return finite;
}

Status Session::readRows(const Batch &batch, int32_t begin, int32_t row,
                         const RowReader &read) const {
  const abi::Entry &entry = image->entries[batch.entry];
  for (int32_t i = 0; i < entry.outputCount; ++i) {
    const abi::Tensor &output = entry.outputs[i];
    int32_t first = output.domain == abi::Domain::Token ? begin : row;
    const float *numbers = outputRows[i].numbers;
    for (int32_t j = 0; j < outputRows[i].count;
         ++j, numbers += output.stride) {
      if (!areFinite(numbers, output.width))
        return {QUIPU_ERROR_NOT_FINITE,
                "a number of the " + std::string(output.name) + " of row " +
                    std::to_string(first + j) +
                    " is NaN or infinite: the model's weights are broken, or "
                    "too large for its formats"};
      if (Status status = read(i, first + j, numbers); !status.ok())
        return status;
    }
  }
  return {};
}

Status Session::run(const Batch &batch, const RowReader &read,
                    const Watcher &watch) {
  const abi::Entry &entry = image->entries[batch.entry];
  int32_t row = 0;
  for (int32_t begin = 0; begin < batch.count;) {
    const abi::Step &step = pick(batch, begin, args.count);
    prepare(batch, begin);
    findQueryTiles();
    select(batch, begin, row);
    placeOutputs(entry, step.tokens, read != nullptr);
    placeInputs(batch, begin);
    bool isMeasured =
        timer && &timer->step() == &step && args.count == step.tokens;
    Status ran = machine->run(
        step, args, {outputRows.get(), static_cast<size_t>(entry.outputCount)},
        isMeasured ? timer : nullptr);
    if (!ran.ok())
      return ran;

    for (int32_t i = 0; i < image->poolCount; ++i)
      caches[i].growHuge();
    for (int32_t i = 0; entry.wholeSequences && i < args.count; ++i)
      forget(sequenceOf[i]);
    if (read)
      if (Status status = readRows(batch, begin, row, read); !status.ok())
        return status;
    row += args.selectedCount;
    begin += args.count;
    if (watch && !watch(begin))
      break;
  }
  return {};
}

Status Session::step(const Batch &batch, const RowReader &read,
                     const Watcher &watch) {
  Status status = check(batch);
  return status.ok() ? run(batch, read, watch) : status;
}
