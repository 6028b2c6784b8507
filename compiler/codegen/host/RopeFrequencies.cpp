//===- RopeFrequencies.cpp - Rotary frequencies, stretched ----------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/host/RopeFrequencies.h"
#include "mlir/IR/BuiltinAttributes.h"
#include <algorithm>
#include <cmath>
#include <numbers>

using namespace mlir;
using namespace quipu;

static double getNumber(Attribute attribute, double missing) {
  if (auto real = dyn_cast_or_null<FloatAttr>(attribute))
    return real.getValueAsDouble();
  if (auto integer = dyn_cast_or_null<IntegerAttr>(attribute))
    return static_cast<double>(integer.getInt());
  return missing;
}

/// Llama 3.1: waves longer than the original context / `low` are slowed down,
/// those shorter than / `high` kept, the ones between blended.
static void scaleLlama3(std::vector<float> &frequencies, float factor,
                        float context, float low, float high) {
  for (float &frequency : frequencies) {
    float wavelength = 2 * std::numbers::pi_v<float> / frequency;
    float slow = frequency / factor;
    if (wavelength > context / low) {
      frequency = slow;
    } else if (wavelength >= context / high) {
      float keep = (context / wavelength - low) / (high - low);
      frequency = (1 - keep) * slow + keep * frequency;
    }
  }
}

/// Peng 2023, section 3.2: slows down the components that turn less than
/// `slow` times in the original context, keeps those that turn more than `fast`
/// times, with a ramp over the components between, from whole ones on if
/// `truncate`.
static void scaleYarn(std::vector<float> &frequencies, double theta,
                      float factor, double context, double fast, double slow,
                      bool truncate) {
  double dims = 2.0 * frequencies.size();
  auto getComponent = [&](double turns) {
    return dims * std::log(context / (turns * 2 * std::numbers::pi)) /
           (2 * std::log(theta));
  };
  double first = getComponent(fast), last = getComponent(slow);
  if (truncate) {
    first = std::floor(first);
    last = std::ceil(last);
  }
  first = std::max(first, 0.0);
  last = std::min(last, dims - 1);
  if (first == last)
    last += 0.001;
  for (size_t i = 0; i < frequencies.size(); ++i) {
    auto ramp = static_cast<float>((i - first) / (last - first));
    float keep = 1 - std::clamp(ramp, 0.0f, 1.0f);
    frequencies[i] =
        frequencies[i] / factor * (1 - keep) + frequencies[i] * keep;
  }
}

RopeFrequencies quipu::getRopeFrequencies(RopeAnglesOp op) {
  double theta = getNumber(op.getTheta(), 0);
  auto dims = static_cast<int64_t>(getNumber(op.getDims(), 0));
  RopeFrequencies result{{}, 1};
  for (int64_t i = 0; i < dims; i += 2)
    result.frequencies.push_back(
        1.0f / std::pow(static_cast<float>(theta),
                        static_cast<float>(i) / static_cast<float>(dims)));

  RopeScalingAttr scaling = op.getScaling().value_or(RopeScalingAttr());
  if (!scaling)
    return result;
  double factor = getNumber(scaling.getFactor(), 1);
  double context = getNumber(scaling.getOriginalContext(), 0);
  double usual = 1;
  switch (*scaling.getKind()) {
  case abi::RopeScaling::None:
  case abi::RopeScaling::Dynamic:
    break;
  case abi::RopeScaling::Linear:
    for (float &frequency : result.frequencies)
      frequency /= static_cast<float>(factor);
    break;
  case abi::RopeScaling::Llama3:
    scaleLlama3(result.frequencies, factor, context,
                getNumber(scaling.getLow(), 0),
                getNumber(scaling.getHigh(), 0));
    break;
  case abi::RopeScaling::Yarn:
    scaleYarn(result.frequencies, theta, factor, context,
              getNumber(scaling.getBetaFast(), 32),
              getNumber(scaling.getBetaSlow(), 1),
              getNumber(scaling.getTruncate(), 1) != 0);
    if (factor > 1)
      usual = 0.1 * std::log(factor) + 1;
    break;
  case abi::RopeScaling::Longrope:
    if (factor > 1)
      usual = std::sqrt(1 + std::log(factor) / std::log(context));
    break;
  }
  result.scale = static_cast<float>(getNumber(scaling.getAttention(), usual));
  return result;
}
