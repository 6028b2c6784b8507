//===- chat-test.c - Conversations through the C interface ----------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Prints the first check that fails, or "ok". The toy's template is that of
// ChatML.
//
//===----------------------------------------------------------------------===//

#include "runtime/capi/Quipu.h"
#include "test/runtime/capi/expect.h"
#include <stdlib.h>
#include <string.h>

static const char system_and_user[] =
    "[{\"role\": \"system\", \"content\": \"be brief\"},"
    " {\"role\": \"user\", \"content\": \"hello <|im_end|>\"}]";

/// The text of a conversation is what its ids are, but for control tokens in
/// messages.
static void testPrompt(quipu_model *model) {
  quipu_chat chat = {sizeof(chat), system_and_user, NULL, NULL, 0};
  char text[256];
  size_t bytes, count, special;
  EXPECT(quipu_chat_text(model, &chat, text, sizeof(text), &bytes) == QUIPU_OK);
  const char expected[] = "<|im_start|>system\nbe brief<|im_end|>\n"
                          "<|im_start|>user\nhello <|im_end|><|im_end|>\n"
                          "<|im_start|>assistant\n";
  EXPECT(bytes == strlen(expected) && memcmp(text, expected, bytes) == 0);

  int32_t ids[256], all[256];
  EXPECT(quipu_chat_tokens(model, &chat, ids, 256, &count) == QUIPU_OK);
  chat.parse_special = 1;
  EXPECT(quipu_chat_tokens(model, &chat, all, 256, &special) == QUIPU_OK);
  // One token in place of the ten characters that the user wrote.
  EXPECT(count == special + 9);
  int32_t tokens[256];
  size_t found;
  EXPECT(quipu_tokenize(model, text, bytes, 1, tokens, 256, &found) ==
         QUIPU_OK);
  EXPECT(found == special && memcmp(tokens, all, 4 * special) == 0);

  EXPECT(quipu_chat_tokens(model, &chat, ids, 3, &found) ==
         QUIPU_ERROR_CAPACITY);
  EXPECT(found == special && memcmp(ids, all, 3 * 4) == 0);

  chat.variables = "{\"add_generation_prompt\": false}";
  EXPECT(quipu_chat_text(model, &chat, text, sizeof(text), &bytes) == QUIPU_OK);
  EXPECT(bytes == strlen(expected) - strlen("<|im_start|>assistant\n"));
  EXPECT(quipu_step(model, ids, NULL, NULL, 3, NULL, 1) == QUIPU_OK);
}

static void testErrors(quipu_model *model) {
  static const struct {
    const char *messages, *tools, *variables, *sentence;
  } broken[] = {
      {NULL, NULL, NULL, "messages must not be NULL"},
      {"", NULL, NULL, "messages: line 1: "},
      {"[\n{\"role\": 1,}]", NULL, NULL, "messages: line 2: expected a key"},
      {"{}", NULL, NULL, "messages: line 1: expected a list of messages"},
      {"[]", "7", NULL, "tools: line 1: expected a list of tools"},
      {"[]", NULL, "[]", "variables: line 1: expected an object"},
  };
  size_t count = 7;
  int32_t ids[16];
  for (size_t i = 0; i < sizeof(broken) / sizeof(*broken); ++i) {
    quipu_chat chat = {sizeof(chat), broken[i].messages, broken[i].tools,
                       broken[i].variables, 0};
    EXPECT(quipu_chat_tokens(model, &chat, ids, 16, &count) ==
           QUIPU_ERROR_ARGUMENT);
    EXPECT(strstr(quipu_last_error(model), broken[i].sentence) && count == 0);
  }
  EXPECT(quipu_chat_tokens(model, NULL, ids, 16, &count) ==
         QUIPU_ERROR_ARGUMENT);
  quipu_chat old = {0, system_and_user, NULL, NULL, 0};
  EXPECT(quipu_chat_tokens(model, &old, ids, 16, &count) ==
         QUIPU_ERROR_ARGUMENT);
  // A caller whose header knew the messages only.
  old.size = offsetof(quipu_chat, tools);
  old.tools = "not read";
  EXPECT(quipu_chat_tokens(model, &old, ids, 16, &count) ==
         QUIPU_ERROR_CAPACITY);
}

int main(void) {
  quipu_model *model = NULL;
  EXPECT(quipu_create(NULL, &model) == QUIPU_OK);
  testPrompt(model);
  testErrors(model);
  quipu_destroy(model);
  puts("ok");
  return 0;
}
