//===- fork-test.c - A model in the child of fork -------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Parent, child and grandchild go on with one model, each for itself. Prints
// the first check that fails, or "ok". The model is fake-program.cpp's.
//
//===----------------------------------------------------------------------===//

#include "runtime/capi/Quipu.h"
#include "test/runtime/capi/expect.h"
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void step(quipu_model *model, int32_t token, float *logits) {
  EXPECT(quipu_step(model, &token, NULL, NULL, 1, NULL, 1) == QUIPU_OK);
  memcpy(logits, quipu_logits(model, 0),
         sizeof(float) * (size_t)quipu_vocabulary(model));
}

/// The tokens 5, 6, 7 and 8 in `generations` processes at the same time.
static void goOn(quipu_model *model, int generations, const float *expected) {
  pid_t child = generations > 1 ? fork() : -1;
  if (child == 0) {
    goOn(model, generations - 1, expected);
    quipu_destroy(model);
    _exit(0);
  }
  float logits[300];
  for (int32_t token = 5; token < 9; ++token)
    step(model, token, logits);
  EXPECT(memcmp(logits, expected,
                sizeof(float) * (size_t)quipu_vocabulary(model)) == 0);
  EXPECT(quipu_length(model, 0) == 8);
  int status = 0;
  if (child > 0)
    EXPECT(waitpid(child, &status, 0) == child && status == 0);
}

int main(void) {
  quipu_options options = {.size = sizeof(options), .threads = 3};
  quipu_model *model = NULL;
  EXPECT(quipu_create(&options, &model) == QUIPU_OK);
  float logits[300], expected[300];
  for (int32_t token = 1; token < 9; ++token)
    step(model, token, expected);
  EXPECT(quipu_reset(model, 0) == QUIPU_OK);
  for (int32_t token = 1; token < 5; ++token)
    step(model, token, logits);

  goOn(model, 3, expected);

  // A child that does not run the model, or only frees it.
  for (int frees = 0; frees < 2; ++frees) {
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
      if (frees)
        quipu_destroy(model);
      exit(0);
    }
    EXPECT(waitpid(child, &status, 0) == child && status == 0);
  }
  quipu_destroy(model);
  puts("ok");
  return 0;
}
