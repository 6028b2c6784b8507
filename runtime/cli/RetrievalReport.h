//===- RetrievalReport.h - What was found, printed --------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_CLI_RETRIEVALREPORT_H
#define QUIPU_RUNTIME_CLI_RETRIEVALREPORT_H

#include "runtime/index/Retrieval.h"

namespace quipu {

/// For people: each passage below its place, score and title.
std::string toText(const Retrieval &retrieval);

/// {"best_score": ..., "passages": [...]}.
std::string toJson(const Retrieval &retrieval);
/// Returns a sentence if the JSON is not of that kind, or nothing.
std::string fromJson(std::string_view json, Retrieval &retrieval);

} // namespace quipu

#endif // QUIPU_RUNTIME_CLI_RETRIEVALREPORT_H
