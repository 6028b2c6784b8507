//===- Generation.cpp - How a checkpoint's texts go on --------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/Generation.h"
#include "compiler/frontend/Names.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include <climits>

using namespace llvm;
using namespace quipu;

namespace {
struct RealKey {
  StringLiteral name;
  float low, high;
  float abi::Sampling::*to;
};
} // namespace

/// With the bounds of a program's options.
static constexpr RealKey realKeys[] = {
    {"temp", 0, 100, &abi::Sampling::temperature},
    {"top_p", 0, 1, &abi::Sampling::topP},
    {"min_p", 0, 1, &abi::Sampling::minP},
    {"penalty_repeat", 0.01f, 100, &abi::Sampling::repeatPenalty},
};

std::variant<bool, std::string> quipu::setSampling(abi::Sampling &to,
                                                   StringRef name,
                                                   const MetadataValue &value) {
  const auto *integer = std::get_if<int64_t>(&value);
  if (name == "top_k") {
    if (!integer || *integer < 0 || *integer > INT_MAX)
      return "a whole number from 0 to " + std::to_string(INT_MAX);
    to.topK = static_cast<int32_t>(*integer);
    return true;
  }
  const auto *key =
      find_if(realKeys, [&](const RealKey &key) { return key.name == name; });
  if (key == std::end(realKeys))
    return false;
  const auto *real = std::get_if<double>(&value);
  double number = integer ? static_cast<double>(*integer) : real ? *real : NAN;
  if (!(number >= key->low && number <= key->high))
    return formatv("a number from {0} to {1}", format("%g", key->low),
                   format("%g", key->high))
        .str();
  to.*key->to = static_cast<float>(number);
  return true;
}

/// A value for a message.
static std::string describe(const MetadataValue &value) {
  if (const auto *integer = std::get_if<int64_t>(&value))
    return std::to_string(*integer);
  if (const auto *real = std::get_if<double>(&value))
    return formatv("{0}", format("%g", *real)).str();
  return "of another kind";
}

static Error readSampling(const Checkpoint &checkpoint, abi::Sampling &to,
                          function_ref<void(const Twine &)> warn) {
  for (StringRef key : checkpoint.getKeys()) {
    StringRef name = key;
    if (!name.consume_front(samplingPrefix))
      continue;
    const MetadataValue &value = *checkpoint.find(key);
    auto result = setSampling(to, name, value);
    if (const auto *expected = std::get_if<std::string>(&result))
      return createStringError(checkpoint.getPath() + ": \"" + key + "\" is " +
                               describe(value) + ", expected " + *expected);
    if (!std::get<bool>(result) && !isHarmless(key, value))
      warn(checkpoint.getPath() + ": \"" + key + "\" is " + describe(value) +
           ", which programs cannot do; they leave it out");
  }
  return Error::success();
}

Expected<Generation>
quipu::readGeneration(const Checkpoint &checkpoint, int64_t vocabulary,
                      function_ref<void(const Twine &)> warn) {
  Generation generation;
  if (Error failure = readSampling(checkpoint, generation.sampling, warn))
    return std::move(failure);

  std::vector<int64_t> ends;
  if (const MetadataValue *list = checkpoint.find(endsKey))
    if (const auto *ids = std::get_if<std::vector<int64_t>>(list))
      for (int64_t id : ends = *ids)
        if (id < 0 || id >= vocabulary)
          warn(checkpoint.getPath() + ": texts end with the token " +
               Twine(id) + ", which there is not: there are " +
               Twine(vocabulary));
  // What is wrong with these the tokenizer says.
  for (StringRef key : {"eos", "eot", "eom"})
    if (std::optional<int64_t> id = checkpoint.getInteger(
            ("tokenizer.ggml." + key + "_token_id").str()))
      ends.push_back(*id);
  for (int64_t id : ends)
    if (id >= 0 && id < vocabulary)
      generation.ends.push_back(static_cast<int32_t>(id));
  sort(generation.ends);
  generation.ends.erase(unique(generation.ends), generation.ends.end());
  return generation;
}
