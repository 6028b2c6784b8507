//===- Names.cpp - What ecosystems call things, as data -------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/Names.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/Path.h"

using namespace llvm;
using namespace quipu;

namespace {
struct NamesFile {
  StringRef path, text;
};
} // namespace

static constexpr NamesFile files[] = {
#include "Names.inc"
};

/// All files by name.
static StringMap<json::Value> &getFiles() {
  static StringMap<json::Value> names = [] {
    StringMap<json::Value> parsed;
    for (const NamesFile &file : files)
      parsed.try_emplace(sys::path::stem(file.path),
                         cantFail(json::parse(file.text)));
    return parsed;
  }();
  return names;
}

const json::Object *quipu::findNames(StringRef name) {
  auto entry = getFiles().find(name);
  return entry == getFiles().end() ? nullptr : entry->second.getAsObject();
}

void quipu::addNames(StringRef name, json::Object names) {
  getFiles().insert_or_assign(name, json::Value(std::move(names)));
}

std::optional<abi::RopePairing> quipu::parsePairing(StringRef word) {
  return StringSwitch<std::optional<abi::RopePairing>>(word)
      .Case("adjacent", abi::RopePairing::Adjacent)
      .Case("halves", abi::RopePairing::Halves)
      .Default(std::nullopt);
}

static bool contains(const json::Array &list, StringRef word) {
  return is_contained(list, json::Value(word));
}

std::optional<abi::RopePairing> quipu::getGgufPairing(StringRef family) {
  for (const auto &[word, families] : *findNames("gguf")->getObject("pairs"))
    if (contains(*families.getAsArray(), family))
      return parsePairing(word);
  return std::nullopt;
}

/// Whether a value, or each of a list, is `neutral`.
static bool isNeutral(const MetadataValue &value, const json::Value &neutral) {
  auto is = [&](auto one) {
    using Kind = decltype(one);
    if constexpr (std::is_same_v<Kind, NestedArray>)
      return false;
    else if constexpr (std::is_same_v<Kind, bool>)
      return neutral.getAsBoolean() == one;
    else if constexpr (std::is_same_v<Kind, StringRef>)
      return neutral.getAsString() == one;
    else
      return neutral.getAsNumber() == static_cast<double>(one);
  };
  return std::visit(
      [&](const auto &held) {
        if constexpr (requires {
                        held.empty();
                        held.front() == held.back();
                      } &&
                      !std::is_same_v<std::decay_t<decltype(held)>, StringRef>)
          return all_of(
              held, [&](typename std::decay_t<decltype(held)>::value_type one) {
                return is(one);
              });
        else
          return is(held);
      },
      value);
}

/// Whether the section of gguf.json has the key with this value.
static bool hasValue(StringRef section, StringRef key,
                     const MetadataValue &value) {
  const json::Value *known = findNames("gguf")->getObject(section)->get(key);
  return known && isNeutral(value, *known);
}

bool quipu::isAbsent(StringRef key, const MetadataValue &value) {
  return hasValue("absent", key, value);
}

/// Whether the names of the key's family have it among the harmless ones.
static bool isHarmlessInFamily(StringRef key) {
  auto [family, own] = key.split('.');
  const json::Object *names = findNames(family);
  const json::Array *harmless = names ? names->getArray("harmless") : nullptr;
  return harmless && contains(*harmless, own);
}

bool quipu::isHarmless(StringRef key, const MetadataValue &value) {
  return contains(*findNames("gguf")->getArray("harmless"), key) ||
         isHarmlessInFamily(key) || isAbsent(key, value) ||
         hasValue("neutral", key, value);
}
