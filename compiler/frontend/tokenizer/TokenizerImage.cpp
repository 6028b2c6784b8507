//===- TokenizerImage.cpp - Put a tokenizer into a program ----------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/tokenizer/TokenizerImage.h"
#include "compiler/frontend/Json.h"
#include "compiler/frontend/MappedFile.h"
#include "compiler/frontend/chat/ChatTemplate.h"
#include "compiler/frontend/gguf/GgufFile.h"
#include "compiler/frontend/tokenizer/TokenizerDescription.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace llvm;
using namespace quipu;

/// More than any tokenizer, less than a memory.
static constexpr size_t maxFileBytes = size_t(256) << 20;

/// An optional file beside a tokenizer.json; an empty object when there is
/// none.
static Expected<json::Object> readBeside(StringRef folder, StringRef name) {
  SmallString<256> path(folder);
  sys::path::append(path, name);
  if (!sys::fs::exists(path))
    return json::Object();
  Expected<std::unique_ptr<MemoryBuffer>> file =
      mapFileOf(folder, name, "a JSON file");
  if (!file)
    return file.takeError();
  if ((*file)->getBufferSize() > maxFileBytes)
    return createStringError(path + ": " + Twine((*file)->getBufferSize()) +
                             " bytes, expected at most " + Twine(maxFileBytes));
  return parseJsonObject((*file)->getBufferIdentifier(), (*file)->getBuffer());
}

/// The id of a token that a file names, by itself or as {"content": ...}.
static int32_t findNamed(const TokenizerDescription &description,
                         const json::Value *value) {
  if (const json::Object *object = value ? value->getAsObject() : nullptr)
    value = object->get("content");
  std::optional<StringRef> name = value ? value->getAsString() : std::nullopt;
  for (const TokenizerDescription::Added &added : description.added)
    if (name && added.name == *name)
      return added.token.id;
  return noToken;
}

/// What tokenizer_config.json and the files of the chat template add.
static Error readTokenNames(StringRef folder,
                            TokenizerDescription &description) {
  Expected<json::Object> config = readBeside(folder, "tokenizer_config.json");
  if (!config)
    return config.takeError();
  for (auto [key, id] : {std::pair("bos_token", &description.bos),
                         std::pair("eos_token", &description.eos),
                         std::pair("pad_token", &description.padding)})
    *id = findNamed(description, config->get(key));
  Expected<std::optional<ChatTemplateSource>> chat = findChatTemplate(folder);
  if (!chat)
    return chat.takeError();
  if (*chat)
    description.chatTemplate = (*chat)->text;

  // Those of generation_config.json are the program's, see Generation.h.
  if (description.eos >= 0 &&
      size_t(description.eos) < description.tokens.size())
    description.tokens[size_t(description.eos)].endOfGeneration = true;
  return Error::success();
}

Expected<std::optional<TokenizerDescription>>
quipu::readTokenizerFolder(StringRef path) {
  StringRef folder =
      sys::fs::is_directory(path) ? path : sys::path::parent_path(path);
  if (folder.empty())
    folder = ".";
  SmallString<256> file(folder);
  sys::path::append(file, "tokenizer.json");
  if (!sys::fs::exists(file))
    return std::nullopt;
  Expected<std::unique_ptr<MemoryBuffer>> buffer =
      mapFileOf(folder, "tokenizer.json", "a tokenizer.json");
  if (!buffer)
    return buffer.takeError();
  if ((*buffer)->getBufferSize() > maxFileBytes)
    return createStringError(file + ": " + Twine((*buffer)->getBufferSize()) +
                             " bytes, expected at most " + Twine(maxFileBytes));
  Expected<TokenizerDescription> read = readTokenizerJson(
      (*buffer)->getBufferIdentifier(), (*buffer)->getBuffer());
  if (!read)
    return read.takeError();
  if (Error error = readTokenNames(folder, *read))
    return std::move(error);
  return std::move(*read);
}

static bool hasKeys(const Checkpoint &checkpoint) {
  return checkpoint.find("tokenizer.ggml.model") ||
         checkpoint.find("tokenizer.ggml.tokens");
}

Expected<std::vector<uint8_t>>
quipu::buildTokenizerImage(const Checkpoint &checkpoint, int64_t vocabulary,
                           function_ref<void(const Twine &)> warn) {
  if (hasKeys(checkpoint)) {
    Expected<TokenizerDescription> read =
        readGgufTokenizer(checkpoint, vocabulary, warn);
    if (!read)
      return read.takeError();
    return writeTokenizerImage(std::move(*read));
  }
  auto read = readTokenizerFolder(checkpoint.getPath());
  if (!read)
    return read.takeError();
  if (!*read)
    return std::vector<uint8_t>();
  if (int64_t((*read)->tokens.size()) > vocabulary)
    return createStringError(checkpoint.getPath() + ": tokenizer.json has " +
                             Twine((*read)->tokens.size()) +
                             " tokens, but the model's embedding has " +
                             Twine(vocabulary) + " rows");
  // Embeddings often have more rows than there are tokens.
  (*read)->tokens.resize(vocabulary);
  return writeTokenizerImage(std::move(**read));
}

Expected<std::vector<uint8_t>>
quipu::buildTokenizerImage(StringRef path,
                           function_ref<void(const Twine &)> warn) {
  if (sys::fs::is_directory(path) ||
      sys::path::filename(path) == "tokenizer.json") {
    auto read = readTokenizerFolder(path);
    if (!read)
      return read.takeError();
    if (!*read)
      return createStringError(path + ": has no tokenizer.json");
    return writeTokenizerImage(std::move(**read));
  }
  if (path.ends_with(".json")) {
    Expected<std::unique_ptr<MemoryBuffer>> buffer =
        mapFile(path, "a tokenizer.json");
    if (!buffer)
      return buffer.takeError();
    Expected<TokenizerDescription> read =
        readTokenizerJson(path, (*buffer)->getBuffer());
    if (!read)
      return read.takeError();
    return writeTokenizerImage(std::move(*read));
  }
  Expected<std::unique_ptr<Checkpoint>> file = openGguf(path);
  if (!file)
    return file.takeError();
  if (!hasKeys(**file))
    return createStringError(path + ": has no tokenizer");
  Expected<TokenizerDescription> read =
      readGgufTokenizer(**file, /*vocabulary=*/0, warn);
  if (!read)
    return read.takeError();
  return writeTokenizerImage(std::move(*read));
}
