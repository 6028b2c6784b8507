//===- Json.h - JSON that a stranger wrote ----------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_FRONTEND_JSON_H
#define QUIPU_COMPILER_FRONTEND_JSON_H

#include "llvm/ADT/Twine.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"

namespace quipu {

/// Parses an object whose keys are each there once, and in which nothing is
/// nested so deep that a recursive parser overflows. Messages begin with
/// `where`, a path or a path and a field.
llvm::Expected<llvm::json::Object> parseJsonObject(const llvm::Twine &where,
                                                   llvm::StringRef text);

/// A value for a message: on one line, not long.
std::string quoteJson(const llvm::json::Value &value);

/// Whether a name can stand in a message: 1 to 512 bytes without control
/// characters.
bool isPrintableName(llvm::StringRef name);

} // namespace quipu

#endif // QUIPU_COMPILER_FRONTEND_JSON_H
