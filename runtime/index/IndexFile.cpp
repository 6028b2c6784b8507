//===- IndexFile.cpp - Passages of documents, and their vectors -----------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/index/IndexFile.h"
#include "abi/TokenizerImage.h"
#include "runtime/index/Checksum.h"
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
  spoiled = true;
  if (header().version != indexVersion)
    return "it has the format's version " + std::to_string(header().version) +
           ", and this program knows version " + std::to_string(indexVersion) +
           "; make it again";
  std::string error = check();
  spoiled = !error.empty();
  return spoiled ? "it is damaged: " + error + "; make it again" : "";
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
  if (header.checksum !=
      checksumOf(header, bytes.subspan(layout().probe,
                                       layout().texts - layout().probe)))
    return "its checksum is another";
  if (!isText(header.model) || !isWholeText(header.model))
    return "the model's name is outside of the texts, or another";
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
    if (!isText(file.path) || !isWholeText(file.path))
      return "the path of file " + std::to_string(i) +
             " is outside of the texts, or another";
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

bool IndexFile::isWholeText(const IndexText &part) const {
  return static_cast<uint32_t>(hashWord(text(part))) == part.checksum;
}

bool IndexFile::hasWholeText(uint64_t passage) const {
  return isWholeText(passages()[passage].text);
}

uint64_t IndexFile::countWholeRows(uint64_t first, uint64_t count) const {
  return countWhole(row(first), rowBytes(header().dimensions),
                    passages().data() + first, count);
}

std::string IndexFile::damaged(uint64_t passage) {
  return "the index is damaged: passage " + std::to_string(passage) +
         " has changed since it was written; make it again";
}

uint64_t quipu::checksumOf(const IndexHeader &header,
                           std::span<const char> tables) {
  std::string_view before = {reinterpret_cast<const char *>(&header),
                             offsetof(IndexHeader, checksum)};
  return hashWord(before) ^ checksumOf(tables.data(), tables.size());
}

//===----------------------------------------------------------------------===//
// IndexContent
//===----------------------------------------------------------------------===//

IndexText IndexContent::addText(std::string_view text) {
  IndexText part = {texts.size(), static_cast<uint32_t>(text.size()),
                    static_cast<uint32_t>(hashWord(text))};
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
static void appendAligned(std::string &to, std::span<const T> items) {
  to.append(reinterpret_cast<const char *>(items.data()), items.size_bytes());
  to.resize(alignIndex(to.size()));
}

std::string IndexContent::write(OutputFile &file) {
  memcpy(header.magic, indexMagic, sizeof(indexMagic));
  header.version = indexVersion;
  header.passageCount = passages.size();
  header.fileCount = files.size();
  header.textBytes = texts.size();
  const uint64_t stride = rowBytes(header.dimensions);
  const auto *row = reinterpret_cast<const char *>(rows.data());
  for (IndexedPassage &passage : passages) {
    passage.rowChecksum = checksumOf(row, stride);
    row += stride;
  }
  std::string tables, head;
  appendAligned(tables, std::span<const float>(probe));
  appendAligned(tables, std::span<const IndexedPassage>(passages));
  appendAligned(tables, std::span<const IndexedFile>(files));
  header.checksum = checksumOf(header, tables);
  appendAligned(head, std::span<const IndexHeader>(&header, 1));
  std::string_view vectors = {reinterpret_cast<const char *>(rows.data()),
                              rows.size() * sizeof(uint16_t)};
  std::string error;
  for (std::string_view part :
       {std::string_view(head), vectors, std::string_view(tables),
        std::string_view(texts)})
    if (error.empty())
      error = file.write(part);
  return error.empty() ? file.keep() : error;
}
