//===- LinkProgram.h - From objects to the finished file --------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_LINK_LINKPROGRAM_H
#define QUIPU_COMPILER_LINK_LINKPROGRAM_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"
#include <functional>
#include <string>

namespace quipu {
struct Target;

/// A file under a hidden name beside the output, so that it has the output's
/// disk. Goes away with this object, and when a signal ends the process, unless
/// it was kept.
class TemporaryFile {
public:
  /// `output` is what the file is for.
  static llvm::Expected<TemporaryFile> create(llvm::StringRef output,
                                              llvm::StringRef suffix);
  TemporaryFile(TemporaryFile &&other);
  ~TemporaryFile();

  llvm::StringRef getPath() const { return path; }
  /// Replaces the content by what `write` writes.
  llvm::Error
  write(llvm::function_ref<llvm::Error(llvm::raw_fd_ostream &)> write);
  /// The same, but what is not written stays.
  llvm::Error
  update(llvm::function_ref<llvm::Error(llvm::raw_fd_ostream &)> write);
  /// Moves the file to where its output belongs.
  llvm::Error keep();

private:
  llvm::Error
  open(llvm::sys::fs::CreationDisposition disposition,
       llvm::function_ref<llvm::Error(llvm::raw_fd_ostream &)> write);
  TemporaryFile(llvm::StringRef output, llvm::StringRef path)
      : output(output), path(path) {}

  std::string output;
  llvm::SmallString<128> path; // empty if there is nothing to remove
};

enum class ProgramKind {
  Executable, // static: needs nothing but the kernel
  Library     // shared, exports what Quipu.h declares; quipu.h is put beside it
};

/// The folder of the runtime's libraries, `../lib` seen from the program that
/// runs; `argv0` and the address of `main` help to find that.
std::string findRuntimeFolder(const char *argv0, void *mainAddress);

/// Links the object with the target's runtime. The output appears when it is
/// complete, after `finish`.
llvm::Error
linkProgram(ProgramKind kind, llvm::StringRef object, const Target &target,
            llvm::StringRef runtimeFolder, llvm::StringRef output,
            llvm::function_ref<llvm::Error(TemporaryFile &)> finish);

} // namespace quipu

#endif // QUIPU_COMPILER_LINK_LINKPROGRAM_H
