//===- llama_logits.cpp - llama.cpp's tokens and logits for bench/ --------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   llama-logits tokens MODEL TEXT_FILE
//     prints the text's token ids
//   llama-logits default|f32 MODEL THREADS OUT.npy ID...
//     writes the logits of every position, f32 [ids, vocabulary]
//
// `default` runs as llama.cpp does when nothing is said: f16 cache, flash
// attention where it can, repacked weights. `f32` has an f32 cache, plain
// attention and weights as they are in the file.
//
//===----------------------------------------------------------------------===//

#include "llama.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

[[noreturn]] static void fail(const std::string &message) {
  std::fprintf(stderr, "llama-logits: error: %s\n", message.c_str());
  std::exit(1);
}

static llama_model *loadModel(const char *path, bool vocabularyOnly,
                              bool repack) {
  llama_model_params params = llama_model_default_params();
  params.vocab_only = vocabularyOnly;
  params.use_extra_bufts = repack;
  llama_model *model = llama_model_load_from_file(path, params);
  if (!model)
    fail(std::string(path) + ": llama.cpp cannot load this model");
  return model;
}

static void printTokens(const char *modelPath, const char *textPath) {
  std::ifstream file(textPath, std::ios::binary);
  if (!file)
    fail(std::string(textPath) + ": cannot be read");
  std::string text{std::istreambuf_iterator<char>(file), {}};
  llama_model *model = loadModel(modelPath, true, false);
  // A token has at least one byte; one more for a beginning-of-text token.
  std::vector<llama_token> tokens(text.size() + 1);
  int32_t count = llama_tokenize(llama_model_get_vocab(model), text.data(),
                                 int32_t(text.size()), tokens.data(),
                                 int32_t(tokens.size()), /*add_special=*/true,
                                 /*parse_special=*/false);
  if (count < 0)
    fail(std::string(textPath) + ": llama.cpp cannot tokenize this text");
  for (int32_t i = 0; i < count; ++i)
    std::printf("%d%c", tokens[i], i + 1 == count ? '\n' : ' ');
  llama_model_free(model);
}

/// Writes a matrix f32 [rows, columns] in numpy's format, version 1.0.
static void writeNumpy(const char *path, const float *data, size_t rows,
                       size_t columns) {
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (" +
                       std::to_string(rows) + ", " + std::to_string(columns) +
                       "), }";
  // Magic, version, size of the header: 10 bytes; all of it a multiple of 64.
  header.append(63 - (header.size() + 10) % 64, ' ');
  header += '\n';
  const unsigned char start[] = {
      0x93,
      'N',
      'U',
      'M',
      'P',
      'Y',
      1,
      0,
      static_cast<unsigned char>(header.size()),
      static_cast<unsigned char>(header.size() >> 8)};
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char *>(start), sizeof(start));
  file << header;
  file.write(reinterpret_cast<const char *>(data),
             std::streamsize(rows * columns * sizeof(float)));
  file.close();
  if (!file)
    fail(std::string(path) + ": cannot be written");
}

static void writeLogits(bool f32, const char *modelPath, int threads,
                        const char *out, std::vector<llama_token> tokens) {
  llama_model *model = loadModel(modelPath, false, !f32);
  llama_context_params params = llama_context_default_params();
  params.n_ctx = params.n_batch = params.n_ubatch = uint32_t(tokens.size());
  params.n_threads = params.n_threads_batch = threads;
  if (f32) {
    params.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_DISABLED;
    params.type_k = params.type_v = GGML_TYPE_F32;
  }
  llama_context *context = llama_init_from_model(model, params);
  if (!context)
    fail(std::string(modelPath) + ": llama.cpp cannot make a context");

  llama_batch batch = llama_batch_init(int32_t(tokens.size()), 0, 1);
  batch.n_tokens = int32_t(tokens.size());
  for (int32_t i = 0; i < batch.n_tokens; ++i) {
    batch.token[i] = tokens[i];
    batch.pos[i] = i;
    batch.n_seq_id[i] = 1;
    batch.seq_id[i][0] = 0;
    batch.logits[i] = true;
  }
  if (llama_decode(context, batch))
    fail(std::string(modelPath) + ": llama.cpp cannot evaluate these tokens");
  int32_t vocabulary = llama_vocab_n_tokens(llama_model_get_vocab(model));
  writeNumpy(out, llama_get_logits(context), tokens.size(), size_t(vocabulary));
  llama_batch_free(batch);
  llama_free(context);
  llama_model_free(model);
}

int main(int argc, char **argv) {
  llama_log_set(
      [](ggml_log_level level, const char *text, void *) {
        if (level >= GGML_LOG_LEVEL_ERROR && level != GGML_LOG_LEVEL_CONT)
          std::fputs(text, stderr);
      },
      nullptr);
  llama_backend_init();
  std::string_view command = argc > 1 ? argv[1] : "";
  if (command == "tokens" && argc == 4) {
    printTokens(argv[2], argv[3]);
  } else if ((command == "default" || command == "f32") && argc > 5) {
    std::vector<llama_token> tokens;
    for (int i = 5; i < argc; ++i)
      tokens.push_back(std::atoi(argv[i]));
    writeLogits(command == "f32", argv[2], std::atoi(argv[3]), argv[4], tokens);
  } else {
    fail("usage: llama-logits tokens MODEL TEXT_FILE | "
         "llama-logits default|f32 MODEL THREADS OUT.npy ID...");
  }
  llama_backend_free();
}
