//===- ChatTemplate.h - A checkpoint's chat template ------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_FRONTEND_CHAT_CHATTEMPLATE_H
#define QUIPU_COMPILER_FRONTEND_CHAT_CHATTEMPLATE_H

#include "compiler/frontend/Checkpoint.h"

namespace quipu {

/// A template in Jinja, and the tokens that it is given.
struct ChatTemplateSource {
  std::string text;
  std::string origin; // where it stands, for messages
  /// None where the checkpoint has none.
  std::optional<std::string> bos, eos;
};

/// The template at `path`: a .jinja file, a GGUF file, or a Hugging Face
/// folder, of which only the files about text are read. Of several templates
/// `name` chooses one; without it the default one.
llvm::Expected<ChatTemplateSource> readChatTemplate(llvm::StringRef path,
                                                    llvm::StringRef name = "");

/// The template of a folder that is called `name`; none if there is none.
llvm::Expected<std::optional<ChatTemplateSource>>
findChatTemplate(llvm::StringRef folder, llvm::StringRef name = "default");

/// Why programs cannot run a template, as one sentence, or nothing.
std::string checkChatTemplate(llvm::StringRef text);

} // namespace quipu

#endif // QUIPU_COMPILER_FRONTEND_CHAT_CHATTEMPLATE_H
