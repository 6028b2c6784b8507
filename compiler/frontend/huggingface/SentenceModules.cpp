//===- SentenceModules.cpp - What follows an encoder ----------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/huggingface/SentenceModules.h"
#include "compiler/frontend/Json.h"
#include "compiler/frontend/MappedFile.h"
#include "compiler/frontend/Tasks.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace llvm;
using namespace quipu;

namespace {
class Reader {
public:
  Reader(StringRef folder, TensorData data, Config &config, StringSaver &saver)
      : folder(folder), data(data), config(config), saver(saver) {}

  Expected<SentenceModules> read();

private:
  Expected<json::Object> readObject(StringRef inner, StringRef name,
                                    bool isList = false);
  bool isThere(StringRef name) const;
  Error readModule(const json::Value &value);
  Error readPooling(StringRef inner);
  Error readDense(StringRef inner);
  Error readPrompts();
  Error readLength();
  Error error(const Twine &file, const Twine &what) const {
    return createStringError(folder + "/" + file + ": " + what);
  }
  void set(StringRef key, MetadataValue value) {
    config.metadata[saver.save(config.names.getFamily() + "." + key)] =
        std::move(value);
  }

  StringRef folder;
  TensorData data;
  Config &config;
  StringSaver &saver;
  SentenceModules made;
  int64_t denseCount = 0;
  bool isNormalized = false;
};
} // namespace

bool Reader::isThere(StringRef name) const {
  SmallString<128> path(folder);
  sys::path::append(path, name);
  sys::fs::file_status status;
  (void)sys::fs::status(path, status, /*follow=*/false);
  return status.type() != sys::fs::file_type::file_not_found;
}

/// A list becomes the only entry, "list", of an object.
Expected<json::Object> Reader::readObject(StringRef inner, StringRef name,
                                          bool isList) {
  SmallString<128> path(folder);
  sys::path::append(path, inner);
  Expected<std::unique_ptr<MemoryBuffer>> buffer =
      mapFileOf(path, name, "a file of sentence_transformers");
  if (!buffer)
    return buffer.takeError();
  constexpr size_t most = 1 << 20;
  if ((*buffer)->getBufferSize() > most)
    return error(name, "more than " + Twine(most) + " bytes");
  StringRef text = (*buffer)->getBuffer();
  return parseJsonObject((*buffer)->getBufferIdentifier(),
                         isList ? ("{\"list\":" + text + "}").str()
                                : text.str());
}

Error Reader::readPooling(StringRef inner) {
  Expected<json::Object> object = readObject(inner, "config.json");
  if (!object)
    return object.takeError();
  StringRef mode = object->getString("pooling_mode").value_or("");
  for (const auto &[key, value] : *object) {
    StringRef name = key;
    if (!name.consume_front("pooling_mode_") || value.getAsBoolean() != true)
      continue;
    if (!mode.empty())
      return error(inner, "pools in more than one way, " + mode + " and " +
                              name + ", expected one");
    mode = name;
  }
  // What quipu.pool calls them.
  StringRef kind = StringSwitch<StringRef>(mode)
                       .Cases({"mean", "mean_tokens"}, "mean")
                       .Case("mean_sqrt_len_tokens", "mean_sqrt_len")
                       .Cases({"max", "max_tokens"}, "max")
                       .Cases({"cls", "cls_token"}, "first")
                       .Cases({"lasttoken", "last"}, "last")
                       .Default("");
  if (kind.empty())
    return error(inner, "pools by '" + mode +
                            "', expected mean_tokens, mean_sqrt_len_tokens, "
                            "max_tokens, cls_token or lasttoken");
  if (object->getBoolean("include_prompt") == false)
    return error(inner, "leaves prompts out of what it pools, which programs "
                        "cannot");
  set("pooling", kind);
  return Error::success();
}

Error Reader::readDense(StringRef inner) {
  Expected<json::Object> object = readObject(inner, "config.json");
  if (!object)
    return object.takeError();
  // GGUF counts modules from 0: the encoder, pooling, then these.
  std::string name = "dense_" + std::to_string(2 + denseCount++);
  if (denseCount > 2)
    return error(inner, "is the third dense layer, expected at most two");
  StringRef activation =
      object->getString("activation_function").value_or("Tanh");
  if (activation.ends_with("Tanh"))
    set(name + "_tanh", int64_t(1));
  else if (!activation.ends_with("Identity"))
    return error(inner, "activates by '" + activation +
                            "', expected Tanh or Identity");
  SmallString<128> path(folder);
  sys::path::append(path, inner);
  auto files = openSafetensors(path, data);
  if (!files)
    return files.takeError();
  for (std::unique_ptr<SafetensorsFile> &file : *files) {
    for (const SafetensorsTensor &tensor : file->getTensors()) {
      StringRef kind = tensor.name;
      const auto *format = StringSwitch<const WeightFormat *>(tensor.dtype)
                               .Case("F32", &formatF32)
                               .Case("F16", &formatF16)
                               .Case("BF16", &formatBF16)
                               .Default(nullptr);
      if (!kind.consume_front("linear.") ||
          (kind != "weight" && kind != "bias") || !format ||
          tensor.shape.size() != (kind == "weight" ? 2 : 1))
        return error(inner, "the tensor '" + tensor.name +
                                "' is no weight or bias of a linear layer in "
                                "F32, F16 or BF16");
      made.tensors.push_back({.name = saver.save(name + "." + kind),
                              .format = format,
                              .shape = tensor.shape,
                              .data = tensor.data});
    }
    made.files.push_back(std::move(file));
  }
  return Error::success();
}

Error Reader::readModule(const json::Value &value) {
  const json::Object *module = value.getAsObject();
  std::optional<StringRef> type, path;
  if (module) {
    type = module->getString("type");
    path = module->getString("path");
  }
  if (!type || !path || !isPrintableName(*type))
    return error("modules.json", "a module has no type and path");
  if (!path->empty() &&
      (!isPrintableName(*path) || path->contains('/') || *path == ".."))
    return error("modules.json",
                 "the path " + quoteJson(*path) + " is no folder of this one");
  StringRef kind = type->rsplit('.').second;
  if (isNormalized)
    return error("modules.json", kind + " follows Normalize, which must be the "
                                        "last module");
  if (kind == "Transformer")
    return Error::success();
  if (kind == "Pooling")
    return readPooling(*path);
  if (kind == "Dense")
    return readDense(*path);
  if (kind != "Normalize")
    return error("modules.json",
                 "the module " + *type +
                     " is unknown, expected Transformer, Pooling, Dense and "
                     "Normalize");
  isNormalized = true;
  return Error::success();
}

Error Reader::readPrompts() {
  constexpr StringLiteral name = "config_sentence_transformers.json";
  if (!isThere(name))
    return Error::success();
  Expected<json::Object> object = readObject("", name);
  if (!object)
    return object.takeError();
  std::map<StringRef, StringRef> sorted; // objects have no order
  if (const json::Object *prompts = object->getObject("prompts"))
    for (const auto &[key, value] : *prompts) {
      std::optional<StringRef> text = value.getAsString();
      if (!text || !isPrintableName(key))
        return error(name, "the prompt " + quoteJson(StringRef(key)) +
                               " is no name of a text");
      sorted.emplace(saver.save(StringRef(key)), saver.save(*text));
    }
  std::vector<StringRef> names, texts;
  for (auto [key, text] : sorted) {
    names.push_back(key);
    texts.push_back(text);
  }
  if (std::optional<StringRef> usual =
          object->getString("default_prompt_name")) {
    if (!is_contained(names, *usual))
      return error(name, "there is no prompt " + quoteJson(*usual) +
                             ", which is the default");
    config.metadata[defaultPromptKey] = saver.save(*usual);
  }
  if (names.empty())
    return Error::success();
  config.metadata[promptNamesKey] = std::move(names);
  config.metadata[promptTextsKey] = std::move(texts);
  return Error::success();
}

/// Longer texts are cut: that becomes the context.
Error Reader::readLength() {
  constexpr StringLiteral name = "sentence_bert_config.json";
  if (!isThere(name))
    return Error::success();
  Expected<json::Object> object = readObject("", name);
  if (!object)
    return object.takeError();
  std::optional<int64_t> length = object->getInteger("max_seq_length");
  std::optional<double> context = config.getNumber("context_length");
  if (length && *length > 0 &&
      (!context || static_cast<double>(*length) < *context))
    set("context_length", *length);
  return Error::success();
}

Expected<SentenceModules> Reader::read() {
  constexpr StringLiteral name = "modules.json";
  if (!isThere(name))
    return std::move(made);
  Expected<json::Object> object = readObject("", name, /*isList=*/true);
  if (!object)
    return object.takeError();
  const json::Array *modules = object->getArray("list");
  if (!modules)
    return error(name, "expected a list of modules");
  for (const json::Value &module : *modules)
    if (Error failure = readModule(module))
      return std::move(failure);
  if (!isNormalized)
    set("embedding_as_is", int64_t(1));
  config.metadata[headKey] = saver.save("embed");
  if (Error failure = readPrompts())
    return std::move(failure);
  if (Error failure = readLength())
    return std::move(failure);
  return std::move(made);
}

Expected<SentenceModules> quipu::readSentenceModules(StringRef folder,
                                                     TensorData data,
                                                     Config &config,
                                                     StringSaver &saver) {
  return Reader(folder, data, config, saver).read();
}
