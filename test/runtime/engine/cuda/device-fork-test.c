//===- device-fork-test.c - A GPU's model in the child of fork ------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// A child is refused and touches nothing; the parent goes on. Prints the first
// check that fails, or "ok". The model is fake-program.cpp's.
//
//===----------------------------------------------------------------------===//

#include "runtime/capi/Quipu.h"
#include "test/runtime/capi/expect.h"
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

static void inChild(quipu_model *model) {
  int32_t token = 1;
  EXPECT(quipu_step(model, &token, NULL, NULL, 1, NULL, 1) ==
         QUIPU_ERROR_DEVICE);
  EXPECT(strstr(quipu_last_error(model), "a child of fork cannot"));
  EXPECT(quipu_fork(model, 0, 1) == QUIPU_OK);
  quipu_destroy(model);
  exit(0);
}

int main(void) {
  quipu_options options = {.size = sizeof(options), .sequences = 2};
  quipu_model *model = NULL;
  EXPECT(quipu_create(&options, &model) == QUIPU_OK);
  int32_t token = 1;
  EXPECT(quipu_step(model, &token, NULL, NULL, 1, NULL, 1) == QUIPU_OK);
  pid_t child = fork();
  if (child == 0)
    inChild(model);
  int status = 0;
  EXPECT(waitpid(child, &status, 0) == child && status == 0);
  EXPECT(quipu_step(model, &token, NULL, NULL, 1, NULL, 1) == QUIPU_OK);
  EXPECT(quipu_length(model, 0) == 2);
  quipu_destroy(model);
  puts("ok");
  return 0;
}
