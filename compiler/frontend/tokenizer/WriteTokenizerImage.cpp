//===- WriteTokenizerImage.cpp - The tables of a tokenizer ----------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/tokenizer/Automata.h"
#include "compiler/frontend/tokenizer/TokenizerDescription.h"
#include "compiler/frontend/tokenizer/TrieBuilder.h"
#include "runtime/text/BytePairs.h"
#include "runtime/text/TextSteps.h"
#include "support/Utf8.h"
#include "llvm/Support/Alignment.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include <cstring>
#include <set>

using namespace llvm;
using namespace quipu;

namespace {

class Writer {
public:
  explicit Writer(TokenizerDescription description)
      : from(std::move(description)), image(sizeof(TokenizerImage)) {}

  Expected<std::vector<uint8_t>> write();

private:
  template <typename T> ImageTable append(ArrayRef<T> rows) {
    uint64_t offset = alignTo(image.size(), 64);
    image.resize(offset + rows.size() * sizeof(T));
    if (!rows.empty())
      std::memcpy(image.data() + offset, rows.data(), rows.size() * sizeof(T));
    return {offset, rows.size()};
  }
  template <typename T> ImageTable append(const std::vector<T> &rows) {
    return append(ArrayRef<T>(rows));
  }
  template <typename T>
  CodePointTable appendByCodePoint(const std::vector<T> &values);
  TextSpan addText(StringRef added);
  Expected<uint32_t> addMapped(StringRef added);
  void appendTokens();
  void appendWords();
  void appendMerges();
  void appendTries();
  void appendBoundaries();
  void appendAdded();
  std::string normalize(StringRef name) const;
  std::unique_ptr<WritableMemoryBuffer> copyImage() const;
  Error appendSteps();
  Error appendStepTable(std::vector<StepDescription> &steps, ImageTable &to);
  Error appendNormalForms();
  void appendProperties();
  void markWholeTokens();

  TokenizerDescription from;
  TokenizerImage header = {};
  std::vector<uint8_t> image;
  std::vector<TokenEntry> tokens;
  std::string text, mapText = std::string(1, '\0');
  std::map<std::string, uint32_t> mapped; // places in mapText
  Automata automata;
  std::vector<CodePointTable> maps;
  std::vector<ImageTable> tries;
};

} // namespace

template <typename T>
CodePointTable Writer::appendByCodePoint(const std::vector<T> &values) {
  std::vector<uint16_t> pages;
  std::vector<T> distinct;
  std::map<std::vector<T>, uint16_t> pageOf;
  for (uint32_t page = 0; page < CodePointTable::pageCount; ++page) {
    std::vector<T> content(values.begin() + page * 256,
                           values.begin() + (page + 1) * 256);
    auto [entry, isNew] = pageOf.try_emplace(content, pageOf.size());
    if (isNew)
      llvm::append_range(distinct, content);
    pages.push_back(entry->second);
  }
  return {append(pages), append(distinct)};
}

TextSpan Writer::addText(StringRef added) {
  TextSpan span = {uint32_t(text.size()), uint32_t(added.size())};
  text += added;
  return span;
}

Expected<uint32_t> Writer::addMapped(StringRef added) {
  auto [entry, isNew] = mapped.try_emplace(added.str(), mapText.size());
  if (isNew)
    mapText += added;
  if (added.size() > 255 || mapText.size() >= 1 << 23)
    return makeUnsupported("a map of characters needs more text than the "
                           "tables of a tokenizer have");
  return entry->second << 8 | uint32_t(added.size());
}

/// Slots for `count` entries, at most three quarters full.
static size_t countSlots(size_t count) {
  return NextPowerOf2(count + count / 3);
}

void Writer::appendTokens() {
  for (const TokenizerDescription::Token &token : from.tokens) {
    TextSpan bytes = addText(token.bytes);
    TextSpan key = token.key == token.bytes ? bytes : addText(token.key);
    tokens.push_back(
        {bytes, key, token.type, uint8_t(token.endOfGeneration), 0});
  }
  header.tokens = append(tokens);
  if (from.model != ModelKind::SentencePieces &&
      from.model != ModelKind::Unigram)
    return;
  std::vector<double> scores;
  for (const TokenizerDescription::Token &token : from.tokens)
    scores.push_back(token.score);
  header.scores = append(scores);
}

void Writer::appendWords() {
  std::vector<int32_t> ids;
  llvm::fill(header.byteTokens, noToken);
  for (auto [id, token] : enumerate(from.tokens)) {
    if (!token.isWord)
      continue;
    ids.push_back(int32_t(id));
    if (token.key.size() == 1)
      header.byteTokens[uint8_t(token.key[0])] = int32_t(id);
  }
  std::vector<WordSlot> slots(countSlots(ids.size()), {noToken, 0});
  for (int32_t id : ids) {
    uint64_t hash = hashWord(from.tokens[id].key), slot = hash;
    while (slots[slot % slots.size()].id != noToken)
      ++slot;
    slots[slot % slots.size()] = {id, uint32_t(hash)};
  }
  header.words = append(slots);
}

void Writer::appendMerges() {
  std::vector<MergeSlot> slots(countSlots(from.merges.size()),
                               {0, 0, MergeSlot::empty, 0});
  for (const MergeSlot &merge : from.merges) {
    uint64_t hash = hashMerge(merge.left, merge.right);
    MergeSlot *slot = &slots[hash % slots.size()];
    while (slot->rank != MergeSlot::empty &&
           (slot->left != merge.left || slot->right != merge.right))
      slot = &slots[++hash % slots.size()];
    // Of a pair that is listed twice the first rank counts.
    if (slot->rank == MergeSlot::empty)
      *slot = merge;
  }
  header.merges = append(slots);
}

void Writer::appendTries() {
  if (from.model != ModelKind::Unigram && from.model != ModelKind::WordPiece)
    return;
  std::map<std::string, int32_t> keys;
  double lowest = 0;
  for (auto [id, token] : enumerate(from.tokens)) {
    if (!token.isWord || token.key.empty())
      continue;
    keys.emplace(token.key, int32_t(id));
    lowest = std::min(lowest, token.score);
  }
  header.unknownScore = lowest - 10; // as SentencePiece's penalty
  header.trie = append(buildTrie(keys));
}

/// The bytes of the whole character that `text` begins with; 0 if it has none.
static size_t getWholeCharacter(StringRef text) {
  size_t bytes = getCharacterBytes(text[0]);
  bool isWhole = (text[0] & 0xC0) != 0x80 && bytes <= text.size() &&
                 all_of(text.substr(1, bytes - 1),
                        [](char byte) { return (byte & 0xC0) == 0x80; });
  return isWhole ? bytes : 0;
}

/// Marks in `bits` what stands beside each other in a key.
static void markNeighbours(StringRef key, std::vector<uint64_t> &bits) {
  auto mark = [&](uint32_t first, uint32_t second) {
    uint32_t bit = hashPair(first, second);
    bits[bit / 64] |= uint64_t(1) << bit % 64;
  };
  size_t last = 0; // where the character before begins, or a part of one
  for (size_t at = 1; at < key.size(); ++at) {
    if ((key[at] & 0xC0) == 0x80)
      continue;
    bool isWhole = getWholeCharacter(key.substr(last)) == at - last &&
                   getWholeCharacter(key.substr(at)) != 0;
    const char *before = key.data() + last, *behind = key.data() + at;
    if (isWhole)
      mark(takeCodePoint(before), takeCodePoint(behind));
    else
      mark(brokenCharacter | uint8_t(key[at - 1]),
           brokenCharacter | uint8_t(key[at]));
    last = at;
  }
}

/// Characters that stand beside each other in no key divide a text.
void Writer::appendBoundaries() {
  auto isByte = [&](uint32_t id) {
    return is_contained(from.fallback, int32_t(id));
  };
  // Behind ByteLevel a piece may begin within a character.
  bool isDivisible =
      (from.model == ModelKind::BytePairs ||
       from.model == ModelKind::SentencePieces) &&
      from.continuation.empty() && from.wordEnd.empty() &&
      none_of(from.splits,
              [](const StepDescription &step) { return step.readsBytes; }) &&
      none_of(from.merges, [&](const MergeSlot &merge) {
        return isByte(merge.left) || isByte(merge.right);
      });
  if (!isDivisible)
    return;
  std::vector<uint64_t> bits((1 << 20) / 64);
  for (const TokenizerDescription::Token &token : from.tokens)
    if (token.isWord)
      markNeighbours(token.key, bits);
  header.boundaries = append(bits);
}

/// As the runtime has it, at an aligned place.
std::unique_ptr<WritableMemoryBuffer> Writer::copyImage() const {
  auto copy =
      WritableMemoryBuffer::getNewUninitMemBuffer(image.size(), "", Align(64));
  std::memcpy(copy->getBufferStart(), image.data(), image.size());
  std::memcpy(copy->getBufferStart(), &header, sizeof(header));
  return copy;
}

/// What a name is in a text that has been normalised.
std::string Writer::normalize(StringRef name) const {
  auto copy = copyImage();
  std::string text = name.str();
  TextSteps(*reinterpret_cast<const TokenizerImage *>(copy->getBufferStart()))
      .normalize(text, /*isBeginning=*/false);
  return text;
}

void Writer::appendAdded() {
  std::vector<AddedToken> added;
  std::map<std::string, int32_t> early, late;
  for (const TokenizerDescription::Added &token : from.added) {
    bool isLate = token.isLate && !from.normalizer.empty();
    std::string name = isLate ? normalize(token.name) : token.name;
    if (!name.empty())
      (token.isLate ? late : early).emplace(name, int32_t(added.size()));
    added.push_back(token.token);
  }
  header.added = append(added);
  header.addedTrie = append(buildTrie(early));
  header.lateTrie = append(buildTrie(late));
}

Error Writer::appendStepTable(std::vector<StepDescription> &steps,
                              ImageTable &to) {
  std::vector<TextStep> rows;
  for (StepDescription &step : steps) {
    TextStep row = {step.kind, step.how, 0, 0, addText(step.text)};
    if (step.regex)
      row.automaton = automata.add(std::move(*step.regex), step.readsBytes);
    if (step.kind == StepKind::MapCharacters ||
        step.kind == StepKind::Normalize) {
      std::vector<uint32_t> values(CodePoints::last + 1);
      for (const auto &[codePoint, becomes] : step.characters) {
        Expected<uint32_t> value = addMapped(becomes);
        if (!value)
          return value.takeError();
        values[codePoint] = *value;
      }
      row.table = maps.size();
      maps.push_back(appendByCodePoint(values));
    } else if (step.kind == StepKind::Precompiled) {
      std::map<std::string, int32_t> keys;
      for (const auto &[prefix, becomes] : step.prefixes) {
        Expected<uint32_t> value = addMapped(becomes);
        if (!value)
          return value.takeError();
        keys.emplace(prefix, int32_t(*value));
      }
      row.table = tries.size();
      tries.push_back(append(
          keys.empty()
              ? std::vector<TrieNode>(256, {0, TrieNode::noParent, noToken})
              : buildTrie(keys)));
    }
    rows.push_back(row);
  }
  to = append(rows);
  return Error::success();
}

/// The characters that a normal form does not leave alone.
Error Writer::appendNormalForms() {
  std::vector<uint8_t> marks(CodePoints::last + 1);
  bool isUsed = false, composes = false;
  std::set<uint32_t> wholes;
  for (const Composition &composition : getCompositions())
    wholes.insert(composition.composed);
  std::map<uint32_t, StringRef> canonical;
  for (const CharacterMapping &mapping : getDecompositions(false))
    canonical[mapping.codePoint] = mapping.text;
  for (const StepDescription &step :
       llvm::concat<const StepDescription>(from.normalizer, from.splits)) {
    if (step.kind != StepKind::Normalize)
      continue;
    isUsed = true;
    bool isComposed = NormalForm(step.how) == NormalForm::Composed;
    composes |= isComposed;
    for (const auto &[codePoint, becomes] : step.characters) {
      // What is composed again of its canonical parts stays as it is.
      auto parts = canonical.find(codePoint);
      if (!isComposed || !wholes.count(codePoint) || parts == canonical.end() ||
          parts->second != becomes)
        marks[codePoint] = 255;
    }
    if (!isComposed)
      std::fill(marks.begin() + 0xAC00, marks.begin() + 0xD7A4, 255);
  }
  if (composes) {
    for (const Composition &composition : getCompositions())
      marks[composition.second] = 255;
    std::fill(marks.begin() + 0x1161, marks.begin() + 0x1176, 255);
    std::fill(marks.begin() + 0x11A7, marks.begin() + 0x11C3, 255);
  }
  for (auto [codePoint, number] : getCombiningClasses())
    marks[codePoint] = uint8_t(number);
  if (!isUsed)
    return Error::success();
  header.combining = appendByCodePoint(marks);
  if (composes)
    header.compositions = append(getCompositions());
  return Error::success();
}

void Writer::appendProperties() {
  std::vector<uint8_t> properties(CodePoints::last + 1);
  for (auto [set, bit] : {std::pair(CodePoints::whiteSpace(), 1),
                          std::pair(CodePoints::wordCharacters(), 2)})
    for (CodePoints::Range range : set.getRanges())
      for (uint32_t c = range.first; c <= range.last; ++c)
        properties[c] |= bit;
  header.spaces = appendByCodePoint(properties);
}

Error Writer::appendSteps() {
  if (Error error = appendNormalForms())
    return error;
  if (Error error = appendStepTable(from.normalizer, header.normalizer))
    return error;
  if (Error error = appendStepTable(from.splits, header.splits))
    return error;
  if (Error error = automata.build())
    return makeUnsupported(toString(std::move(error)));
  std::vector<Automaton> rows;
  for (const Automata::Table &table : automata.getTables())
    rows.push_back({append(table.entries), table.readsBytes, 0});
  header.automata = append(rows);
  std::vector<uint8_t> classes(automata.getClasses());
  header.classes = appendByCodePoint(classes);
  header.columns = automata.getColumns();
  for (auto [byte, character] : enumerate(getByteAlphabet()))
    header.byteClasses[byte] = classes[character];
  header.maps = append(maps);
  header.tries = append(tries);
  header.mapText = append(ArrayRef<char>(mapText.data(), mapText.size()));
  appendProperties();
  return Error::success();
}

/// Which tokens the model makes of their own keys: those need no merging.
void Writer::markWholeTokens() {
  if (from.model != ModelKind::BytePairs &&
      from.model != ModelKind::SentencePieces)
    return;
  auto copy = copyImage();
  const auto &made =
      *reinterpret_cast<const TokenizerImage *>(copy->getBufferStart());
  BytePairs pairs(made);
  std::vector<int32_t> ids;
  auto *entries =
      reinterpret_cast<TokenEntry *>(image.data() + header.tokens.offset);
  for (auto [id, token] : enumerate(from.tokens)) {
    if (!token.isWord || token.key.empty())
      continue;
    // No piece is a part of a character where texts are divided between them.
    if (header.boundaries.count != 0 && !isUtf8(token.key))
      continue;
    ids.clear();
    pairs.encode(token.key, ids);
    entries[id].isWhole = ids.size() == 1 && ids[0] == int32_t(id);
  }
}

Expected<std::vector<uint8_t>> Writer::write() {
  size_t size = 0;
  for (const TokenizerDescription::Token &token : from.tokens)
    size += token.bytes.size() + token.key.size();
  if (size > UINT32_MAX / 2)
    return makeUnsupported("the tokens hold more than 2 GiB of text");
  header.continuation = addText(from.continuation);
  header.wordEnd = addText(from.wordEnd);
  appendTokens();
  appendWords();
  appendMerges();
  appendTries();
  appendBoundaries();
  if (Error error = appendSteps())
    return std::move(error);
  header.text = append(ArrayRef<char>(text.data(), text.size()));
  appendAdded();
  header.chatTemplate = append(
      ArrayRef<char>(from.chatTemplate.data(), from.chatTemplate.size()));
  header.prefix = append(from.prefix);
  header.suffix = append(from.suffix);
  header.pairs = append(from.pairs);

  header.magic = TokenizerImage::expectedMagic;
  header.version = TokenizerImage::expectedVersion;
  header.model = from.model;
  header.bos = from.bos;
  header.eos = from.eos;
  header.eot = from.eot;
  header.unknown = from.unknown;
  header.padding = from.padding;
  header.byteLevel = from.byteLevel;
  header.fuseUnknown = from.fuseUnknown;
  header.maxWordCharacters = from.maxWordCharacters;
  header.stripsFirstSpace = from.stripsFirstSpace;
  llvm::copy(from.fallback, header.fallback);
  image.resize(alignTo(image.size(), 64));
  header.bytes = image.size();
  markWholeTokens();
  header.ignoreMerges = from.ignoreMerges;
  std::memcpy(image.data(), &header, sizeof(header));
  return std::move(image);
}

Expected<std::vector<uint8_t>>
quipu::writeTokenizerImage(TokenizerDescription description) {
  return Writer(std::move(description)).write();
}
