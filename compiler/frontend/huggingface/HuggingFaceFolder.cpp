//===- HuggingFaceFolder.cpp - A folder as a checkpoint -------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/huggingface/HuggingFaceFolder.h"
#include "compiler/frontend/MappedFile.h"
#include "compiler/frontend/Names.h"
#include "compiler/frontend/huggingface/GenerationConfig.h"
#include "compiler/frontend/huggingface/SentenceModules.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace llvm;
using namespace quipu;

const MetadataValue *HuggingFaceFolder::find(StringRef key) const {
  const auto *entry = config.metadata.find(key);
  return entry == config.metadata.end() ? nullptr : &entry->second;
}

SmallVector<StringRef> HuggingFaceFolder::getKeys() const {
  return to_vector(make_first_range(config.metadata));
}

const CheckpointTensor *HuggingFaceFolder::findTensor(StringRef name) const {
  auto entry = tensorIndex.find(name);
  return entry == tensorIndex.end() ? nullptr : &views.tensors[entry->second];
}

void HuggingFaceFolder::releaseMemory() const {
  for (const auto &file : files)
    quipu::releaseMemory(file->getBuffer());
}

/// More than any config, less than a memory.
static constexpr size_t maxConfigBytes = 16 << 20;

static Expected<std::unique_ptr<MemoryBuffer>>
mapConfig(StringRef folder, StringRef name, StringRef expected) {
  Expected<std::unique_ptr<MemoryBuffer>> buffer =
      mapFileOf(folder, name, expected);
  if (buffer && (*buffer)->getBufferSize() > maxConfigBytes)
    return createStringError((*buffer)->getBufferIdentifier() + ": " +
                             Twine((*buffer)->getBufferSize()) +
                             " bytes, expected at most " +
                             Twine(maxConfigBytes));
  return buffer;
}

Error HuggingFaceFolder::readConfigs() {
  Expected<std::unique_ptr<MemoryBuffer>> buffer =
      mapConfig(path, "config.json", "a model's config.json");
  if (!buffer)
    return buffer.takeError();
  StringRef file = (*buffer)->getBufferIdentifier();
  Expected<Config> read = readConfig(file, (*buffer)->getBuffer(), saver);
  if (!read)
    return read.takeError();
  config = std::move(*read);

  StringRef name = "generation_config.json";
  SmallString<128> generation(path);
  sys::path::append(generation, name);
  // A link to nothing is there, too.
  sys::fs::file_status status;
  (void)sys::fs::status(generation, status, /*follow=*/false);
  if (status.type() != sys::fs::file_type::file_not_found) {
    Expected<std::unique_ptr<MemoryBuffer>> text =
        mapConfig(path, name, "a model's generation_config.json");
    if (!text)
      return text.takeError();
    if (Error failure =
            readGenerationConfig((*text)->getBufferIdentifier(),
                                 (*text)->getBuffer(), config, saver, warnings))
      return failure;
  }
  return addConfigEnds(file, config);
}

Error HuggingFaceFolder::open(TensorData data) {
  if (Error failure = readConfigs())
    return failure;

  // A spec is written for the rows as GGUF has them.
  auto stored = parsePairing(config.names.getWord("pairs"));
  bool reorders =
      stored == abi::RopePairing::Halves &&
      getGgufPairing(getArchitecture()) == abi::RopePairing::Adjacent;
  pairing = reorders ? abi::RopePairing::Adjacent : stored;

  Expected<SentenceModules> modules =
      readSentenceModules(path, data, config, saver);
  if (!modules)
    return modules.takeError();
  auto opened = openSafetensors(path, data);
  if (!opened)
    return opened.takeError();
  files = std::move(*opened);
  Expected<TensorViews> viewed = viewTensors(files, config, reorders, saver);
  if (!viewed)
    return viewed.takeError();
  views = std::move(*viewed);
  for (CheckpointTensor &tensor : modules->tensors)
    views.tensors.push_back(std::move(tensor));
  llvm::append_range(
      files, llvm::make_range(std::make_move_iterator(modules->files.begin()),
                              std::make_move_iterator(modules->files.end())));
  for (auto [index, tensor] : enumerate(views.tensors))
    tensorIndex[tensor.name] = index;
  return Error::success();
}

Expected<std::unique_ptr<Checkpoint>>
quipu::openHuggingFaceFolder(StringRef path, TensorData data) {
  std::unique_ptr<HuggingFaceFolder> folder(new HuggingFaceFolder(path));
  if (Error failure = folder->open(data))
    return std::move(failure);
  return folder;
}
