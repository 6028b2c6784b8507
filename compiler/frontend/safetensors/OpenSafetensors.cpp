//===- OpenSafetensors.cpp - All safetensors files of a folder ------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/Json.h"
#include "compiler/frontend/MappedFile.h"
#include "compiler/frontend/safetensors/SafetensorsFile.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <map>
#include <set>

using namespace llvm;

namespace quipu {
namespace {

using Files = std::vector<std::unique_ptr<SafetensorsFile>>;

constexpr StringLiteral singleFile = "model.safetensors";
constexpr StringLiteral indexFile = "model.safetensors.index.json";

Error openOne(StringRef folder, StringRef name, TensorData data, Files &to) {
  Expected<std::unique_ptr<MemoryBuffer>> buffer =
      mapFileOf(folder, name, "a safetensors file");
  if (!buffer)
    return buffer.takeError();
  auto file = parseSafetensors(std::move(*buffer), data);
  if (!file)
    return file.takeError();
  to.push_back(std::move(*file));
  return Error::success();
}

/// The names of the tensors of each file, files in the order of their names.
using Index = std::map<std::string, StringMap<bool>>;

Expected<Index> readIndex(StringRef folder) {
  Expected<std::unique_ptr<MemoryBuffer>> buffer =
      mapFileOf(folder, indexFile, "an index of safetensors files");
  if (!buffer)
    return buffer.takeError();
  StringRef path = (*buffer)->getBufferIdentifier();
  Expected<json::Object> object = parseJsonObject(path, (*buffer)->getBuffer());
  if (!object)
    return object.takeError();
  const json::Object *map = object->getObject("weight_map");
  if (!map || map->empty())
    return createStringError(path + ": the key 'weight_map' is " +
                             (object->get("weight_map")
                                  ? quoteJson(*object->get("weight_map"))
                                  : "missing") +
                             ", expected the file of each tensor");
  Index index;
  for (const auto &[tensor, value] : *map) {
    std::optional<StringRef> name = value.getAsString();
    if (!isPrintableName(tensor))
      return createStringError(path + ": the tensor's name " +
                               quoteJson(StringRef(tensor)) +
                               ", expected 1 to 512 printable bytes");
    if (!name || !isPrintableName(*name) || !name->ends_with(".safetensors") ||
        sys::path::filename(*name) != *name)
      return createStringError(path + ": the file of the tensor '" +
                               StringRef(tensor) + "' is " + quoteJson(value) +
                               ", expected a .safetensors file of the folder");
    index[name->str()][tensor] = false;
  }
  return index;
}

/// That a file has the tensors that the index says, and no other.
Error compare(const SafetensorsFile &file, StringMap<bool> &listed) {
  for (const SafetensorsTensor &tensor : file.getTensors()) {
    auto entry = listed.find(tensor.name);
    if (entry == listed.end())
      return createStringError(file.getPath() + ": tensor '" + tensor.name +
                               "': not in " + indexFile +
                               " as one of this file, expected it there");
    entry->second = true;
  }
  std::set<StringRef> missing;
  for (const auto &[name, isThere] : listed)
    if (!isThere)
      missing.insert(name);
  if (missing.empty())
    return Error::success();
  return createStringError(file.getPath() + ": tensor '" + *missing.begin() +
                           "': missing, expected it here by " + indexFile);
}

} // namespace

Expected<Files> openSafetensors(StringRef folder, TensorData data) {
  Files files;
  auto isThere = [&](StringRef name) {
    SmallString<128> path(folder);
    sys::path::append(path, name);
    sys::fs::file_status status;
    // Links that lead nowhere are there, too.
    return !sys::fs::status(path, status, /*follow=*/false);
  };
  if (isThere(singleFile) || !isThere(indexFile)) {
    if (!isThere(singleFile))
      return createStringError(folder + ": neither " + singleFile + " nor " +
                               indexFile +
                               ", expected weights in safetensors files");
    if (Error error = openOne(folder, singleFile, data, files))
      return std::move(error);
    return files;
  }
  Expected<Index> index = readIndex(folder);
  if (!index)
    return index.takeError();
  for (const auto &[name, tensors] : *index)
    if (Error error = openOne(folder, name, data, files))
      return std::move(error);
  for (auto [file, entry] : zip_equal(files, *index))
    if (Error error = compare(*file, entry.second))
      return std::move(error);
  return files;
}

} // namespace quipu
