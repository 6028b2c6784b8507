//===- FolderNames.cpp - What a Hugging Face folder calls things ----------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/huggingface/FolderNames.h"
#include "compiler/frontend/Json.h"
#include "compiler/frontend/MappedFile.h"
#include "compiler/frontend/Names.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/Path.h"

using namespace llvm;
using namespace quipu;

FolderNames::FolderNames(StringRef modelType)
    : files{findNames("huggingface")}, family(modelType) {
  if (const json::Object *own = findNames(modelType))
    files.insert(files.begin(), own);
  const json::Value *other = find("families", modelType);
  if (!other)
    return;
  family = other->getAsString().value_or("").str();
  if (const json::Object *own = findNames(family))
    files.insert(files.end() - 1, own);
}

const json::Value *FolderNames::find(StringRef section, StringRef name) const {
  for (const json::Object *file : files)
    if (const json::Object *entries = file->getObject(section))
      if (const json::Value *entry = entries->get(name))
        return entry;
  return nullptr;
}

StringRef FolderNames::getWord(StringRef section) const {
  for (const json::Object *file : files)
    if (std::optional<StringRef> word = file->getString(section))
      return *word;
  return "";
}

void FolderNames::visitWords(StringRef section,
                             function_ref<void(StringRef)> visit) const {
  for (const json::Object *file : files)
    if (const json::Array *words = file->getArray(section))
      for (const json::Value &word : *words)
        visit(word.getAsString().value_or(""));
}

bool FolderNames::has(StringRef section, StringRef word) const {
  bool found = false;
  visitWords(section, [&](StringRef known) { found |= known == word; });
  return found;
}

void FolderNames::visit(
    StringRef section,
    function_ref<void(StringRef, const json::Value &)> visit) const {
  for (const json::Object *file : files)
    if (const json::Object *entries = file->getObject(section))
      for (const auto &[name, entry] : *entries)
        if (find(section, name) == &entry)
          visit(name, entry);
}

//===----------------------------------------------------------------------===//
// What a user wrote
//===----------------------------------------------------------------------===//

using Check = bool (*)(const json::Value &);

static bool isWord(const json::Value &value) {
  return value.getAsString().has_value();
}
static bool isAny(const json::Value &) { return true; }

static bool isPairing(const json::Value &value) {
  return parsePairing(value.getAsString().value_or("")).has_value();
}

template <Check check> static bool isListOf(const json::Value &value) {
  const json::Array *list = value.getAsArray();
  return list && all_of(*list, check);
}

template <Check check> static bool isObjectOf(const json::Value &value) {
  const json::Object *object = value.getAsObject();
  return object &&
         all_of(*object, [](const auto &entry) { return check(entry.second); });
}

static bool isWordOrNull(const json::Value &value) {
  return isWord(value) || value.getAsNull();
}

/// "A * B", "floor A / B".
static bool isExpression(const json::Value &value) {
  StringRef text = value.getAsString().value_or("");
  text.consume_front("floor ");
  SmallVector<StringRef> words;
  text.split(words, ' ');
  return words.size() == 3 &&
         is_contained({StringRef("*"), StringRef("/"), StringRef("^")},
                      words[1]);
}

/// How one tensor is made.
static bool isHow(const json::Value &value) {
  const json::Object *how = value.getAsObject();
  if (!how || !how->getString("name"))
    return isWord(value);
  const json::Array *rows = how->getArray("rows");
  if ((!rows && how->get("matrices")) || !rows != !how->get("part") ||
      (rows && how->getInteger("part").value_or(0) >= int64_t(rows->size())))
    return false;
  return all_of(*how, [](const auto &entry) {
    const json::Value &value = entry.second;
    return StringSwitch<bool>(entry.first)
        .Cases({"name", "heads", "matrices"}, isWord(value))
        .Case("rows", isListOf<isWord>(value))
        .Case("part", value.getAsInteger().value_or(-1) >= 0)
        .Case("transposed", value.getAsBoolean().has_value())
        .Case("every", value.getAsInteger().value_or(0) > 0)
        .Case("from", value.getAsInteger().value_or(-1) >= 0)
        .Case("plus", value.getAsNumber().has_value())
        .Case("mxfp4", is_contained({"blocks", "scales"},
                                    value.getAsString().value_or("")))
        .Default(false);
  });
}

static bool isTensor(const json::Value &value) {
  const json::Object *how = value.getAsObject();
  if (how && how->getInteger("from").value_or(0) >=
                 how->getInteger("every").value_or(1))
    return false;
  return value.getAsNull() || isHow(value) || isListOf<isHow>(value);
}

/// What a section must be; null for one that there is not.
static Check getCheck(StringRef section) {
  return StringSwitch<Check>(section)
      .Case("pairs", isPairing)
      .Cases({"harmless", "prefixes", "left out", "sampling harmless"},
             isListOf<isWord>)
      .Cases({"families", "heads", "keys", "same", "tensors of keys", "instead",
              "tied", "untied", "extra layers", "sampling"},
             isObjectOf<isWord>)
      .Case("words", isObjectOf<isObjectOf<isWordOrNull>>)
      .Cases({"off", "nested"}, isObjectOf<isListOf<isWord>>)
      .Cases({"expected", "sampling neutral"}, isObjectOf<isListOf<isAny>>)
      .Cases({"defaults", "sampling defaults"}, isObjectOf<isAny>)
      .Case("computed", isObjectOf<isExpression>)
      .Case("tensors", isObjectOf<isTensor>)
      .Default(nullptr);
}

Error quipu::addFolderNames(StringRef path) {
  Expected<std::unique_ptr<MemoryBuffer>> buffer =
      mapFile(path, "a file of names");
  if (!buffer)
    return buffer.takeError();
  Expected<json::Object> names = parseJsonObject(path, (*buffer)->getBuffer());
  if (!names)
    return names.takeError();
  for (const auto &[section, value] : *names) {
    Check check = getCheck(section);
    if (!check || !check(value))
      return createStringError(path + ": the section " +
                               quoteJson(StringRef(section)) + " is " +
                               (check ? quoteJson(value) : "unknown") +
                               ", expected one as in docs/checkpoints.md");
  }
  StringRef family = sys::path::stem(path);
  if (family == "gguf" || family == "huggingface")
    return createStringError(path +
                             ": the names of all families have the name '" +
                             family + "', expected that of a family");
  addNames(family, std::move(*names));
  return Error::success();
}
