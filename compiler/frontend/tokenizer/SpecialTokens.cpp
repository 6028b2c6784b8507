//===- SpecialTokens.cpp - Tokens known by their names --------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/tokenizer/SpecialTokens.h"
#include "llvm/ADT/StringSwitch.h"

using namespace llvm;

std::optional<bool> quipu::findControlName(StringRef name) {
  return StringSwitch<std::optional<bool>>(name)
      // End of text, of a turn, of a message.
      .Cases({"<|eot_id|>",
              "<|im_end|>",
              "<|end|>",
              "<|return|>",
              "<|call|>",
              "<|flush|>",
              "<|calls|>",
              "<end_of_turn>",
              "<|endoftext|>",
              "</s>",
              "<|eom_id|>",
              "<EOT>",
              "_<EOT>",
              "[EOT]",
              "[EOS]",
              "<|end_of_text|>",
              "<end_of_utterance>",
              "<eos>",
              "<turn|>",
              "<|tool_response>",
              "<｜end▁of▁sentence｜>",
              "[e~["},
             true)
      // A gap is filled: padding, the next file, the next repository.
      .Cases({"<|fim_pad|>", "<fim-pad>", "<fim_pad>", "<PAD>", "[PAD]",
              "<|fim_repo|>", "<|repo_name|>", "<fim-repo>", "<REPO>",
              "<reponame>", "<|file_sep|>"},
             true)
      // The parts around a gap.
      .Cases({"<|fim_prefix|>", "<fim-prefix>", "<fim_prefix>", "<PRE>",
              "<|code_prefix|>", "<|prefix|>", "<|fim_suffix|>", "<fim-suffix>",
              "<fim_suffix>", "<SUF>", "<|code_suffix|>", "<|suffix|>",
              "<|fim_middle|>", "<fim-middle>", "<fim_middle>", "<MID>",
              "<|code_middle|>", "<|middle|>"},
             false)
      .Default(std::nullopt);
}
