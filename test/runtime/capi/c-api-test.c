//===- c-api-test.c - The C interface, from C -----------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Prints the first check that fails, or "ok"; with the word `memory` or
// `broken` nothing but such a check. The model is fake-program.cpp's.
//
//===----------------------------------------------------------------------===//

#include "runtime/capi/Quipu.h"
#include "test/runtime/capi/expect.h"
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static int sameLogits(const float *a, const float *b) {
  return memcmp(a, b, 259 * sizeof(float)) == 0;
}

static void testCreate(void) {
  quipu_model *model = NULL;
  EXPECT(quipu_create(NULL, NULL) == QUIPU_ERROR_ARGUMENT);
  EXPECT(quipu_create(NULL, &model) == QUIPU_OK && model);
  EXPECT(quipu_vocabulary(model) == 259);
  EXPECT(quipu_context(model) == 120);
  quipu_destroy(model);
  quipu_destroy(NULL);

  quipu_options options = {sizeof(options), 1 << 30, 0, 0, 0, 0};
  EXPECT(quipu_create(&options, &model) == QUIPU_ERROR_ARGUMENT && !model);
  EXPECT(strstr(quipu_last_error(NULL), "context must be from 1 to 16777216"));
  options.context = -1;
  EXPECT(quipu_create(&options, &model) == QUIPU_ERROR_ARGUMENT);
  options.context = 1 << 24;
  options.sequences = 65536;
  EXPECT(quipu_create(&options, &model) == QUIPU_ERROR_ARGUMENT);
  EXPECT(strstr(quipu_last_error(NULL), "more than a cache can hold"));
  quipu_options type = {sizeof(options), 0, 0, 0, 2, 0};
  EXPECT(quipu_create(&type, &model) == QUIPU_ERROR_ARGUMENT);
  quipu_options empty = {0, 0, 0, 0, 0, 0};
  EXPECT(quipu_create(&empty, &model) == QUIPU_ERROR_ARGUMENT);
  // A caller that knows only the first fields.
  quipu_options older = {offsetof(quipu_options, threads), 16, -5, -5, -5, -5};
  EXPECT(quipu_create(&older, &model) == QUIPU_OK);
  EXPECT(quipu_context(model) == 16);
  quipu_destroy(model);
  quipu_options bare = {offsetof(quipu_options, context), -5, -5, -5, -5, -5};
  EXPECT(quipu_create(&bare, &model) == QUIPU_OK);
  EXPECT(quipu_context(model) == 120);
  quipu_destroy(model);
}

/// Sequences side by side, in one call or in many, give what each gives alone.
static void testRaggedSteps(void) {
  quipu_options options = {sizeof(options), 64, 2, 3, QUIPU_CACHE_F32, 0};
  quipu_model *model = NULL;
  EXPECT(quipu_create(&options, &model) == QUIPU_OK);

  static float alone[2][5][259];
  int32_t text[2][5] = {{10, 11, 12, 13, 14}, {20, 21, 22, 23, 24}};
  for (int s = 0; s < 2; ++s) {
    EXPECT(quipu_step(model, text[s], NULL, NULL, 5, NULL, 5) == QUIPU_OK);
    for (int i = 0; i < 5; ++i)
      memcpy(alone[s][i], quipu_logits(model, i), sizeof(alone[s][i]));
    EXPECT(!quipu_logits(model, 5) && !quipu_logits(model, -1));
    EXPECT(quipu_length(model, 0) == 5);
    EXPECT(quipu_reset(model, 0) == QUIPU_OK);
    EXPECT(quipu_length(model, 0) == 0);
  }
  EXPECT(!sameLogits(alone[0][4], alone[1][4]));

  int32_t mixed[10] = {10, 20, 11, 21, 12, 22, 13, 23, 14, 24};
  int32_t slots[10] = {2, 1, 2, 1, 2, 1, 2, 1, 2, 1};
  int32_t rows[3] = {2, 8, 9};
  EXPECT(quipu_step(model, mixed, NULL, slots, 10, rows, 3) == QUIPU_OK);
  EXPECT(sameLogits(quipu_logits(model, 0), alone[0][1]));
  EXPECT(sameLogits(quipu_logits(model, 1), alone[0][4]));
  EXPECT(sameLogits(quipu_logits(model, 2), alone[1][4]));
  EXPECT(quipu_length(model, 0) == 0 && quipu_length(model, 1) == 5);

  // Draft two tokens, then go back and take others.
  int32_t draft[2] = {99, 98}, places[2] = {3, 4}, slot[2] = {2, 2};
  EXPECT(quipu_step(model, draft, places, slot, 2, NULL, 0) == QUIPU_OK);
  EXPECT(!quipu_logits(model, 0));
  EXPECT(quipu_step(model, text[0] + 3, places, slot, 2, NULL, 1) == QUIPU_OK);
  EXPECT(sameLogits(quipu_logits(model, 0), alone[0][4]));
  EXPECT(quipu_step(model, draft, places, slot, 1, NULL, 0) == QUIPU_OK);
  EXPECT(quipu_length(model, 2) == 4);
  quipu_destroy(model);
}

static void testErrors(void) {
  quipu_options options = {sizeof(options), 16, 1, 2, 0, 0};
  quipu_model *model = NULL;
  EXPECT(quipu_create(&options, &model) == QUIPU_OK);
  int32_t many[17] = {0}, bad[2] = {0, 259}, negative[1] = {-1};
  int32_t hole[2] = {0, 2}, fall[2] = {1, 0};
  int32_t slots[2] = {0, 2};
  EXPECT(quipu_step(model, many, NULL, NULL, 17, NULL, 0) ==
         QUIPU_ERROR_CONTEXT_FULL);
  EXPECT(strstr(quipu_last_error(model), "context of 16 positions is full"));
  EXPECT(quipu_step(model, many, NULL, NULL, 0, NULL, 0) ==
         QUIPU_ERROR_ARGUMENT);
  EXPECT(quipu_step(model, NULL, NULL, NULL, 1, NULL, 0) ==
         QUIPU_ERROR_ARGUMENT);
  EXPECT(quipu_step(model, bad, NULL, NULL, 2, NULL, 0) ==
         QUIPU_ERROR_ARGUMENT);
  EXPECT(strstr(quipu_last_error(model), "from 0 to 258, not 259"));
  EXPECT(quipu_step(model, negative, NULL, NULL, 1, NULL, 0) ==
         QUIPU_ERROR_ARGUMENT);
  EXPECT(quipu_step(model, many, hole, NULL, 2, NULL, 0) ==
         QUIPU_ERROR_ARGUMENT);
  EXPECT(strstr(quipu_last_error(model), "position 2 of sequence 0, but 1"));
  EXPECT(quipu_step(model, many, negative, NULL, 1, NULL, 0) ==
         QUIPU_ERROR_ARGUMENT);
  EXPECT(quipu_step(model, many, NULL, slots, 2, NULL, 0) ==
         QUIPU_ERROR_ARGUMENT);
  EXPECT(quipu_step(model, many, NULL, NULL, 2, NULL, 3) ==
         QUIPU_ERROR_ARGUMENT);
  EXPECT(quipu_step(model, many, NULL, NULL, 2, fall, 2) ==
         QUIPU_ERROR_ARGUMENT);
  EXPECT(quipu_step(model, many, NULL, NULL, 2, hole, 2) ==
         QUIPU_ERROR_ARGUMENT);
  int32_t twice[2] = {0, 0};
  EXPECT(quipu_step(model, many, twice, NULL, 2, NULL, 0) ==
         QUIPU_ERROR_ARGUMENT);
  EXPECT(quipu_step(model, many, NULL, NULL, 2, twice, 2) ==
         QUIPU_ERROR_ARGUMENT);
  int32_t types[2] = {0, 1}, typesOfPair[4];
  quipu_batch batch = {.count = 2, .selected_count = 1, .types = types};
  EXPECT(quipu_run_batch(model, NULL, NULL) == QUIPU_ERROR_ARGUMENT);
  EXPECT(quipu_run_batch(model, NULL, &batch) == QUIPU_ERROR_ARGUMENT);
  EXPECT(strcmp(quipu_last_error(model),
                "quipu_batch: size must be sizeof(quipu_batch)") == 0);
  batch.size = sizeof(batch);
  EXPECT(quipu_run_batch(model, NULL, &batch) == QUIPU_ERROR_ARGUMENT);
  EXPECT(strcmp(quipu_last_error(model), "tokens must not be NULL") == 0);
  size_t count = 7;
  EXPECT(quipu_tokenize_pair(model, "a", 1, "b", 1, 0, many, typesOfPair, 4,
                             &count) == QUIPU_ERROR_ARGUMENT &&
         count == 0);
  EXPECT(quipu_run(model, "generat", many, NULL, NULL, 1, NULL, 1) ==
         QUIPU_ERROR_ARGUMENT);
  EXPECT(strcmp(quipu_last_error(model),
                "there is no entry 'generat'; this model has generate, embed, "
                "hidden, label") == 0);
  EXPECT(!quipu_logits(model, 0));
  EXPECT(quipu_length(model, 0) == 0);
  EXPECT(quipu_fork(model, 0, 2) == QUIPU_ERROR_ARGUMENT);
  EXPECT(quipu_fork(model, -1, 0) == QUIPU_ERROR_ARGUMENT);
  EXPECT(quipu_reset(model, 2) == QUIPU_ERROR_ARGUMENT);
  EXPECT(quipu_length(model, -1) == -1);
  EXPECT(quipu_step(model, many, NULL, NULL, 16, NULL, 1) == QUIPU_OK);
  EXPECT(quipu_step(model, many, NULL, NULL, 1, NULL, 1) ==
         QUIPU_ERROR_CONTEXT_FULL);
  quipu_destroy(model);
}

/// A refused step changes nothing, the last outputs included.
static void testOldOutputs(void) {
  quipu_options options = {sizeof(options), 16, 1, 1, 0, 0};
  quipu_model *model = NULL;
  EXPECT(quipu_create(&options, &model) == QUIPU_OK);
  int32_t tokens[17] = {1, 2, 259};
  float before[2][259];
  EXPECT(quipu_step(model, tokens, NULL, NULL, 2, NULL, 2) == QUIPU_OK);
  for (int i = 0; i < 2; ++i)
    memcpy(before[i], quipu_logits(model, i), sizeof(before[i]));
  EXPECT(quipu_step(model, tokens, NULL, NULL, 3, NULL, 3) ==
         QUIPU_ERROR_ARGUMENT);
  EXPECT(quipu_run(model, "none", tokens, NULL, NULL, 1, NULL, 1) ==
         QUIPU_ERROR_ARGUMENT);
  EXPECT(quipu_run(model, "embed", tokens, NULL, NULL, 1, NULL, 1) ==
         QUIPU_ERROR_ARGUMENT);
  tokens[2] = 3;
  EXPECT(quipu_step(model, tokens, NULL, NULL, 15, NULL, 15) ==
         QUIPU_ERROR_CONTEXT_FULL);
  EXPECT(quipu_length(model, 0) == 2);
  for (int i = 0; i < 2; ++i)
    EXPECT(sameLogits(before[i], quipu_logits(model, i)));
  EXPECT(!quipu_logits(model, 2));
  // A good one replaces them.
  EXPECT(quipu_step(model, tokens, NULL, NULL, 1, NULL, 1) == QUIPU_OK);
  EXPECT(!sameLogits(before[0], quipu_logits(model, 0)));
  EXPECT(!quipu_logits(model, 1));
  quipu_destroy(model);
}

static void testEntries(void) {
  quipu_options options = {sizeof(options), 0, 2, 3, 0, 0};
  quipu_model *model = NULL;
  EXPECT(quipu_create(&options, &model) == QUIPU_OK);
  EXPECT(quipu_entry_count(model) == 4);
  EXPECT(strcmp(quipu_entry_name(model, 1), "embed") == 0);
  EXPECT(!quipu_entry_name(model, 4) && !quipu_entry_name(model, -1));
  EXPECT(strcmp(quipu_output_name(model, "label", 1), "score") == 0);
  EXPECT(strcmp(quipu_output_name(model, NULL, 0), "logits") == 0);
  EXPECT(!quipu_output_name(model, "label", 2) &&
         !quipu_output_name(model, "label", -1) &&
         !quipu_output_name(model, "none", 0));
  EXPECT(quipu_output_width(model, "label", "score") == 2);
  EXPECT(quipu_output_width(model, NULL, "logits") == 259);
  EXPECT(quipu_output_width(model, "embed", "logits") == -1 &&
         quipu_output_width(model, "embed", NULL) == -1 &&
         quipu_output_width(model, "none", "logits") == -1);
  EXPECT(strcmp(quipu_label(model, "label", "score", 1), "good") == 0);
  EXPECT(!quipu_label(model, "label", "score", 2) &&
         !quipu_label(model, "label", "score", -1) &&
         !quipu_label(model, "label", "labels", 0) &&
         !quipu_label(model, "none", "score", 0) &&
         !quipu_label(model, "label", NULL, 0));
  EXPECT(quipu_output_scores(model, "label", "score") == QUIPU_SCORES_SIGMOID);
  EXPECT(quipu_output_scores(model, NULL, "logits") == QUIPU_SCORES_PLAIN);
  EXPECT(quipu_output_scores(model, "label", "none") == -1);

  // Ids are below the number of rows of what they choose, not of an output.
  int32_t tokens[6] = {258, 2, 3, 258, 5, 6}, sequences[6] = {0, 0, 0, 1, 1, 1};
  int32_t last[2] = {2, 5};
  EXPECT(quipu_run(model, "hidden", tokens, NULL, sequences, 6, NULL, 0) ==
         QUIPU_OK);
  float mean[8] = {0};
  for (int i = 0; i < 8; ++i) {
    for (int row = 0; row < 3; ++row)
      mean[i] += quipu_output(model, "hidden", row)[i];
    mean[i] /= 3;
  }
  EXPECT(!quipu_output(model, "hidden", 6) && !quipu_output(model, NULL, 0));
  EXPECT(!quipu_logits(model, 0) && !quipu_output(model, "embedding", 0));
  EXPECT(quipu_run(model, "embed", tokens, NULL, sequences, 6, last, 2) ==
         QUIPU_ERROR_ARGUMENT);
  EXPECT(strstr(quipu_last_error(model), "'embed' reads all of a sequence"));
  EXPECT(quipu_output(model, "hidden", 5));
  quipu_reset(model, 0);
  quipu_reset(model, 1);
  EXPECT(quipu_run(model, "embed", tokens, NULL, sequences, 6, last, 2) ==
         QUIPU_OK);
  EXPECT(memcmp(mean, quipu_output(model, "embedding", 0), sizeof(mean)) == 0);
  EXPECT(memcmp(mean, quipu_output(model, "embedding", 1), sizeof(mean)) != 0);
  EXPECT(!quipu_output(model, "embedding", 2));
  EXPECT(quipu_run(model, "embed", tokens, NULL, sequences, 6, NULL, 2) ==
         QUIPU_ERROR_ARGUMENT);

  // A fork goes on with what is cached and summed.
  EXPECT(quipu_fork(model, 0, 2) == QUIPU_OK && quipu_length(model, 2) == 3);
  int32_t both[2] = {0, 2}, same[2] = {7, 7};
  EXPECT(quipu_run(model, "embed", same, NULL, both, 2, NULL, 2) == QUIPU_OK);
  EXPECT(memcmp(quipu_output(model, "embedding", 0),
                quipu_output(model, "embedding", 1), sizeof(mean)) == 0);
  quipu_destroy(model);
}

/// Checks a model's texts, forks and embeddings against each other.
static void *serve(void *argument) {
  const int32_t seed = *(const int32_t *)argument;
  quipu_options options = {sizeof(options), 300, 2, 2, 0, 0};
  quipu_model *model = NULL;
  EXPECT(quipu_create(&options, &model) == QUIPU_OK);
  static _Thread_local float first[259];
  for (int round = 0; round < 20; ++round) {
    int32_t tokens[400];
    for (int i = 0; i < 400; ++i)
      tokens[i] = (i * i + seed) % 256;
    EXPECT(quipu_run(model, seed % 2 ? "hidden" : NULL, tokens, NULL, NULL, 199,
                     NULL, 1) == QUIPU_OK);
    EXPECT(quipu_fork(model, 0, 1) == QUIPU_OK);
    int32_t slot[1] = {round % 2};
    EXPECT(quipu_step(model, tokens + 199, NULL, slot, 1, NULL, 1) == QUIPU_OK);
    if (round == 0)
      memcpy(first, quipu_logits(model, 0), sizeof(first));
    EXPECT(sameLogits(first, quipu_logits(model, 0)));
    EXPECT(quipu_step(model, tokens, NULL, NULL, 400, NULL, 1) ==
           QUIPU_ERROR_CONTEXT_FULL);
    EXPECT(quipu_reset(model, 0) == QUIPU_OK);
  }
  EXPECT(quipu_create(NULL, NULL) == QUIPU_ERROR_ARGUMENT);
  EXPECT(strstr(quipu_last_error(NULL), "must not be NULL"));
  quipu_destroy(model);
  return NULL;
}

/// Models do not share anything: a thread each may use them.
static void testThreads(void) {
  pthread_t threads[3];
  int32_t seeds[3] = {1, 2, 3};
  for (int i = 0; i < 3; ++i)
    if (pthread_create(&threads[i], NULL, serve, &seeds[i]) != 0)
      exit(1);
  for (int i = 0; i < 3; ++i)
    pthread_join(threads[i], NULL);
}

static void testText(void) {
  quipu_model *model = NULL;
  EXPECT(quipu_create(NULL, &model) == QUIPU_OK);
  int32_t ids[16];
  size_t count = 0;
  EXPECT(quipu_tokenize(model, "a<|im_end|>", 11, 1, ids, 16, &count) ==
         QUIPU_OK);
  EXPECT(count == 2 && ids[0] == 'a' && ids[1] == 257);
  EXPECT(quipu_is_end(model, ids[1]) == 1 && quipu_is_end(model, 'a') == 0);
  EXPECT(quipu_tokenize(model, "a<|im_end|>", 11, 0, ids, 16, &count) ==
             QUIPU_OK &&
         count == 11);
  EXPECT(quipu_tokenize(model, "abc", 3, 0, NULL, 0, &count) ==
             QUIPU_ERROR_CAPACITY &&
         count == 3);
  // As much as fits, and nothing behind it.
  ids[2] = -7;
  EXPECT(quipu_tokenize(model, "xyz", 3, 0, ids, 2, &count) ==
             QUIPU_ERROR_CAPACITY &&
         count == 3);
  EXPECT(ids[0] == 'x' && ids[1] == 'y' && ids[2] == -7);
  EXPECT(quipu_tokenize(model, "a<c", 3, 0, ids, 3, &count) == QUIPU_OK &&
         count == 3 && ids[2] == 'c');
  char text[16];
  EXPECT(quipu_detokenize(model, ids, 3, text, 3, &count) == QUIPU_OK);
  EXPECT(count == 3 && memcmp(text, "a<c", 3) == 0);
  EXPECT(quipu_detokenize(model, ids, 2, text, 16, &count) == QUIPU_OK);
  EXPECT(count == 2 && memcmp(text, "a<", 2) == 0);
  EXPECT(quipu_detokenize(model, ids, 2, text, 1, &count) ==
         QUIPU_ERROR_CAPACITY);
  quipu_destroy(model);
}

/// What a reader was given, and how many times it wants more.
typedef struct {
  int32_t tokens[300], count, left;
} heard;

static int hear(void *data, const int32_t *tokens, int32_t count) {
  heard *to = data;
  for (int32_t i = 0; i < count; ++i)
    to->tokens[to->count++] = tokens[i];
  return --to->left > 0;
}

static int32_t highest(const float *logits) {
  int32_t best = 0;
  for (int32_t i = 1; i < 259; ++i)
    if (logits[i] > logits[best])
      best = i;
  return best;
}

/// The tokens of quipu_generate are those that a caller would choose.
static void testGenerate(void) {
  quipu_options options = {sizeof(options), 120, 2, 3, 0, 0};
  quipu_model *model = NULL, *other = NULL;
  EXPECT(quipu_create(&options, &model) == QUIPU_OK);
  EXPECT(quipu_create(&options, &other) == QUIPU_OK);
  int32_t text[] = {5, 6, 7, 8}, of[] = {2, 2, 2, 0};
  int32_t last[] = {8, 9, 7}, all[] = {0, 1, 2};
  EXPECT(quipu_step(model, text, NULL, of, 4, NULL, 0) == QUIPU_OK);
  EXPECT(quipu_step(other, text, NULL, of, 4, NULL, 0) == QUIPU_OK);
  heard got = {.left = 20};
  EXPECT(quipu_generate(model, last, all, 3, NULL, 50, hear, &got) == QUIPU_OK);
  EXPECT(got.count == 60);
  for (int32_t i = 0; i < 20; ++i) {
    EXPECT(quipu_step(other, last, NULL, all, 3, NULL, 3) == QUIPU_OK);
    for (int32_t row = 0; row < 3; ++row) {
      last[row] = highest(quipu_logits(other, row));
      EXPECT(got.tokens[3 * i + row] == last[row]);
    }
  }
  for (int32_t row = 0; row < 3; ++row)
    EXPECT(quipu_length(model, row) == quipu_length(other, row));

  // The same seeds give the same texts, one more where there are more texts.
  quipu_sampling sampling = {
      .size = sizeof(sampling), .temperature = 2, .top_k = 50, .seed = 3};
  heard one = {.left = 10}, two = {.left = 10}, three = {.left = 10};
  EXPECT(quipu_fork(model, 1, 0) == QUIPU_OK);
  int32_t same[] = {4, 4};
  EXPECT(quipu_generate(model, same, all, 2, &sampling, 10, hear, &one) ==
         QUIPU_OK);
  EXPECT(quipu_fork(other, 1, 0) == QUIPU_OK);
  EXPECT(quipu_generate(other, same, NULL, 1, &sampling, 10, hear, &two) ==
         QUIPU_OK);
  sampling.seed = 4;
  sampling.repeat_penalty = sampling.top_p = 1;
  EXPECT(quipu_generate(other, same, all + 1, 1, &sampling, 10, hear, &three) ==
         QUIPU_OK);
  int32_t differing = 0;
  for (int32_t i = 0; i < 10; ++i) {
    EXPECT(one.tokens[2 * i] == two.tokens[i]);
    EXPECT(one.tokens[2 * i + 1] == three.tokens[i]);
    differing += two.tokens[i] != three.tokens[i];
  }
  EXPECT(differing > 0);

  // Nothing changes when it is refused.
  heard none = {.left = 1};
  int32_t length = quipu_length(model, 1), twice[] = {1, 1};
  EXPECT(quipu_generate(model, same, all + 1, 1, NULL, 121 - length, hear,
                        &none) == QUIPU_ERROR_CONTEXT_FULL);
  EXPECT(strstr(quipu_last_error(model), "are more than the 120 positions"));
  EXPECT(quipu_generate(model, same, twice, 2, NULL, 1, hear, &none) ==
         QUIPU_ERROR_ARGUMENT);
  EXPECT(strstr(quipu_last_error(model), "sequence 1 goes on twice"));
  EXPECT(quipu_generate(model, NULL, all, 1, NULL, 1, hear, &none) ==
         QUIPU_ERROR_ARGUMENT);
  EXPECT(quipu_generate(model, same, all, 1, NULL, 1, NULL, &none) ==
         QUIPU_ERROR_ARGUMENT);
  EXPECT(quipu_generate(model, same, all, 1, NULL, -1, hear, &none) ==
         QUIPU_ERROR_ARGUMENT);
  EXPECT(quipu_generate(model, same, all, 0, NULL, 1, hear, &none) ==
         QUIPU_ERROR_ARGUMENT);
  sampling.min_p = -1;
  EXPECT(quipu_generate(model, same, all, 1, &sampling, 1, hear, &none) ==
         QUIPU_ERROR_ARGUMENT);
  sampling.size = 0;
  EXPECT(quipu_generate(model, same, all, 1, &sampling, 1, hear, &none) ==
         QUIPU_ERROR_ARGUMENT);
  EXPECT(none.count == 0 && quipu_length(model, 1) == length);
  EXPECT(quipu_generate(model, same, all + 1, 1, NULL, 120 - length, hear,
                        &one) == QUIPU_OK);
  quipu_destroy(model);
  quipu_destroy(other);
}

/// Without memory for the outputs a step is refused, and works later.
static int testMemory(void) {
  quipu_options options = {sizeof(options), 70000, 2, 1, 0, 0};
  quipu_model *model = NULL;
  EXPECT(quipu_create(&options, &model) == QUIPU_OK);
  static int32_t tokens[65536];
  EXPECT(quipu_step(model, tokens, NULL, NULL, 3, NULL, 1) == QUIPU_OK);
  float before[259];
  memcpy(before, quipu_logits(model, 0), sizeof(before));
  struct rlimit limit, none = {0, RLIM_INFINITY};
  getrlimit(RLIMIT_AS, &limit);
  none.rlim_max = limit.rlim_max;
  setrlimit(RLIMIT_AS, &none);
  EXPECT(quipu_step(model, tokens, NULL, NULL, 65536, NULL, 65536) ==
         QUIPU_ERROR_MEMORY);
  EXPECT(strstr(quipu_last_error(model), "no memory for the outputs"));
  EXPECT(quipu_length(model, 0) == 3);
  EXPECT(sameLogits(before, quipu_logits(model, 0)));
  quipu_model *second = NULL;
  EXPECT(quipu_create(&options, &second) == QUIPU_ERROR_MEMORY && !second);
  size_t count;
  EXPECT(quipu_tokenize(model, (const char *)tokens, sizeof(tokens), 0, NULL, 0,
                        &count) == QUIPU_ERROR_MEMORY);
  EXPECT(count == 0 && strstr(quipu_last_error(model), "not enough memory"));
  EXPECT(quipu_detokenize(model, tokens, 65536, NULL, 0, &count) ==
         QUIPU_ERROR_MEMORY);
  setrlimit(RLIMIT_AS, &limit);
  EXPECT(quipu_tokenize(model, (const char *)tokens, sizeof(tokens), 0, NULL, 0,
                        &count) == QUIPU_ERROR_CAPACITY &&
         count > 65536);
  EXPECT(quipu_step(model, tokens, NULL, NULL, 200, NULL, 200) == QUIPU_OK);
  quipu_destroy(model);
  return 0;
}

/// A step that fails leaves no outputs, and the model goes on.
static int testBroken(void) {
  setenv("FAKE_BROKEN", "2", 1);
  quipu_model *model = NULL;
  EXPECT(quipu_create(NULL, &model) == QUIPU_OK);
  int32_t tokens[] = {1, 2, 3, 4};
  EXPECT(quipu_step(model, tokens, NULL, NULL, 2, NULL, 2) == QUIPU_OK);
  EXPECT(quipu_logits(model, 1));
  EXPECT(quipu_step(model, tokens + 2, NULL, NULL, 2, NULL, 2) ==
         QUIPU_ERROR_NOT_FINITE);
  EXPECT(strstr(quipu_last_error(model), "the logits of row 0 is NaN"));
  EXPECT(!quipu_logits(model, 0) && !quipu_logits(model, 1));
  // Logits that nobody asks for are not looked at.
  EXPECT(quipu_reset(model, 0) == QUIPU_OK);
  EXPECT(quipu_step(model, tokens, NULL, NULL, 4, NULL, 1) == QUIPU_OK);
  EXPECT(quipu_logits(model, 0));
  quipu_destroy(model);
  return 0;
}

int main(int argc, char **argv) {
  if (argc == 2 && strcmp(argv[1], "memory") == 0)
    return testMemory();
  if (argc == 2 && strcmp(argv[1], "broken") == 0)
    return testBroken();
  testCreate();
  testRaggedSteps();
  testErrors();
  testOldOutputs();
  testEntries();
  testThreads();
  testText();
  testGenerate();
  puts("ok");
  return 0;
}
