//===- DocumentFiles.h - The files of a folder ------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_INDEX_DOCUMENTFILES_H
#define QUIPU_RUNTIME_INDEX_DOCUMENTFILES_H

#include <cstdint>
#include <functional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace quipu {

struct DocumentFile {
  std::string path; // the folder's, as it was given, and what comes behind
  uint64_t size;
  int64_t time; // of its last change, in nanoseconds since 1970
};

/// Is told in a sentence what was left out, and why.
using Complaint = std::function<void(const std::string &sentence)>;

/// The regular files in `folder` and in all folders below, by path. Symbolic
/// links are followed, and what they lead to again is left out, so that loops
/// end. Names that begin with a dot are not looked at, neither is the file that
/// `except` names. Returns a sentence if the folder cannot be read at all.
std::string findDocumentFiles(const std::string &folder,
                              const std::string &except,
                              const Complaint &complain,
                              std::vector<DocumentFile> &files);

/// What a file has, as UTF-8, and its size and time then.
struct DocumentContent {
  std::string bytes;
  uint64_t hash = 0; // of the file's bytes
  bool isBinary = false;
};

/// Returns a sentence if the file cannot be read, or nothing.
std::string readDocument(DocumentFile &file, DocumentContent &content);

} // namespace quipu

#endif // QUIPU_RUNTIME_INDEX_DOCUMENTFILES_H
