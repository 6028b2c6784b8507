//===- Names.h - What ecosystems call things, as data -----------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_FRONTEND_NAMES_H
#define QUIPU_COMPILER_FRONTEND_NAMES_H

#include "abi/Enums.h"
#include "compiler/frontend/Checkpoint.h"
#include "llvm/Support/JSON.h"
#include <optional>

namespace quipu {

/// models/names/NAME.json, or null when there is none. docs/checkpoints.md says
/// what stands there.
const llvm::json::Object *findNames(llvm::StringRef name);

/// Puts another file in the place of models/names/NAME.json.
void addNames(llvm::StringRef name, llvm::json::Object names);

/// What "adjacent" and "halves" mean.
std::optional<abi::RopePairing> parsePairing(llvm::StringRef word);

/// Which components of a head GGUF files of the family store rows of q and k
/// for; none where that is not known.
std::optional<abi::RopePairing> getGgufPairing(llvm::StringRef family);

/// Whether a value of a key of GGUF says that there is none.
bool isAbsent(llvm::StringRef key, const MetadataValue &value);

/// Whether a spec may leave a key of GGUF unread, named with or without the
/// family's prefix: the same tensors compute the same whatever it is, or with
/// this value.
bool isHarmless(llvm::StringRef key, const MetadataValue &value);

} // namespace quipu

#endif // QUIPU_COMPILER_FRONTEND_NAMES_H
