//===- Quantization.cpp - Which format each tensor gets -------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/quantize/Quantization.h"
#include "compiler/frontend/quantize/Mixes.h"
#include "compiler/frontend/quantize/QuantizeRow.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;
using namespace quipu;

static Error fail(const Twine &sentence) { return createStringError(sentence); }

Expected<Quantization> Quantization::parse(StringRef text) {
  Quantization result;
  SmallVector<StringRef> parts;
  text.split(parts, ',');
  for (StringRef part : parts) {
    auto [tensor, format] = part.split('=');
    if (!part.contains('=')) {
      if (result.mix || !result.rules.empty())
        return fail("'--quantize' takes one name and then rules as "
                    "token_embd=q8_0, not '" +
                    part + "'");
      result.mix = findMix(part);
      if (!result.mix)
        return fail("'--quantize' takes " + getMixNames() + ", not '" + part +
                    "'");
      continue;
    }
    tensor.consume_back(".weight");
    if (tensor.empty())
      return fail("'--quantize': there is no tensor before '" + part + "'");
    const WeightFormat *found = findWeightFormat(std::string_view(format));
    if (!found)
      return fail("'--quantize': a tensor can be " + getQuantizerNames() +
                  ", not '" + format + "'");
    result.rules.push_back({tensor.str(), found});
  }
  return result;
}

/// Whether a rule for `rule` is for the tensor.
static bool isFor(StringRef rule, StringRef tensor) {
  if (!tensor.consume_back(".weight"))
    return false;
  if (rule == tensor)
    return true;
  // Behind the loop's name and the layer.
  tensor = tensor.split('.').second;
  auto [layer, rest] = tensor.split('.');
  return !layer.empty() && all_of(layer, isDigit) && rule == rest;
}

Expected<std::vector<const WeightFormat *>>
Quantization::choose(const Checkpoint &checkpoint) const {
  MixModel model(checkpoint);
  std::vector<const WeightFormat *> formats;
  std::vector<bool> isUsed(rules.size());
  for (const CheckpointTensor &tensor : checkpoint.getTensors()) {
    const WeightFormat *format = tensor.format;
    if (mix && isMixed(tensor))
      format = getFormat(*mix, tensor, model);
    for (auto [i, rule] : enumerate(rules)) {
      if (!isFor(rule.tensor, tensor.name))
        continue;
      isUsed[i] = true;
      format = rule.format;
      if (tensor.shape.size() < 2)
        return fail(checkpoint.getPath() + ": '--quantize': the tensor \"" +
                    tensor.name + "\" is a vector, which stays as it is");
      if (tensor.shape.back() % format->blockElements)
        return fail(checkpoint.getPath() + ": '--quantize': the rows of \"" +
                    tensor.name + "\" have " + Twine(tensor.shape.back()) +
                    " numbers, but " + StringRef(format->name).lower() +
                    " takes a multiple of " + Twine(format->blockElements));
    }
    if (format != tensor.format && tensor.format->isQuantized())
      return fail(checkpoint.getPath() + ": the tensor \"" + tensor.name +
                  "\" is " + StringRef(tensor.format->name) +
                  " already, and would lose once more as " +
                  StringRef(format->name) +
                  "; quantize the model's F32, F16 or BF16 file");
    if (format != tensor.format && !canQuantizeTo(*format))
      return fail("'--quantize': a tensor can be " + getQuantizerNames() +
                  ", not '" + StringRef(format->name).lower() + "'");
    formats.push_back(format);
  }
  for (auto [i, rule] : enumerate(rules))
    if (!isUsed[i])
      return fail(checkpoint.getPath() +
                  ": '--quantize': there is no tensor \"" + rule.tensor +
                  ".weight\", in no layer either");
  return formats;
}
