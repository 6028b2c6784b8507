//===- Quipu.h - The C interface of a compiled model --------------*- C -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// `quipu build --lib` writes a library that contains one model and exports
// these functions. In short:
//
//   quipu_model *model;
//   if (quipu_create(NULL, &model) != QUIPU_OK)
//     return fail(quipu_last_error(NULL));
//   quipu_tokenize(model, text, strlen(text), 0, tokens, capacity, &count);
//   quipu_step(model, tokens, NULL, NULL, count, NULL, 1);
//   const float *logits = quipu_logits(model, 0); // of the text's last token
//   ...choose the next token, quipu_step it, and so on...
//   quipu_destroy(model);
//
// A model can be asked for what its entries say, by name: `generate` gives
// logits, `embed` a vector for each text. A library with --head embed:
//
//   quipu_tokenize(model, text, strlen(text), 0, tokens, capacity, &count);
//   quipu_reset(model, 0); // a new text in sequence 0
//   quipu_run(model, "embed", tokens, NULL, NULL, count, NULL, 1);
//   const float *embedding = quipu_output(model, "embedding", 0);
//   int32_t width = quipu_output_width(model, "embed", "embedding");
//
// Functions that can fail return a quipu_status; quipu_last_error then has a
// sentence. None of them prints, exits, or changes signal handlers or the
// calling thread's affinity.
//
// One model may be used by one thread at a time; different models do not
// share anything but the weights, and may run at the same time. A child of fork
// has a copy of each model that no thread was using, with the sequences cached
// so far; its threads start again with the next quipu_step there. It
// cannot use a GPU that its parent has used. Two libraries export the same
// names: open them with dlopen (RTLD_LOCAL) to use both in one process.
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_CAPI_QUIPU_H
#define QUIPU_RUNTIME_CAPI_QUIPU_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define QUIPU_API __attribute__((visibility("default")))
#else
#define QUIPU_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/// A running model: its threads, cached sequences and last outputs.
typedef struct quipu_model quipu_model;

typedef enum quipu_status {
  QUIPU_OK = 0,
  QUIPU_ERROR_ARGUMENT = 1,     // an argument is out of its range
  QUIPU_ERROR_CONTEXT_FULL = 2, // a sequence has no room for these tokens
  QUIPU_ERROR_CAPACITY = 3,     // your buffer is too small; the size is set
  QUIPU_ERROR_NO_TOKENIZER = 4, // the checkpoint came without one
  QUIPU_ERROR_PROCESSOR = 5,    // the model was built for another processor
  QUIPU_ERROR_MEMORY = 6,       // no memory or threads left
  QUIPU_ERROR_DEVICE = 7,       // the GPU has failed: the model is lost
  QUIPU_ERROR_NOT_FINITE = 8,   // an output is NaN or infinite: broken weights
  QUIPU_ERROR_TEMPLATE = 9 // there is no chat template, or it refuses messages
} quipu_status;

typedef enum quipu_cache_type {
  QUIPU_CACHE_F16 = 0, // 2 bytes a cached number
  QUIPU_CACHE_F32 = 1, // 4 bytes: exact, twice the memory and reading
  QUIPU_CACHE_Q8_0 = 2 // 1.06 bytes; heads must be multiples of 32
} quipu_cache_type;

/// What the numbers of an output with labels are.
typedef enum quipu_scores {
  QUIPU_SCORES_PLAIN = 0,   // scores
  QUIPU_SCORES_SOFTMAX = 1, // logits: one of the labels is true
  QUIPU_SCORES_SIGMOID = 2  // logits: each of them may be true
} quipu_scores;

/// Zero in any field but `size` stands for its default.
typedef struct quipu_options {
  size_t size;       // sizeof(quipu_options): fields may be added at the end
  int32_t context;   // positions a sequence can hold; default: the model's
  int32_t threads;   // including the calling one; default: the cores it may use
  int32_t sequences; // that can be cached side by side; default: 1
  int32_t cache_type; // a quipu_cache_type
  int32_t device;     // the GPU's number, where the model runs on one
} quipu_options;

/// Makes a model ready to run and stores it in *model (NULL on failure). Takes
/// milliseconds: weights and cache are only paged in as they are used. On a GPU
/// it takes as long as the weights need to get there.
/// `options` may be NULL.
QUIPU_API quipu_status quipu_create(const quipu_options *options,
                                    quipu_model **model);

/// Stops the model's threads and frees what belongs to it. NULL is allowed.
QUIPU_API void quipu_destroy(quipu_model *model);

/// The sentence for the model's last failure, or, for NULL, for the calling
/// thread's last failed quipu_create. Valid until the next call; never NULL.
QUIPU_API const char *quipu_last_error(const quipu_model *model);

/// How many entries the model has, and what they are called; NULL if there is
/// none of that index. The first one is the default.
QUIPU_API int32_t quipu_entry_count(const quipu_model *model);
QUIPU_API const char *quipu_entry_name(const quipu_model *model, int32_t index);

/// What an entry's outputs are called, by index, NULL if there is no such
/// output; and how many numbers a row of one has, -1 if there is no such
/// output.
QUIPU_API const char *quipu_output_name(const quipu_model *model,
                                        const char *entry, int32_t index);
QUIPU_API int32_t quipu_output_width(const quipu_model *model,
                                     const char *entry, const char *output);

/// What number `index` of an output's rows is for, "POSITIVE" of a classifier;
/// NULL if there is no such output or number, or it has no labels. And how the
/// numbers become scores, a quipu_scores; -1 if there is no such output.
QUIPU_API const char *quipu_label(const quipu_model *model, const char *entry,
                                  const char *output, int32_t index);
QUIPU_API int32_t quipu_output_scores(const quipu_model *model,
                                      const char *entry, const char *output);

/// Runs `count` tokens through the model, for one of its entries: NULL stands
/// for the default. Token i is tokens[i] at positions[i] of sequences[i]; any
/// number of sequences may be mixed.
///
///  - positions may be NULL: each token follows what its sequence holds.
///    Otherwise the first token of a sequence in this call may go back, which
///    forgets all it held from there on; the following ones rise by one.
///  - sequences may be NULL: all tokens belong to sequence 0.
///  - selected are the indices, rising, of the selected_count tokens whose
///    outputs are computed. NULL stands for the last selected_count tokens.
///
/// Rows of outputs are, as the entry has it, of every token ("hidden"), of
/// every selected token ("logits"), or of sequences ("embedding"): then the
/// selected tokens must be the last ones of their sequences in this call.
///
/// The same history gives the same bits, however it is cut into calls, mixed
/// with other sequences, or spread over threads.
///
/// An entry that sums over a text must read it from position 0 on: quipu_reset
/// a sequence that another entry has read. An entry whose tokens see those
/// behind them takes each text in one call, one after the other, and leaves
/// nothing in the sequence.
///
/// Where attention has a window, a sequence can go back by a few positions or
/// to position 0: what no window needs any longer is not kept.
///
/// On QUIPU_ERROR_ARGUMENT, QUIPU_ERROR_CONTEXT_FULL and QUIPU_ERROR_MEMORY
/// nothing has changed, the last outputs included. After another error there
/// are no outputs, and sequences of the call hold some of its tokens.
QUIPU_API quipu_status quipu_run(quipu_model *model, const char *entry,
                                 const int32_t *tokens,
                                 const int32_t *positions,
                                 const int32_t *sequences, int32_t count,
                                 const int32_t *selected,
                                 int32_t selected_count);

/// What a step reads. NULL in any but `tokens` stands for what quipu_run says.
typedef struct quipu_batch {
  size_t size;           // sizeof(quipu_batch): fields may be added at the end
  const int32_t *tokens; // and what follows as quipu_run has it
  const int32_t *positions;
  const int32_t *sequences;
  int32_t count;
  int32_t selected_count;
  const int32_t *selected;
  const int32_t *types;  // [count], see below; NULL: 0
  const int32_t *places; // [3, count], see below; NULL: those of a text
} quipu_batch;

/// quipu_run of tokens of which a model asks for more:
///
///  - types tell texts in a sequence apart, as BERT's do; quipu_tokenize_pair
///    gives them. Models without types take no notice.
///  - places are where rotations with axes (M-RoPE, of models that see images)
///    have a token: places[i] is its time, places[count + i] its height, and
///    places[2 * count + i] its width. In a text all three are the same, and
///    one more than the largest place before. Attention goes by positions in
///    any case. Models without axes refuse them.
QUIPU_API quipu_status quipu_run_batch(quipu_model *model, const char *entry,
                                       const quipu_batch *batch);

/// A row, [quipu_output_width], of an output of the last quipu_run or
/// quipu_step: of token number `row`, or of selected token number `row`. NULL
/// if there is no such output or row. Valid until the next of them.
QUIPU_API const float *quipu_output(const quipu_model *model,
                                    const char *output, int32_t row);

/// quipu_run for the default entry.
QUIPU_API quipu_status quipu_step(quipu_model *model, const int32_t *tokens,
                                  const int32_t *positions,
                                  const int32_t *sequences, int32_t count,
                                  const int32_t *selected,
                                  int32_t selected_count);

/// quipu_output of "logits", [quipu_vocabulary].
QUIPU_API const float *quipu_logits(const quipu_model *model, int32_t row);

/// How tokens are drawn; zero in any field but `size` leaves it out. NULL in
/// its place always takes the most probable token.
typedef struct quipu_sampling {
  size_t size;       // sizeof(quipu_sampling): fields may be added at the end
  float temperature; // 0: always the most probable token
  int32_t top_k;     // among the k most probable
  float top_p;       // among the most probable that sum to p
  float min_p;       // among those p times as probable as the first
  float repeat_penalty; // makes the text's last 64 tokens less probable
  uint64_t seed;        // of the first text; the next one's is one more
  struct quipu_grammar *const *grammars; // of each text; NULL: of none
} quipu_sampling;

/// Is given the tokens that a step has chosen, one for each text; 0 ends.
typedef int (*quipu_token_reader)(void *data, const int32_t *tokens,
                                  int32_t count);

/// Continues `count` texts, of different sequences (NULL: sequence 0), by up to
/// `steps` tokens each, which the default entry's logits say. tokens[i] is the
/// last one of a text, and the sequence does not hold it yet: all tokens before
/// it. Then it holds all but the last that `read` was given.
///
/// A GPU chooses by itself (with top_k from 1 to 64, or without a temperature)
/// and is some steps ahead of `read`, so that this is faster than quipu_step.
/// Penalties count the tokens of this call. Texts with a grammar go on where it
/// stands, and it goes with them; the host chooses then. `read` must not call
/// functions of this model but quipu_detokenize and quipu_is_end.
///
/// On QUIPU_ERROR_ARGUMENT and QUIPU_ERROR_CONTEXT_FULL nothing has changed.
QUIPU_API quipu_status quipu_generate(quipu_model *model, const int32_t *tokens,
                                      const int32_t *sequences, int32_t count,
                                      const quipu_sampling *sampling,
                                      int32_t steps, quipu_token_reader read,
                                      void *data);

/// What a text has to be, and how far it is. Belongs to one text.
typedef struct quipu_grammar quipu_grammar;

typedef enum quipu_grammar_form {
  QUIPU_GRAMMAR_GBNF = 0,       // llama.cpp's form of grammars
  QUIPU_GRAMMAR_JSON_SCHEMA = 1 // JSON that fits it
} quipu_grammar_form;

/// Reads a grammar for texts of this model, which outlives it, and stores it in
/// *grammar (NULL on failure).
QUIPU_API quipu_status quipu_grammar_create(quipu_model *model,
                                            quipu_grammar_form form,
                                            const char *text, size_t bytes,
                                            quipu_grammar **grammar);

/// NULL is allowed.
QUIPU_API void quipu_grammar_destroy(quipu_grammar *grammar);

/// Lets a new text begin.
QUIPU_API void quipu_grammar_restart(quipu_grammar *grammar);

/// For texts that quipu_generate does not continue: sets the logits,
/// [quipu_vocabulary], of tokens that may not follow to minus infinity.
QUIPU_API quipu_status quipu_grammar_mask(quipu_model *model,
                                          quipu_grammar *grammar,
                                          float *logits);

/// Tells of the next token. On QUIPU_ERROR_ARGUMENT, it does not fit and
/// nothing has changed.
QUIPU_API quipu_status quipu_grammar_accept(quipu_model *model,
                                            quipu_grammar *grammar,
                                            int32_t token);

/// Whether the text may end here (1) or not (0).
QUIPU_API int32_t quipu_grammar_is_complete(const quipu_grammar *grammar);

/// Forgets what a sequence holds.
QUIPU_API quipu_status quipu_reset(quipu_model *model, int32_t sequence);

/// Lets the sequence `to` hold what `from` holds, in place of its own. Takes
/// microseconds: they share memory until they differ.
QUIPU_API quipu_status quipu_fork(quipu_model *model, int32_t from, int32_t to);

/// How many positions a sequence holds; -1 if there is no such sequence.
QUIPU_API int32_t quipu_length(const quipu_model *model, int32_t sequence);

/// How many bytes the cached keys and values take. What sequences share is
/// counted once; memory comes in pages of 128 positions.
QUIPU_API size_t quipu_cache_bytes(const quipu_model *model);

/// How many logits the default entry gives for a token; 0 if it gives none.
QUIPU_API int32_t quipu_vocabulary(const quipu_model *model);

/// How many positions a sequence can hold.
QUIPU_API int32_t quipu_context(const quipu_model *model);

/// Turns `bytes` bytes of UTF-8 into token ids, with the beginning-of-text
/// token if the model wants one. parse_special: whether the text may contain
/// special tokens by name ("<|im_start|>"); say 0 for text you did not write.
/// Stores at most `capacity` ids and always sets *count to how many there are.
QUIPU_API quipu_status quipu_tokenize(quipu_model *model, const char *text,
                                      size_t bytes, int32_t parse_special,
                                      int32_t *tokens, size_t capacity,
                                      size_t *count);

/// Turns two texts that are read together, a question and what may answer it,
/// into token ids and the type of each, as the checkpoint's template for pairs
/// has them. Stores at most `capacity` of both, and always sets *count.
QUIPU_API quipu_status quipu_tokenize_pair(
    quipu_model *model, const char *first, size_t first_bytes,
    const char *second, size_t second_bytes, int32_t parse_special,
    int32_t *tokens, int32_t *types, size_t capacity, size_t *count);

/// Turns token ids into text: at most `capacity` bytes, not terminated; always
/// sets *bytes to how many there are. A character may be spread over several
/// tokens: only whole sequences of tokens are sure to give whole UTF-8.
QUIPU_API quipu_status quipu_detokenize(quipu_model *model,
                                        const int32_t *tokens, size_t count,
                                        char *text, size_t capacity,
                                        size_t *bytes);

/// A conversation, each part of it JSON as OpenAI has it, in texts that end
/// with a zero byte; NULL in any but `messages` leaves it out.
typedef struct quipu_chat {
  size_t size;           // sizeof(quipu_chat): fields may be added at the end
  const char *messages;  // [{"role": "user", "content": "What is gravity?"}]
  const char *tools;     // a list of what the model may call
  const char *variables; // an object: {"enable_thinking": false}
  int32_t parse_special; // as in quipu_tokenize, of the messages
} quipu_chat;

/// Turns a conversation into the ids of the prompt that the model's chat
/// template makes of it, which ends with the beginning of a reply unless the
/// variable add_generation_prompt is false. Control tokens are those that the
/// template writes. Stores at most `capacity` ids and always sets *count to how
/// many there are; 0 after an error.
///
/// The prompt of a conversation begins with that of its first messages, as a
/// rule: what the sequence holds of it need not be read again.
QUIPU_API quipu_status quipu_chat_tokens(quipu_model *model,
                                         const quipu_chat *chat,
                                         int32_t *tokens, size_t capacity,
                                         size_t *count);

/// The same as a text, to look at: at most `capacity` bytes, not terminated.
QUIPU_API quipu_status quipu_chat_text(quipu_model *model,
                                       const quipu_chat *chat, char *text,
                                       size_t capacity, size_t *bytes);

/// Whether the model says with this token that its text ends (1) or not (0).
QUIPU_API int32_t quipu_is_end(const quipu_model *model, int32_t token);

#ifdef __cplusplus
}
#endif

#endif // QUIPU_RUNTIME_CAPI_QUIPU_H
