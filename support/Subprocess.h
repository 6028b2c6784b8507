//===- Subprocess.h - Running other programs --------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_SUPPORT_SUBPROCESS_H
#define QUIPU_SUPPORT_SUBPROCESS_H

#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace quipu {

/// A file in memory, without a name, which other programs can read and write.
class MemoryFile {
public:
  MemoryFile() = default;
  MemoryFile(const MemoryFile &) = delete;
  MemoryFile &operator=(const MemoryFile &) = delete;
  ~MemoryFile();

  /// These return a sentence about what failed, or nothing.
  std::string create();
  std::string write(std::string_view bytes);
  /// All of it, whoever has written it.
  std::string read(std::string &content) const;

  int descriptor() const { return file; }
  /// For this process and for those that the descriptor is shared with.
  std::string path() const;

private:
  int file = -1;
};

/// What a program gets. Arguments are data: they go through no shell, and none
/// is looked for in PATH.
struct ProgramCall {
  std::string program; // a path
  std::vector<std::string> arguments = {};
  /// Descriptors; /dev/null without one.
  int input = -1, output = -1, errors = -1;
  /// Where the program starts, which a relative path of it is then relative to;
  /// where this process is without one.
  std::string folder = {};
  /// Descriptors that the program has under the same number.
  std::vector<int> shared = {};
};

/// Starts the program, which is the caller's to wait for. Returns a sentence if
/// there is no such program.
std::string start(const ProgramCall &command, pid_t &process);

/// Runs the program to its end. `status` is what it exits with, or 128 and the
/// number of the signal that ended it.
std::string run(const ProgramCall &command, int &status);

} // namespace quipu

#endif // QUIPU_SUPPORT_SUBPROCESS_H
