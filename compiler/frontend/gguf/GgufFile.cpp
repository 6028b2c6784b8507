//===- GgufFile.cpp - A GGUF file as a checkpoint ---------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/gguf/GgufFile.h"
#include "compiler/frontend/ByteReader.h"
#include "compiler/frontend/MappedFile.h"
#include "compiler/frontend/Names.h"
#include "compiler/frontend/gguf/GgufTensors.h"
#include "compiler/frontend/gguf/SplitGguf.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;

namespace quipu {
namespace {

Expected<uint32_t> readVersion(ByteReader &reader) {
  if (reader.getRemaining() == 0)
    return reader.error("magic", "the file is empty, expected a GGUF file");
  Expected<StringRef> magic = reader.take(4, "magic");
  if (!magic)
    return magic.takeError();
  if (*magic != "GGUF")
    return reader.error("magic", "the bytes 0x" + toHex(*magic) +
                                     ", expected 0x47475546 (GGUF)");
  Expected<uint32_t> version = reader.read<uint32_t>("version");
  if (!version)
    return version.takeError();
  if (*version == 2 || *version == 3)
    return *version;
  uint32_t swapped = byteswap(*version);
  if (swapped == 2 || swapped == 3)
    return reader.error("version", "a big-endian file, expected little-endian");
  return reader.error("version", Twine(*version) + ", expected 2 or 3");
}

Expected<StringRef> getArchitecture(const ByteReader &reader,
                                    const GgufMetadata &metadata) {
  constexpr StringLiteral key = "general.architecture";
  const auto *entry = metadata.find(key);
  // Of a model in several files the first has the metadata.
  if (entry == metadata.end() && metadata.contains("split.no"))
    return "";
  if (entry == metadata.end())
    return reader.error("key '" + key + "'", "missing, expected a string");
  const auto *name = std::get_if<StringRef>(&entry->second);
  if (!name || name->empty())
    return reader.error("key '" + key + "'",
                        (name ? "an empty string" : "a value of another type") +
                            StringRef(", expected the model family's name"));
  return *name;
}

Expected<uint64_t> getAlignment(const ByteReader &reader,
                                const GgufMetadata &metadata) {
  constexpr StringLiteral key = "general.alignment";
  const auto *entry = metadata.find(key);
  if (entry == metadata.end())
    return 32;
  const auto *alignment = std::get_if<int64_t>(&entry->second);
  if (!alignment)
    return reader.error("key '" + key + "'",
                        "a value of another type, expected an integer");
  if (!isUInt<32>(*alignment) || !isPowerOf2_64(*alignment))
    return reader.error("key '" + key + "'",
                        Twine(*alignment) + ", expected a power of two");
  return *alignment;
}

} // namespace

const MetadataValue *GgufFile::find(StringRef key) const {
  const auto *entry = metadata.find(key);
  return entry == metadata.end() ? nullptr : &entry->second;
}

SmallVector<StringRef> GgufFile::getKeys() const {
  return to_vector(make_first_range(metadata));
}

std::optional<abi::RopePairing> GgufFile::getPairing() const {
  return getGgufPairing(architecture);
}

const CheckpointTensor *GgufFile::findTensor(StringRef name) const {
  auto entry = tensorIndex.find(name);
  return entry == tensorIndex.end() ? nullptr : &tensors[entry->second];
}

void GgufFile::releaseMemory() const { quipu::releaseMemory(*buffer); }

Expected<std::unique_ptr<GgufFile>>
parseGguf(std::unique_ptr<MemoryBuffer> buffer, TensorData data) {
  ByteReader reader(buffer->getBufferIdentifier(), buffer->getBuffer());
  Expected<uint32_t> version = readVersion(reader);
  if (!version)
    return version.takeError();
  Expected<uint64_t> tensorCount =
      reader.readCount(ggufMinimumTensorBytes, "tensor count");
  if (!tensorCount)
    return tensorCount.takeError();
  Expected<uint64_t> pairCount =
      reader.readCount(ggufMinimumPairBytes, "metadata count");
  if (!pairCount)
    return pairCount.takeError();
  Expected<GgufMetadata> metadata = readGgufMetadata(reader, *pairCount);
  if (!metadata)
    return metadata.takeError();
  Expected<StringRef> architecture = getArchitecture(reader, *metadata);
  if (!architecture)
    return architecture.takeError();
  Expected<uint64_t> alignment = getAlignment(reader, *metadata);
  if (!alignment)
    return alignment.takeError();
  Expected<std::vector<CheckpointTensor>> tensors =
      readGgufTensors(reader, *tensorCount, *alignment, data);
  if (!tensors)
    return tensors.takeError();

  std::unique_ptr<GgufFile> file(new GgufFile());
  file->buffer = std::move(buffer);
  file->version = *version;
  file->architecture = *architecture;
  file->metadata = std::move(*metadata);
  file->tensors = std::move(*tensors);
  for (auto [index, tensor] : enumerate(file->tensors))
    file->tensorIndex[tensor.name] = index;
  return file;
}

Expected<std::unique_ptr<Checkpoint>> openGguf(StringRef path,
                                               TensorData data) {
  Expected<std::unique_ptr<MemoryBuffer>> buffer = mapFile(path, "a GGUF file");
  if (!buffer)
    return buffer.takeError();
  Expected<std::unique_ptr<GgufFile>> file =
      parseGguf(std::move(*buffer), data);
  if (!file)
    return file.takeError();
  return openGgufParts(std::move(*file), data);
}

} // namespace quipu
