//===- ReadTokenizerJson.cpp - Model and tokens of a tokenizer.json -------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/Json.h"
#include "compiler/frontend/tokenizer/JsonReader.h"
#include "compiler/frontend/tokenizer/SpecialTokens.h"
#include "llvm/ADT/StringSwitch.h"

using namespace llvm;
using namespace quipu;

/// More than any vocabulary.
static constexpr int64_t maxTokens = 1 << 24;

Error JsonReader::broken(const Twine &path, const Twine &what) const {
  return createStringError(where + ": " + path + " " + what);
}

Error JsonReader::unsupported(const JsonPart &part, const Twine &what) const {
  std::string type = quoteText(part.getType());
  std::string which = what.str();
  return makeUnsupported(where + ": " + part.path + " is " + type +
                         (which.empty() ? "" : " with " + which) +
                         ", which is not supported");
}

Expected<int32_t> JsonReader::findToken(const JsonPart &part,
                                        StringRef name) const {
  auto found = ids.find(name);
  if (found == ids.end())
    return broken(part.path, "names the token " + quoteText(name) +
                                 ", which there is not");
  return found->second;
}

Error JsonReader::addToken(int64_t id, StringRef text, double score,
                           const Twine &path) {
  if (id < 0 || id >= maxTokens)
    return broken(path, "has the id " + Twine(id) + " for " + quoteText(text) +
                            ", expected 0 to " + Twine(maxTokens - 1));
  if (size_t(id) >= made.tokens.size())
    made.tokens.resize(id + 1);
  TokenizerDescription::Token &token = made.tokens[id];
  if (token.type != TokenType::Unused && token.key != text)
    return broken(path, "has the id " + Twine(id) + " for " + quoteText(text) +
                            " and for " + quoteText(token.key));
  token.key = text.str();
  token.score = score;
  token.type = TokenType::Normal;
  token.isWord = true;
  auto [entry, isNew] = ids.try_emplace(text, int32_t(id));
  if (!isNew && entry->second != id)
    token.isWord = false; // the first one counts
  return Error::success();
}

Error JsonReader::readVocabulary(const JsonPart &model) {
  const json::Object *vocabulary = model.object.getObject("vocab");
  if (!vocabulary)
    return broken("model.vocab", "is missing, expected an object of ids");
  for (const auto &[text, id] : *vocabulary) {
    std::optional<int64_t> number = id.getAsInteger();
    if (!number)
      return broken("model.vocab",
                    "has no whole number for " + quoteText(text));
    if (Error error = addToken(*number, text, 0, "model.vocab"))
      return error;
  }
  return Error::success();
}

Error JsonReader::readUnigram(const JsonPart &model) {
  const json::Array *vocabulary = model.object.getArray("vocab");
  if (!vocabulary)
    return broken("model.vocab", "is missing, expected a list of pairs");
  for (auto [id, value] : enumerate(*vocabulary)) {
    const json::Array *pair = value.getAsArray();
    std::optional<StringRef> text;
    std::optional<double> score;
    if (pair && pair->size() == 2) {
      text = (*pair)[0].getAsString();
      score = (*pair)[1].getAsNumber();
    }
    if (!text || !score)
      return broken("model.vocab[" + Twine(id) + "]",
                    "is not a pair of a text and a score");
    if (Error error = addToken(id, *text, *score, "model.vocab"))
      return error;
  }
  if (auto unknown = model.object.getInteger("unk_id")) {
    if (*unknown < 0 || *unknown >= int64_t(made.tokens.size()))
      return broken("model.unk_id",
                    "is " + Twine(*unknown) + ", which no token has");
    made.unknown = int32_t(*unknown);
  }
  return Error::success();
}

Error JsonReader::readMerges(const JsonPart &model) {
  const json::Array *merges = model.object.getArray("merges");
  if (!merges)
    return broken("model.merges", "is missing, expected a list");
  for (auto [rank, value] : enumerate(*merges)) {
    StringRef left, right;
    if (auto text = value.getAsString()) {
      std::tie(left, right) = text->split(' ');
    } else if (const json::Array *pair = value.getAsArray();
               pair && pair->size() == 2) {
      left = (*pair)[0].getAsString().value_or("");
      right = (*pair)[1].getAsString().value_or("");
    }
    std::string path = ("model.merges[" + Twine(rank) + "]").str();
    if (left.empty() || right.empty())
      return broken(path, "is not a pair of tokens");
    StringRef tail = right;
    if (!made.continuation.empty())
      tail.consume_front(made.continuation);
    std::string joined = (left + tail).str();
    for (StringRef part : {left, right, StringRef(joined)})
      if (!ids.contains(part))
        return broken(path, "is " + quoteText(left) + " and " +
                                quoteText(right) + ", but " + quoteText(part) +
                                " is not a token");
    made.merges.push_back({uint32_t(ids.lookup(left)),
                           uint32_t(ids.lookup(right)), uint32_t(rank),
                           uint32_t(ids.lookup(joined))});
  }
  return Error::success();
}

Error JsonReader::readModel(const JsonPart &model) {
  StringRef type = model.getType();
  if (type.empty()) // files of old versions do not say
    type = model.object.get("merges")       ? "BPE"
           : model.object.getArray("vocab") ? "Unigram"
                                            : "WordPiece";
  auto kind = StringSwitch<std::optional<ModelKind>>(type)
                  .Case("BPE", ModelKind::BytePairs)
                  .Case("Unigram", ModelKind::Unigram)
                  .Case("WordPiece", ModelKind::WordPiece)
                  .Case("WordLevel", ModelKind::Words)
                  .Default(std::nullopt);
  if (!kind)
    return unsupportedType(model);
  made.model = *kind;
  made.continuation = model.getText("continuing_subword_prefix",
                                    type == "WordPiece" ? "##" : "");
  made.wordEnd = model.getText("end_of_word_suffix");
  if (Error error = *kind == ModelKind::Unigram ? readUnigram(model)
                                                : readVocabulary(model))
    return error;
  if (std::optional<StringRef> unknown = model.object.getString("unk_token"))
    if (auto found = ids.find(*unknown); found != ids.end())
      made.unknown = found->second;
  if (*kind == ModelKind::BytePairs) {
    if (model.object.getNumber("dropout").value_or(0) != 0)
      return unsupported(model, "dropout");
    made.fuseUnknown = model.getFlag("fuse_unk", false);
    made.ignoreMerges = model.getFlag("ignore_merges", false);
    if (Error error = readMerges(model))
      return error;
  }
  if (*kind == ModelKind::Unigram)
    made.fuseUnknown = true;
  if (model.getFlag("byte_fallback", false))
    for (const auto &[text, id] : ids)
      if (std::optional<uint8_t> byte = getByteOfName(text))
        made.fallback[*byte] = id;
  int64_t most =
      model.object.getInteger("max_input_chars_per_word").value_or(100);
  made.maxWordCharacters = uint32_t(std::clamp<int64_t>(most, 0, UINT32_MAX));
  return Error::success();
}

Error JsonReader::readAdded(const json::Array &added) {
  for (auto [index, value] : enumerate(added)) {
    std::string path = ("added_tokens[" + Twine(index) + "]").str();
    const json::Object *object = value.getAsObject();
    std::optional<StringRef> content;
    std::optional<int64_t> id;
    if (object) {
      content = object->getString("content");
      id = object->getInteger("id");
    }
    if (!content || !id)
      return broken(path, "is not a token with an id and a content");
    bool isNew = *id < 0 || size_t(*id) >= made.tokens.size() ||
                 made.tokens[*id].type == TokenType::Unused;
    if (Error error = addToken(*id, *content, 0, path))
      return error;
    TokenizerDescription::Token &token = made.tokens[*id];
    JsonPart part = {*object, path};
    bool isSpecial = part.getFlag("special", false);
    token.type = int32_t(*id) == made.unknown ? TokenType::Unknown
                 : isSpecial                  ? TokenType::Control
                                              : TokenType::UserDefined;
    // A token of the model's own is one of its words, too.
    token.isWord &= !isNew;
    if (std::optional<bool> ends = findControlName(*content))
      token.endOfGeneration = *ends && isSpecial;
    uint32_t flags = 0;
    for (auto [key, flag] : {std::pair("single_word", AddedToken::SingleWord),
                             std::pair("lstrip", AddedToken::StripLeft),
                             std::pair("rstrip", AddedToken::StripRight)})
      if (part.getFlag(key, false))
        flags |= flag;
    if (isSpecial)
      flags |= AddedToken::Control;
    bool isLate = part.getFlag("normalized", !isSpecial);
    made.added.push_back({content->str(), {int32_t(*id), flags}, isLate});
  }
  return Error::success();
}

/// What each token is in a text, and for byte-level models the bytes that they
/// look up.
Error JsonReader::setBytes() {
  for (TokenizerDescription::Token &token : made.tokens) {
    if (token.type == TokenType::Unused)
      continue;
    std::string name = token.key;
    std::optional<std::string> alphabet = decodeByteAlphabet(name);
    if (isByteLevel && alphabet)
      token.key = *alphabet;
    else if (isByteLevel)
      token.isWord = false;
    if (token.type != TokenType::Normal) {
      token.bytes = name;
      continue;
    }
    std::optional<uint8_t> byte = getByteOfName(name);
    if (decodesBytes && byte) {
      token.bytes = std::string(1, char(*byte));
      token.type = TokenType::Byte;
      continue;
    }
    token.bytes =
        decoding == Decoding::ByteLevel && alphabet ? *alphabet : name;
    for (const auto &[from, to] : replaced)
      for (size_t at = 0; !from.empty() && (at = token.bytes.find(from, at)) !=
                                               std::string::npos;
           at += to.size())
        token.bytes.replace(at, from.size(), to);
  }
  if (decoding == Decoding::WordPiece)
    setWordPieceBytes(made, cleansUp);
  return Error::success();
}

Expected<TokenizerDescription> JsonReader::read(const json::Object &file) {
  const json::Object *model = file.getObject("model");
  if (!model)
    return broken("model", "is missing, expected an object");
  if (Error error = readModel({*model, "model"}))
    return std::move(error);
  if (const json::Array *added = file.getArray("added_tokens"))
    if (Error error = readAdded(*added))
      return std::move(error);
  for (auto [key, read] : {std::pair("normalizer", &JsonReader::readNormalizer),
                           {"pre_tokenizer", &JsonReader::readPreTokenizer},
                           {"post_processor", &JsonReader::readPostProcessor},
                           {"decoder", &JsonReader::readDecoder}})
    if (const json::Object *part = file.getObject(key))
      if (Error error = (this->*read)({*part, key}))
        return std::move(error);
  if (isByteLevel && (!made.continuation.empty() || !made.wordEnd.empty()))
    return unsupported({*model, "model"}, "ByteLevel and affixes");
  if (isByteLevel && made.model != ModelKind::BytePairs)
    return unsupported({*model, "model"}, "ByteLevel");
  made.byteLevel = isByteLevel;
  if (Error error = setBytes())
    return std::move(error);
  return std::move(made);
}

Expected<TokenizerDescription> quipu::readTokenizerJson(const Twine &where,
                                                        StringRef text) {
  Expected<json::Object> file = parseJsonObject(where, text);
  if (!file)
    return file.takeError();
  return JsonReader(where.str()).read(*file);
}
