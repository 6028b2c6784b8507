//===- CodePoints.h - Sets of characters ------------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_FRONTEND_TOKENIZER_CODEPOINTS_H
#define QUIPU_COMPILER_FRONTEND_TOKENIZER_CODEPOINTS_H

#include "abi/TokenizerImage.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <optional>
#include <vector>

namespace quipu {

/// A set of code points, as sorted ranges with gaps between them.
class CodePoints {
public:
  static constexpr uint32_t last = 0x10ffff;
  struct Range {
    uint32_t first, last;
    bool operator==(const Range &) const = default;
  };

  CodePoints() = default;
  explicit CodePoints(llvm::ArrayRef<Range> ranges);
  static CodePoints all() { return CodePoints({{0, last}}); }
  static CodePoints of(llvm::StringRef asciiCharacters);

  /// Of a category ("L", "Lu"), a script ("Han"), "White_Space" or
  /// "Alphabetic"; none when there is no such property.
  static std::optional<CodePoints> withProperty(llvm::StringRef name);
  static CodePoints whiteSpace();
  /// As tokenizers' BERT strips accents and splits at punctuation, which knows
  /// an older Unicode; ASCII's symbols are punctuation.
  static CodePoints accents();
  static CodePoints punctuation();
  /// The scripts that tokenizers' UnicodeScripts tells apart, each a set.
  static std::vector<CodePoints> splitScripts();
  /// What StripAccents strips.
  static CodePoints combiningMarks();
  /// Letters, marks, decimal numbers and what joins words, as \w.
  static CodePoints wordCharacters();

  llvm::ArrayRef<Range> getRanges() const { return ranges; }
  bool empty() const { return ranges.empty(); }
  bool contains(uint32_t codePoint) const;
  CodePoints operator|(const CodePoints &other) const;
  CodePoints operator&(const CodePoints &other) const;
  CodePoints operator~() const;
  bool operator==(const CodePoints &) const = default;
  /// With all that differ from these in their case only.
  CodePoints ignoringCase() const;

private:
  std::vector<Range> ranges;
};

struct CharacterMapping {
  uint32_t codePoint;
  llvm::StringLiteral text;
};

/// What each character becomes, sorted; the Hangul syllables are computed.
llvm::ArrayRef<CharacterMapping> getDecompositions(bool isCompatible);
llvm::ArrayRef<CharacterMapping> getLowerCase();
llvm::ArrayRef<Composition> getCompositions();
/// Those that are not 0: code point and class.
llvm::ArrayRef<std::pair<uint32_t, unsigned>> getCombiningClasses();

} // namespace quipu

#endif // QUIPU_COMPILER_FRONTEND_TOKENIZER_CODEPOINTS_H
