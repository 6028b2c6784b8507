/* Prints the ids that a library's model continues 1 2 with, and its sizes. */

#include "quipu.h"
#include <stdio.h>

int main(void) {
  quipu_model *model;
  quipu_options options = {sizeof(options), 0, 2, 0, 0};
  if (quipu_create(&options, &model) != QUIPU_OK) {
    fprintf(stderr, "%s\n", quipu_last_error(NULL));
    return 1;
  }
  int32_t tokens[2] = {1, 2}, count = 2;
  for (int step = 0; step < 3; ++step) {
    if (quipu_step(model, tokens, NULL, NULL, count, NULL, 1) != QUIPU_OK)
      return 1;
    const float *logits = quipu_logits(model, 0);
    tokens[0] = 0;
    for (int32_t i = 1; i < quipu_vocabulary(model); ++i)
      if (logits[i] > logits[tokens[0]])
        tokens[0] = i;
    count = 1;
    printf("%d ", tokens[0]);
  }
  printf("of %d, context %d\n", quipu_vocabulary(model), quipu_context(model));
  quipu_destroy(model);
}
