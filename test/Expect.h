//===- Expect.h - Checks of unit tests --------------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_TEST_EXPECT_H
#define QUIPU_TEST_EXPECT_H

#include <cstdio>
#include <cstdlib>

/// Prints the first check that fails and ends the test.
#define EXPECT(CONDITION)                                                      \
  do {                                                                         \
    if (!(CONDITION)) {                                                        \
      printf("%s:%d: failed: %s\n", __FILE__, __LINE__, #CONDITION);           \
      exit(1);                                                                 \
    }                                                                          \
  } while (false)

#endif // QUIPU_TEST_EXPECT_H
