//===- TokenizerImage.cpp - Put a tokenizer into a program ----------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/tokenizer/TokenizerImage.h"
#include "abi/TokenizerImage.h"
#include "compiler/frontend/tokenizer/SpecialTokens.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/ConvertUTF.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"
#include <array>
#include <cstring>

using namespace llvm;
using namespace quipu;

char UnsupportedTokenizer::ID;

/// Of tokens and of merges: their hash tables' slots fit 32 bits.
static constexpr size_t maxEntries = size_t(1) << 30;

/// Text of the checkpoint as it may stand in a message: on one line, not long.
static std::string quote(StringRef text) {
  std::string quoted = "'";
  raw_string_ostream out(quoted);
  out.write_escaped(text.take_front(60));
  return quoted + (text.size() > 60 ? "...'" : "'");
}

namespace {

/// The bytes of a token's text in GPT-2's byte alphabet: every byte is written
/// as one printable character, itself or one from U+0100 on.
class ByteAlphabet {
public:
  ByteAlphabet() {
    bytes.fill(-1);
    unsigned next = 0x100;
    for (unsigned byte = 0; byte < 256; ++byte) {
      bool printable =
          (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte != 0xAD);
      bytes[printable ? byte : next++] = byte;
    }
  }

  /// None when a character is not of the alphabet; the text must be UTF-8.
  std::optional<std::string> decode(StringRef text) const {
    std::string decoded;
    auto *source = reinterpret_cast<const UTF8 *>(text.begin());
    auto *end = reinterpret_cast<const UTF8 *>(text.end());
    while (source != end) {
      UTF32 character;
      if (convertUTF8Sequence(&source, end, &character, strictConversion) !=
              conversionOK ||
          character >= bytes.size() || bytes[character] < 0)
        return std::nullopt;
      decoded += char(bytes[character]);
    }
    return decoded;
  }

private:
  std::array<int16_t, 0x144> bytes; // by code point
};

/// The keys of one checkpoint, on the way to an image.
class Builder {
public:
  Builder(const Checkpoint &checkpoint, int64_t vocabulary,
          function_ref<void(const Twine &)> warn)
      : checkpoint(checkpoint), vocabulary(vocabulary), warn(warn) {}

  Error readKind();
  Error readTokens();
  Error readMerges();
  Error readSpecials();
  Expected<std::vector<uint8_t>> write();

private:
  template <typename Kind = StringError>
  Error error(const Twine &key, const Twine &message) const {
    return make_error<Kind>(checkpoint.getPath() + ": tokenizer." + key +
                                message,
                            inconvertibleErrorCode());
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
  Error readFlag(StringRef key, uint32_t &flag) const;
  void fillWords(std::vector<int32_t> &slots) const;
  void fillMerges(std::vector<MergeSlot> &slots) const;

  const Checkpoint &checkpoint;
  int64_t vocabulary;
  function_ref<void(const Twine &)> warn;
  TokenizerImage header = {};
  ArrayRef<StringRef> texts;
  StringMap<int32_t> ids; // by text
  std::vector<TokenEntry> tokens;
  /// Tokens that a word can be looked up as.
  std::vector<int32_t> words;
  std::vector<int32_t> specials;
  std::vector<MergeSlot> merges;
  std::string bytes; // of all tokens
  StringRef chatTemplate;
};

} // namespace

Error Builder::readKind() {
  auto model = get<StringRef>("ggml.model", "a string");
  if (!model)
    return model.takeError();
  if (!*model || **model != "gpt2")
    return error<UnsupportedTokenizer>(
        "ggml.model", " is " + quote(*model ? **model : "") +
                          ", expected 'gpt2' (byte-level BPE): other kinds of "
                          "tokenizer are not supported");

  auto pre = get<StringRef>("ggml.pre", "a string");
  if (!pre)
    return pre.takeError();
  StringRef name = *pre ? **pre : "";
  auto kind =
      StringSwitch<std::optional<PreTokenizerKind>>(name)
          .Case("smollm", PreTokenizerKind::SmolLm)
          .Cases({"gpt-2", "default"}, PreTokenizerKind::Gpt2)
          .Cases({"llama-bpe", "llama3", "llama-v3"}, PreTokenizerKind::Llama3)
          .Cases({"qwen2", "deepseek-r1-qwen"}, PreTokenizerKind::Qwen2)
          .Default(std::nullopt);
  if (!kind)
    return error<UnsupportedTokenizer>(
        "ggml.pre", " is " + quote(name) +
                        ", expected one of smollm, gpt-2, default, llama-bpe, "
                        "llama3, llama-v3, qwen2, deepseek-r1-qwen");
  header.preTokenizer = *kind;
  header.ignoreMerges = *kind == PreTokenizerKind::Llama3;
  return Error::success();
}

Error Builder::readTokens() {
  auto list = get<std::vector<StringRef>>("ggml.tokens", "a list of strings");
  if (!list)
    return list.takeError();
  if (!*list)
    return error("ggml.tokens", " is missing, convert the model again");
  texts = **list;
  if (int64_t(texts.size()) != vocabulary)
    return error("ggml.tokens", " has " + Twine(texts.size()) +
                                    " tokens, but the model's embedding has " +
                                    Twine(vocabulary) + " rows");
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

  ByteAlphabet alphabet;
  llvm::fill(header.byteTokens, noToken);
  for (auto [id, text] : enumerate(texts)) {
    std::string where = ("ggml.tokens[" + Twine(id) + "]").str();
    auto *source = reinterpret_cast<const UTF8 *>(text.begin());
    if (text.empty())
      return error(where, " is empty");
    if (!isLegalUTF8String(&source, reinterpret_cast<const UTF8 *>(text.end())))
      return error(where, " is not UTF-8");
    auto [first, isNew] = ids.try_emplace(text, id);
    if (!isNew)
      return error(where, " is " + quote(text) + ", as is token " +
                              Twine(first->second));

    int64_t type = *types ? (**types)[id] : int64_t(TokenType::Normal);
    if (type < int64_t(TokenType::Normal) || type > int64_t(TokenType::Unused))
      return error("ggml.token_type[" + Twine(id) + "]",
                   " is " + Twine(type) +
                       ", expected 1 (normal) to 5 (unused); byte tokens (6) "
                       "do not belong in byte-level BPE");
    TokenEntry token = {uint32_t(bytes.size()), 0, TokenType(type), 0};
    if (std::optional<bool> ends = findControlName(text)) {
      token.type = TokenType::Control;
      token.endOfGeneration = *ends;
    }

    std::optional<std::string> decoded = alphabet.decode(text);
    if (decoded && decoded->size() == 1)
      header.byteTokens[uint8_t(decoded->front())] = id;
    switch (token.type) {
    case TokenType::Normal:
      bytes += decoded ? StringRef(*decoded) : text;
      if (decoded)
        words.push_back(id);
      break;
    case TokenType::Unknown:
    case TokenType::Control:
    case TokenType::UserDefined:
      bytes += text;
      specials.push_back(id);
      break;
    case TokenType::Unused:
      break;
    }
    if (bytes.size() > UINT32_MAX)
      return error("ggml.tokens", " holds more than 4 GiB of text");
    token.length = bytes.size() - token.begin;
    tokens.push_back(token);
  }
  llvm::sort(specials, [&](int32_t a, int32_t b) {
    return std::pair(tokens[b].length, a) < std::pair(tokens[a].length, b);
  });
  return Error::success();
}

Error Builder::readMerges() {
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
      return error(where, " is " + quote(merge) +
                              ", expected two tokens with a space between");
    std::string joined = (left + right).str();
    for (StringRef part : {left, right, StringRef(joined)})
      if (!ids.contains(part))
        return error(where, " is " + quote(merge) + ", but " + quote(part) +
                                " is not a token");
    merges.push_back({uint32_t(ids.lookup(left)), uint32_t(ids.lookup(right)),
                      uint32_t(rank), uint32_t(ids.lookup(joined))});
  }
  return Error::success();
}

Error Builder::readId(StringRef key, int32_t &id) const {
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

Error Builder::readFlag(StringRef key, uint32_t &flag) const {
  auto value = get<bool>(key, "a boolean");
  if (!value)
    return value.takeError();
  if (*value)
    flag = **value;
  return Error::success();
}

Error Builder::readSpecials() {
  // As llama.cpp has it; the checkpoint may say otherwise.
  header.addBos = header.preTokenizer == PreTokenizerKind::Llama3;
  int32_t eom, fimPad, fimRepository, fimSeparator;
  for (auto [key, id] : std::initializer_list<std::pair<StringRef, int32_t *>>{
           {"bos", &header.bos},
           {"eos", &header.eos},
           {"eot", &header.eot},
           {"unknown", &header.unknown},
           {"padding", &header.padding},
           {"eom", &eom},
           {"fim_pad", &fimPad},
           {"fim_rep", &fimRepository},
           {"fim_sep", &fimSeparator}})
    if (Error failure = readId(key, *id))
      return failure;
  for (int32_t id :
       {header.eos, header.eot, eom, fimPad, fimRepository, fimSeparator})
    if (id != noToken)
      tokens[id].endOfGeneration = 1;

  if (Error failure = readFlag("ggml.add_bos_token", header.addBos))
    return failure;
  if (Error failure = readFlag("ggml.add_eos_token", header.addEos))
    return failure;
  if (header.addBos && header.bos == noToken)
    return error("ggml.bos_token_id", " is missing, but texts begin with it");
  if (header.addEos && header.eos == noToken)
    return error("ggml.eos_token_id", " is missing, but texts end with it");

  auto chat = get<StringRef>("chat_template", "a string");
  if (!chat)
    return chat.takeError();
  chatTemplate = *chat ? **chat : "";
  return Error::success();
}

/// Slots for `count` entries, at most three quarters full.
static uint32_t countSlots(size_t count) {
  return uint32_t(NextPowerOf2(count + count / 3));
}

void Builder::fillWords(std::vector<int32_t> &slots) const {
  slots.assign(countSlots(words.size()), noToken);
  for (int32_t id : words) {
    uint64_t slot = hashWord(
        std::string_view(bytes).substr(tokens[id].begin, tokens[id].length));
    while (slots[slot % slots.size()] != noToken)
      ++slot;
    slots[slot % slots.size()] = id;
  }
}

void Builder::fillMerges(std::vector<MergeSlot> &slots) const {
  slots.assign(countSlots(merges.size()), {0, 0, MergeSlot::empty, 0});
  for (const MergeSlot &merge : merges) {
    uint64_t hash = hashMerge(merge.left, merge.right);
    MergeSlot *slot = &slots[hash % slots.size()];
    while (slot->rank != MergeSlot::empty &&
           (slot->left != merge.left || slot->right != merge.right))
      slot = &slots[++hash % slots.size()];
    // Of a pair that is listed twice the first rank counts.
    if (slot->rank == MergeSlot::empty)
      *slot = merge;
  }
}

Expected<std::vector<uint8_t>> Builder::write() {
  std::vector<int32_t> wordSlots;
  std::vector<MergeSlot> mergeSlots;
  fillWords(wordSlots);
  fillMerges(mergeSlots);

  std::vector<uint8_t> image(sizeof(TokenizerImage));
  auto append = [&](const auto &data) -> uint64_t {
    uint64_t offset = alignTo(image.size(), 64);
    size_t size = data.size() * sizeof(*data.data());
    image.resize(offset + size);
    if (size != 0)
      std::memcpy(image.data() + offset, data.data(), size);
    return offset;
  };
  header.magic = TokenizerImage::expectedMagic;
  header.vocabulary = tokens.size();
  header.specialCount = specials.size();
  header.wordSlots = wordSlots.size();
  header.mergeSlots = mergeSlots.size();
  header.tokensOffset = append(tokens);
  header.specialsOffset = append(specials);
  header.wordsOffset = append(wordSlots);
  header.mergesOffset = append(mergeSlots);
  header.textOffset = append(bytes);
  header.templateOffset = append(chatTemplate);
  header.templateBytes = chatTemplate.size();
  image.resize(alignTo(image.size(), 64));
  header.bytes = image.size();
  std::memcpy(image.data(), &header, sizeof(header));
  return image;
}

Expected<std::vector<uint8_t>>
quipu::buildTokenizerImage(const Checkpoint &checkpoint, int64_t vocabulary,
                           function_ref<void(const Twine &)> warn) {
  if (!checkpoint.find("tokenizer.ggml.model") &&
      !checkpoint.find("tokenizer.ggml.tokens"))
    return std::vector<uint8_t>();
  Builder builder(checkpoint, vocabulary, warn);
  if (Error failure = builder.readKind())
    return failure;
  if (Error failure = builder.readTokens())
    return failure;
  if (Error failure = builder.readMerges())
    return failure;
  if (Error failure = builder.readSpecials())
    return failure;
  return builder.write();
}
