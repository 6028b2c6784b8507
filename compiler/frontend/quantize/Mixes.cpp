//===- Mixes.cpp - llama.cpp's names for formats together -----------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The choices are those of llama.cpp's src/llama-quant.cpp without an
// importance matrix, so that a name means the same in both.
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/quantize/Mixes.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;
using namespace quipu;

namespace {
/// In which layers a tensor gets another format than the mix's.
enum class Layers {
  None,
  All,
  FirstTwo,
  FirstFour,
  FirstEighth,
  FirstSixteenth,
  /// The first and the last eighth, and every third one between.
  More,
  /// All, if at least four heads of queries share one of keys.
  AllIfGrouped
};

struct Special {
  Layers layers = Layers::None;
  StringRef format = {};
  StringRef otherwise = {}; // in the other layers; empty: the mix's
};
} // namespace

struct quipu::Mix {
  StringRef name, format;
  Special values = {}, down = {}, output = {};
  /// Mixtral's attention outputs, which are small beside eight experts.
  StringRef outputOfEight = {};
};

static const Mix mixes[] = {
    {"f32", "F32"},
    {"f16", "F16"},
    {"bf16", "BF16"},
    {"q4_0", "Q4_0"},
    {"q4_1", "Q4_1"},
    {"q5_0", "Q5_0"},
    {"q5_1", "Q5_1"},
    {"q8_0", "Q8_0"},
    {"q2_k",
     "Q2_K",
     {Layers::AllIfGrouped, "Q4_K", "Q3_K"},
     {Layers::All, "Q3_K"},
     {Layers::All, "Q3_K"},
     "Q5_K"},
    {"q3_k_s", "Q3_K", {}, {}, {}, "Q5_K"},
    {"q3_k_m",
     "Q3_K",
     {Layers::FirstTwo, "Q5_K", "Q4_K"},
     {Layers::FirstSixteenth, "Q5_K", "Q4_K"},
     {Layers::All, "Q4_K"},
     "Q5_K"},
    {"q3_k_l",
     "Q3_K",
     {Layers::All, "Q5_K"},
     {Layers::All, "Q5_K"},
     {Layers::All, "Q5_K"}},
    {"q4_k_s",
     "Q4_K",
     {Layers::FirstFour, "Q5_K"},
     {Layers::FirstEighth, "Q5_K"},
     {},
     "Q5_K"},
    {"q4_k_m",
     "Q4_K",
     {Layers::More, "Q6_K"},
     {Layers::More, "Q6_K"},
     {},
     "Q5_K"},
    {"q5_k_s", "Q5_K"},
    {"q5_k_m", "Q5_K", {Layers::More, "Q6_K"}, {Layers::More, "Q6_K"}},
    {"q6_k", "Q6_K"},
};

/// Of a K format, for rows that are no multiple of 256.
static StringRef getSmaller(StringRef format) {
  return StringSwitch<StringRef>(format)
      .Cases({"Q2_K", "Q3_K"}, "Q4_0")
      .Case("Q4_K", "Q5_0")
      .Case("Q5_K", "Q5_1")
      .Case("Q6_K", "Q8_0")
      .Default(format);
}

static const WeightFormat *find(StringRef name) {
  return findWeightFormat(std::string_view(name));
}

const Mix *quipu::findMix(StringRef name) {
  // Another name that llama.cpp knows.
  std::string lower = name.lower();
  if (lower == "q3_k" || lower == "q4_k" || lower == "q5_k")
    lower += "_m";
  const Mix *mix =
      find_if(mixes, [&](const Mix &mix) { return mix.name == lower; });
  return mix == std::end(mixes) ? nullptr : mix;
}

std::string quipu::getMixNames() {
  return join(map_range(mixes, [](const Mix &mix) { return mix.name; }), ", ");
}

/// 7 of "blk.7.attn_v.weight"; none outside of the layers.
static std::optional<int64_t> getLayer(StringRef tensor) {
  int64_t layer;
  if (!tensor.consume_front("blk.") || tensor.consumeInteger(10, layer))
    return std::nullopt;
  return layer;
}

/// The first number of a list, or the number itself.
static int64_t getFirst(const Checkpoint &checkpoint, StringRef key) {
  std::string full = (checkpoint.getArchitecture() + "." + key).str();
  if (const MetadataValue *value = checkpoint.find(full))
    if (const auto *list = std::get_if<std::vector<int64_t>>(value))
      return list->empty() ? 0 : list->front();
  return checkpoint.getInteger(full).value_or(0);
}

static bool isValues(StringRef name) {
  return name.contains("attn_v.weight") || name.contains("attn_qkv.weight") ||
         name.contains("attn_kv_b.weight");
}

MixModel::MixModel(const Checkpoint &checkpoint)
    : layers(getFirst(checkpoint, "block_count")),
      experts(getFirst(checkpoint, "expert_count")),
      queryHeads(getFirst(checkpoint, "attention.head_count") /
                 std::max<int64_t>(
                     1, getFirst(checkpoint, "attention.head_count_kv"))),
      hasOutput(checkpoint.findTensor("output.weight")) {
  for (const CheckpointTensor &tensor : checkpoint.getTensors())
    if (isValues(tensor.name))
      values.push_back(tensor.name);
  sort(values, [](StringRef a, StringRef b) {
    return std::pair(getLayer(a), a) < std::pair(getLayer(b), b);
  });
}

bool quipu::isMixed(const CheckpointTensor &tensor) {
  StringRef name = tensor.name;
  return tensor.shape.size() > 1 && name.ends_with(".weight") &&
         !name.ends_with("_norm.weight") &&
         !name.ends_with("ffn_gate_inp.weight") &&
         name != "position_embd.weight" && name != "token_types.weight";
}

static bool contains(Layers layers, int64_t layer, const MixModel &model) {
  int64_t eighth = model.layers / 8;
  switch (layers) {
  case Layers::None:
    return false;
  case Layers::All:
    return true;
  case Layers::FirstTwo:
    return layer < 2;
  case Layers::FirstFour:
    return layer < 4;
  case Layers::FirstEighth:
    return layer < eighth;
  case Layers::FirstSixteenth:
    return layer < model.layers / 16;
  case Layers::More:
    return layer < eighth || layer >= 7 * model.layers / 8 ||
           (layer - eighth) % 3 == 2;
  case Layers::AllIfGrouped:
    return model.queryHeads >= 4;
  }
  llvm_unreachable("no such layers");
}

/// The special format, else the one that `format` holds already.
static StringRef pick(const Special &special, StringRef format, int64_t layer,
                      const MixModel &model) {
  if (contains(special.layers, layer, model))
    return special.format;
  return special.otherwise.empty() ? format : special.otherwise;
}

/// A model of 80 layers with grouped heads has an attn_v an eighth of attn_q's
/// size.
static bool isSmallBesideQueries(const MixModel &model) {
  return model.layers == 80 && model.queryHeads > 1;
}

static StringRef getName(const Mix &mix, const CheckpointTensor &tensor,
                         const MixModel &model) {
  StringRef name = tensor.name;
  int64_t layer = getLayer(name).value_or(0);
  if (name == "output.weight" ||
      (!model.hasOutput && name == "token_embd.weight")) {
    if (tensor.shape.back() % find(mix.format)->blockElements)
      return "Q8_0";
    return mix.format == "Q8_0" ? "Q8_0" : "Q6_K";
  }
  if (isValues(name)) {
    if (model.experts == 8)
      return "Q8_0";
    auto place = find(model.values, name) - model.values.begin();
    StringRef format = pick(mix.values, mix.format, place, model);
    bool isFew = format == "Q3_K" || format == "Q4_K";
    return isFew && isSmallBesideQueries(model) ? "Q5_K" : format;
  }
  if (name.contains("attn_k.weight"))
    return model.experts == 8 ? "Q8_0" : mix.format;
  if (name.contains("attn_output.weight")) {
    if (model.experts == 8)
      return mix.outputOfEight.empty() ? mix.format : mix.outputOfEight;
    return pick(mix.output, mix.format, layer, model);
  }
  if (name.contains("ffn_down"))
    return pick(mix.down, mix.format, layer, model);
  return mix.format;
}

const WeightFormat *quipu::getFormat(const Mix &mix,
                                     const CheckpointTensor &tensor,
                                     const MixModel &model) {
  const WeightFormat *format = find(mix.format);
  if (!format->isQuantized())
    return format;
  StringRef name = getName(mix, tensor, model);
  int64_t columns = tensor.shape.back();
  for (StringRef fitting : {name, getSmaller(name)})
    if (columns % find(fitting)->blockElements == 0)
      return find(fitting);
  return &formatF16;
}
