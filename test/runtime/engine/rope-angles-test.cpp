//===- rope-angles-test.cpp - Prints quipu_rope_angles' table -------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "abi/Abi.h"
#include <cstdio>
#include <cstring>
#include <initializer_list>

int main() {
  const int32_t positions[] = {0, 1, 2047, 131071};
  const float frequencies[] = {1, 0.1f, 3.3e-3f}, factors[] = {1, 3, 7};
  const float *const cases[] = {nullptr, factors};
  for (const float *divisors : cases) {
    float table[4][3][2], one[3][2];
    quipu_rope_angles(positions, 4, frequencies, divisors, 3, 0.5f,
                      &table[0][0][0]);
    for (int i = 0; i < 4; ++i) {
      quipu_rope_angles(positions + i, 1, frequencies, divisors, 3, 0.5f,
                        &one[0][0]);
      if (memcmp(table[i], one, sizeof(one)) != 0)
        printf("position %d alone differs\n", positions[i]);
      for (int j = 0; j < 3; ++j)
        printf("%.9g %.9g\n", table[i][j][0], table[i][j][1]);
    }
  }
  // Up to the original context as without scaling, then slower.
  for (int32_t length : {1, 512, 2048}) {
    float table[3][2];
    quipu_dynamic_rope_angles(length - 1, length, 10000, 2, 512, 3, 0.5f,
                              &table[0][0]);
    for (auto &pair : table)
      printf("%.6f %.6f\n", pair[0], pair[1]);
  }
}
