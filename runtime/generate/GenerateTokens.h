//===- GenerateTokens.h - Texts that go on side by side ---------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_GENERATE_GENERATETOKENS_H
#define QUIPU_RUNTIME_GENERATE_GENERATETOKENS_H

#include "runtime/engine/Session.h"
#include "runtime/generate/Sampler.h"
#include "runtime/generate/grammar/Constraint.h"

namespace quipu {

/// A sequence that goes on behind `token`, which the session has not read.
struct OpenText {
  int32_t sequence, token;
  Sampler sampler;
  Constraint *constraint = nullptr; // what its tokens have to be, or null
};

/// Continues texts of different sequences by up to `steps` tokens each. The
/// engine chooses them if it can, or else the samplers do, step by step; both
/// choose the same ones. Refuses more steps than each context has room for.
Status generateTokens(Session &session, std::span<OpenText> texts,
                      int32_t entry, int32_t steps,
                      const Session::TokenReader &read);

} // namespace quipu

#endif // QUIPU_RUNTIME_GENERATE_GENERATETOKENS_H
