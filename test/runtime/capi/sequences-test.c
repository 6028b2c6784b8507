//===- sequences-test.c - Sequences fork, diverge and end -----------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// usage: sequences-test ROUNDS
//
// Sequences fork, go on with tokens of their own and end, at random. Each must
// have the logits of a model that reads its text alone, and in the end no page
// is left. Prints the first check that fails, or "ok". The model is
// fake-program.cpp's, whose logits are a hash of all that a token sees, or a
// library with 96 tokens or more.
//
//===----------------------------------------------------------------------===//

#include "runtime/capi/Quipu.h"
#include "test/runtime/capi/expect.h"
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { sequences = 6, context = 400 };

/// What each sequence should hold.
typedef struct {
  int32_t tokens[context], length;
} text;
static text texts[sequences];

static int32_t below(int32_t end) {
  static uint32_t state = 1;
  state = state * 1664525 + 1013904223;
  return (int32_t)((state >> 8) % (uint32_t)end);
}

static quipu_model *create(int32_t slots) {
  quipu_options options = {
      .size = sizeof(options), .context = context, .sequences = slots};
  options.threads = slots > 1 ? 2 : 1;
  quipu_model *model = NULL;
  EXPECT(quipu_create(&options, &model) == QUIPU_OK);
  return model;
}

/// Some tokens of one sequence, or one of each; and what `lone` says of them.
static void append(quipu_model *model, quipu_model *lone) {
  int32_t tokens[context], of[context], count = 0, last[sequences], ends = 0;
  bool all = below(3) == 0;
  int32_t chosen = below(sequences);
  int32_t more = all ? 1 : below(4) ? 1 + below(20) : 1 + below(context / 2);
  for (int32_t slot = 0; slot < sequences; ++slot) {
    text *to = &texts[slot];
    int32_t begin = count;
    for (int32_t i = 0; (all || slot == chosen) && i < more; ++i)
      if (to->length < context) {
        of[count] = slot;
        tokens[count++] = to->tokens[to->length++] = below(96);
      }
    if (count > begin)
      last[ends++] = count - 1;
  }
  if (!count)
    return;
  EXPECT(quipu_step(model, tokens, NULL, of, count, last, ends) == QUIPU_OK);
  int32_t row = below(ends);
  const text *read = &texts[of[last[row]]];
  EXPECT(quipu_step(lone, read->tokens, NULL, NULL, read->length, NULL, 1) ==
         QUIPU_OK);
  EXPECT(memcmp(quipu_logits(model, row), quipu_logits(lone, 0),
                (size_t)quipu_vocabulary(model) * sizeof(float)) == 0);
  EXPECT(quipu_reset(lone, 0) == QUIPU_OK);
}

int main(int argc, char **argv) {
  quipu_model *model = create(sequences), *lone = create(1);
  EXPECT(argc == 2 && quipu_cache_bytes(model) == 0);
  for (int rounds = atoi(argv[1]); rounds > 0; --rounds) {
    int32_t from = below(sequences), to = below(sequences);
    bool isFree = texts[to].length == 0;
    size_t before = quipu_cache_bytes(model);
    EXPECT(quipu_fork(model, from, to) == QUIPU_OK);
    texts[to] = texts[from];
    EXPECT(isFree ? quipu_cache_bytes(model) == before
                  : quipu_cache_bytes(model) <= before);
    for (int i = below(4); i >= 0; --i)
      append(model, lone);
    int32_t ends = below(sequences);
    EXPECT(quipu_reset(model, ends) == QUIPU_OK);
    texts[ends].length = 0;
    for (int32_t slot = 0; slot < sequences; ++slot)
      EXPECT(quipu_length(model, slot) == texts[slot].length);
  }
  for (int32_t slot = 0; slot < sequences; ++slot)
    EXPECT(quipu_reset(model, slot) == QUIPU_OK);
  EXPECT(quipu_cache_bytes(model) == 0 && quipu_cache_bytes(lone) == 0);
  quipu_destroy(model);
  quipu_destroy(lone);
  puts("ok");
  return 0;
}
