//===- TextSteps.h - Normalise and split a text -----------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_TEXT_TEXTSTEPS_H
#define QUIPU_RUNTIME_TEXT_TEXTSTEPS_H

#include "abi/TokenizerImage.h"
#include <string>
#include <vector>

namespace quipu {

/// Takes a text, or the pieces of one, through an image's steps.
class TextSteps {
public:
  explicit TextSteps(const TokenizerImage &image) : image(image) {}

  /// Applies the steps of `normalizer`. `isBeginning`: nothing stands before
  /// the text in its prompt.
  void normalize(std::string &text, bool isBeginning);

  /// The words of `text` by the steps of `splits`, in order: they are valid
  /// until the next call, and as long as `text`.
  const std::vector<std::string_view> &split(std::string_view text,
                                             bool isBeginning);

private:
  /// Appends what a step that changes a text makes of `text`.
  void change(const TextStep &step, std::string_view text, bool isBeginning,
              std::string &out) const;
  void map(const TextStep &step, std::string_view text, std::string &out) const;
  void replacePrefixes(const TextStep &step, std::string_view text,
                       std::string &out) const;
  void replace(const TextStep &step, std::string_view text,
               std::string &out) const;
  std::string_view strip(const TextStep &step, std::string_view text) const;

  const TokenizerImage &image;
  std::vector<std::string_view> pieces, scratch;
  std::string buffers[2]; // of pieces that are not in the text itself
  std::vector<size_t> ends;
};

} // namespace quipu

#endif // QUIPU_RUNTIME_TEXT_TEXTSTEPS_H
