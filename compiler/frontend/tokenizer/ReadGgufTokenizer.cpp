//===- ReadGgufTokenizer.cpp - The tokenizer keys of GGUF ----------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/tokenizer/SpecialTokens.h"
#include "compiler/frontend/tokenizer/TokenizerDescription.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/ConvertUTF.h"

using namespace llvm;
using namespace quipu;

/// Of tokens and of merges: their hash tables' slots fit 32 bits.
static constexpr size_t maxEntries = size_t(1) << 30;

/// U+2581, which SentencePiece writes for a space.
static constexpr StringLiteral spaceMark = "\xE2\x96\x81";

namespace {

/// What a file's `ggml.model` calls its kind of tokenizer.
enum class Kind { ByteLevel, Lines, Words, SentencePiece, WordPiece, Unigram };

class Reader {
public:
  Reader(const Checkpoint &checkpoint, int64_t vocabulary,
         function_ref<void(const Twine &)> warn)
      : checkpoint(checkpoint), vocabulary(vocabulary), warn(warn) {}

  Expected<TokenizerDescription> read();

private:
  Error readKind();
  Error readTokens();
  Error readToken(int32_t id, StringRef text, int64_t type, double score);
  Error readMerges();
  Error readSteps();
  std::vector<PairPiece> joinPairs(int32_t separator) const;
  Error readSpecials();
  Error error(const Twine &key, const Twine &message) const {
    return createStringError(checkpoint.getPath() + ": tokenizer." + key +
                             message);
  }
  Error unsupported(const Twine &key, const Twine &message) const {
    return makeUnsupported(checkpoint.getPath() + ": tokenizer." + key +
                           message);
  }
  /// The value under "tokenizer.<key>": null when there is none, an error when
  /// it is not a T.
  template <typename T>
  Expected<const T *> get(StringRef key, StringRef expected) const {
    const MetadataValue *value = checkpoint.find(("tokenizer." + key).str());
    if (!value)
      return nullptr;
    if (auto *typed = std::get_if<T>(value))
      return typed;
    return error(key, " is not " + expected + ", convert the model again");
  }
  Error readId(StringRef key, int32_t &id) const;
  Error readFlag(StringRef key, bool &flag) const;

  const Checkpoint &checkpoint;
  int64_t vocabulary;
  function_ref<void(const Twine &)> warn;
  Kind kind = Kind::ByteLevel;
  GgufPreTokenizer preTokenizer;
  TokenizerDescription made;
  StringMap<int32_t> ids; // by text
};

} // namespace

Error Reader::readKind() {
  auto model = get<StringRef>("ggml.model", "a string");
  if (!model)
    return model.takeError();
  StringRef name = *model ? **model : "";
  auto found = StringSwitch<std::optional<Kind>>(name)
                   .Case("gpt2", Kind::ByteLevel)
                   .Case("gemma4", Kind::Lines)
                   .Case("llama", Kind::SentencePiece)
                   .Case("bert", Kind::WordPiece)
                   .Case("t5", Kind::Unigram)
                   .Default(std::nullopt);
  if (!found)
    return unsupported("ggml.model",
                       " is " + quoteText(name) +
                           ", expected gpt2, gemma4, llama, bert or t5");
  kind = *found;
  if (kind != Kind::ByteLevel)
    return Error::success();

  auto pre = get<StringRef>("ggml.pre", "a string");
  if (!pre)
    return pre.takeError();
  name = *pre ? **pre : "";
  if (name == "gemma4" || name == "sarvam-moe" ||
      name == "granite-embed-multi-311m") {
    kind = Kind::Lines;
    return Error::success();
  }
  if (name == "whitespace") {
    kind = Kind::Words;
    return Error::success();
  }
  auto steps = findGgufPreTokenizer(name);
  if (!steps)
    return unsupported("ggml.pre",
                       " is " + quoteText(name) +
                           ", which is none of the ways to split words that "
                           "docs/tokenizers.md lists");
  preTokenizer = *steps;
  return Error::success();
}

Error Reader::readToken(int32_t id, StringRef text, int64_t type,
                        double score) {
  std::string where = ("ggml.tokens[" + Twine(id) + "]").str();
  auto *source = reinterpret_cast<const UTF8 *>(text.begin());
  if (text.empty())
    return error(where, " is empty");
  if (!isLegalUTF8String(&source, reinterpret_cast<const UTF8 *>(text.end())))
    return error(where, " is not UTF-8");
  auto [first, isNew] = ids.try_emplace(text, id);
  if (!isNew && kind == Kind::ByteLevel)
    return error(where, " is " + quoteText(text) + ", as is token " +
                            Twine(first->second));

  int64_t last =
      int64_t(kind == Kind::ByteLevel ? TokenType::Unused : TokenType::Byte);
  if (type < int64_t(TokenType::Normal) || type > last)
    return error("ggml.token_type[" + Twine(id) + "]",
                 " is " + Twine(type) + ", expected 1 (normal) to " +
                     (kind == Kind::ByteLevel
                          ? "5 (unused); byte tokens (6) do not belong in "
                            "byte-level BPE"
                          : "6 (byte)"));
  TokenizerDescription::Token token;
  token.score = score;
  token.type = TokenType(type);
  if (std::optional<bool> ends = findControlName(text)) {
    token.type = TokenType::Control;
    token.endOfGeneration = *ends;
  }

  bool isWord = token.type == TokenType::Normal;
  token.key = text.str();
  switch (kind) {
  case Kind::ByteLevel:
    if (std::optional<std::string> decoded = decodeByteAlphabet(text))
      token.key = *decoded;
    else
      isWord = false;
    break;
  case Kind::WordPiece:
    // llama.cpp marks words' beginnings instead of what continues them.
    if (StringRef(token.key).starts_with(spaceMark))
      token.key = token.key.substr(spaceMark.size());
    else if (isWord)
      token.key = "##" + token.key;
    break;
  case Kind::Lines:
  case Kind::Words:
  case Kind::SentencePiece:
  case Kind::Unigram:
    isWord |= kind == Kind::Unigram && (token.type == TokenType::UserDefined ||
                                        token.type == TokenType::Unused);
    if (kind == Kind::Lines || kind == Kind::Words ||
        token.type == TokenType::Byte)
      if (std::optional<uint8_t> byte = getByteOfName(text)) {
        made.fallback[*byte] = id;
        token.type = TokenType::Byte;
        isWord = false;
      }
    break;
  }
  switch (token.type) {
  case TokenType::Normal:
    token.bytes = token.key;
    break;
  case TokenType::Unknown:
  case TokenType::Control:
  case TokenType::UserDefined:
    token.bytes = text.str();
    made.added.push_back({token.bytes,
                          {id, token.type == TokenType::UserDefined
                                   ? 0u
                                   : uint32_t(AddedToken::Control)},
                          false});
    break;
  case TokenType::Unused:
    break;
  case TokenType::Byte:
    if (std::optional<uint8_t> byte = getByteOfName(text))
      token.bytes = std::string(1, char(*byte));
    break;
  }
  if (kind != Kind::ByteLevel && kind != Kind::WordPiece &&
      token.type != TokenType::Control)
    for (size_t at = 0;
         (at = token.bytes.find(spaceMark, at)) != std::string::npos;)
      token.bytes.replace(at, spaceMark.size(), " ");
  token.isWord = isWord && isNew;
  made.tokens.push_back(std::move(token));
  return Error::success();
}

Error Reader::readTokens() {
  auto list = get<std::vector<StringRef>>("ggml.tokens", "a list of strings");
  if (!list)
    return list.takeError();
  if (!*list)
    return error("ggml.tokens", " is missing, convert the model again");
  ArrayRef<StringRef> texts = **list;
  if (vocabulary != 0 && int64_t(texts.size()) != vocabulary)
    return error("ggml.tokens", " has " + Twine(texts.size()) +
                                    " tokens, but the model's embedding has " +
                                    Twine(vocabulary) + " rows");
  vocabulary = int64_t(texts.size());
  if (texts.empty() || texts.size() > maxEntries)
    return error("ggml.tokens", " has " + Twine(texts.size()) +
                                    " tokens, expected 1 to " +
                                    Twine(maxEntries));
  auto types =
      get<std::vector<int64_t>>("ggml.token_type", "a list of integers");
  if (!types)
    return types.takeError();
  if (*types && (*types)->size() != texts.size())
    return error("ggml.token_type", " has " + Twine((*types)->size()) +
                                        " values, but there are " +
                                        Twine(texts.size()) + " tokens");
  const std::vector<double> *scores = nullptr;
  if (kind == Kind::SentencePiece || kind == Kind::Unigram) {
    auto found = get<std::vector<double>>("ggml.scores", "a list of numbers");
    if (!found)
      return found.takeError();
    if (!*found || (*found)->size() != texts.size())
      return error("ggml.scores", " has " +
                                      Twine(*found ? (*found)->size() : 0) +
                                      " values, but there are " +
                                      Twine(texts.size()) + " tokens");
    scores = *found;
  }
  for (auto [id, text] : enumerate(texts))
    if (Error failure = readToken(int32_t(id), text, *types ? (**types)[id] : 1,
                                  scores ? (*scores)[id] : 0))
      return failure;
  return Error::success();
}

Error Reader::readMerges() {
  auto list = get<std::vector<StringRef>>("ggml.merges", "a list of strings");
  if (!list)
    return list.takeError();
  if (!*list)
    return error("ggml.merges", " is missing, convert the model again");
  if ((*list)->size() > maxEntries)
    return error("ggml.merges", " has " + Twine((*list)->size()) +
                                    " entries, expected at most " +
                                    Twine(maxEntries));
  for (auto [rank, merge] : enumerate(**list)) {
    std::string where = ("ggml.merges[" + Twine(rank) + "]").str();
    auto [left, right] = merge.split(' ');
    if (left.empty() || right.empty() || right.contains(' '))
      return error(where, " is " + quoteText(merge) +
                              ", expected two tokens with a space between");
    std::string joined = (left + right).str();
    for (StringRef part : {left, right, StringRef(joined)})
      if (!ids.contains(part))
        return error(where, " is " + quoteText(merge) + ", but " +
                                quoteText(part) + " is not a token");
    made.merges.push_back({uint32_t(ids.lookup(left)),
                           uint32_t(ids.lookup(right)), uint32_t(rank),
                           uint32_t(ids.lookup(joined))});
  }
  return Error::success();
}

Error Reader::readSteps() {
  bool addsSpace = kind == Kind::SentencePiece || kind == Kind::Unigram;
  bool mergesSpaces = kind == Kind::Unigram, isSuffix = false;
  for (auto [key, flag] :
       {std::pair("ggml.add_space_prefix", &addsSpace),
        std::pair("ggml.remove_extra_whitespaces", &mergesSpaces),
        std::pair("ggml.treat_whitespace_as_suffix", &isSuffix)})
    if (Error failure = readFlag(key, *flag))
      return failure;
  switch (kind) {
  case Kind::ByteLevel:
    made.byteLevel = true;
    made.ignoreMerges = preTokenizer.ignoreMerges;
    for (StringRef pattern : preTokenizer.patterns) {
      Expected<std::vector<StepDescription>> steps = makeSplits(pattern);
      if (!steps)
        return steps.takeError();
      llvm::append_range(made.splits, std::move(*steps));
    }
    return Error::success();
  case Kind::Lines:
    made.normalizer.push_back(makeReplace(" ", spaceMark));
    return Error::success();
  case Kind::Words: {
    bool lowersCase = false;
    if (Error failure = readFlag("ggml.normalizer.lowercase", lowersCase))
      return failure;
    if (lowersCase)
      made.normalizer.push_back(makeLowerCase());
    made.splits.push_back(cantFail(makeSplit("\\s", SplitBehaviour::Removed)));
    return Error::success();
  }
  case Kind::WordPiece: {
    made.model = ModelKind::WordPiece;
    made.continuation = "##";
    bool lowersCase = true;
    if (Error failure = readFlag("ggml.normalizer.lowercase", lowersCase))
      return failure;
    bool stripsAccents = lowersCase;
    if (Error failure =
            readFlag("ggml.normalizer.strip_accents", stripsAccents))
      return failure;
    addBertNormalizer(true, true, stripsAccents, lowersCase, made.normalizer);
    addBertSplits(made.splits);
    setWordPieceBytes(made, /*cleansUp=*/true);
    return Error::success();
  }
  case Kind::SentencePiece:
    made.model = ModelKind::SentencePieces;
    if (addsSpace)
      made.normalizer.push_back({.kind = StepKind::Prepend, .text = " "});
    made.normalizer.push_back(makeReplace(" ", spaceMark));
    made.stripsFirstSpace = addsSpace;
    return Error::success();
  case Kind::Unigram:
    break;
  }
  made.model = ModelKind::Unigram;
  made.fuseUnknown = true;
  made.stripsFirstSpace = addsSpace;
  auto map = get<std::vector<int64_t>>("ggml.precompiled_charsmap",
                                       "a list of integers");
  if (!map)
    return map.takeError();
  if (*map && !(*map)->empty()) {
    std::string bytes((*map)->begin(), (*map)->end());
    Expected<StepDescription> step = readPrecompiled(bytes);
    if (!step)
      return error("ggml.precompiled_charsmap",
                   " is " + toString(step.takeError()));
    made.normalizer.push_back(std::move(*step));
  }
  if (mergesSpaces) {
    made.normalizer.push_back({.kind = StepKind::Strip, .how = 7});
    made.normalizer.push_back({.kind = StepKind::Replace,
                               .regex = cantFail(parseRegex(" {2,}")),
                               .text = " "});
  }
  if (addsSpace)
    made.normalizer.push_back(
        {.kind = isSuffix ? StepKind::Append : StepKind::Prepend, .text = " "});
  made.normalizer.push_back(makeReplace(" ", spaceMark));
  return Error::success();
}

Error Reader::readId(StringRef key, int32_t &id) const {
  std::string full = ("ggml." + key + "_token_id").str();
  id = noToken;
  // Other tools write -1 for an id that there is not, and keep those of another
  // vocabulary; what needs the id complains.
  const MetadataValue *value = checkpoint.find("tokenizer." + full);
  if (value && std::holds_alternative<uint64_t>(*value)) {
    warn(checkpoint.getPath() + ": tokenizer." + full + " is " +
         Twine(std::get<uint64_t>(*value)) + ", which no token has");
    return Error::success();
  }
  Expected<const int64_t *> number = get<int64_t>(full, "an integer");
  if (!number)
    return number.takeError();
  if (!*number)
    return Error::success();
  if (**number < 0 || **number >= vocabulary)
    warn(checkpoint.getPath() + ": tokenizer." + full + " is " +
         Twine(**number) + ", which no token has: there are " +
         Twine(vocabulary));
  else
    id = int32_t(**number);
  return Error::success();
}

Error Reader::readFlag(StringRef key, bool &flag) const {
  auto value = get<bool>(key, "a boolean");
  if (!value)
    return value.takeError();
  if (*value)
    flag = **value;
  return Error::success();
}

/// Two texts as llama.cpp's reranking has them; nothing where they would run
/// into each other.
std::vector<PairPiece> Reader::joinPairs(int32_t separator) const {
  std::vector<PairPiece> pieces;
  auto add = [&](ArrayRef<int32_t> tokens) {
    for (int32_t token : tokens)
      pieces.push_back({token, 0});
  };
  if (made.suffix.empty() && separator == noToken)
    return pieces;
  add(made.prefix);
  pieces.push_back({PairPiece::first, 0});
  add(made.suffix);
  if (separator != noToken)
    pieces.push_back({separator, 0});
  pieces.push_back({PairPiece::second, 0});
  add(made.suffix);
  return pieces;
}

Error Reader::readSpecials() {
  int32_t eom, fimPad, fimRepository, fimSeparator, separator, cls;
  for (auto [key, id] : std::initializer_list<std::pair<StringRef, int32_t *>>{
           {"bos", &made.bos},
           {"eos", &made.eos},
           {"eot", &made.eot},
           {"unknown", &made.unknown},
           {"padding", &made.padding},
           {"eom", &eom},
           {"cls", &cls},
           {"seperator", &separator}, // as GGUF spells it
           {"fim_pad", &fimPad},
           {"fim_rep", &fimRepository},
           {"fim_sep", &fimSeparator}})
    if (Error failure = readId(key, *id))
      return failure;
  auto named = [&](StringRef name) {
    auto found = ids.find(name);
    return found == ids.end() ? noToken : found->second;
  };
  // Files of these kinds are silent about what all of them have.
  if (kind == Kind::SentencePiece) {
    for (auto [id, usual] :
         {std::pair(&made.unknown, 0), {&made.bos, 1}, {&made.eos, 2}})
      if (*id == noToken && usual < vocabulary)
        *id = usual;
  } else if (kind == Kind::Unigram) {
    if (made.eos == noToken && vocabulary > 1)
      made.eos = 1;
    if (made.unknown == noToken && vocabulary > 2)
      made.unknown = 2;
  } else if (kind == Kind::WordPiece) {
    if (made.unknown == noToken)
      made.unknown = named("[UNK]");
    if (separator == noToken)
      separator = named("[SEP]");
    if (cls == noToken)
      cls = made.bos != noToken ? made.bos : named("[CLS]");
    if (made.bos == noToken)
      made.bos = cls;
    if (made.eos == noToken)
      made.eos = separator;
  }
  for (int32_t id :
       {made.eos, made.eot, eom, fimPad, fimRepository, fimSeparator})
    if (id != noToken)
      made.tokens[id].endOfGeneration = true;

  // As llama.cpp has it; the checkpoint may say otherwise.
  bool addsBos = preTokenizer.addBos || kind == Kind::SentencePiece ||
                 kind == Kind::WordPiece;
  bool addsEos =
      preTokenizer.addEos || kind == Kind::WordPiece || kind == Kind::Unigram;
  if (kind != Kind::WordPiece) {
    if (Error failure = readFlag("ggml.add_bos_token", addsBos))
      return failure;
    if (Error failure = readFlag("ggml.add_eos_token", addsEos))
      return failure;
  }
  if (addsBos && made.bos == noToken)
    return error("ggml.bos_token_id", " is missing, but texts begin with it");
  if (addsEos && made.eos == noToken)
    return error("ggml.eos_token_id", " is missing, but texts end with it");
  if (addsBos)
    made.prefix.push_back(made.bos);
  if (addsEos)
    made.suffix.push_back(
        separator != noToken && kind == Kind::WordPiece ? separator : made.eos);
  if (kind == Kind::WordPiece) {
    made.pairs = makeBertPairs(made.prefix.back(), made.suffix.back());
  } else {
    bool addsSeparator = false;
    if (Error failure = readFlag("ggml.add_sep_token", addsSeparator))
      return failure;
    if (addsSeparator && separator == noToken)
      return error("ggml.seperator_token_id",
                   " is missing, but it stands between two texts");
    if (!addsSeparator)
      separator = noToken;
    made.pairs = joinPairs(separator);
  }

  auto chat = get<StringRef>("chat_template", "a string");
  if (!chat)
    return chat.takeError();
  if (*chat)
    made.chatTemplate = (**chat).str();
  return Error::success();
}

Expected<TokenizerDescription> Reader::read() {
  if (Error failure = readKind())
    return failure;
  if (Error failure = readTokens())
    return failure;
  if (kind == Kind::ByteLevel || kind == Kind::Lines || kind == Kind::Words)
    if (Error failure = readMerges())
      return failure;
  if (Error failure = readSteps())
    return failure;
  if (Error failure = readSpecials())
    return failure;
  return std::move(made);
}

Expected<TokenizerDescription>
quipu::readGgufTokenizer(const Checkpoint &checkpoint, int64_t vocabulary,
                         function_ref<void(const Twine &)> warn) {
  return Reader(checkpoint, vocabulary, warn).read();
}
