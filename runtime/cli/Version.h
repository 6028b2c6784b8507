//===- Version.h - What a program is made of --------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_CLI_VERSION_H
#define QUIPU_RUNTIME_CLI_VERSION_H

#include "abi/Abi.h"
#include <string>

namespace quipu {

/// What --version prints.
std::string versionText(const abi::Program &program);

} // namespace quipu

#endif // QUIPU_RUNTIME_CLI_VERSION_H
