//===- ReferenceBackend.h - Programs to compare with ------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_CODEGEN_REFERENCE_REFERENCEBACKEND_H
#define QUIPU_COMPILER_CODEGEN_REFERENCE_REFERENCEBACKEND_H

#include "compiler/target/Backend.h"

namespace quipu {

/// Of #quipu.reference: each op calls its plain evaluation.
const Backend &getReferenceBackend();

} // namespace quipu

#endif // QUIPU_COMPILER_CODEGEN_REFERENCE_REFERENCEBACKEND_H
