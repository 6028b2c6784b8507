//===- Status.h - What went wrong -------------------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_ENGINE_STATUS_H
#define QUIPU_RUNTIME_ENGINE_STATUS_H

#include "runtime/capi/Quipu.h"
#include <string>

namespace quipu {

/// QUIPU_OK, or what went wrong and a sentence about it.
struct [[nodiscard]] Status {
  quipu_status code = QUIPU_OK;
  std::string message;
  bool ok() const { return code == QUIPU_OK; }
};

inline Status argumentError(std::string message) {
  return {QUIPU_ERROR_ARGUMENT, std::move(message)};
}

inline Status memoryError(std::string message) {
  return {QUIPU_ERROR_MEMORY, std::move(message)};
}

} // namespace quipu

#endif // QUIPU_RUNTIME_ENGINE_STATUS_H
