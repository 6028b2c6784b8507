//===- ChatTemplate.cpp - A checkpoint's chat template --------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/chat/ChatTemplate.h"
#include "compiler/frontend/Json.h"
#include "compiler/frontend/MappedFile.h"
#include "support/jinja/Template.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace llvm;

namespace quipu {

/// More than any template or description of a tokenizer, less than a memory.
static constexpr size_t maxFileBytes = 64 << 20;

static Error tooLarge(StringRef path) {
  return createStringError(path + ": is too large, expected at most " +
                           Twine(maxFileBytes) + " bytes");
}

/// Of the names of templates, for a message.
static std::string listNames(std::vector<std::string> names) {
  return names.empty() ? "none" : join(names, ", ");
}

static Error noTemplate(StringRef path, StringRef name,
                        const std::vector<std::string> &names) {
  if (name.empty() && names.empty())
    return createStringError(path + ": has no chat template");
  return createStringError(path + ": has no chat template '" +
                           (name.empty() ? "default" : name) +
                           "', expected one of " + listNames(names));
}

//===----------------------------------------------------------------------===//
// Folders
//===----------------------------------------------------------------------===//

namespace {
/// The files of a folder that say how messages become a text.
class ChatFolder {
public:
  explicit ChatFolder(StringRef path) : path(path.str()) {}

  Error read();
  Expected<std::optional<ChatTemplateSource>> find(StringRef name) const;
  std::vector<std::string> getNames() const;

private:
  using File = std::optional<std::string>;
  /// None if there is no such file.
  Expected<File> readFile(StringRef name) const;
  Error readJson(StringRef name, json::Object &object) const;
  Error addTemplates(const json::Value &value, const Twine &where);
  Error findTemplates();
  Expected<std::optional<std::string>> readToken(StringRef key) const;

  std::string path;
  json::Object tokenizer, specials; // of tokenizer_config.json, and the other
  /// By name; what comes first counts.
  std::vector<std::pair<std::string, ChatTemplateSource>> found;
};
} // namespace

Expected<ChatFolder::File> ChatFolder::readFile(StringRef name) const {
  SmallString<128> file(path);
  sys::path::append(file, name);
  if (!sys::fs::exists(file))
    return std::nullopt;
  auto buffer = mapFileOf(path, name, "a file of the tokenizer");
  if (!buffer)
    return buffer.takeError();
  if ((*buffer)->getBufferSize() > maxFileBytes)
    return tooLarge(file);
  return (*buffer)->getBuffer().str();
}

Error ChatFolder::readJson(StringRef name, json::Object &object) const {
  Expected<File> file = readFile(name);
  if (!file)
    return file.takeError();
  if (!*file)
    return Error::success();
  auto parsed = parseJsonObject(path + "/" + name, **file);
  if (!parsed)
    return parsed.takeError();
  object = std::move(*parsed);
  return Error::success();
}

/// A text, an object of texts by name, or a list of {name, template}.
Error ChatFolder::addTemplates(const json::Value &value, const Twine &where) {
  auto add = [&](StringRef name, StringRef text) {
    found.emplace_back(name.str(),
                       ChatTemplateSource{text.str(), where.str(), {}, {}});
  };
  if (auto text = value.getAsString()) {
    add("default", *text);
    return Error::success();
  }
  if (const json::Object *object = value.getAsObject())
    for (const auto &[name, text] : *object)
      if (auto string = text.getAsString())
        add(name, *string);
  if (const json::Array *list = value.getAsArray())
    for (const json::Value &entry : *list) {
      const json::Object *object = entry.getAsObject();
      auto name = object ? object->getString("name") : std::nullopt;
      auto text = object ? object->getString("template") : std::nullopt;
      if (!name || !text)
        return createStringError(where + ": " + quoteJson(entry) +
                                 ", expected a name and a template");
      add(*name, *text);
    }
  return Error::success();
}

Error ChatFolder::findTemplates() {
  Expected<File> file = readFile("chat_template.jinja");
  if (!file)
    return file.takeError();
  if (*file)
    found.emplace_back(
        "default",
        ChatTemplateSource{**file, path + "/chat_template.jinja", {}, {}});
  json::Object other;
  if (Error error = readJson("chat_template.json", other))
    return error;
  for (auto [object, name] : {std::pair(&other, "chat_template.json"),
                              std::pair(&tokenizer, "tokenizer_config.json")})
    if (const json::Value *value = object->get("chat_template"))
      if (Error error =
              addTemplates(*value, path + "/" + name + ": chat_template"))
        return error;
  return Error::success();
}

/// A token is a text, or an object that says how it is found in texts.
Expected<std::optional<std::string>>
ChatFolder::readToken(StringRef key) const {
  for (const json::Object *object : {&tokenizer, &specials}) {
    const json::Value *value = object->get(key);
    if (!value || value->kind() == json::Value::Null)
      continue;
    auto text = value->getAsString();
    if (const json::Object *token = value->getAsObject())
      text = token->getString("content");
    if (!text)
      return createStringError(path + ": " + key + " is " + quoteJson(*value) +
                               ", expected a text");
    return text->str();
  }
  return std::nullopt;
}

Error ChatFolder::read() {
  if (Error error = readJson("tokenizer_config.json", tokenizer))
    return error;
  if (Error error = readJson("special_tokens_map.json", specials))
    return error;
  return findTemplates();
}

Expected<std::optional<ChatTemplateSource>>
ChatFolder::find(StringRef name) const {
  auto wanted =
      find_if(found, [&](const auto &entry) { return entry.first == name; });
  if (wanted == found.end())
    return std::nullopt;
  ChatTemplateSource chosen = wanted->second;
  for (auto [key, token] : {std::pair("bos_token", &chosen.bos),
                            std::pair("eos_token", &chosen.eos)}) {
    auto text = readToken(key);
    if (!text)
      return text.takeError();
    *token = *text;
  }
  return chosen;
}

std::vector<std::string> ChatFolder::getNames() const {
  std::vector<std::string> names;
  for (const auto &[name, source] : found)
    names.push_back(name);
  return names;
}

Expected<std::optional<ChatTemplateSource>> findChatTemplate(StringRef folder,
                                                             StringRef name) {
  ChatFolder files(folder);
  if (Error error = files.read())
    return std::move(error);
  return files.find(name);
}

static Expected<ChatTemplateSource> readOfFolder(StringRef path,
                                                 StringRef name) {
  ChatFolder files(path);
  if (Error error = files.read())
    return std::move(error);
  auto source = files.find(name.empty() ? "default" : name);
  if (!source)
    return source.takeError();
  if (!*source)
    return noTemplate(path, name, files.getNames());
  return std::move(**source);
}

//===----------------------------------------------------------------------===//
// Other files
//===----------------------------------------------------------------------===//

static Expected<ChatTemplateSource> readOfCheckpoint(StringRef path,
                                                     StringRef name) {
  auto checkpoint = openCheckpoint(path, TensorData::IsUnused);
  if (!checkpoint)
    return checkpoint.takeError();
  const std::string prefix = "tokenizer.chat_template";
  bool isDefault = name.empty() || name == "default";
  std::string key = isDefault ? prefix : prefix + "." + name.str();
  std::optional<StringRef> text = (*checkpoint)->getString(key);
  if (!text) {
    std::vector<std::string> names;
    for (StringRef other : (*checkpoint)->getKeys())
      if (other == prefix)
        names.push_back("default");
      else if (other.consume_front(prefix + "."))
        names.push_back(other.str());
    return noTemplate(path, name, names);
  }
  ChatTemplateSource found = {text->str(), path.str() + ": " + key, {}, {}};
  const MetadataValue *tokens = (*checkpoint)->find("tokenizer.ggml.tokens");
  const auto *texts =
      tokens ? std::get_if<std::vector<StringRef>>(tokens) : nullptr;
  for (auto [id, token] :
       {std::pair("tokenizer.ggml.bos_token_id", &found.bos),
        std::pair("tokenizer.ggml.eos_token_id", &found.eos)}) {
    std::optional<int64_t> index = (*checkpoint)->getInteger(id);
    if (texts && index && *index >= 0 && *index < int64_t(texts->size()))
      *token = (*texts)[*index].str();
  }
  return found;
}

Expected<ChatTemplateSource> readChatTemplate(StringRef path, StringRef name) {
  if (sys::fs::is_directory(path))
    return readOfFolder(path, name);
  if (!path.ends_with(".jinja"))
    return readOfCheckpoint(path, name);
  if (!name.empty())
    return createStringError(path + ": is one template, without a name '" +
                             name + "'");
  auto buffer = mapFile(path, "a template");
  if (!buffer)
    return buffer.takeError();
  if ((*buffer)->getBufferSize() > maxFileBytes)
    return tooLarge(path);
  return ChatTemplateSource{(*buffer)->getBuffer().str(), path.str(), {}, {}};
}

std::string checkChatTemplate(StringRef text) {
  return jinja::Template().parse(std::string_view(text));
}

} // namespace quipu
