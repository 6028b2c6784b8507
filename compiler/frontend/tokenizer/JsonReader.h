//===- JsonReader.h - The parts of a tokenizer.json --------------*- C++
//-*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_FRONTEND_TOKENIZER_JSONREADER_H
#define QUIPU_COMPILER_FRONTEND_TOKENIZER_JSONREADER_H

#include "compiler/frontend/tokenizer/TokenizerDescription.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/JSON.h"

namespace quipu {

/// An object of a tokenizer.json under its path
/// ("pre_tokenizer.pretokenizers[1]").
struct JsonPart {
  const llvm::json::Object &object;
  std::string path;

  llvm::StringRef getType() const {
    return object.getString("type").value_or("");
  }
  bool getFlag(llvm::StringRef key, bool otherwise) const {
    return object.getBoolean(key).value_or(otherwise);
  }
  llvm::StringRef getText(llvm::StringRef key,
                          llvm::StringRef otherwise = "") const {
    return object.getString(key).value_or(otherwise);
  }
};

/// Fills a description with one part of a file after the other. Errors name
/// the part.
class JsonReader {
public:
  explicit JsonReader(std::string where) : where(std::move(where)) {}

  llvm::Expected<TokenizerDescription> read(const llvm::json::Object &file);

private:
  llvm::Error readModel(const JsonPart &model);
  llvm::Error readVocabulary(const JsonPart &model);
  llvm::Error readUnigram(const JsonPart &model);
  llvm::Error readMerges(const JsonPart &model);
  llvm::Error readAdded(const llvm::json::Array &added);
  llvm::Error readNormalizer(const JsonPart &part);
  llvm::Error readPreTokenizer(const JsonPart &part);
  llvm::Error readPostProcessor(const JsonPart &part);
  /// Of classes that name a token before and one behind a text.
  llvm::Error readClassPostProcessor(const JsonPart &part);
  /// The pieces that a template lists under a key.
  llvm::Expected<std::vector<PairPiece>> readTemplate(const JsonPart &part,
                                                      llvm::StringRef key);
  llvm::Error readDecoder(const JsonPart &part);
  llvm::Error readSequence(const JsonPart &part, llvm::StringRef key,
                           llvm::Error (JsonReader::*read)(const JsonPart &));
  llvm::Error setBytes();
  llvm::Expected<StepDescription> readPattern(const JsonPart &part,
                                              StepKind kind);
  llvm::Error addSplits(const JsonPart &part, llvm::StringRef pattern);
  llvm::Error addSplit(const JsonPart &part, llvm::StringRef pattern,
                       SplitBehaviour behaviour);
  llvm::Error addMetaspace(const JsonPart &part);
  llvm::Error broken(const llvm::Twine &path, const llvm::Twine &what) const;
  llvm::Error unsupported(const JsonPart &part, const llvm::Twine &what) const;
  llvm::Error unsupportedType(const JsonPart &part) const {
    return unsupported(part, "");
  }
  llvm::Expected<int32_t> findToken(const JsonPart &part,
                                    llvm::StringRef name) const;
  llvm::Error addToken(int64_t id, llvm::StringRef text, double score,
                       const llvm::Twine &path);
  void moveStep(StepDescription step);

  std::string where;
  TokenizerDescription made;
  llvm::StringMap<int32_t> ids; // by text
  /// Steps are read into the one or the other list.
  bool isByteLevel = false;
  bool splitsAreBytes = false; // behind ByteLevel
  /// How tokens become text.
  enum class Decoding {
    Plain,
    ByteLevel,
    WordPiece
  } decoding = Decoding::Plain;
  bool decodesBytes = false;
  std::vector<std::pair<std::string, std::string>> replaced;
  bool cleansUp = false;
};

} // namespace quipu

#endif // QUIPU_COMPILER_FRONTEND_TOKENIZER_JSONREADER_H
