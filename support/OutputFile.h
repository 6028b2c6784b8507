//===- OutputFile.h - A file that is there when it is whole -----*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the compiler and its programs write, they write with this. Regular files
// have no name, or a hidden one beside their own, until they are whole: what
// stood there before stays until then, and after every error. Devices and pipes
// are written to and never replaced.
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_SUPPORT_OUTPUTFILE_H
#define QUIPU_SUPPORT_OUTPUTFILE_H

#include "support/OutputPlace.h"
#include "support/TemporaryFiles.h"
#include <string>
#include <string_view>

namespace quipu {

struct OutputOptions {
  bool executable = false;
  /// "-" stands for standard output.
  bool standardOutput = false;
  /// Nobody else may read it.
  bool isPrivate = false;
};

/// For main functions, before they open anything: signals remove temporary
/// names, a file that may not grow further is an error of its write, and no
/// file gets the number of a standard descriptor that is closed.
void prepareForOutput();

/// Functions return a sentence about what failed, or nothing.
class OutputFile {
public:
  OutputFile() = default;
  OutputFile(OutputFile &&other) noexcept { *this = std::move(other); }
  OutputFile &operator=(OutputFile &&other) noexcept;
  /// Gives up what was not kept.
  ~OutputFile();

  /// Opens a pipe when there is a reader.
  std::string open(const std::string &path, const OutputOptions &options = {});
  std::string write(std::string_view bytes);
  /// How many bytes were given to `write`.
  uint64_t size() const { return given; }
  /// Nothing can be written afterwards.
  std::string keep();

private:
  std::string openTemporary(const OutputOptions &options);
  std::string flush();
  std::string giveName();

  OutputPlace place;
  int folder = -1, file = -1;
  TemporaryName temporary; // none: the file has no name
  std::string buffer;
  uint64_t given = 0;
};

/// Writes a whole file.
std::string writeFile(const std::string &path, std::string_view content,
                      const OutputOptions &options = {});

} // namespace quipu

#endif // QUIPU_SUPPORT_OUTPUTFILE_H
