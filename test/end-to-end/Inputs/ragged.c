//===- ragged.c - Many sequences at once ----------------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// usage: ragged [CACHE...]
//
// Reads a text alone, then in pieces of many sizes with tokens of two other
// sequences between its own, and compares the logits of its tokens, with caches
// of these types (all).
//
//===----------------------------------------------------------------------===//

#include "runtime/capi/Quipu.h"
#include "test/runtime/capi/expect.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { length = 83, sequences = 3 };

static int32_t word(const quipu_model *model, int sequence, int position) {
  return (position * position * 31 + position * 977 + sequence * 4001) %
         quipu_vocabulary(model);
}

static void test(int32_t cacheType, const char *name) {
  quipu_options options = {sizeof options, 96, 2, sequences, cacheType};
  quipu_model *model;
  expect(quipu_create(&options, &model) == QUIPU_OK, "create", NULL);
  size_t bytes = quipu_vocabulary(model) * sizeof(float);
  char *alone = malloc(length * bytes);
  int32_t tokens[length];
  for (int i = 0; i < length; ++i)
    tokens[i] = word(model, 1, i);
  expect(quipu_step(model, tokens, NULL, NULL, length, NULL, length) ==
             QUIPU_OK,
         "alone", model);
  for (int i = 0; i < length; ++i)
    memcpy(alone + i * bytes, quipu_logits(model, i), bytes);
  quipu_reset(model, 0);

  // Pieces of 1, 2, ... tokens of each sequence, one of each in turn.
  for (int done = 0, piece = 1; done < length; done += piece++) {
    if (piece > length - done)
      piece = length - done;
    int32_t mixed[sequences * length], of[sequences * length], rows[length];
    int count = 0;
    for (int i = 0; i < piece; ++i)
      for (int s = 0; s < sequences; ++s, ++count) {
        mixed[count] = word(model, s, done + i);
        of[count] = s;
        if (s == 1)
          rows[i] = count;
      }
    expect(quipu_step(model, mixed, NULL, of, count, rows, piece) == QUIPU_OK,
           "in company", model);
    for (int i = 0; i < piece; ++i)
      expect(!memcmp(alone + (done + i) * bytes, quipu_logits(model, i), bytes),
             "other bits in company", model);
  }
  printf("%s: %d tokens alone, in pieces and in company: the same bits\n", name,
         length);
  free(alone);
  quipu_destroy(model);
}

int main(int argc, char **argv) {
  const char *names[] = {"f16", "f32", "q8_0"};
  for (int32_t type = QUIPU_CACHE_F16; type <= QUIPU_CACHE_Q8_0; ++type) {
    int asked = argc == 1;
    for (int i = 1; i < argc; ++i)
      asked |= !strcmp(argv[i], names[type]);
    if (asked)
      test(type, names[type]);
  }
  return 0;
}
