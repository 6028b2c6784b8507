//===- SchemaMerge.cpp - What several schemas say together ----------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/generate/grammar/SchemaMerge.h"
#include "runtime/generate/grammar/JsonSchema.h"
#include <algorithm>
#include <charconv>

using namespace quipu;
using jinja::Form;
using jinja::Kind;
using jinja::Mapping;
using jinja::Value;

bool quipu::isAnnotation(std::string_view keyword) {
  static constexpr std::string_view annotations[] = {
      "title",    "description", "default",     "examples",
      "example",  "$schema",     "$id",         "$comment",
      "$defs",    "definitions", "$anchor",     "deprecated",
      "readOnly", "writeOnly",   "$vocabulary", "discriminator"};
  return std::ranges::find(annotations, keyword) != std::end(annotations) ||
         keyword.starts_with("x-");
}

static bool isList(const Value &value) { return value.kind == Kind::Sequence; }

static Value makeText(jinja::Heap &heap, std::string_view text) {
  return Value(static_cast<const jinja::Text *>(
      heap.make(jinja::Text(std::string(text)))));
}

//===----------------------------------------------------------------------===//
// References
//===----------------------------------------------------------------------===//

/// A step of a JSON pointer as it is written in a reference.
static std::string decodeStep(std::string_view step) {
  std::string text;
  for (size_t i = 0; i < step.size(); ++i) {
    unsigned byte = 0;
    if (step[i] == '%' && i + 2 < step.size() &&
        std::from_chars(step.data() + i + 1, step.data() + i + 3, byte, 16)
                .ptr == step.data() + i + 3) {
      text += static_cast<char>(byte);
      i += 2;
    } else {
      text += step[i];
    }
  }
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i)
    if (text[i] == '~' && i + 1 < text.size()) {
      ++i;
      decoded += text[i] == '1' ? '/' : '~';
    } else {
      decoded += text[i];
    }
  return decoded;
}

const Value *SchemaMerger::resolve(const std::string &reference,
                                   const std::string &place,
                                   std::string &error) {
  std::string_view rest = reference;
  if (rest != "#" && !rest.starts_with("#/")) {
    error = place + ": '$ref' must point into the same schema, as " +
            "'#/$defs/name', not to '" + reference + "'";
    return nullptr;
  }
  rest.remove_prefix(1);
  const Value *target = &root;
  while (!rest.empty() && target) {
    rest.remove_prefix(1);
    std::string step = decodeStep(rest.substr(0, rest.find('/')));
    rest.remove_prefix(std::min(rest.find('/'), rest.size()));
    size_t index = 0;
    if (target->kind == Kind::Mapping) {
      target = target->mapping->find(step);
    } else if (isList(*target) &&
               std::from_chars(step.data(), step.data() + step.size(), index)
                       .ptr == step.data() + step.size() &&
               !step.empty() && index < target->sequence->items.size()) {
      target = &target->sequence->items[index];
    } else {
      target = nullptr;
    }
  }
  if (!target)
    error = place + ": there is nothing at '" + reference + "'";
  return target;
}

//===----------------------------------------------------------------------===//
// Merging
//===----------------------------------------------------------------------===//

/// The schema that both say.
Value SchemaMerger::both(const Value &a, const Value &b) {
  if (a.kind == Kind::Boolean)
    return a.boolean ? b : a;
  if (b.kind == Kind::Boolean)
    return b.boolean ? a : b;
  if (printJson(a) == printJson(b))
    return a;
  // One list of all, however many there are.
  std::vector<Value> schemas = {a};
  if (a.kind == Kind::Mapping && a.mapping->entries.size() == 1)
    if (const Value *list = a.mapping->find("allOf"); list && isList(*list))
      schemas = list->sequence->items;
  schemas.push_back(b);
  Mapping all;
  all.entries.emplace_back(makeText(heap, "allOf"),
                           Value(heap.make(Form::List, std::move(schemas))));
  return Value(static_cast<const Mapping *>(heap.make(std::move(all))));
}

static std::vector<Value> asList(const Value &value) {
  return isList(value) ? value.sequence->items : std::vector<Value>{value};
}

/// Keeps what the other list has, too, where every integer is a number.
static std::vector<Value> intersect(const std::vector<Value> &a,
                                    const std::vector<Value> &b) {
  auto has = [](const std::vector<Value> &list, const std::string &text) {
    return std::ranges::any_of(
        list, [&](const Value &item) { return printJson(item) == text; });
  };
  std::vector<Value> common;
  for (const std::vector<Value> *from : {&a, &b}) {
    const std::vector<Value> &other = from == &a ? b : a;
    for (const Value &item : *from) {
      std::string text = printJson(item);
      bool isShared = has(other, text) ||
                      (text == "\"integer\"" && has(other, "\"number\""));
      if (isShared && !has(common, text))
        common.push_back(item);
    }
  }
  return common;
}

/// False if no value fits both.
bool SchemaMerger::mergeKeyword(std::string_view name, Value &value,
                                const Value &other, std::string &error) {
  if (printJson(value) == printJson(other))
    return true;
  bool isLower = name.starts_with("min") || name == "exclusiveMinimum",
       isUpper = name.starts_with("max") || name == "exclusiveMaximum";
  if ((isLower || isUpper) && value.isNumber() && other.isNumber()) {
    if (isLower == (other.number() > value.number()))
      value = other;
    return true;
  }
  if (name == "properties" && value.kind == Kind::Mapping &&
      other.kind == Kind::Mapping) {
    Mapping all = *value.mapping;
    for (const auto &[key, schema] : other.mapping->entries)
      if (const Value *own = value.mapping->find(key))
        all.set(key, both(*own, schema));
      else
        all.entries.emplace_back(key, schema);
    value = Value(static_cast<const Mapping *>(heap.make(std::move(all))));
    return true;
  }
  if (name == "required" && isList(value) && isList(other)) {
    std::vector<Value> all = value.sequence->items;
    all.insert(all.end(), other.sequence->items.begin(),
               other.sequence->items.end());
    value = Value(heap.make(Form::List, std::move(all)));
    return true;
  }
  if (name == "type" || name == "enum") {
    std::vector<Value> common = intersect(asList(value), asList(other));
    bool isPossible = !common.empty();
    value = Value(heap.make(Form::List, std::move(common)));
    return isPossible;
  }
  if (name == "const")
    return false;
  if ((name == "items" && !isList(value) && !isList(other)) ||
      name == "additionalProperties") {
    value = both(value, other);
    return true;
  }
  error = "'" + std::string(name) + "' of two schemas together";
  return false;
}

/// Whether a schema allows only the properties that it names.
static bool isClosed(const Mapping &schema) {
  const Value *others = schema.find("additionalProperties");
  return others && !(others->kind == Kind::Boolean && others->boolean);
}

/// Whether a schema has properties that the other does not name.
static bool addsProperties(const Mapping &schema, const Mapping &to) {
  const Value *own = schema.find("properties"), *known = to.find("properties");
  if (!own || own->kind != Kind::Mapping)
    return false;
  return std::ranges::any_of(own->mapping->entries, [&](const auto &entry) {
    return !known || known->kind != Kind::Mapping ||
           !known->mapping->find(entry.first);
  });
}

/// Null if no value fits both, or after an error.
const Mapping *SchemaMerger::merge(const Placed &a, const Placed &b,
                                   std::string &error) {
  if ((isClosed(*a.schema) && addsProperties(*b.schema, *a.schema)) ||
      (isClosed(*b.schema) && addsProperties(*a.schema, *b.schema))) {
    error = b.place + ": 'additionalProperties' beside other properties of a "
                      "schema that it is merged with is not supported";
    return nullptr;
  }
  Mapping all = *a.schema;
  for (const auto &[key, other] : b.schema->entries) {
    const Value *own = all.find(key);
    if (!own) {
      all.entries.emplace_back(key, other);
      continue;
    }
    Value value = *own;
    std::string reason;
    // Of annotations the first one stays.
    if (isAnnotation(key.text->bytes))
      continue;
    if (!mergeKeyword(key.text->bytes, value, other, reason)) {
      if (!reason.empty())
        error = b.place + ": " + reason + " is not supported";
      return nullptr;
    }
    all.set(key, value);
  }
  return heap.make(std::move(all));
}

/// Each of the alternatives with each of the others.
void SchemaMerger::combine(std::vector<Placed> &alternatives,
                           const std::vector<Placed> &others,
                           std::string &error) {
  std::vector<Placed> all;
  if (alternatives.size() * others.size() > maxAlternatives) {
    error = others.front().place + ": the schemas together have more than " +
            std::to_string(maxAlternatives) + " alternatives";
    return;
  }
  for (const Placed &a : alternatives)
    for (const Placed &b : others)
      if (const Mapping *merged = error.empty() ? merge(a, b, error) : nullptr)
        all.push_back({merged, a.place});
  alternatives = std::move(all);
}

std::vector<SchemaMerger::Placed>
SchemaMerger::flattenValue(const Value &schema, const std::string &place,
                           size_t depth, std::string &error) {
  if (schema.kind == Kind::Mapping)
    return flatten({schema.mapping, place}, depth, error);
  if (schema.kind == Kind::Boolean && schema.boolean)
    return {{heap.make(Mapping()), place}};
  if (schema.kind != Kind::Boolean && error.empty())
    error = place + ": a schema is an object, or true or false";
  return {};
}

std::vector<SchemaMerger::Placed>
SchemaMerger::flatten(const Placed &schema, size_t depth, std::string &error) {
  if (depth > maxDepth) {
    error = schema.place + ": schemas refer to each other without an end";
    return {};
  }
  Mapping own;
  for (const auto &[key, value] : schema.schema->entries)
    if (std::string_view name = key.text->bytes;
        name != "$ref" && name != "allOf" && name != "anyOf" && name != "oneOf")
      own.entries.emplace_back(key, value);
  std::vector<Placed> alternatives = {
      {heap.make(std::move(own)), schema.place}};
  if (const Value *reference = schema.schema->find("$ref")) {
    if (!reference->isText())
      error = schema.place + ": '$ref' must be a text";
    else if (const Value *target =
                 resolve(reference->text->bytes, schema.place, error))
      combine(alternatives,
              flattenValue(*target, reference->text->bytes, depth + 1, error),
              error);
  }
  for (const char *name : {"allOf", "anyOf", "oneOf"}) {
    const Value *list = schema.schema->find(name);
    if (!list || !error.empty())
      continue;
    std::string place = schema.place + "/" + name;
    if (!isList(*list) || list->sequence->items.empty() ||
        list->sequence->items.size() > maxAlternatives) {
      error = place + " must be a list of 1 to " +
              std::to_string(maxAlternatives) + " schemas";
      break;
    }
    std::vector<Placed> choices;
    for (size_t i = 0; i < list->sequence->items.size(); ++i) {
      std::vector<Placed> next =
          flattenValue(list->sequence->items[i],
                       place + "/" + std::to_string(i), depth + 1, error);
      if (!error.empty())
        return {};
      if (name[1] == 'l') // allOf
        combine(alternatives, next, error);
      else
        choices.insert(choices.end(), next.begin(), next.end());
    }
    if (name[1] != 'l' && error.empty())
      combine(alternatives, choices, error);
  }
  return alternatives;
}

std::vector<SchemaMerger::Placed> SchemaMerger::flatten(const Placed &schema,
                                                        std::string &error) {
  std::vector<Placed> alternatives = flatten(schema, 0, error);
  if (error.empty() && alternatives.empty())
    error = schema.place + ": no value fits what is asked for";
  return error.empty() ? alternatives : std::vector<Placed>();
}
