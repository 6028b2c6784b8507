//===- config-fuzzer.cpp - Broken config.json files -----------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// See FuzzFile.h. What parses says how a few tensors are arranged.
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/huggingface/GenerationConfig.h"
#include "test/frontend/huggingface/FuzzViews.h"

using namespace quipu;

/// Rows of q and k, a vector, and experts.
static Files makeFiles() {
  StringRef header = R"({
"layers.0.self_attn.q_proj.weight": {"dtype": "F32", "shape": [8, 2], "data_offsets": [0, 64]},
"layers.0.self_attn.k_proj.bias": {"dtype": "F16", "shape": [8], "data_offsets": [64, 80]},
"layers.1.eh_proj.weight": {"dtype": "BF16", "shape": [4], "data_offsets": [80, 88]},
"lm_head.weight": {"dtype": "BF16", "shape": [4, 2], "data_offsets": [88, 104]},
"layers.0.mlp.experts.0.up_proj.weight": {"dtype": "F32", "shape": [1, 2], "data_offsets": [104, 112]},
"layers.0.mlp.experts.1.up_proj.weight": {"dtype": "F32", "shape": [1, 2], "data_offsets": [112, 120]}})";
  std::string bytes(8, '\0');
  for (size_t i = 0; i < 8; ++i)
    bytes[i] = static_cast<char>(header.size() >> 8 * i);
  bytes += header;
  bytes.append(120, '\x3f');
  Files files;
  files.push_back(cantFail(
      parseSafetensors(MemoryBuffer::getMemBufferCopy(bytes, "input"))));
  return files;
}

static bool parses(StringRef bytes) {
  static const Files files = makeFiles();
  BumpPtrAllocator allocator;
  StringSaver saver(allocator);
  // The other file of keys.
  Config generation{FolderNames(""), {}, {}, {}};
  std::vector<std::string> warnings;
  if (Error error =
          readGenerationConfig("input", bytes, generation, saver, warnings))
    checkSentence(std::move(error));
  for (const std::string &warning : warnings)
    if (StringRef(warning).contains('\n'))
      report_fatal_error(Twine("not a sentence: ") + warning);

  Expected<Config> config = readConfig("input", bytes, saver);
  if (!config) {
    checkSentence(config.takeError());
    return false;
  }
  return viewAll(files, *config);
}
