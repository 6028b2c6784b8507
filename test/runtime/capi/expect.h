//===- expect.h - Checks of programs that use the C interface ---*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_TEST_RUNTIME_CAPI_EXPECT_H
#define QUIPU_TEST_RUNTIME_CAPI_EXPECT_H

// Behind the header of the interface, which a library brings as quipu.h.
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

/// Prints what is not so, with the model's last error, and ends the process.
static void expect(bool condition, const char *what, const quipu_model *model) {
  if (condition)
    return;
  printf("failed: %s (%s)\n", what, quipu_last_error(model));
  fflush(stdout);
  _exit(1);
}
#define EXPECT(CONDITION) expect(CONDITION, #CONDITION, model)

#endif // QUIPU_TEST_RUNTIME_CAPI_EXPECT_H
