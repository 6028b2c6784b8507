//===- TemporaryFiles.h - Names that must not stay --------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_SUPPORT_TEMPORARYFILES_H
#define QUIPU_SUPPORT_TEMPORARYFILES_H

#include <string>
#include <utility>

namespace quipu {

/// From now on SIGHUP, SIGINT, SIGPIPE and SIGTERM remove all temporary names
/// before they end the process. For main functions: a library leaves signals to
/// its host.
void removeTemporaryFilesOnSignals();

/// From now on SIGBUS, which says that a mapped file has become shorter,
/// removes all temporary names and ends the process with this line on standard
/// error and exit status 1. `sentence` lives on.
void endOnLostFiles(const char *sentence);

/// A hidden name in a folder, for a file or a folder with files, which goes
/// away with this object.
class TemporaryName {
public:
  TemporaryName() = default;
  /// `folder` is open and stays so. Nothing has the name yet.
  explicit TemporaryName(int folder);
  TemporaryName(TemporaryName &&other) noexcept { *this = std::move(other); }
  TemporaryName &operator=(TemporaryName &&other) noexcept;
  ~TemporaryName();

  /// Empty if there is nothing to remove.
  const std::string &get() const { return name; }
  /// Whoever has the name keeps it, or has got another one.
  void release();

private:
  int folder = -1;
  std::string name;
  int slot = -1;
};

/// A folder that only this user can read and that goes away, with the files in
/// it.
class TemporaryFolder {
public:
  TemporaryFolder() = default;
  TemporaryFolder(TemporaryFolder &&other) noexcept {
    *this = std::move(other);
  }
  TemporaryFolder &operator=(TemporaryFolder &&other) noexcept;
  ~TemporaryFolder();

  /// Makes it in the folder `parent`, or in the system's for temporary files.
  /// Returns a sentence on failure.
  std::string create(const std::string &parent);
  std::string create();
  const std::string &path() const { return where; }

private:
  int parent = -1;
  TemporaryName name;
  std::string where;
};

} // namespace quipu

#endif // QUIPU_SUPPORT_TEMPORARYFILES_H
