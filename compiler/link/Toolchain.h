//===- Toolchain.h - What links programs ------------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_LINK_TOOLCHAIN_H
#define QUIPU_COMPILER_LINK_TOOLCHAIN_H

#include "support/Subprocess.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <string>
#include <vector>

namespace quipu {
struct Target;

enum class Linkage {
  StaticPie, // needs nothing but the kernel
  Pie,       // needs glibc's shared libraries
  Shared
};

/// The linker and the C and C++ libraries: a compiler of the system, which
/// knows where they are; or the folder `toolchain` beside quipu's own
/// libraries, which a compiler that is copied to other machines brings along.
class Toolchain {
public:
  /// An error says what is missing and which package has it.
  static llvm::Expected<Toolchain> find(llvm::StringRef runtimeFolder);

  /// What links `inputs`, files and options of the linker, and writes the file
  /// to standard output.
  ProgramCall getCommand(Linkage linkage, const Target &target,
                         llvm::ArrayRef<std::string> inputs) const;

private:
  std::string linker; // a path, of a compiler unless there is a folder
  std::string folder; // with LLD and the libraries, or empty

  std::vector<std::string>
  getCompilerArguments(Linkage linkage, const Target &target,
                       llvm::ArrayRef<std::string> inputs) const;
  std::vector<std::string>
  getLinkerArguments(Linkage linkage, llvm::ArrayRef<std::string> inputs) const;
};

/// The path from the current folder, as one from the root: so that it is no
/// option, and the same from all folders.
llvm::Expected<std::string> makeAbsolute(llvm::StringRef path);

} // namespace quipu

#endif // QUIPU_COMPILER_LINK_TOOLCHAIN_H
