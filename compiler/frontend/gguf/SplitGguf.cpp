//===- SplitGguf.cpp - GGUF files of one model ----------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/gguf/SplitGguf.h"
#include "compiler/frontend/MappedFile.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FormatVariadic.h"

using namespace llvm;

namespace quipu {
namespace {

constexpr StringLiteral numberKey = "split.no", countKey = "split.count",
                        tensorsKey = "split.tensors.count";

Error error(const GgufFile &file, StringRef key, const Twine &what) {
  return createStringError(file.getPath() + ": key '" + key + "': " + what);
}

/// The integer under `key`, from `least` to `most`.
Expected<int64_t> getKey(const GgufFile &file, StringRef key, int64_t least,
                         int64_t most) {
  std::optional<int64_t> value = file.getInteger(key);
  if (!value || *value < least || *value > most)
    return error(file, key,
                 (value ? Twine(*value) : "no integer") + ", expected " +
                     Twine(least) +
                     (least == most ? Twine() : " to " + Twine(most)));
  return *value;
}

Error checkFamily(const GgufFile &file) {
  if (!file.getArchitecture().empty())
    return Error::success();
  return error(file, "general.architecture",
               "missing, expected the model family's name");
}

std::string getPartName(StringRef stem, size_t number, size_t count) {
  return formatv("{0}-{1,0+5}-of-{2,0+5}.gguf", stem, number, count).str();
}

} // namespace

std::vector<std::string> listGgufParts(StringRef path) {
  StringRef stem = path;
  if (!stem.consume_back(".gguf"))
    return {};
  StringRef countText, numberText;
  std::tie(stem, countText) = stem.rsplit("-of-");
  std::tie(stem, numberText) = stem.rsplit('-');
  size_t number, count;
  if (countText.size() != 5 || numberText.size() != 5 ||
      countText.getAsInteger(10, count) ||
      numberText.getAsInteger(10, number) || number == 0 || number > count)
    return {};
  std::vector<std::string> names;
  for (size_t i = 1; i <= count; ++i)
    names.push_back(getPartName(stem, i, count));
  return names;
}

const CheckpointTensor *SplitGguf::findTensor(StringRef name) const {
  for (const auto &part : parts)
    if (const CheckpointTensor *tensor = part->findTensor(name))
      return tensor;
  return nullptr;
}

void SplitGguf::releaseMemory() const {
  for (const auto &part : parts)
    part->releaseMemory();
}

Error SplitGguf::addPart(std::unique_ptr<GgufFile> part) {
  // Another part than its name says, or of another model.
  auto number = static_cast<int64_t>(parts.size());
  Expected<int64_t> own = getKey(*part, numberKey, number, number);
  if (!own)
    return own.takeError();
  for (StringRef key : {countKey, tensorsKey}) {
    std::optional<int64_t> here = part->getInteger(key);
    std::optional<int64_t> first =
        parts.empty() ? here : parts[0]->getInteger(key);
    if (!here || here != first)
      return error(*part, key,
                   (here ? Twine(*here) : "no integer") + ", expected " +
                       (first ? Twine(*first) + ", as the first part says"
                              : "an integer"));
  }
  for (const CheckpointTensor &tensor : part->getTensors())
    if (findTensor(tensor.name))
      return createStringError(part->getPath() + ": tensor '" + tensor.name +
                               "': present in an earlier part, too, expected "
                               "each tensor once");
  llvm::append_range(tensors, part->getTensors());
  parts.push_back(std::move(part));
  return Error::success();
}

Expected<std::unique_ptr<Checkpoint>>
openGgufParts(std::unique_ptr<GgufFile> given, TensorData data) {
  bool isPart = given->find(countKey) || given->find(numberKey);
  Expected<int64_t> count = isPart ? getKey(*given, countKey, 1, 99999) : 1;
  if (!count)
    return count.takeError();
  if (*count == 1) {
    if (Error failure = checkFamily(*given))
      return std::move(failure);
    return given;
  }
  std::vector<std::string> names = listGgufParts(given->getPath());
  if (static_cast<int64_t>(names.size()) != *count)
    return error(*given, countKey,
                 Twine(*count) + ", expected a file's name that ends in " +
                     getPartName("", 1, *count));
  auto model = std::make_unique<SplitGguf>();
  for (const std::string &name : names) {
    std::unique_ptr<GgufFile> part;
    if (given && name == given->getPath()) {
      part = std::move(given);
    } else {
      auto buffer = mapFile(name, "a GGUF file");
      if (!buffer)
        return buffer.takeError();
      auto parsed = parseGguf(std::move(*buffer), data);
      if (!parsed)
        return parsed.takeError();
      part = std::move(*parsed);
    }
    if (Error failure = model->addPart(std::move(part)))
      return std::move(failure);
  }
  const GgufFile &first = *model->parts[0];
  auto tensors = static_cast<int64_t>(model->tensors.size());
  if (Expected<int64_t> all = getKey(first, tensorsKey, tensors, tensors); !all)
    return all.takeError();
  if (Error failure = checkFamily(first))
    return std::move(failure);
  return model;
}

} // namespace quipu
