//===- HuggingFaceFolder.cpp - A folder as a checkpoint -------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/huggingface/HuggingFaceFolder.h"
#include "compiler/frontend/MappedFile.h"
#include "compiler/frontend/Names.h"
#include "llvm/ADT/STLExtras.h"

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

Error HuggingFaceFolder::open(TensorData data) {
  Expected<std::unique_ptr<MemoryBuffer>> buffer =
      mapFileOf(path, "config.json", "a model's config.json");
  if (!buffer)
    return buffer.takeError();
  StringRef file = (*buffer)->getBufferIdentifier();
  if ((*buffer)->getBufferSize() > maxConfigBytes)
    return createStringError(file + ": " + Twine((*buffer)->getBufferSize()) +
                             " bytes, expected at most " +
                             Twine(maxConfigBytes));
  Expected<Config> read = readConfig(file, (*buffer)->getBuffer(), saver);
  if (!read)
    return read.takeError();
  config = std::move(*read);

  // A spec is written for the rows as GGUF has them.
  auto stored = parsePairing(config.names.getWord("pairs"));
  bool reorders =
      stored == abi::RopePairing::Halves &&
      getGgufPairing(getArchitecture()) == abi::RopePairing::Adjacent;
  pairing = reorders ? abi::RopePairing::Adjacent : stored;

  auto opened = openSafetensors(path, data);
  if (!opened)
    return opened.takeError();
  files = std::move(*opened);
  Expected<TensorViews> viewed = viewTensors(files, config, reorders, saver);
  if (!viewed)
    return viewed.takeError();
  views = std::move(*viewed);
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
