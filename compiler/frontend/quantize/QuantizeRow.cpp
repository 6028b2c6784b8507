//===- QuantizeRow.cpp - Numbers as blocks of few bits --------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A block format says how bits become numbers; the other way is a search. With
// a scale and a minimum the best codes are the nearest ones; with codes the
// best scale and minimum are a weighted least squares fit. From each of several
// scales, which cut off more or less of the largest number, both steps are done
// once; the best of these is repeated until it no longer gets better.
//
// In formats with integer scales of groups these come from each group's own
// fit. Then in turns: each group takes the scale and minimum among the
// neighbours that fit best, and the block's two factors are fitted to all
// groups.
//
// Errors of larger numbers count more, as they meet larger activations more
// often than not. All arithmetic is in an order that vectors do not change.
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/quantize/QuantizeRow.h"
#include "compiler/frontend/quantize/WriteBlock.h"
#include "weights/HalfFloats.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Endian.h"
#include <algorithm>
#include <array>
#include <cmath>

using namespace llvm;
using namespace quipu;

namespace {
using Lanes = float __attribute__((vector_size(32)));
constexpr int64_t lanes = 8;

/// A number is scale * (code - codeOffset) + minimum.
struct Fit {
  float scale = 0, minimum = 0;
};

/// Weighted sums over numbers x and code values q.
struct Sums {
  float q = 0, qq = 0, xq = 0;
};

/// Numbers with one scale, what their errors count, and what does not depend on
/// codes.
struct Group {
  const Lanes *numbers, *weights;
  int64_t vectors;
  float low, high;         // of code values
  float weight = 0, x = 0; // sums of weights, and of weighted numbers
  float lowest = 0, highest = 0;

  float largest() const { return highest > -lowest ? highest : lowest; }
};
} // namespace

static Lanes splat(float number) { return Lanes{} + number; }

static float sum(Lanes lanes) {
  return ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) +
         ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
}

/// The nearest whole numbers between two others.
static Lanes round(Lanes numbers, float low, float high) {
  numbers = numbers < low ? splat(low) : numbers;
  numbers = numbers > high ? splat(high) : numbers;
  // Its unit is 1, so that the sum is rounded to a whole number.
  constexpr float shift = 0x1.8p23f;
  return (numbers + shift) - shift;
}

static float getInverse(float scale) { return scale == 0 ? 0 : 1 / scale; }

static Group makeGroup(const Lanes *numbers, const Lanes *weights,
                       int64_t count, const WeightFormat &format) {
  float low = float(-format.codeOffset());
  Group group{numbers, weights, count / lanes, low,
              low + float((1 << format.codeBits) - 1)};
  Lanes weight{}, x{}, lowest = numbers[0], highest = numbers[0];
  for (int64_t i = 0; i < group.vectors; ++i) {
    weight += weights[i];
    x += weights[i] * numbers[i];
    lowest = numbers[i] < lowest ? numbers[i] : lowest;
    highest = numbers[i] > highest ? numbers[i] : highest;
  }
  group.weight = sum(weight);
  group.x = sum(x);
  group.lowest = lowest[0];
  group.highest = highest[0];
  for (int64_t i = 1; i < lanes; ++i) {
    group.lowest = std::min(group.lowest, lowest[i]);
    group.highest = std::max(group.highest, highest[i]);
  }
  // Minima of groups are not above zero.
  if (format.hasGroupScales) {
    group.lowest = std::min(group.lowest, 0.0f);
    group.highest = std::max(group.highest, 0.0f);
  }
  return group;
}

/// Over the nearest codes.
static Sums getSums(const Group &group, Fit fit) {
  float inverse = getInverse(fit.scale);
  Lanes q{}, qq{}, xq{};
  for (int64_t i = 0; i < group.vectors; ++i) {
    Lanes x = group.numbers[i];
    Lanes code = round((x - fit.minimum) * inverse, group.low, group.high);
    Lanes weighted = group.weights[i] * code;
    q += weighted;
    qq += weighted * code;
    xq += weighted * x;
  }
  return {sum(q), sum(qq), sum(xq)};
}

/// The weighted squared error with the nearest codes.
static float getError(const Group &group, Fit fit) {
  float inverse = getInverse(fit.scale);
  Lanes error{};
  for (int64_t i = 0; i < group.vectors; ++i) {
    Lanes x = group.numbers[i];
    Lanes code = round((x - fit.minimum) * inverse, group.low, group.high);
    Lanes rest = x - (code * fit.scale + fit.minimum);
    error += group.weights[i] * rest * rest;
  }
  return sum(error);
}

/// How a group's numbers are fitted.
enum class Minimum { IsZero, IsFree, IsNegative };

static Fit solve(const Group &group, const Sums &sums, Minimum minimum) {
  Fit fit{sums.qq > 0 ? sums.xq / sums.qq : 0, 0};
  if (minimum == Minimum::IsZero)
    return fit;
  float determinant = group.weight * sums.qq - sums.q * sums.q;
  if (!(determinant > 0)) // all codes are equal
    return {0, minimum == Minimum::IsNegative
                   ? std::min(0.0f, group.x / group.weight)
                   : group.x / group.weight};
  Fit free{(group.weight * sums.xq - group.x * sums.q) / determinant,
           (sums.qq * group.x - sums.q * sums.xq) / determinant};
  if (minimum == Minimum::IsNegative && free.minimum > 0)
    return fit;
  return free;
}

/// How far beyond the largest code the largest number lies where a search
/// begins: the range of codes, plus each of these.
static constexpr float firstStretch = -1, lastStretch = 2, stretchStep = 0.25;

/// The scale, and the minimum, with the least error.
static Fit search(const Group &group, Minimum minimum) {
  Fit best;
  float bestError = getError(group, best);
  auto tryFit = [&](Fit fit) {
    float error = getError(group, fit);
    bool isBetter = error < bestError;
    if (isBetter) {
      best = fit;
      bestError = error;
    }
    return isBetter;
  };
  float codes = group.high - group.low;
  float bestGain = -1;
  Fit start;
  for (float stretch = firstStretch; stretch <= lastStretch;
       stretch += stretchStep) {
    Fit fit = minimum == Minimum::IsZero
                  // The code range reaches one further below zero.
                  ? Fit{group.largest() / (group.low - stretch), 0}
                  : Fit{(group.highest - group.lowest) / (codes + stretch),
                        group.lowest};
    Sums sums = getSums(group, fit);
    Fit fitted = solve(group, sums, minimum);
    // The part of the sum of squares that it explains.
    float gain = fitted.scale * sums.xq + fitted.minimum * group.x;
    if (gain > bestGain) {
      bestGain = gain;
      start = fitted;
    }
    // Who has made numbers of codes took one of these.
    if (stretch == 0 || stretch == -1)
      tryFit(fit);
  }
  for (int turn = 0; turn < 8 && tryFit(start); ++turn)
    start = solve(group, getSums(group, best), minimum);
  return best;
}

/// Writes the nearest codes.
static void encode(const Group &group, Fit fit, uint8_t *codes) {
  float inverse = getInverse(fit.scale);
  for (int64_t i = 0; i < group.vectors; ++i) {
    Lanes code = round((group.numbers[i] - fit.minimum) * inverse, group.low,
                       group.high) -
                 group.low;
    for (int64_t lane = 0; lane < lanes; ++lane)
      codes[i * lanes + lane] = uint8_t(code[lane]);
  }
}

//===----------------------------------------------------------------------===//
// Blocks
//===----------------------------------------------------------------------===//

static Fit roundToHalves(Fit fit) {
  return {fromHalf(toHalf(fit.scale)), fromHalf(toHalf(fit.minimum))};
}

/// One scale, and a minimum, for the block.
static void quantizeGroup(const Group &group, const WeightFormat &format,
                          WeightBlock &block) {
  Fit fit = roundToHalves(
      search(group, format.hasMinima ? Minimum::IsFree : Minimum::IsZero));
  block.scale = toHalf(fit.scale);
  block.minimum = toHalf(fit.minimum);
  encode(group, fit, block.codes);
}

namespace {
/// A block of groups with integer scales.
class GroupedBlock {
public:
  GroupedBlock(const BlockWriter &writer, ArrayRef<Group> groups)
      : writer(writer), format(*writer.format), groups(groups) {}

  void quantize(WeightBlock &block);

private:
  using Integers = std::array<int, WeightBlock::maxGroups>;
  struct Choice {
    Fit factors; // halves
    Integers scales{}, minima{};
    float error = 0;
  };

  Fit getFit(Fit factors, int scale, int minimum) const {
    return {factors.scale * float(scale), factors.minimum * float(minimum)};
  }
  /// What the groups take with these factors.
  Choice choose(Fit factors) const;
  /// The best factors of a choice.
  Fit refit(const Choice &choice) const;

  const BlockWriter &writer;
  const WeightFormat &format;
  ArrayRef<Group> groups;
  SmallVector<Fit, WeightBlock::maxGroups> fits; // of each group alone
};
} // namespace

GroupedBlock::Choice GroupedBlock::choose(Fit factors) const {
  Choice choice{.factors = roundToHalves(factors)};
  float scaleInverse = getInverse(choice.factors.scale);
  float minimumInverse = getInverse(choice.factors.minimum);
  for (auto [i, group] : enumerate(groups)) {
    int middle = int(std::clamp(std::nearbyint(fits[i].scale * scaleInverse),
                                float(writer.lowestGroupScale),
                                float(writer.highestGroupScale)));
    int floor = int(std::clamp(std::nearbyint(fits[i].minimum * minimumInverse),
                               0.0f, float(writer.highestGroupScale)));
    float least = std::numeric_limits<float>::infinity();
    int reach = format.hasMinima ? 1 : 0;
    for (int scale = std::max(middle - 1, writer.lowestGroupScale);
         scale <= std::min(middle + 1, writer.highestGroupScale); ++scale)
      for (int minimum = std::max(floor - reach, 0);
           minimum <= std::min(floor + reach, writer.highestGroupScale);
           ++minimum) {
        float error = getError(group, getFit(choice.factors, scale, minimum));
        if (error < least) {
          least = error;
          choice.scales[i] = scale;
          choice.minima[i] = minimum;
        }
      }
    choice.error += least;
  }
  return choice;
}

Fit GroupedBlock::refit(const Choice &choice) const {
  // With scale s and minimum m of a group, x is a * s q + b * m.
  float aa = 0, ab = 0, bb = 0, xa = 0, xb = 0;
  for (auto [i, group] : enumerate(groups)) {
    float s = float(choice.scales[i]), m = float(choice.minima[i]);
    Sums sums = getSums(
        group, getFit(choice.factors, choice.scales[i], choice.minima[i]));
    aa += s * s * sums.qq;
    ab += s * m * sums.q;
    bb += m * m * group.weight;
    xa += s * sums.xq;
    xb += m * group.x;
  }
  float determinant = aa * bb - ab * ab;
  if (determinant > 0)
    return {(xa * bb - xb * ab) / determinant,
            (xb * aa - xa * ab) / determinant};
  return {aa > 0 ? xa / aa : 0, choice.factors.minimum};
}

void GroupedBlock::quantize(WeightBlock &block) {
  Minimum minimum = format.hasMinima ? Minimum::IsNegative : Minimum::IsZero;
  Fit largest;
  for (const Group &group : groups) {
    fits.push_back(search(group, minimum));
    if (std::fabs(fits.back().scale) > std::fabs(largest.scale))
      largest.scale = fits.back().scale;
    largest.minimum = std::min(largest.minimum, fits.back().minimum);
  }
  // Scales of both signs reach one further below zero.
  float range = float(writer.lowestGroupScale ? writer.lowestGroupScale
                                              : writer.highestGroupScale);
  Choice best = choose({largest.scale / range,
                        largest.minimum / float(writer.highestGroupScale)});
  for (int turn = 0; turn < 4; ++turn) {
    Choice next = choose(refit(best));
    if (!(next.error < best.error))
      break;
    best = next;
  }
  block.scale = toHalf(best.factors.scale);
  block.minimum = toHalf(best.factors.minimum);
  for (auto [i, group] : enumerate(groups)) {
    block.groupScales[i] = int8_t(best.scales[i]);
    block.groupMinima[i] = int8_t(best.minima[i]);
    encode(group, getFit(best.factors, best.scales[i], best.minima[i]),
           block.codes + i * format.groupElements);
  }
}

/// The weights of errors; false if a number is not finite.
static bool weigh(ArrayRef<float> numbers, float *weights) {
  double squares = 0;
  for (float number : numbers)
    squares += double(number) * number;
  float mean = float(std::sqrt(squares / double(numbers.size())));
  for (auto [i, number] : enumerate(numbers))
    weights[i] = mean + std::fabs(number);
  return std::isfinite(squares);
}

static void quantizeBlock(const BlockWriter &writer, ArrayRef<float> numbers,
                          uint8_t *to) {
  const WeightFormat &format = *writer.format;
  WeightBlock block{};
  alignas(Lanes) float x[WeightBlock::maxElements];
  alignas(Lanes) float weights[WeightBlock::maxElements];
  llvm::copy(numbers, x);
  if (!weigh(numbers, weights)) {
    block.scale = toHalf(std::numeric_limits<float>::quiet_NaN());
    return writer.write(block, to);
  }
  SmallVector<Group, WeightBlock::maxGroups> groups;
  int64_t count = std::min(format.groupElements, format.blockElements);
  for (int64_t i = 0; i < format.blockElements; i += count)
    groups.push_back(makeGroup(reinterpret_cast<const Lanes *>(x + i),
                               reinterpret_cast<const Lanes *>(weights + i),
                               count, format));
  if (format.hasGroupScales)
    GroupedBlock(writer, groups).quantize(block);
  else
    quantizeGroup(groups.front(), format, block);
  writer.write(block, to);
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

static bool isFloat(const WeightFormat &format) {
  return !format.isQuantized();
}

bool quipu::canQuantizeTo(const WeightFormat &format) {
  return isFloat(format) || findBlockWriter(format);
}

std::string quipu::getQuantizerNames() {
  SmallVector<StringRef> names;
  StringRef(weightFormatNames()).split(names, ", ");
  erase_if(names, [](StringRef name) {
    return !canQuantizeTo(*findWeightFormat(std::string_view(name)));
  });
  return StringRef(join(names, ", ")).lower();
}

void quipu::quantizeRow(const WeightFormat &format, ArrayRef<float> numbers,
                        uint8_t *to) {
  if (const BlockWriter *writer = findBlockWriter(format)) {
    for (; !numbers.empty(); to += format.blockBytes) {
      quantizeBlock(*writer, numbers.take_front(format.blockElements), to);
      numbers = numbers.drop_front(format.blockElements);
    }
    return;
  }
  for (float number : numbers) {
    if (&format == &formatF32)
      support::endian::write32le(to, bit_cast<uint32_t>(number));
    else
      support::endian::write16le(to, &format == &formatF16 ? toHalf(number)
                                                           : toBFloat(number));
    to += format.blockBytes;
  }
}
