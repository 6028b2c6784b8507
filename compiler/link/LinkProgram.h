//===- LinkProgram.h - From objects to the finished file --------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_LINK_LINKPROGRAM_H
#define QUIPU_COMPILER_LINK_LINKPROGRAM_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <string>

namespace quipu {
struct Target;

enum class ProgramKind {
  Executable, // static: needs nothing but the kernel
  Library     // shared, exports what Quipu.h declares
};

/// What programs are linked with, in the order of their links.
inline constexpr llvm::StringLiteral mainLibrary = "libquipu-runtime-main.a",
                                     referenceLibrary = "libquipu-reference.a",
                                     runtimeLibrary = "libquipu-runtime.a",
                                     runtimeLibraries[] = {mainLibrary,
                                                           referenceLibrary,
                                                           runtimeLibrary};

/// The folder of the runtime's libraries, `../lib` seen from the program that
/// runs; `argv0` and the address of `main` help to find that.
std::string findRuntimeFolder(const char *argv0, void *mainAddress);

/// Links the object with the target's runtime and returns the whole file.
/// `output` is the name that it will have.
llvm::Expected<std::string>
linkProgram(ProgramKind kind, llvm::StringRef object, const Target &target,
            llvm::StringRef runtimeFolder, llvm::StringRef output);

} // namespace quipu

#endif // QUIPU_COMPILER_LINK_LINKPROGRAM_H
