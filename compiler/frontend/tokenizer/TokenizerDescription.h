//===- TokenizerDescription.h - What a tokenizer does -----------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_FRONTEND_TOKENIZER_TOKENIZERDESCRIPTION_H
#define QUIPU_COMPILER_FRONTEND_TOKENIZER_TOKENIZERDESCRIPTION_H

#include "abi/TokenizerImage.h"
#include "compiler/frontend/Checkpoint.h"
#include "compiler/frontend/tokenizer/Regex.h"
#include "llvm/ADT/STLExtras.h"
#include <array>
#include <map>

namespace quipu {

/// A TextStep before its tables are made.
struct StepDescription {
  StepKind kind;
  uint32_t how = 0;
  std::optional<Regex> regex = std::nullopt; // of Split, Replace, Surround
  std::string text = {};
  bool readsBytes = false; // behind ByteLevel
  /// Of MapCharacters and Normalize.
  std::map<uint32_t, std::string> characters = {};
  /// Of Precompiled: what a prefix becomes.
  std::map<std::string, std::string> prefixes = {};
};

/// What files of all kinds say of a tokenizer, as an image has it.
struct TokenizerDescription {
  struct Token {
    std::string bytes;
    std::string key;
    double score = 0;
    TokenType type = TokenType::Unused;
    bool endOfGeneration = false;
    bool isWord = false; // the model looks it up by its key
  };
  struct Added {
    std::string name; // as it stands in the text that is searched
    AddedToken token;
    bool isLate; // found after normalisation
  };

  ModelKind model = ModelKind::BytePairs;
  std::vector<Token> tokens;
  std::vector<MergeSlot> merges;
  std::vector<Added> added;
  std::vector<StepDescription> normalizer;
  std::vector<StepDescription> splits;
  std::vector<int32_t> prefix, suffix;
  std::vector<PairPiece> pairs;
  int32_t bos = noToken, eos = noToken, eot = noToken, unknown = noToken,
          padding = noToken;
  bool ignoreMerges = false;
  bool byteLevel = false;
  bool fuseUnknown = false;
  uint32_t maxWordCharacters = 100;
  bool stripsFirstSpace = false;
  std::string continuation, wordEnd;
  std::string chatTemplate;
  std::array<int32_t, 256> fallback;

  TokenizerDescription() { llvm::fill(fallback, noToken); }
};

/// A tokenizer that programs cannot have, as one sentence.
llvm::Error makeUnsupported(const llvm::Twine &message);

/// Text of a checkpoint as it may stand in a message: on one line, not long.
std::string quoteText(llvm::StringRef text);

/// The bytes of a text in GPT-2's byte alphabet, in which every byte is one
/// printable character: itself, or one from U+0100 on. None when a character
/// is not of the alphabet.
std::optional<std::string> decodeByteAlphabet(llvm::StringRef text);
/// The character of each byte.
std::array<uint32_t, 256> getByteAlphabet();

/// The byte that a token named "<0x0A>" stands for.
std::optional<uint8_t> getByteOfName(llvm::StringRef name);

/// A step that splits at matches of `pattern`, which are pieces themselves.
llvm::Expected<StepDescription>
makeSplit(llvm::StringRef pattern,
          SplitBehaviour behaviour = SplitBehaviour::Isolated,
          bool isInverted = false);
/// Steps that split at matches of `pattern`, which are pieces themselves. It
/// may be one of those that look to the end of a number to divide it into
/// groups.
llvm::Expected<std::vector<StepDescription>>
makeSplits(llvm::StringRef pattern);
/// A step that replaces `text`.
StepDescription makeReplace(llvm::StringRef text, llvm::StringRef content);
/// "NFC", "NFD", "NFKC" or "NFKD".
StepDescription makeNormalize(llvm::StringRef form);
/// Everything that BERT's texts go through but for splitting words.
void addBertNormalizer(bool cleansText, bool splitsChinese, bool stripsAccents,
                       bool lowersCase, std::vector<StepDescription> &steps);
StepDescription makePunctuationSplit(SplitBehaviour behaviour);
/// Runs of a script, with what is of none behind them; what is of none before
/// all of them is lost.
StepDescription makeScriptSplit();
/// Words and punctuation, as BERT splits them.
void addBertSplits(std::vector<StepDescription> &steps);
/// SentencePiece's map of prefixes, a trie of darts.
llvm::Expected<StepDescription> readPrecompiled(llvm::StringRef map);

/// What BERT makes of two texts: [CLS] A [SEP] B [SEP].
std::vector<PairPiece> makeBertPairs(int32_t cls, int32_t separator);

/// Drops characters: of MapCharacters.
StepDescription makeRemoval(const CodePoints &characters);
StepDescription makeLowerCase();

/// What "##ing" is in a text; of all others a space is put before.
void setWordPieceBytes(TokenizerDescription &description, bool cleansUp);

/// Reads the tokenizer.* keys of a GGUF file; `vocabulary` as in
/// buildTokenizerImage.
llvm::Expected<TokenizerDescription>
readGgufTokenizer(const Checkpoint &checkpoint, int64_t vocabulary,
                  llvm::function_ref<void(const llvm::Twine &)> warn);

/// The steps that GGUF calls `name` (tokenizer.ggml.pre); none when there are
/// no such.
struct GgufPreTokenizer {
  std::vector<llvm::StringRef> patterns; // one after the other
  bool ignoreMerges = false;
  bool addBos = false;
  bool addEos = false;
};
std::optional<GgufPreTokenizer> findGgufPreTokenizer(llvm::StringRef name);

/// Reads a tokenizer.json; messages begin with `where`.
llvm::Expected<TokenizerDescription> readTokenizerJson(const llvm::Twine &where,
                                                       llvm::StringRef text);

/// Reads the tokenizer.json of a folder, and what files beside it say of its
/// tokens; none if it has no tokenizer.json.
llvm::Expected<std::optional<TokenizerDescription>>
readTokenizerFolder(llvm::StringRef path);

/// Makes the tables of an image.
llvm::Expected<std::vector<uint8_t>>
writeTokenizerImage(TokenizerDescription description);

} // namespace quipu

#endif // QUIPU_COMPILER_FRONTEND_TOKENIZER_TOKENIZERDESCRIPTION_H
