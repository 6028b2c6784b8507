//===- IndexFile.h - Passages of documents, and their vectors ---*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_INDEX_INDEXFILE_H
#define QUIPU_RUNTIME_INDEX_INDEXFILE_H

#include "runtime/index/IndexFormat.h"
#include "runtime/index/Passages.h"
#include "support/OutputFile.h"
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace quipu {

/// A passage as an index has it; the texts are in the index.
struct FoundPassage {
  std::string_view path, title, text;
  uint32_t firstLine, lastLine;
};

/// An index, mapped and checked: whatever bytes the file has, what these
/// functions return is within it. Rows and the texts of passages are not read
/// before they are needed, and whoever does asks whether they are whole.
class IndexFile {
public:
  IndexFile() = default;
  IndexFile(const IndexFile &) = delete;
  IndexFile &operator=(const IndexFile &) = delete;
  ~IndexFile();

  /// Returns a sentence if this is not a good index, or nothing.
  std::string open(const std::string &path);
  /// The same for bytes in memory, 64-byte aligned, which live on.
  std::string read(std::span<const char> bytes);
  /// Why it was refused: there is an index in the file, but it is damaged, or
  /// of another version of the format.
  bool isSpoiled() const { return spoiled; }

  const IndexHeader &header() const {
    return *reinterpret_cast<const IndexHeader *>(bytes.data());
  }
  PassageLimits limits() const {
    return {header().passageTokens, header().contextTokens};
  }
  std::string_view model() const { return text(header().model); }
  /// What the model makes of `probeText`.
  std::span<const float> probe() const {
    return {at<float>(layout().probe), header().dimensions};
  }

  /// [passageCount]
  const uint16_t *row(uint64_t passage) const {
    return at<uint16_t>(layout().vectors +
                        passage * rowBytes(header().dimensions));
  }
  std::span<const IndexedPassage> passages() const {
    return {at<IndexedPassage>(layout().passages), header().passageCount};
  }
  std::span<const IndexedFile> files() const {
    return {at<IndexedFile>(layout().files), header().fileCount};
  }
  std::string_view text(const IndexText &part) const {
    return {at<char>(layout().texts + part.offset), part.bytes};
  }
  FoundPassage passage(uint64_t index) const;

  /// How many rows come before the first of `count` that is damaged.
  uint64_t countWholeRows(uint64_t first, uint64_t count) const;
  bool hasWholeText(uint64_t passage) const;
  /// What to say of one that has not.
  static std::string damaged(uint64_t passage);

private:
  IndexLayout layout() const { return IndexLayout(header()); }
  template <typename T> const T *at(uint64_t offset) const {
    return reinterpret_cast<const T *>(bytes.data() + offset);
  }
  std::string check() const;
  std::string checkPassages() const;
  std::string checkFiles() const;
  bool isText(const IndexText &part) const {
    return part.offset <= header().textBytes &&
           part.bytes <= header().textBytes - part.offset;
  }
  bool isWholeText(const IndexText &part) const;

  std::span<const char> bytes;
  void *mapping = nullptr;
  bool spoiled = false;
};

/// What `IndexHeader::checksum` is to be, `tables` being the parts from the
/// probe to the files.
uint64_t checksumOf(const IndexHeader &header, std::span<const char> tables);

/// What an index is written from; see IndexFormat.h.
struct IndexContent {
  IndexHeader header = {}; // of which the magic and the counts are set here
  std::vector<uint16_t> rows;
  std::vector<float> probe;
  std::vector<IndexedPassage> passages;
  std::vector<IndexedFile> files;
  std::string texts;

  IndexText addText(std::string_view text);
  /// Appends a row of the vector brought to length 1. Returns false if it has
  /// none, being zero or not finite.
  bool addRow(std::span<const float> vector);
  /// Returns a sentence about what failed, or nothing. `file` is open, and is
  /// kept then.
  std::string write(OutputFile &file);
};

} // namespace quipu

#endif // QUIPU_RUNTIME_INDEX_INDEXFILE_H
