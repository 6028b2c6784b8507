/* Text in, text out: continues the text on its command line.
 *
 * usage: complete TEXT [TOKENS]
 */

#include "quipu.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { maxTokens = 4096 };

static int fail(const quipu_model *model) {
  fprintf(stderr, "complete: error: %s\n", quipu_last_error(model));
  return 1;
}

/* The most probable token. */
static int32_t choose(const float *logits, int32_t vocabulary) {
  int32_t best = 0;
  for (int32_t i = 1; i < vocabulary; ++i)
    if (logits[i] > logits[best])
      best = i;
  return best;
}

static int complete(quipu_model *model, const char *text, int length) {
  int32_t tokens[maxTokens];
  size_t count = 0;
  if (quipu_tokenize(model, text, strlen(text), 0, tokens, maxTokens,
                     &count) != QUIPU_OK)
    return fail(model);

  /* The first step reads the whole text, the others one token each; all ask for
   * the logits of the last token only. */
  while (length-- > 0) {
    if (quipu_step(model, tokens, NULL, NULL, (int32_t)count, NULL, 1) !=
        QUIPU_OK)
      return fail(model);
    tokens[0] = choose(quipu_logits(model, 0), quipu_vocabulary(model));
    count = 1;
    if (quipu_is_end(model, tokens[0]))
      break;

    char bytes[256];
    size_t size = 0;
    if (quipu_detokenize(model, tokens, 1, bytes, sizeof bytes, &size) !=
        QUIPU_OK)
      return fail(model);
    fwrite(bytes, 1, size, stdout);
    fflush(stdout);
  }
  putchar('\n');
  return 0;
}

int main(int argc, char **argv) {
  if (argc < 2) {
    fputs("usage: complete TEXT [TOKENS]\n", stderr);
    return 1;
  }
  quipu_model *model;
  if (quipu_create(NULL, &model) != QUIPU_OK)
    return fail(NULL);
  int status = complete(model, argv[1], argc > 2 ? atoi(argv[2]) : 64);
  quipu_destroy(model);
  return status;
}
