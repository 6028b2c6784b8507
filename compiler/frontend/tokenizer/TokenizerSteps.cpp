//===- TokenizerSteps.cpp - Steps that many tokenizers have ---------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/tokenizer/TokenizerDescription.h"
#include "compiler/frontend/tokenizer/TokenizerImage.h"
#include "llvm/Support/ConvertUTF.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace quipu;

char UnsupportedTokenizer::ID;

Error quipu::makeUnsupported(const Twine &message) {
  return make_error<UnsupportedTokenizer>(message, inconvertibleErrorCode());
}

std::string quipu::quoteText(StringRef text) {
  std::string quoted = "'";
  raw_string_ostream out(quoted);
  out.write_escaped(text.take_front(60));
  return quoted + (text.size() > 60 ? "...'" : "'");
}

std::array<uint32_t, 256> quipu::getByteAlphabet() {
  std::array<uint32_t, 256> characters;
  uint32_t next = 0x100;
  for (unsigned byte = 0; byte < 256; ++byte) {
    bool printable =
        (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte != 0xAD);
    characters[byte] = printable ? byte : next++;
  }
  return characters;
}

std::optional<std::string> quipu::decodeByteAlphabet(StringRef text) {
  static const std::map<uint32_t, char> bytes = [] {
    std::map<uint32_t, char> map;
    for (auto [byte, character] : enumerate(getByteAlphabet()))
      map[character] = char(byte);
    return map;
  }();
  std::string decoded;
  auto *source = reinterpret_cast<const UTF8 *>(text.begin());
  auto *end = reinterpret_cast<const UTF8 *>(text.end());
  while (source != end) {
    UTF32 character;
    if (convertUTF8Sequence(&source, end, &character, strictConversion) !=
        conversionOK)
      return std::nullopt;
    auto byte = bytes.find(character);
    if (byte == bytes.end())
      return std::nullopt;
    decoded += byte->second;
  }
  return decoded;
}

std::optional<uint8_t> quipu::getByteOfName(StringRef name) {
  uint8_t byte;
  if (name.size() != 6 || !name.consume_front("<0x") ||
      !name.consume_back(">") || name.getAsInteger(16, byte))
    return std::nullopt;
  return byte;
}

Expected<StepDescription>
quipu::makeSplit(StringRef pattern, SplitBehaviour behaviour, bool isInverted) {
  Expected<Regex> regex = parseRegex(pattern);
  if (!regex)
    return regex.takeError();
  return StepDescription{.kind = StepKind::Split,
                         .how = uint32_t(behaviour) | (isInverted ? 0x100 : 0),
                         .regex = std::move(*regex)};
}

/// What is divided into groups from its end on by a pattern that looks ahead to
/// it, which no table can have.
namespace {
struct Groups {
  std::string pattern;
  uint32_t size;
  bool isIsolated; // what is divided is no piece with what stands beside it
};
} // namespace

static std::optional<Groups> findGroups(StringRef pattern) {
  for (std::string digit : {"\\d", "\\p{N}", "\\p{Nd}", "[0-9]"})
    for (uint32_t size = 2; size < 10; ++size)
      for (StringRef open : {"(", "(?:"}) {
        std::string group = (open + digit + "{" + Twine(size) + "})").str();
        std::string end = "(?!" + digit + ")";
        if (pattern == "(?=" + group + "+" + end + ")")
          return Groups{digit + "+", size, /*isIsolated=*/false};
        std::string first =
            (digit + "{1," + Twine(size) + "}(?=" + group + "*").str();
        if (pattern == first + end + ")")
          return Groups{digit + "+", size, /*isIsolated=*/true};
        // All digits but \p{N}'s others are characters of words.
        if (digit != "\\p{N}" && pattern == first + "\\b)")
          return Groups{digit + "+(?!\\w)", size, /*isIsolated=*/true};
      }
  return std::nullopt;
}

Expected<std::vector<StepDescription>> quipu::makeSplits(StringRef pattern) {
  std::optional<Groups> groups = findGroups(pattern);
  Expected<StepDescription> step =
      makeSplit(groups ? StringRef(groups->pattern) : pattern);
  if (!step)
    return step.takeError();
  std::vector<StepDescription> steps = {*step};
  if (groups) {
    step->how = uint32_t(SplitBehaviour::Groups) | groups->size << 16;
    if (!groups->isIsolated)
      steps.clear();
    steps.push_back(std::move(*step));
  }
  return steps;
}

StepDescription quipu::makeReplace(StringRef text, StringRef content) {
  return {.kind = StepKind::Replace,
          .regex = makeLiteral(text),
          .text = content.str()};
}

StepDescription quipu::makeNormalize(StringRef form) {
  NormalForm how =
      form.ends_with("D") ? NormalForm::Decomposed : NormalForm::Composed;
  StepDescription step = {.kind = StepKind::Normalize, .how = uint32_t(how)};
  for (const CharacterMapping &mapping : getDecompositions(form.contains('K')))
    step.characters.emplace(mapping.codePoint, mapping.text.str());
  return step;
}

StepDescription quipu::makeRemoval(const CodePoints &characters) {
  StepDescription step = {.kind = StepKind::MapCharacters};
  for (CodePoints::Range range : characters.getRanges())
    for (uint32_t c = range.first; c <= range.last; ++c)
      step.characters.emplace_hint(step.characters.end(), c, "");
  return step;
}

StepDescription quipu::makeLowerCase() {
  StepDescription step = {.kind = StepKind::MapCharacters};
  for (const CharacterMapping &mapping : getLowerCase())
    step.characters.emplace(mapping.codePoint, mapping.text.str());
  return step;
}

void quipu::addBertNormalizer(bool cleansText, bool splitsChinese,
                              bool stripsAccents, bool lowersCase,
                              std::vector<StepDescription> &steps) {
  if (cleansText) {
    CodePoints blanks = CodePoints::whiteSpace();
    // What Unicode 8 did not have is no control character, as in tokenizers.
    CodePoints control =
        (*CodePoints::withProperty("Cc") | *CodePoints::withProperty("Cf") |
         *CodePoints::withProperty("Co") | CodePoints({{0xFFFD, 0xFFFD}})) &
        ~CodePoints({{0x890, 0x891},
                     {0x8E2, 0x8E2},
                     {0x110CD, 0x110CD},
                     {0x13430, 0x1343F}});
    StepDescription clean = makeRemoval(control & ~CodePoints::of("\t\n\r"));
    for (CodePoints::Range range : blanks.getRanges())
      for (uint32_t c = range.first; c <= range.last; ++c)
        clean.characters.emplace(c, " ");
    clean.characters.erase(' ');
    steps.push_back(std::move(clean));
  }
  if (splitsChinese)
    steps.push_back({.kind = StepKind::Surround,
                     .regex = Regex{.kind = Regex::Set,
                                    .set = CodePoints({{0x4E00, 0x9FFF},
                                                       {0x3400, 0x4DBF},
                                                       {0x20000, 0x2A6DF},
                                                       {0x2A700, 0x2B73F},
                                                       {0x2B740, 0x2B81F},
                                                       {0x2B920, 0x2CEAF},
                                                       {0xF900, 0xFAFF},
                                                       {0x2F800, 0x2FA1F}})},
                     .text = " "});
  if (stripsAccents) {
    steps.push_back(makeNormalize("NFD"));
    steps.push_back(makeRemoval(CodePoints::accents()));
  }
  if (lowersCase)
    steps.push_back(makeLowerCase());
}

void quipu::addBertSplits(std::vector<StepDescription> &steps) {
  steps.push_back(cantFail(makeSplit("\\s", SplitBehaviour::Removed)));
  steps.push_back(makePunctuationSplit(SplitBehaviour::Isolated));
}

StepDescription quipu::makePunctuationSplit(SplitBehaviour behaviour) {
  return {.kind = StepKind::Split,
          .how = uint32_t(behaviour),
          .regex = Regex{.kind = Regex::Set, .set = CodePoints::punctuation()}};
}

StepDescription quipu::makeScriptSplit() {
  std::vector<CodePoints> scripts = CodePoints::splitScripts();
  CodePoints others = CodePoints::all();
  for (const CodePoints &script : scripts)
    others = others & ~script;
  Regex runs{.kind = Regex::Choice};
  for (const CodePoints &script : scripts) {
    Regex first{.kind = Regex::Set, .set = script};
    Regex next{.kind = Regex::Set, .set = script | others};
    Regex rest{.kind = Regex::Repeat, .max = Regex::unbounded, .parts = {next}};
    runs.parts.push_back(
        Regex{.kind = Regex::Sequence, .parts = {first, rest}});
  }
  return {.kind = StepKind::Split,
          .how = uint32_t(SplitBehaviour::Removed) | 0x100,
          .regex = std::move(runs)};
}

namespace {

/// The units of a double array as darts-clone has them.
class DartsTrie {
public:
  explicit DartsTrie(ArrayRef<uint8_t> bytes) : bytes(bytes) {}

  /// Calls `handle` with each key and its value; false if the trie is broken.
  bool visit(function_ref<bool(StringRef, uint32_t)> handle) {
    std::string key;
    return bytes.size() >= 4 && visit(0, key, handle);
  }

private:
  static constexpr size_t maxKey = 64, maxVisits = 1 << 20;

  uint32_t unit(size_t index) const {
    return index * 4 + 4 <= bytes.size()
               ? support::endian::read32le(bytes.data() + index * 4)
               : 0x80000000;
  }
  static size_t offset(uint32_t unit) {
    return size_t(unit >> 10) << ((unit & (1u << 9)) >> 6);
  }
  bool visit(size_t node, std::string &key,
             function_ref<bool(StringRef, uint32_t)> handle) {
    if (key.size() > maxKey || ++visits > maxVisits)
      return false;
    size_t base = node ^ offset(unit(node));
    if ((unit(node) >> 8 & 1) && !handle(key, unit(base) & 0x7fffffff))
      return false;
    for (unsigned byte = 1; byte < 256; ++byte) {
      size_t child = base ^ byte;
      if ((unit(child) & 0x800000ff) != byte)
        continue;
      key += char(byte);
      if (!visit(child, key, handle))
        return false;
      key.pop_back();
    }
    return true;
  }

  ArrayRef<uint8_t> bytes;
  size_t visits = 0;
};

} // namespace

Expected<StepDescription> quipu::readPrecompiled(StringRef map) {
  StepDescription step = {.kind = StepKind::Precompiled};
  ArrayRef<uint8_t> bytes = arrayRefFromStringRef(map);
  size_t size = bytes.size() >= 4 ? support::endian::read32le(bytes.data()) : 0;
  if (size == 0 || size % 4 != 0 || size > bytes.size() - 4)
    return createStringError("a map of characters that is cut off");
  StringRef texts = map.drop_front(4 + size);
  bool isWhole =
      DartsTrie(bytes.slice(4, size)).visit([&](StringRef key, uint32_t at) {
        auto *source = reinterpret_cast<const UTF8 *>(key.begin());
        StringRef text = texts.drop_front(std::min<size_t>(at, texts.size()));
        size_t length = text.find('\0');
        if (length == StringRef::npos || length > 255)
          return false;
        text = text.take_front(length);
        auto *textSource = reinterpret_cast<const UTF8 *>(text.begin());
        // A part of a character cannot be found in a text.
        if (isLegalUTF8String(&source,
                              reinterpret_cast<const UTF8 *>(key.end())) &&
            isLegalUTF8String(&textSource,
                              reinterpret_cast<const UTF8 *>(text.end())))
          step.prefixes.emplace(key.str(), text.str());
        return true;
      });
  if (!isWhole)
    return createStringError("a map of characters that is broken");
  return step;
}

void quipu::setWordPieceBytes(TokenizerDescription &description,
                              bool cleansUp) {
  for (TokenizerDescription::Token &token : description.tokens) {
    if (!token.isWord)
      continue;
    StringRef key = token.key;
    bool continues = !description.continuation.empty() &&
                     key.consume_front(description.continuation);
    token.bytes = continues ? key.str() : (" " + key).str();
    for (auto [from, to] : {std::pair<StringRef, StringRef>(" .", "."),
                            {" ?", "?"},
                            {" !", "!"},
                            {" ,", ","},
                            {" ' ", "'"},
                            {" n't", "n't"},
                            {" 'm", "'m"},
                            {" 's", "'s"},
                            {" 've", "'ve"},
                            {" 're", "'re"}})
      if (size_t at = token.bytes.find(from);
          cleansUp && at != std::string::npos)
        token.bytes.replace(at, from.size(), to);
  }
  description.stripsFirstSpace = true;
}
