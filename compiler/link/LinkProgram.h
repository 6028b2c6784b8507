//===- LinkProgram.h - From objects to the finished file --------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_LINK_LINKPROGRAM_H
#define QUIPU_COMPILER_LINK_LINKPROGRAM_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <string>

namespace quipu {
struct Target;

enum class ProgramKind {
  Executable, // static: needs nothing but the kernel
  Library     // shared, exports what Quipu.h declares
};

/// What programs are linked with: the main program (not for a library), the
/// backend's own libraries, and the runtime.
inline constexpr llvm::StringLiteral mainLibrary = "libquipu-runtime-main.a",
                                     runtimeLibrary = "libquipu-runtime.a";

struct LinkOptions {
  ProgramKind kind = ProgramKind::Executable;
  /// The folder of the runtime's libraries, see findRuntimeFolder.
  std::string runtimeFolder;
  std::string output; // the name of the finished file
  /// The backend's, see Backend::getLibraries.
  llvm::ArrayRef<llvm::StringRef> libraries;
  bool hasWeights = true; // whether the objects have a section for them
};

/// The folder of the runtime's libraries, `../lib` seen from the program that
/// runs; `argv0` and the address of `main` help to find that.
std::string findRuntimeFolder(const char *argv0, void *mainAddress);

/// Links the objects with the runtime and returns the whole file.
llvm::Expected<std::string> linkProgram(llvm::ArrayRef<std::string> objects,
                                        const Target &target,
                                        const LinkOptions &options);

} // namespace quipu

#endif // QUIPU_COMPILER_LINK_LINKPROGRAM_H
