//===- FolderNames.cpp - What a Hugging Face folder calls things ----------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/huggingface/FolderNames.h"
#include "compiler/frontend/Names.h"

using namespace llvm;
using namespace quipu;

FolderNames::FolderNames(StringRef modelType)
    : shared(findNames("huggingface")) {
  family = shared->getObject("families")
               ->getString(modelType)
               .value_or(modelType)
               .str();
  own = findNames(family);
}

const json::Value *FolderNames::find(StringRef section, StringRef name) const {
  for (const json::Object *file : {own, shared})
    if (const json::Object *entries = file ? file->getObject(section) : nullptr)
      if (const json::Value *entry = entries->get(name))
        return entry;
  return nullptr;
}

StringRef FolderNames::getWord(StringRef section) const {
  std::optional<StringRef> word;
  if (own)
    word = own->getString(section);
  return word ? *word : shared->getString(section).value_or("");
}

void FolderNames::visitWords(StringRef section,
                             function_ref<void(StringRef)> visit) const {
  for (const json::Object *file : {own, shared})
    if (const json::Array *words = file ? file->getArray(section) : nullptr)
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
  for (const json::Object *file : {own, shared})
    if (const json::Object *entries = file ? file->getObject(section) : nullptr)
      for (const auto &[name, entry] : *entries)
        if (find(section, name) == &entry)
          visit(name, entry);
}
