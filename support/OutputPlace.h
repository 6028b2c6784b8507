//===- OutputPlace.h - Where output may go ----------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_SUPPORT_OUTPUTPLACE_H
#define QUIPU_SUPPORT_OUTPUTPLACE_H

#include <string>
#include <sys/types.h>
#include <vector>

namespace quipu {

/// "cannot write 'PATH': REASON", the reason being errno's without one.
std::string cannotWrite(const std::string &path, const std::string &reason);
std::string cannotWrite(const std::string &path);

/// What a name given for an output stands for.
struct OutputPlace {
  enum Kind {
    File,      // a regular file, there or not: it is replaced
    Device,    // a device or a pipe with a name: it is opened and written to
    Descriptor // standard output and the like: it is written to as it is
  };
  Kind kind = File;
  std::string path;         // as it was given
  std::string folder, name; // of a file or device, symbolic links followed
  int descriptor = -1;
  /// Device and inode; without an inode those of the folder.
  dev_t device = 0;
  ino_t inode = 0, folderInode = 0;
  bool isShared = false; // several outputs may go there: a terminal, /dev/null

  /// Returns a sentence if nothing can be written there. "-" is standard output
  /// if `standardOutput`.
  std::string examine(const std::string &path, bool standardOutput);
};

/// What a run reads and writes, so that no output takes the place of an input
/// or of another output, whatever their names.
class RunFiles {
public:
  /// `what` is the words for it: "the model". A file that is not there is left
  /// to its reader to complain of.
  void addInput(const std::string &path, const std::string &what);
  /// Returns a sentence if nothing can be written there, or another file of the
  /// run is the same one. To be called when all inputs are known.
  std::string addOutput(const std::string &path, const std::string &what,
                        bool standardOutput = false);

private:
  struct Entry {
    OutputPlace place;
    std::string what;
  };
  std::vector<Entry> entries;
};

} // namespace quipu

#endif // QUIPU_SUPPORT_OUTPUTPLACE_H
