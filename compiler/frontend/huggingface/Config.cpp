//===- Config.cpp - config.json as metadata -------------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/huggingface/Config.h"
#include "compiler/frontend/Json.h"
#include "compiler/frontend/Tasks.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include <cmath>

using namespace llvm;
using namespace quipu;

namespace {
class ConfigReader {
public:
  ConfigReader(StringRef path, Config &to, StringSaver &saver)
      : path(path), to(to), names(to.names), saver(saver) {}

  Error read(const json::Object &object);
  /// The head of the model's class, and its labels.
  Error readTask(const json::Object &object);

private:
  Error error(StringRef key, const json::Value &value, const Twine &expected) {
    return createStringError(path + ": the key '" + key + "' is " +
                             quoteJson(value) + ", expected " + expected);
  }
  Error flatten(const Twine &prefix, const json::Object &object);
  void dropMoot();
  Error verifyExpected();
  Error map(StringRef key, const json::Value &value);
  Error add(StringRef key, StringRef gguf, const json::Value &value);
  Error addTensor(StringRef key, StringRef tensor, const json::Value &value);
  Expected<MetadataValue> convert(StringRef key, const json::Value &value);
  /// The key that the dictionary has, for one that means the same.
  std::string getKnownKey(StringRef key) const;
  std::string getFullKey(StringRef gguf) const;
  std::optional<double> compute(StringRef gguf, StringRef expression);
  std::optional<double> getOperand(StringRef operand);

  StringRef path;
  Config &to;
  const FolderNames &names;
  StringSaver &saver;
  StringSet<> computed; // keys of GGUF that were tried
};
} // namespace

std::optional<double> Config::getNumber(StringRef key) const {
  std::string full = (names.getFamily() + "." + key).str();
  const auto *entry = metadata.find(full);
  if (entry == metadata.end())
    return std::nullopt;
  if (const auto *integer = std::get_if<int64_t>(&entry->second))
    return static_cast<double>(*integer);
  if (const auto *real = std::get_if<double>(&entry->second))
    return *real;
  return std::nullopt;
}

const json::Value *Config::findOwn(StringRef key) const {
  auto entry = own.find(key.str());
  return entry == own.end() ? nullptr : &entry->second;
}

std::string ConfigReader::getFullKey(StringRef gguf) const {
  return (names.getFamily() + "." + gguf).str();
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

/// All elements as a list of one kind, or none.
template <typename T, typename Get>
static std::optional<MetadataValue> getAll(const json::Array &list, Get get) {
  std::vector<T> all;
  for (const json::Value &one : list) {
    auto element = get(one);
    if (!element)
      return std::nullopt;
    all.push_back(*element);
  }
  return MetadataValue(std::move(all));
}

/// A number that is finite.
static std::optional<double> getReal(const json::Value &value) {
  std::optional<double> real = value.getAsNumber();
  return real && std::isfinite(*real) ? real : std::nullopt;
}

Expected<MetadataValue> ConfigReader::convert(StringRef key,
                                              const json::Value &value) {
  if (std::optional<bool> flag = value.getAsBoolean())
    return *flag;
  if (std::optional<int64_t> integer = value.getAsInteger())
    return *integer;
  if (std::optional<double> real = getReal(value))
    return *real;
  if (std::optional<StringRef> word = value.getAsString())
    return saver.save(*word);
  std::optional<MetadataValue> all;
  if (const json::Array *list = value.getAsArray()) {
    all = getAll<bool>(*list, [](auto &one) { return one.getAsBoolean(); });
    if (!all)
      all =
          getAll<int64_t>(*list, [](auto &one) { return one.getAsInteger(); });
    if (!all)
      all = getAll<double>(*list, getReal);
    if (!all)
      all = getAll<StringRef>(*list, [&](auto &one) {
        std::optional<StringRef> word = one.getAsString();
        return word ? std::optional(saver.save(*word)) : std::nullopt;
      });
  }
  if (all)
    return *all;
  return error(key, value, "a number, a word, or a list of one of them");
}

Error ConfigReader::addTensor(StringRef key, StringRef tensor,
                              const json::Value &value) {
  std::vector<float> numbers;
  const json::Array *list = value.getAsArray();
  for (const json::Value &one : list ? *list : json::Array()) {
    float number = static_cast<float>(getReal(one).value_or(NAN));
    if (!std::isfinite(number))
      return error(key, value, "a list of numbers");
    numbers.push_back(number);
  }
  if (numbers.empty())
    return error(key, value, "a list of numbers");
  to.tensors[tensor.str()] = std::move(numbers);
  return Error::success();
}

//===----------------------------------------------------------------------===//
// Keys
//===----------------------------------------------------------------------===//

/// What says nothing.
static bool isEmpty(const json::Value &value) {
  const json::Array *list = value.getAsArray();
  const json::Object *object = value.getAsObject();
  return value.getAsNull() || (list && list->empty()) ||
         (object && object->empty());
}

Error ConfigReader::flatten(const Twine &prefix, const json::Object &object) {
  for (const auto &[name, value] : object) {
    std::string key = (prefix + StringRef(name)).str();
    if (!isPrintableName(key))
      return createStringError(path + ": the key " + quoteJson(key) +
                               ", expected 1 to 512 printable bytes");
    const json::Object *inner = value.getAsObject();
    if (isEmpty(value) || (inner && names.has("harmless", key)))
      continue;
    if (inner) {
      if (Error failure = flatten(key + ".", *inner))
        return failure;
      continue;
    }
    auto [entry, isNew] = to.own.emplace(getKnownKey(key), value);
    if (!isNew && entry->second != value)
      return error(key, value,
                   "what '" + entry->first + "' is, " +
                       quoteJson(entry->second));
  }
  return Error::success();
}

std::string ConfigReader::getKnownKey(StringRef key) const {
  auto isKnown = [&](StringRef one) {
    return names.find("keys", one) || names.find("expected", one) ||
           names.find("tensors of keys", one) || names.has("harmless", one);
  };
  std::string known = key.str();
  if (isKnown(key))
    return known;
  names.visit("same", [&](StringRef prefix, const json::Value &other) {
    std::string renamed = other.getAsString().value_or("").str();
    if (key.starts_with(prefix) &&
        isKnown(renamed += key.drop_front(prefix.size())))
      known = renamed;
  });
  return known;
}

void ConfigReader::dropMoot() {
  names.visit("off", [&](StringRef flag, const json::Value &others) {
    const json::Value *value = to.findOwn(flag);
    if (!value)
      value = names.find("defaults", flag);
    if (value && value->getAsBoolean() == false)
      for (const json::Value &other : *others.getAsArray())
        to.own.erase(other.getAsString().value_or("").str());
  });
  names.visit("instead", [&](StringRef key, const json::Value &other) {
    if (to.findOwn(other.getAsString().value_or("")))
      to.own.erase(key.str());
  });
}

Error ConfigReader::verifyExpected() {
  Error failure = Error::success();
  names.visit("expected", [&](StringRef key, const json::Value &values) {
    const json::Value *value = to.findOwn(key);
    if (!value || failure)
      return;
    const json::Array &allowed = *values.getAsArray();
    if (!is_contained(allowed, *value))
      failure = error(key, *value,
                      join(map_range(allowed, quoteJson), " or ") +
                          ", as the specs of this family compute");
    if (!names.find("keys", key))
      to.own.erase(key.str());
  });
  return failure;
}

Error ConfigReader::add(StringRef key, StringRef gguf,
                        const json::Value &value) {
  const json::Value *used = &value;
  if (std::optional<StringRef> word = value.getAsString())
    if (const json::Value *words = names.find("words", gguf))
      if (const json::Value *other = words->getAsObject()->get(*word)) {
        if (other->getAsNull())
          return Error::success();
        used = other;
      }
  Expected<MetadataValue> converted = convert(key, *used);
  if (!converted)
    return converted.takeError();
  auto [entry, isNew] =
      to.metadata.try_emplace(saver.save(getFullKey(gguf)), *converted);
  if (!isNew && entry->second != *converted)
    return error(key, value, "what another key says of " + gguf);
  return Error::success();
}

Error ConfigReader::map(StringRef key, const json::Value &value) {
  if (const json::Value *gguf = names.find("keys", key))
    return add(key, gguf->getAsString().value_or(""), value);
  if (const json::Value *tensor = names.find("tensors of keys", key))
    return addTensor(key, tensor->getAsString().value_or(""), value);
  return error(key, value,
               "a key that is known; whether it changes what the model "
               "computes is not");
}

std::optional<double> ConfigReader::getOperand(StringRef operand) {
  double number;
  if (!operand.getAsDouble(number))
    return number;
  if (std::optional<double> known = to.getNumber(operand))
    return known;
  const json::Value *expression = names.find("computed", operand);
  // What is computed of itself has no value.
  if (!expression || !computed.insert(operand).second)
    return std::nullopt;
  return compute(operand, expression->getAsString().value_or(""));
}

std::optional<double> ConfigReader::compute(StringRef gguf,
                                            StringRef expression) {
  bool isFloor = expression.consume_front("floor ");
  SmallVector<StringRef> words; // A op B
  expression.split(words, ' ');
  std::optional<double> lhs = getOperand(words[0]), rhs = getOperand(words[2]);
  if (!lhs || !rhs)
    return std::nullopt;
  double result = words[1] == "*"   ? *lhs * *rhs
                  : words[1] == "/" ? *lhs / *rhs
                                    : std::pow(*lhs, *rhs);
  if (isFloor)
    result = std::floor(result);
  // A number that is none here is reported where it is used.
  if (!std::isfinite(result) || (isFloor && std::fabs(result) > 1e15))
    return std::nullopt;
  to.metadata.try_emplace(saver.save(getFullKey(gguf)),
                          isFloor ? MetadataValue(int64_t(result))
                                  : MetadataValue(result));
  return result;
}

Error ConfigReader::read(const json::Object &object) {
  if (Error failure = flatten("", object))
    return failure;
  dropMoot();
  if (Error failure = verifyExpected())
    return failure;
  for (const auto &[key, value] : to.own)
    if (!names.has("harmless", key) && !names.find("tied", key))
      if (Error failure = map(key, value))
        return failure;
  Error failure = Error::success();
  names.visit("defaults", [&](StringRef key, const json::Value &value) {
    const json::Value *gguf = names.find("keys", key);
    if (gguf && !failure &&
        !to.metadata.contains(getFullKey(gguf->getAsString().value_or(""))))
      failure = map(key, value);
  });
  if (failure)
    return failure;
  names.visit("computed", [&](StringRef gguf, const json::Value &) {
    (void)getOperand(gguf);
  });
  return Error::success();
}

Error ConfigReader::readTask(const json::Object &object) {
  const json::Array *classes = object.getArray("architectures");
  StringRef name = classes && !classes->empty()
                       ? (*classes)[0].getAsString().value_or("")
                       : "";
  StringRef head;
  names.visit("heads", [&](StringRef suffix, const json::Value &value) {
    if (name.ends_with(suffix))
      head = saver.save(value.getAsString().value_or(""));
  });
  if (!head.empty())
    to.metadata.try_emplace(headKey, head);
  const json::Object *labels = object.getObject("id2label");
  if (!labels || (head != "classify" && head != "tag"))
    return Error::success();
  std::vector<StringRef> list;
  for (size_t i = 0; i < labels->size(); ++i) {
    std::optional<StringRef> label = labels->getString(std::to_string(i));
    if (!label)
      return error("id2label", *object.get("id2label"),
                   "a text for each number from 0 on");
    list.push_back(saver.save(*label));
  }
  to.metadata.try_emplace(saver.save(getFullKey(labelsKey)), std::move(list));
  return Error::success();
}

/// Of a model of several kinds of input: the part about text, with what the
/// whole says for it.
static void takeNested(json::Object &object) {
  FolderNames names("");
  names.visit("nested", [&](StringRef part, const json::Value &outer) {
    json::Value *nested = object.get(part);
    if (!nested || !nested->getAsObject())
      return;
    json::Object text = *nested->getAsObject();
    for (const json::Value &key : *outer.getAsArray())
      if (const json::Value *value = object.get(*key.getAsString()))
        text.try_emplace(*key.getAsString(), *value);
    object = std::move(text);
  });
}

Expected<Config> quipu::readConfig(StringRef path, StringRef text,
                                   StringSaver &saver) {
  Expected<json::Object> object = parseJsonObject(path, text);
  if (!object)
    return object.takeError();
  takeNested(*object);
  std::optional<StringRef> type = object->getString("model_type");
  if (!type || !isPrintableName(*type))
    return createStringError(path + ": the key 'model_type' is " +
                             (object->get("model_type")
                                  ? quoteJson(*object->get("model_type"))
                                  : "missing") +
                             ", expected the model family's name");
  Config config{FolderNames(*type), {}, {}, {}};
  ConfigReader reader(path, config, saver);
  if (Error failure = reader.read(*object))
    return std::move(failure);
  if (Error failure = reader.readTask(*object))
    return std::move(failure);
  return config;
}
