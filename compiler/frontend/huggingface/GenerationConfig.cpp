//===- GenerationConfig.cpp - How a folder's texts go on ------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/huggingface/GenerationConfig.h"
#include "compiler/frontend/Generation.h"
#include "compiler/frontend/Json.h"
#include "llvm/ADT/STLExtras.h"

using namespace llvm;
using namespace quipu;

static Error keyError(StringRef path, StringRef key, const json::Value &value,
                      const Twine &expected) {
  return createStringError(path + ": the key " + quoteJson(key) + " is " +
                           quoteJson(value) + ", expected " + expected);
}

/// Takes "eos_token_id": a number, or a list of some.
static Error addEnds(StringRef path, const json::Value &value, Config &to) {
  std::vector<int64_t> ids;
  auto take = [&](const json::Value &one) {
    std::optional<int64_t> id = one.getAsInteger();
    ids.push_back(id.value_or(0));
    return id.has_value();
  };
  const json::Array *list = value.getAsArray();
  if (list ? !all_of(*list, take) : !take(value))
    return keyError(path, "eos_token_id", value,
                    "a token's id or a list of such");
  to.metadata.try_emplace(endsKey, std::move(ids));
  return Error::success();
}

/// Takes a number of a sampler, under GGUF's key.
static Error addSampling(StringRef path, StringRef key, StringRef gguf,
                         const json::Value &value, Config &to,
                         StringSaver &saver) {
  MetadataValue number = false; // what no key takes
  if (std::optional<int64_t> integer = value.getAsInteger())
    number = *integer;
  else if (std::optional<double> real = value.getAsNumber())
    number = *real;
  abi::Sampling unused;
  auto result = setSampling(unused, gguf, number);
  if (const auto *expected = std::get_if<std::string>(&result))
    return keyError(path, key, value, *expected);
  to.metadata.try_emplace(saver.save(samplingPrefix + gguf), number);
  return Error::success();
}

Error quipu::readGenerationConfig(StringRef path, StringRef text,
                                  Config &config, StringSaver &saver,
                                  std::vector<std::string> &warnings) {
  Expected<json::Object> object = parseJsonObject(path, text);
  if (!object)
    return object.takeError();
  const json::Value *sample = object->get("do_sample");
  if (sample && !sample->getAsNull() && !sample->getAsBoolean())
    return keyError(path, "do_sample", *sample, "true or false");
  bool samples = sample && sample->getAsBoolean().value_or(false);
  const FolderNames &names = config.names;

  for (const auto &[key, value] : *object) {
    StringRef name = key;
    if (!isPrintableName(name))
      return createStringError(path + ": the key " + quoteJson(name) +
                               ", expected 1 to 512 printable bytes");
    if (value.getAsNull() || name == "do_sample" ||
        names.has("sampling harmless", name))
      continue;
    const json::Value *gguf = names.find("sampling", name);
    const json::Value *neutral = names.find("sampling neutral", name);
    if (name == "eos_token_id") {
      if (Error failure = addEnds(path, value, config))
        return failure;
    } else if (gguf) {
      if (Error failure = addSampling(path, name, *gguf->getAsString(), value,
                                      config, saver))
        return failure;
    } else if (!neutral || !is_contained(*neutral->getAsArray(), value)) {
      warnings.push_back((path + ": the key " + quoteJson(name) + " is " +
                          quoteJson(value) +
                          ", which programs cannot do; they leave it out")
                             .str());
    }
  }

  if (!samples) {
    config.metadata[saver.save(samplingPrefix + "temp")] = int64_t(0);
    return Error::success();
  }
  Error failure = Error::success();
  names.visit("sampling defaults",
              [&](StringRef key, const json::Value &value) {
                const json::Value *gguf = names.find("sampling", key);
                if (gguf && !failure)
                  failure = addSampling(path, key, *gguf->getAsString(), value,
                                        config, saver);
              });
  return failure;
}

Error quipu::addConfigEnds(StringRef path, Config &config) {
  const json::Value *ids = config.findOwn("eos_token_id");
  if (!ids || config.metadata.contains(endsKey))
    return Error::success();
  return addEnds(path, *ids, config);
}
