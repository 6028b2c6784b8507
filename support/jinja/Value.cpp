//===- Value.cpp - What expressions of a template give --------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "support/jinja/Value.h"

using namespace quipu::jinja;

bool quipu::jinja::isSameKey(const Value &a, const Value &b) {
  if (a.isText() && b.isText())
    return a.text->bytes == b.text->bytes;
  if (a.isWhole() && b.isWhole())
    return a.whole() == b.whole();
  if (a.isNumber() && b.isNumber())
    return a.number() == b.number();
  return a.isNone() && b.isNone();
}

const Value *Mapping::find(const Value &key) const {
  for (const auto &[name, value] : entries)
    if (isSameKey(name, key))
      return &value;
  return nullptr;
}

const Value *Mapping::find(std::string_view key) const {
  for (const auto &[name, value] : entries)
    if (name.isText() && name.text->bytes == key)
      return &value;
  return nullptr;
}

void Mapping::set(const Value &key, const Value &value) {
  for (auto &[name, old] : entries)
    if (isSameKey(name, key)) {
      old = value;
      return;
    }
  entries.emplace_back(key, value);
}
