//===- IndexFile.cpp - Passages of documents, and their vectors -----------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/index/IndexFile.h"
#include "support/OutputFile.h"
#include "weights/HalfFloats.h"
#include <cerrno>
#include <cmath>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace quipu;

IndexFile::~IndexFile() {
  if (mapping)
    munmap(mapping, bytes.size());
}

std::string IndexFile::open(const std::string &path) {
  auto failed = [&](const std::string &reason) {
    return "cannot read the index '" + path + "': " + reason;
  };
  int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0)
    return failed(strerror(errno));
  struct stat status;
  std::string error;
  if (fstat(file, &status) < 0)
    error = strerror(errno);
  else if (!S_ISREG(status.st_mode))
    error = "it is no regular file";
  else if (status.st_size < static_cast<off_t>(sizeof(IndexHeader)))
    error = "it is no index that 'quipu index' made";
  if (error.empty()) {
    auto size = static_cast<size_t>(status.st_size);
    void *place = mmap(nullptr, size, PROT_READ, MAP_SHARED, file, 0);
    if (place == MAP_FAILED) {
      error = strerror(errno);
    } else {
      mapping = place;
      error = read({static_cast<const char *>(place), size});
    }
  }
  close(file);
  return error.empty() ? "" : failed(error);
}

std::string IndexFile::read(std::span<const char> content) {
  bytes = content;
  if (bytes.size() < sizeof(IndexHeader) ||
      memcmp(header().magic, indexMagic, sizeof(indexMagic)) != 0)
    return "it is no index that 'quipu index' made";
  if (header().version != indexVersion)
    return "it has the format's version " + std::to_string(header().version) +
           ", and this program knows version " + std::to_string(indexVersion) +
           "; make it again";
  std::string error = check();
  return error.empty() ? "" : "it is damaged: " + error + "; make it again";
}

std::string IndexFile::check() const {
  constexpr uint64_t most = uint64_t(1) << 40;
  const IndexHeader &header = this->header();
  if (header.dimensions < 1 || header.dimensions > maxDimensions)
    return "its vectors have " + std::to_string(header.dimensions) +
           " numbers, expected 1 to " + std::to_string(maxDimensions);
  if (header.passageCount > most || header.fileCount > most ||
      header.textBytes > most)
    return "a count is above 2^40";
  if (uint64_t end = layout().end; end != bytes.size())
    return "it has " + std::to_string(bytes.size()) + " bytes, expected " +
           std::to_string(end);
  if (!isText(header.model))
    return "the model's name is outside of the texts";
  for (float number : probe())
    if (!std::isfinite(number))
      return "the probe's vector is not finite";
  std::string error = checkFiles();
  return error.empty() ? checkPassages() : error;
}

/// Each has the passages behind those of the one before.
std::string IndexFile::checkFiles() const {
  uint64_t next = 0;
  for (size_t i = 0; i < files().size(); ++i) {
    const IndexedFile &file = files()[i];
    if (!isText(file.path))
      return "the path of file " + std::to_string(i) +
             " is outside of the texts";
    if (file.firstPassage != next ||
        file.passageCount > header().passageCount - next)
      return "file " + std::to_string(i) + " has other passages than it may";
    next += file.passageCount;
  }
  return next == header().passageCount ? "" : "passages belong to no file";
}

std::string IndexFile::checkPassages() const {
  for (size_t i = 0; i < passages().size(); ++i) {
    const IndexedPassage &passage = passages()[i];
    if (passage.file >= header().fileCount || !isText(passage.text) ||
        passage.titleBytes > passage.text.bytes ||
        i - files()[passage.file].firstPassage >=
            files()[passage.file].passageCount)
      return "passage " + std::to_string(i) +
             " is outside of the texts or of "
             "its file";
  }
  return "";
}

FoundPassage IndexFile::passage(uint64_t index) const {
  const IndexedPassage &passage = passages()[index];
  std::string_view whole = text(passage.text);
  return {text(files()[passage.file].path), whole.substr(0, passage.titleBytes),
          whole.substr(passage.titleBytes), passage.firstLine,
          passage.lastLine};
}

//===----------------------------------------------------------------------===//
// IndexContent
//===----------------------------------------------------------------------===//

IndexText IndexContent::addText(std::string_view text) {
  IndexText part = {texts.size(), text.size()};
  texts += text;
  return part;
}

bool IndexContent::addRow(std::span<const float> vector) {
  double square = 0;
  for (float number : vector)
    square += double(number) * number;
  if (!std::isfinite(square) || square == 0)
    return false;
  double scale = 1 / std::sqrt(square);
  for (float number : vector)
    rows.push_back(toHalf(static_cast<float>(number * scale)));
  rows.resize(alignIndex(2 * rows.size()) / 2);
  return true;
}

template <typename T>
static std::string_view bytesOf(std::span<const T> items) {
  return {reinterpret_cast<const char *>(items.data()), items.size_bytes()};
}

std::string IndexContent::write(const std::string &path) {
  memcpy(header.magic, indexMagic, sizeof(indexMagic));
  header.version = indexVersion;
  header.passageCount = passages.size();
  header.fileCount = files.size();
  header.textBytes = texts.size();
  OutputFile file;
  std::string error = file.open(path);
  auto append = [&](std::string_view bytes, uint64_t padding) {
    if (error.empty())
      error = file.write(bytes);
    if (error.empty())
      error = file.write(std::string(padding, '\0'));
  };
  auto appendAligned = [&](std::string_view bytes) {
    append(bytes, alignIndex(bytes.size()) - bytes.size());
  };
  appendAligned(bytesOf(std::span<const IndexHeader>(&header, 1)));
  append(bytesOf(std::span<const uint16_t>(rows)), 0);
  appendAligned(bytesOf(std::span<const float>(probe)));
  appendAligned(bytesOf(std::span<const IndexedPassage>(passages)));
  appendAligned(bytesOf(std::span<const IndexedFile>(files)));
  append(texts, 0);
  return error.empty() ? file.keep() : error;
}
