//===- shared-prefix.c - Two texts that begin alike -----------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Two sequences have 1,000 tokens in common and go on differently. Counts the
// pages they take, and compares their logits with those of each text alone.
//
//===----------------------------------------------------------------------===//

#include "quipu.h"
#include "test/runtime/capi/expect.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { common = 1000, own = 20, length = common + own };

static int32_t word(int sequence, int position) {
  int from = position < common ? 0 : sequence * 4001;
  return (position * position * 31 + position * 977 + from) % 49152;
}

static quipu_model *create(int32_t cacheType, int32_t sequences) {
  quipu_options options = {sizeof options, 1100, 2, sequences, cacheType};
  quipu_model *model;
  expect(quipu_create(&options, &model) == QUIPU_OK, "create", NULL);
  return model;
}

static void test(int32_t cacheType, const char *name) {
  quipu_model *model = create(cacheType, 1);
  size_t row = quipu_vocabulary(model) * sizeof(float), pageBytes = 0;
  char *alone = malloc(2 * own * row);
  int32_t tokens[length];
  for (int s = 0; s < 2; ++s) {
    for (int i = 0; i < length; ++i)
      tokens[i] = word(s, i);
    expect(quipu_step(model, tokens, NULL, NULL, length, NULL, own) == QUIPU_OK,
           "alone", model);
    for (int i = 0; i < own; ++i)
      memcpy(alone + (s * own + i) * row, quipu_logits(model, i), row);
    quipu_reset(model, 0);
  }
  expect(quipu_step(model, tokens, NULL, NULL, 1, NULL, 0) == QUIPU_OK,
         "one token", model);
  pageBytes = quipu_cache_bytes(model);
  quipu_destroy(model);

  model = create(cacheType, 2);
  expect(quipu_step(model, tokens, NULL, NULL, common, NULL, 0) == QUIPU_OK,
         "in common", model);
  size_t first = quipu_cache_bytes(model);
  expect(quipu_fork(model, 0, 1) == QUIPU_OK, "fork", model);
  size_t forked = quipu_cache_bytes(model);
  // A token of each at a time.
  for (int i = 0; i < own; ++i) {
    int32_t next[2] = {word(0, common + i), word(1, common + i)};
    int32_t of[2] = {0, 1};
    expect(quipu_step(model, next, NULL, of, 2, NULL, 2) == QUIPU_OK,
           "side by side", model);
    for (int s = 0; s < 2; ++s)
      expect(!memcmp(alone + (s * own + i) * row, quipu_logits(model, s), row),
             "other bits than alone", model);
  }
  printf("%s: the bits of each alone; pages: %zu, %zu after the fork, %zu in "
         "the end\n",
         name, first / pageBytes, forked / pageBytes,
         quipu_cache_bytes(model) / pageBytes);
  free(alone);
  quipu_destroy(model);
}

int main(void) {
  test(QUIPU_CACHE_F16, "f16");
  test(QUIPU_CACHE_F32, "f32");
  test(QUIPU_CACHE_Q8_0, "q8_0");
  return 0;
}
