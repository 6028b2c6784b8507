//===- two-models.c - Two libraries in two threads ------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// usage: two-models FIRST.so SECOND.so
//
// Generates and embeds, one after the other, then at the same time: with a
// model of each library, and with two models of the first.
//
//===----------------------------------------------------------------------===//

#include "quipu.h"
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// The functions of one library, which all have the same names.
typedef struct {
  __typeof__(quipu_create) *create;
  __typeof__(quipu_destroy) *destroy;
  __typeof__(quipu_last_error) *lastError;
  __typeof__(quipu_run) *run;
  __typeof__(quipu_output) *output;
  __typeof__(quipu_output_width) *outputWidth;
  __typeof__(quipu_reset) *reset;
} library;

static void fail(const char *what, const char *why) {
  printf("%s: %s\n", what, why);
  exit(1);
}

static library load(const char *path) {
  void *file = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!file)
    fail("dlopen", dlerror());
  library made = {
      dlsym(file, "quipu_create"),     dlsym(file, "quipu_destroy"),
      dlsym(file, "quipu_last_error"), dlsym(file, "quipu_run"),
      dlsym(file, "quipu_output"),     dlsym(file, "quipu_output_width"),
      dlsym(file, "quipu_reset")};
  return made;
}

enum { generated = 24, texts = 8, longest = 40 };

/// A model, what it is asked for, and the numbers that came out first.
typedef struct {
  const library *code;
  int seed;
  float *expected;
  size_t bytes;
} task;

static quipu_model *create(const task *task) {
  quipu_options options = {
      .size = sizeof options, .context = 128, .threads = 2};
  quipu_model *model;
  if (task->code->create(&options, &model) != QUIPU_OK)
    fail("create", task->code->lastError(NULL));
  return model;
}

static void run(const task *task, quipu_model *model, const char *entry,
                const int32_t *tokens, int32_t count) {
  if (task->code->run(model, entry, tokens, NULL, NULL, count, NULL, 1) !=
      QUIPU_OK)
    fail(entry, task->code->lastError(model));
}

/// Rows of numbers are kept the first time, and compared later.
static void keep(task *task, const char *what, int row, const float *numbers,
                 int32_t width) {
  size_t size = (size_t)width * sizeof(float);
  if (task->bytes == row * size) {
    task->bytes += size;
    task->expected = realloc(task->expected, task->bytes);
    memcpy((char *)task->expected + row * size, numbers, size);
  } else if (memcmp((char *)task->expected + row * size, numbers, size) != 0) {
    fail(what, "different bits");
  }
}

/// The logits of the most probable tokens.
static void generate(task *task) {
  quipu_model *model = create(task);
  int32_t width = task->code->outputWidth(model, "generate", "logits");
  int32_t tokens[3] = {11, 7, task->seed}, count = 3;
  for (int row = 0; row < generated; ++row, count = 1) {
    run(task, model, "generate", tokens, count);
    const float *logits = task->code->output(model, "logits", 0);
    keep(task, "logits", row, logits, width);
    tokens[0] = 0;
    for (int32_t i = 1; i < width; ++i)
      if (logits[i] > logits[tokens[0]])
        tokens[0] = i;
  }
  task->code->destroy(model);
}

/// The embeddings of texts of several lengths.
static void embed(task *task) {
  quipu_model *model = create(task);
  int32_t width = task->code->outputWidth(model, "embed", "embedding");
  for (int row = 0; row < texts; ++row) {
    int32_t tokens[longest], count = longest - 5 * row;
    for (int i = 0; i < count; ++i)
      tokens[i] = (i * i + 3 * i * row + task->seed) % 96;
    task->code->reset(model, 0);
    run(task, model, "embed", tokens, count);
    keep(task, "embedding", row, task->code->output(model, "embedding", 0),
         width);
  }
  task->code->destroy(model);
}

static atomic_int started, generating;

static void *generateInThread(void *argument) {
  atomic_fetch_add(&started, 1);
  while (atomic_load(&started) < 2)
    ;
  for (int round = 0; round < 2; ++round)
    generate(argument);
  atomic_store(&generating, 0);
  return NULL;
}

/// As long as the other thread generates.
static void *embedInThread(void *argument) {
  atomic_fetch_add(&started, 1);
  while (atomic_load(&started) < 2)
    ;
  do
    embed(argument);
  while (atomic_load(&generating));
  return NULL;
}

static void test(const library *first, const library *second,
                 const char *name) {
  task tasks[2] = {{first, 5, NULL, 0}, {second, 9, NULL, 0}};
  generate(&tasks[0]);
  embed(&tasks[1]);
  pthread_t threads[2];
  atomic_store(&started, 0);
  atomic_store(&generating, 1);
  if (pthread_create(&threads[0], NULL, generateInThread, &tasks[0]) != 0 ||
      pthread_create(&threads[1], NULL, embedInThread, &tasks[1]) != 0)
    fail("pthread_create", "no thread");
  for (int i = 0; i < 2; ++i) {
    pthread_join(threads[i], NULL);
    free(tasks[i].expected);
  }
  printf("%s: the same bits at the same time\n", name);
}

int main(int argc, char **argv) {
  if (argc != 3)
    fail("usage", "two-models FIRST.so SECOND.so");
  library first = load(argv[1]), second = load(argv[2]);
  test(&first, &second, "two libraries");
  test(&second, &first, "the other way round");
  test(&first, &first, "two entries of one library");
  return 0;
}
