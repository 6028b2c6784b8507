//===- DraftServer.h - A program that drafts for another --------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_GENERATE_SPECULATIVE_DRAFTSERVER_H
#define QUIPU_RUNTIME_GENERATE_SPECULATIVE_DRAFTSERVER_H

#include "runtime/engine/Session.h"

namespace quipu {

class Tokenizer;

/// Answers the requests on standard input until it ends: what --drafter does.
/// Drafts the most probable tokens of an entry that gives logits.
Status serveDrafts(Session &session, int32_t entry, const Tokenizer *tokenizer);

} // namespace quipu

#endif // QUIPU_RUNTIME_GENERATE_SPECULATIVE_DRAFTSERVER_H
