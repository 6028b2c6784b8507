//===- Conversation.cpp - The variables of a chat template ----------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "support/jinja/Conversation.h"
#include "support/Utf8.h"
#include "support/jinja/Json.h"
#include <algorithm>

using namespace quipu;
using namespace quipu::jinja;

Conversation::Conversation() : messages(heap.make(Form::List, {})) {
  set("messages", Value(messages));
  set("tools", Value::none());
  set("documents", Value::none());
  setOpensReply(true);
}

void Conversation::set(std::string_view name, const Value &value) {
  variables.set(Value(heap.make(Text(std::string(name)))), value);
}

void Conversation::setToken(std::string_view name, std::string_view text) {
  std::string bytes;
  appendAsUtf8(bytes, text);
  set(name, Value(heap.make(Text(std::move(bytes)))));
}

void Conversation::setOpensReply(bool opens) {
  set("add_generation_prompt", Value(opens));
}

std::string Conversation::setVariables(std::string_view json) {
  Value value;
  std::string error = readJson(json, heap, value, /*isTrusted=*/true);
  if (!error.empty())
    return error;
  if (value.kind != Kind::Mapping)
    return "line 1: expected an object";
  for (const auto &[name, is] : value.mapping->entries)
    variables.set(name, is);
  return "";
}

/// Templates write control tokens around roles, as "<|" ~ role ~ "|>": one that
/// is a plain word counts as the template's own.
Value Conversation::trustRole(const Value &message) {
  if (message.kind != Kind::Mapping)
    return message;
  Mapping trusted = *message.mapping;
  for (auto &[name, value] : trusted.entries)
    if (name.text->bytes == "role" && value.isText() &&
        std::ranges::all_of(value.text->bytes, [](char c) {
          return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                 (c >= '0' && c <= '9') || c == '_' || c == '-';
        }))
      value = Value(heap.make(Text(value.text->bytes)));
  return Value(static_cast<const Mapping *>(heap.make(std::move(trusted))));
}

Value Conversation::makeMessage(std::string_view role, std::string_view content,
                                std::string_view reasoning) {
  Mapping message;
  auto text = [&](std::string_view name) {
    return Value(heap.make(Text(std::string(name))));
  };
  auto input = [&](std::string_view given) {
    std::string bytes;
    appendAsUtf8(bytes, given);
    return Value(heap.make(Text::input(bytes)));
  };
  message.entries = {{text("role"), text(role)},
                     {text("content"), input(content)}};
  if (!reasoning.empty())
    message.entries.emplace_back(text("reasoning_content"), input(reasoning));
  return Value(static_cast<const Mapping *>(heap.make(std::move(message))));
}

void Conversation::add(std::string_view role, std::string_view content,
                       std::string_view reasoning) {
  messages->items.push_back(makeMessage(role, content, reasoning));
}

void Conversation::setSystem(std::string_view content) {
  if (messageCount() && roleOf(0) == "system")
    remove(0, 1);
  if (!content.empty())
    messages->items.insert(messages->items.begin(),
                           makeMessage("system", content, ""));
}

void Conversation::remove(size_t begin, size_t end) {
  auto first = messages->items.begin();
  messages->items.erase(first + static_cast<ptrdiff_t>(begin),
                        first + static_cast<ptrdiff_t>(end));
}

std::string_view Conversation::roleOf(size_t index) const {
  const Value *role = messages->items[index].mapping->find("role");
  return role && role->isText() ? std::string_view(role->text->bytes) : "";
}

std::string Conversation::writeMessages(std::string &json) const {
  Template form;
  Text text;
  std::string error = form.parse("{{ messages | tojson(indent=2) }}");
  if (error.empty())
    error = form.render(variables, text);
  json = text.bytes + '\n';
  return error;
}

static std::string checkList(const Value &value, std::string_view of) {
  bool isGood = value.kind == Kind::Sequence &&
                std::ranges::all_of(value.sequence->items, [](const Value &v) {
                  return v.kind == Kind::Mapping;
                });
  return isGood ? ""
                : "line 1: expected a list of " + std::string(of) +
                      ", each an object";
}

std::string Conversation::setMessages(std::string_view json) {
  Value value;
  std::string error = readJson(json, heap, value);
  if (!error.empty())
    return error;
  if (value.kind == Kind::Mapping)
    if (const Value *list = value.mapping->find("messages"))
      value = *list;
  if (error = checkList(value, "messages"); !error.empty())
    return error;
  messages->items.clear();
  for (const Value &message : value.sequence->items)
    messages->items.push_back(trustRole(message));
  return "";
}

std::string Conversation::setTools(std::string_view json) {
  Value value;
  std::string error = readJson(json, heap, value);
  if (error.empty())
    error = checkList(value, "tools");
  set("tools", value);
  return error;
}

std::string Conversation::render(const Template &form, Text &prompt,
                                 const Limits &limits) const {
  if (leftOut.begin == leftOut.end)
    return form.render(variables, prompt, limits);
  Sequence given = *messages;
  auto first = given.items.begin();
  given.items.erase(first + static_cast<ptrdiff_t>(leftOut.begin),
                    first + static_cast<ptrdiff_t>(leftOut.end));
  Mapping others = variables;
  for (auto &[name, value] : others.entries)
    if (name.text->bytes == "messages")
      value = Value(&given);
  return form.render(others, prompt, limits);
}
