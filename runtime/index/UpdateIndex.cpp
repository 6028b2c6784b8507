//===- UpdateIndex.cpp - From a folder to an index ------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/index/UpdateIndex.h"
#include <algorithm>
#include <cmath>
#include <ctime>
#include <sys/stat.h>

using namespace quipu;

std::string quipu::checkModel(const IndexFile &index, const std::string &path,
                              const std::string &name,
                              std::span<const float> probe) {
  // Vectors of one model agree up to rounding, which processors differ in.
  constexpr double least = 0.999;
  std::span<const float> expected = index.probe();
  double product = 0, square = 0, otherSquare = 0;
  for (size_t i = 0; i < std::min(probe.size(), expected.size()); ++i) {
    product += double(probe[i]) * expected[i];
    square += double(probe[i]) * probe[i];
    otherSquare += double(expected[i]) * expected[i];
  }
  if (probe.size() == expected.size() &&
      product >= least * std::sqrt(square * otherSquare) && product > 0)
    return "";
  return "the index '" + path + "' was made with another model, '" +
         std::string(index.model()) + "', and this is '" + name +
         "'; use the program that made it, or make it again under another name";
}

static int64_t currentTime() {
  timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  return time.tv_sec * 1000000000 + time.tv_nsec;
}

namespace {
class Update {
public:
  Update(const UpdateOptions &options, TextEmbedder &embedder,
         const Complaint &complain, UpdateCounts &counts)
      : options(options), embedder(embedder), complain(complain),
        counts(counts) {}

  std::string run() {
    content.header.time = currentTime();
    std::string error =
        findDocumentFiles(options.folder, options.output, complain, documents);
    if (error.empty())
      error = embedProbe();
    if (error.empty())
      error = openOld();
    // Before the model works for nothing.
    OutputFile file;
    if (error.empty())
      error = file.open(options.output, {.standardOutput = true});
    if (!error.empty())
      return error;
    for (DocumentFile &document : documents)
      take(document);
    counts.files = content.files.size();
    counts.passages = content.passages.size();
    counts.embedded = texts.size();
    counts.gone = std::count(isUsed.begin(), isUsed.end(), false);
    if (error = embed(); !error.empty())
      return error;
    content.header.dimensions = static_cast<uint32_t>(embedder.dimensions());
    content.header.passageTokens = options.limits.tokens;
    content.header.contextTokens = options.limits.context;
    content.header.model = content.addText(embedder.name());
    return content.write(file);
  }

private:
  std::string embedProbe() {
    return embedder.embed({probeText},
                          [&](size_t, std::span<const float> vector) {
                            content.probe.assign(vector.begin(), vector.end());
                          });
  }

  /// Nothing stands in an empty file, nor in a device or a pipe.
  std::string openOld() {
    OutputPlace place;
    if (std::string error =
            place.examine(options.output, /*standardOutput=*/true);
        !error.empty())
      return error;
    struct stat status;
    if (place.kind != OutputPlace::File ||
        stat(options.output.c_str(), &status) < 0 || status.st_size == 0)
      return "";
    if (std::string error = old.open(options.output); !error.empty()) {
      if (!old.isSpoiled())
        return error + "; choose another name";
      counts.spoiled = error.substr(0, error.rfind(';'));
      return "";
    }
    hasOld = true;
    isUsed.resize(old.files().size());
    return checkModel(old, options.output, embedder.name(), content.probe);
  }

  /// The file of that name in the index as it was, or null.
  const IndexedFile *findOld(const std::string &path) const {
    if (!hasOld)
      return nullptr;
    std::span<const IndexedFile> files = old.files();
    auto found =
        std::lower_bound(files.begin(), files.end(), path,
                         [&](const IndexedFile &file, const std::string &path) {
                           return old.text(file.path) < path;
                         });
    return found != files.end() && old.text(found->path) == path ? &*found
                                                                 : nullptr;
  }

  /// A file that changed when the index was made, or just before, may have
  /// changed again without a newer time.
  bool isUntouched(const IndexedFile &file,
                   const DocumentFile &document) const {
    constexpr uint64_t doubt = 2000000000; // nanoseconds
    return file.size == document.size && file.time == document.time &&
           file.time < old.header().time &&
           uint64_t(old.header().time) - uint64_t(file.time) > doubt;
  }

  bool isWhole(const IndexedFile &file) const {
    for (uint64_t i = 0; i < file.passageCount; ++i)
      if (!old.hasWholeText(file.firstPassage + i))
        return false;
    return old.countWholeRows(file.firstPassage, file.passageCount) ==
           file.passageCount;
  }

  void take(DocumentFile &document) {
    const IndexedFile *before = findOld(document.path);
    bool keeps = before && old.limits() == options.limits && isWhole(*before);
    if (keeps && isUntouched(*before, document)) {
      keep(*before, document);
      return;
    }
    DocumentContent read;
    if (std::string error = readDocument(document, read); !error.empty()) {
      complain(error);
    } else if (read.isBinary) {
      ++counts.binary;
    } else if (keeps && before->hash == read.hash) {
      keep(*before, document);
    } else {
      if (before)
        isUsed[before - old.files().data()] = true;
      add(document, read);
    }
  }

  void addFile(const DocumentFile &document, uint64_t passages, uint64_t hash) {
    content.files.push_back({content.addText(document.path),
                             content.passages.size(), passages, document.size,
                             document.time, hash});
  }

  void addPassage(std::string_view title, std::string_view text, int64_t first,
                  int64_t last) {
    content.passages.push_back(
        {content.addText(std::string(title).append(text)),
         static_cast<uint32_t>(title.size()),
         static_cast<uint32_t>(content.files.size() - 1),
         static_cast<uint32_t>(first), static_cast<uint32_t>(last),
         /*rowChecksum=*/0});
  }

  void keep(const IndexedFile &file, const DocumentFile &document) {
    ++counts.kept;
    isUsed[&file - old.files().data()] = true;
    addFile(document, file.passageCount, file.hash);
    for (uint64_t i = 0; i < file.passageCount; ++i) {
      FoundPassage passage = old.passage(file.firstPassage + i);
      addPassage(passage.title, passage.text, passage.firstLine,
                 passage.lastLine);
      rows.push_back(old.row(file.firstPassage + i));
    }
  }

  void add(const DocumentFile &document, const DocumentContent &read) {
    std::vector<Passage> passages = splitPassages(
        readBlocks(findDocumentKind(document.path), read.bytes), options.limits,
        [&](std::string_view text) { return embedder.countTokens(text); });
    addFile(document, passages.size(), read.hash);
    for (const Passage &passage : passages) {
      addPassage(passage.title, passage.text, passage.firstLine,
                 passage.lastLine);
      texts.push_back(options.prompt + passage.whole());
      rows.push_back(nullptr);
    }
  }

  /// All vectors, in the order of the passages.
  std::string embed() {
    std::vector<std::vector<float>> vectors(texts.size());
    std::string error =
        embedder.embed(texts, [&](size_t index, std::span<const float> vector) {
          vectors[index].assign(vector.begin(), vector.end());
        });
    size_t next = 0;
    uint64_t numbers = rowBytes(embedder.dimensions()) / sizeof(uint16_t);
    for (size_t i = 0; i < rows.size() && error.empty(); ++i)
      if (rows[i])
        content.rows.insert(content.rows.end(), rows[i], rows[i] + numbers);
      else if (!content.addRow(vectors[next++]))
        error =
            "the model makes no vector of a passage of '" +
            std::string(content.texts,
                        content.files[content.passages[i].file].path.offset,
                        content.files[content.passages[i].file].path.bytes) +
            "'";
    return error;
  }

  const UpdateOptions &options;
  TextEmbedder &embedder;
  const Complaint &complain;
  UpdateCounts &counts;
  std::vector<DocumentFile> documents;
  IndexFile old;
  bool hasOld = false;
  std::vector<bool> isUsed; // the old index's files
  IndexContent content;
  std::vector<const uint16_t *> rows; // of the old index, null: to be made
  std::vector<std::string> texts;     // to be embedded
};
} // namespace

std::string quipu::updateIndex(const UpdateOptions &options,
                               TextEmbedder &embedder,
                               const Complaint &complain,
                               UpdateCounts &counts) {
  return Update(options, embedder, complain, counts).run();
}
