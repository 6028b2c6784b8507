//===- TextNotes.h - What a text probably does not mean ---------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_CLI_TEXTNOTES_H
#define QUIPU_RUNTIME_CLI_TEXTNOTES_H

#include <string_view>

namespace quipu {

class Tokenizer;

// Each tells the user once, whatever texts there are.

/// Of the line ends of Windows.
void noteLineEnds(std::string_view text);

/// Of a text that begins with the token that is put before it anyway.
void noteBeginning(const Tokenizer &tokenizer, std::string_view text,
                   bool parseSpecial);

} // namespace quipu

#endif // QUIPU_RUNTIME_CLI_TEXTNOTES_H
