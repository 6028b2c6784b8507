//===- PeftAdapter.cpp - An adapter as a PEFT folder ----------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/Json.h"
#include "compiler/frontend/MappedFile.h"
#include "compiler/frontend/Names.h"
#include "compiler/frontend/huggingface/TensorViews.h"
#include "compiler/frontend/lora/Adapter.h"
#include "llvm/ADT/StringExtras.h"
#include <cmath>

using namespace llvm;
using namespace quipu;

namespace {
/// What adapter_config.json says of the scale, and that it asks for no more.
class PeftConfig {
public:
  static Expected<PeftConfig> read(StringRef folder);

  /// alpha / rank of a module, as "model.layers.0.self_attn.q_proj", or
  /// alpha / sqrt(rank); its rank is checked.
  Expected<float> getScale(StringRef module, int64_t rank) const;

private:
  Error check() const;
  Expected<double> getNumber(StringRef key, StringRef patterns,
                             StringRef module) const;
  Error refuse(StringRef key, StringRef expected) const {
    return createStringError(
        path + ": the key '" + key + "' is " +
        (config.get(key) ? quoteJson(*config.get(key)) : "missing") +
        ", expected " + expected);
  }

  std::string path;
  json::Object config;
};
} // namespace

/// Keys that are understood, or say nothing of what is added.
static constexpr StringLiteral knownKeys =
    "peft_type r lora_alpha use_rslora rank_pattern alpha_pattern bias "
    "init_lora_weights task_type base_model_name_or_path revision "
    "inference_mode peft_version auto_mapping target_modules exclude_modules "
    "layers_pattern layers_to_transform lora_dropout loftq_config eva_config "
    "corda_config megatron_config megatron_core arrow_config qalora_group_size";

/// None of these do anything: null, false, an empty list or object.
static bool isOff(const json::Value *value) {
  if (!value || value->getAsNull() || value->getAsBoolean() == false)
    return true;
  const json::Array *list = value->getAsArray();
  const json::Object *object = value->getAsObject();
  return (list && list->empty()) || (object && object->empty());
}

Error PeftConfig::check() const {
  if (config.getString("peft_type") != "LORA")
    return refuse("peft_type", "\"LORA\"");
  // Anything else might change what is added, or add more.
  for (const auto &[name, value] : config) {
    StringRef key = name;
    if (!is_contained(split(knownKeys, ' '), key) && !isOff(&value))
      return refuse(key, "it off, as nothing but plain LoRA is supported");
  }
  const json::Value *bias = config.get("bias");
  if (bias && bias->getAsString() != "none")
    return refuse("bias", "\"none\"");
  // Some ways to begin change the model's weights as well.
  const json::Value *begin = config.get("init_lora_weights");
  std::optional<StringRef> way = begin ? begin->getAsString() : std::nullopt;
  if (way && way != "gaussian" && way != "orthogonal" && way != "eva")
    return refuse("init_lora_weights",
                  "one that leaves the model's weights alone (let PEFT convert "
                  "the adapter to LoRA)");
  const json::Value *stabilized = config.get("use_rslora");
  if (stabilized && !stabilized->getAsBoolean() && !stabilized->getAsNull())
    return refuse("use_rslora", "true or false");
  return Error::success();
}

Expected<PeftConfig> PeftConfig::read(StringRef folder) {
  Expected<std::unique_ptr<MemoryBuffer>> buffer =
      mapFileOf(folder, "adapter_config.json",
                "the adapter_config.json of a PEFT folder");
  if (!buffer)
    return buffer.takeError();
  PeftConfig read;
  read.path = (*buffer)->getBufferIdentifier().str();
  Expected<json::Object> object =
      parseJsonObject(read.path, (*buffer)->getBuffer());
  if (!object)
    return object.takeError();
  read.config = std::move(*object);
  if (Error error = read.check())
    return std::move(error);
  return read;
}

/// A number, which a pattern may change: the end of a module's name, behind a
/// dot.
Expected<double> PeftConfig::getNumber(StringRef key, StringRef patterns,
                                       StringRef module) const {
  std::optional<double> number = config.getNumber(key);
  bool isFound = false;
  if (const json::Value *value = config.get(patterns);
      value && !value->getAsNull()) {
    const json::Object *object = value->getAsObject();
    if (!object)
      return refuse(patterns, "numbers by modules");
    for (const auto &[name, own] : *object) {
      StringRef end = name;
      end.consume_front("^");
      if (end.find_first_of("\\*+?[](){}|^$") != StringRef::npos)
        return createStringError(path + ": the key '" + patterns + "' has '" +
                                 end +
                                 "', expected names of modules, and no "
                                 "regular expressions");
      if (module != end && !module.ends_with(("." + end).str()))
        continue;
      // PEFT takes the first that stands there, an order that JSON has not.
      if (isFound && number != own.getAsNumber())
        return createStringError(path + ": the key '" + patterns +
                                 "' has two numbers for '" + module +
                                 "', expected one");
      isFound = true;
      number = own.getAsNumber();
    }
  }
  if (!number || !(*number > 0) || !std::isfinite(*number))
    return refuse(key, "a number above 0");
  return *number;
}

Expected<float> PeftConfig::getScale(StringRef module, int64_t rank) const {
  Expected<double> expected = getNumber("r", "rank_pattern", module);
  if (!expected)
    return expected.takeError();
  if (*expected != double(rank))
    return createStringError(path + ": the rank of '" + module + "' is " +
                             Twine(int64_t(*expected)) + ", expected " +
                             Twine(rank) + ", as its tensors have it");
  Expected<double> alpha = getNumber("lora_alpha", "alpha_pattern", module);
  if (!alpha)
    return alpha.takeError();
  bool isStabilized = config.getBoolean("use_rslora").value_or(false);
  return static_cast<float>(
      *alpha / (isStabilized ? std::sqrt(double(rank)) : double(rank)));
}

namespace {
/// Both matrices of a module.
struct Pair {
  const SafetensorsTensor *a = nullptr, *b = nullptr;
};

class PeftReader {
public:
  PeftReader(const SafetensorsFile &file, const PeftConfig &config,
             const Checkpoint &base);
  Expected<Adapter> read();

private:
  Error collect();
  Error add(StringRef module, const Pair &pair, Adapter &adapter);

  const SafetensorsFile &file;
  const PeftConfig &peft;
  const Checkpoint &base;
  Config names; // of the model's tensors
  bool reorders;
  BumpPtrAllocator allocator;
  StringSaver saver{allocator};
  std::map<std::string, Pair> pairs; // by module
};
} // namespace

PeftReader::PeftReader(const SafetensorsFile &file, const PeftConfig &peft,
                       const Checkpoint &base)
    : file(file), peft(peft), base(base),
      names{FolderNames(base.getArchitecture()), {}, {}, {}} {
  for (StringRef key : base.getKeys())
    names.metadata[key] = *base.find(key);
  // The adapter stores rows as folders do, whatever its model came as.
  reorders =
      parsePairing(names.names.getWord("pairs")) == abi::RopePairing::Halves &&
      getGgufPairing(base.getArchitecture()) == abi::RopePairing::Adjacent;
}

Error PeftReader::collect() {
  for (const SafetensorsTensor &tensor : file.getTensors()) {
    StringRef module = tensor.name;
    module.consume_front("base_model.model.");
    bool isFirst = module.consume_back(".lora_A.weight");
    if (!isFirst && !module.consume_back(".lora_B.weight"))
      return createStringError(
          file.getPath() + ": tensor '" + tensor.name +
          "': is no '.lora_A.weight' or '.lora_B.weight', expected no others "
          "(embeddings, DoRA and whole modules are not supported)");
    Pair &pair = pairs[module.str()];
    (isFirst ? pair.a : pair.b) = &tensor;
  }
  return Error::success();
}

/// A tensor of that name with another one's numbers.
static SafetensorsTensor rename(const SafetensorsTensor &tensor,
                                const Twine &name) {
  SafetensorsTensor renamed = tensor;
  renamed.name = name.str();
  return renamed;
}

Error PeftReader::add(StringRef module, const Pair &pair, Adapter &adapter) {
  std::string where = (file.getPath() + ": module '" + module + "'").str();
  if (!pair.a || !pair.b)
    return createStringError(where + ": has one of 'lora_A' and 'lora_B', "
                                     "expected both");
  if (pair.a->shape.size() != 2 || pair.b->shape.size() != 2)
    return createStringError(where + ": is no linear layer, expected one");
  Expected<float> scale = peft.getScale(module, pair.a->shape[0]);
  if (!scale)
    return scale.takeError();
  // What the names make of a weight is done to the rows of B.
  SafetensorsTensor a = rename(*pair.a, "a"),
                    b = rename(*pair.b, module + ".weight");
  Expected<TensorViews> first = viewTensor(file, a, names, false, saver);
  if (!first)
    return first.takeError();
  Expected<TensorViews> views = viewTensor(file, b, names, reorders, saver);
  if (!views)
    return views.takeError();
  if (views->tensors.empty())
    return createStringError(where + ": the model's text does not use it, "
                                     "expected a module that it does");
  for (const CheckpointTensor &tensor : views->tensors) {
    if (tensor.name == "token_embd.weight")
      return createStringError(where + ": adapters of embeddings are not "
                                       "supported");
    Expected<LowRankUpdate> update =
        makeUpdate(where, base, tensor.name, first->tensors.front(), tensor);
    if (!update)
      return update.takeError();
    update->scale = *scale;
    adapter.try_emplace(tensor.name, std::move(*update));
  }
  return Error::success();
}

Expected<Adapter> PeftReader::read() {
  if (Error error = collect())
    return std::move(error);
  Adapter adapter;
  for (const auto &[module, pair] : pairs)
    if (Error error = add(module, pair, adapter))
      return std::move(error);
  return adapter;
}

Expected<Adapter> quipu::readPeftAdapter(StringRef folder,
                                         const Checkpoint &base) {
  Expected<PeftConfig> config = PeftConfig::read(folder);
  if (!config)
    return config.takeError();
  Expected<std::unique_ptr<MemoryBuffer>> buffer =
      mapFileOf(folder, "adapter_model.safetensors",
                "the adapter_model.safetensors of a PEFT folder");
  if (!buffer)
    return buffer.takeError();
  Expected<std::unique_ptr<SafetensorsFile>> file =
      parseSafetensors(std::move(*buffer));
  if (!file)
    return file.takeError();
  return PeftReader(**file, *config, base).read();
}
