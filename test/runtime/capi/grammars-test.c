//===- grammars-test.c - Texts that fit a grammar -----------------*- C -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Prints the first check that fails, or "ok". The model is fake-program.cpp's.
//
//===----------------------------------------------------------------------===//

#include "runtime/capi/Quipu.h"

#include "expect.h"
#include <string.h>

enum { texts = 2, steps = 6 };

static quipu_grammar *readGrammar(quipu_model *model, quipu_grammar_form form,
                                  const char *text) {
  quipu_grammar *grammar = NULL;
  EXPECT(quipu_grammar_create(model, form, text, strlen(text), &grammar) ==
         QUIPU_OK);
  EXPECT(grammar != NULL);
  return grammar;
}

static int hear(void *data, const int32_t *tokens, int32_t count) {
  int32_t **to = data;
  memcpy(*to, tokens, (size_t)count * sizeof(*tokens));
  *to += count;
  return 1;
}

/// A text with a grammar beside one without: each is what a caller would
/// choose.
static void testGenerate(void) {
  quipu_options options = {sizeof(options), 120, 2, texts, 0, 0};
  quipu_model *model = NULL, *other = NULL;
  EXPECT(quipu_create(&options, &model) == QUIPU_OK);
  EXPECT(quipu_create(&options, &other) == QUIPU_OK);
  const char *text = "root ::= [A-Z]{3}";
  quipu_grammar *grammar = readGrammar(model, QUIPU_GRAMMAR_GBNF, text),
                *mine = readGrammar(other, QUIPU_GRAMMAR_GBNF, text);
  quipu_grammar *grammars[texts] = {grammar, NULL};
  quipu_sampling sampling = {.size = sizeof(sampling), .grammars = grammars};
  int32_t last[texts] = {5, 6}, sequences[texts] = {0, 1};
  int32_t heard[steps * texts], *to = heard;
  EXPECT(quipu_generate(model, last, sequences, texts, &sampling, steps, hear,
                        &to) == QUIPU_OK);
  EXPECT(to == heard + steps * texts);

  for (int32_t i = 0; i < steps; ++i) {
    EXPECT(quipu_step(other, last, NULL, sequences, texts, NULL, texts) ==
           QUIPU_OK);
    for (int32_t row = 0; row < texts; ++row) {
      float logits[512];
      int32_t vocabulary = quipu_vocabulary(other), best = 0;
      memcpy(logits, quipu_logits(other, row),
             (size_t)vocabulary * sizeof(float));
      if (row == 0)
        EXPECT(quipu_grammar_mask(other, mine, logits) == QUIPU_OK);
      for (int32_t token = 1; token < vocabulary; ++token)
        if (logits[token] > logits[best])
          best = token;
      EXPECT(heard[i * texts + row] == best);
      last[row] = best;
    }
    EXPECT(quipu_grammar_is_complete(mine) == (i >= 3));
    EXPECT(quipu_grammar_accept(other, mine, last[0]) == QUIPU_OK);
    // Three letters, and what says that they are all.
    EXPECT(i < 3 ? last[0] >= 'A' && last[0] <= 'Z'
                 : quipu_is_end(other, last[0]));
  }
  quipu_grammar_destroy(grammar);
  quipu_grammar_destroy(mine);
  quipu_grammar_destroy(NULL);
  quipu_destroy(model);
  quipu_destroy(other);
}

static void testErrors(void) {
  quipu_model *model = NULL;
  EXPECT(quipu_create(NULL, &model) == QUIPU_OK);
  quipu_grammar *grammar = NULL;
  EXPECT(quipu_grammar_create(model, QUIPU_GRAMMAR_GBNF, "root ::= (", 10,
                              &grammar) == QUIPU_ERROR_ARGUMENT);
  EXPECT(!grammar && strstr(quipu_last_error(model), "line 1: expected ')'"));
  EXPECT(quipu_grammar_create(model, QUIPU_GRAMMAR_JSON_SCHEMA, "{\"not\": {}}",
                              11, &grammar) == QUIPU_ERROR_ARGUMENT);
  EXPECT(strstr(quipu_last_error(model), "#: 'not' is not supported"));
  EXPECT(quipu_grammar_create(model, (quipu_grammar_form)7, "", 0, &grammar) ==
         QUIPU_ERROR_ARGUMENT);
  EXPECT(quipu_grammar_create(model, QUIPU_GRAMMAR_GBNF, NULL, 0, &grammar) ==
         QUIPU_ERROR_ARGUMENT);
  EXPECT(quipu_grammar_create(model, QUIPU_GRAMMAR_GBNF, "", 0, NULL) ==
         QUIPU_ERROR_ARGUMENT);

  // What does not fit changes nothing.
  grammar =
      readGrammar(model, QUIPU_GRAMMAR_JSON_SCHEMA, "{\"enum\": [\"é\", 12]}");
  EXPECT(quipu_grammar_accept(model, grammar, '2') == QUIPU_ERROR_ARGUMENT);
  EXPECT(strstr(quipu_last_error(model), "token 50 does not fit"));
  EXPECT(quipu_grammar_accept(model, grammar, -1) == QUIPU_ERROR_ARGUMENT);
  EXPECT(quipu_grammar_accept(model, grammar, 99999) == QUIPU_ERROR_ARGUMENT);
  EXPECT(quipu_grammar_accept(model, grammar, '1') == QUIPU_OK);
  EXPECT(!quipu_grammar_is_complete(grammar));
  EXPECT(quipu_grammar_accept(model, grammar, '2') == QUIPU_OK);
  EXPECT(quipu_grammar_is_complete(grammar));
  // Half a character is one way to go on, the other half the only one then.
  quipu_grammar_restart(grammar);
  EXPECT(quipu_grammar_accept(model, grammar, '"') == QUIPU_OK);
  float logits[512] = {0};
  EXPECT(quipu_grammar_mask(model, grammar, logits) == QUIPU_OK);
  for (int32_t token = 0; token < quipu_vocabulary(model); ++token)
    EXPECT((logits[token] == 0) == (token == 0xC3));
  EXPECT(quipu_grammar_accept(model, grammar, 0xC3) == QUIPU_OK);
  EXPECT(quipu_grammar_accept(model, grammar, 0xA8) == QUIPU_ERROR_ARGUMENT);
  EXPECT(quipu_grammar_accept(model, grammar, 0xA9) == QUIPU_OK);
  quipu_grammar_destroy(grammar);
  quipu_destroy(model);
}

int main(void) {
  testGenerate();
  testErrors();
  puts("ok");
  return 0;
}
