//===- ReadJsonSteps.cpp - Steps and decoders of a tokenizer.json ---------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/tokenizer/JsonReader.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/Base64.h"

using namespace llvm;
using namespace quipu;

/// GPT-2's words, which ByteLevel splits into.
static constexpr char byteLevelPattern[] =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

Error JsonReader::readSequence(const JsonPart &part, StringRef key,
                               Error (JsonReader::*read)(const JsonPart &)) {
  const json::Array *list = part.object.getArray(key);
  if (!list)
    return broken(part.path + "." + key, "is missing, expected a list");
  for (auto [index, value] : enumerate(*list)) {
    std::string path = (part.path + "." + key + "[" + Twine(index) + "]").str();
    const json::Object *object = value.getAsObject();
    if (!object)
      return broken(path, "is not an object");
    if (Error error = (this->*read)({*object, path}))
      return error;
  }
  return Error::success();
}

/// The step for {"pattern": {"String": ...}} or {"Regex": ...}.
Expected<StepDescription> JsonReader::readPattern(const JsonPart &part,
                                                  StepKind kind) {
  StepDescription step = {.kind = kind};
  const json::Object *pattern = part.object.getObject("pattern");
  if (!pattern)
    return broken(part.path + ".pattern", "is missing, expected an object");
  if (auto text = pattern->getString("String")) {
    if (text->empty())
      return unsupported(part, "an empty pattern");
    step.regex = makeLiteral(*text);
  } else {
    Expected<Regex> regex =
        parseRegex(pattern->getString("Regex").value_or(""));
    if (!regex)
      return makeUnsupported(where + ": " + part.path + ": " +
                             toString(regex.takeError()));
    step.regex = std::move(*regex);
  }
  return step;
}

Error JsonReader::readNormalizer(const JsonPart &part) {
  StringRef type = part.getType();
  auto &steps = made.normalizer;
  if (type == "Sequence")
    return readSequence(part, "normalizers", &JsonReader::readNormalizer);
  if (type == "NFC" || type == "NFD" || type == "NFKC" || type == "NFKD") {
    steps.push_back(makeNormalize(type));
  } else if (type == "Lowercase") {
    steps.push_back(makeLowerCase());
  } else if (type == "StripAccents") {
    steps.push_back(makeRemoval(CodePoints::combiningMarks()));
  } else if (type == "Strip") {
    steps.push_back({.kind = StepKind::Strip,
                     .how = (part.getFlag("strip_left", true) ? 1u : 0u) |
                            (part.getFlag("strip_right", true) ? 2u : 0u)});
  } else if (type == "Prepend") {
    steps.push_back(
        {.kind = StepKind::Prepend, .text = part.getText("prepend").str()});
  } else if (type == "Replace") {
    Expected<StepDescription> step = readPattern(part, StepKind::Replace);
    if (!step)
      return step.takeError();
    step->text = part.getText("content").str();
    steps.push_back(std::move(*step));
  } else if (type == "BertNormalizer") {
    bool lowersCase = part.getFlag("lowercase", true);
    addBertNormalizer(part.getFlag("clean_text", true),
                      part.getFlag("handle_chinese_chars", true),
                      part.getFlag("strip_accents", lowersCase), lowersCase,
                      steps);
  } else if (type == "Precompiled") {
    std::vector<char> map;
    if (Error error = decodeBase64(part.getText("precompiled_charsmap"), map))
      return broken(part.path, "has a map of characters that is not base64: " +
                                   toString(std::move(error)));
    if (map.empty())
      return Error::success();
    Expected<StepDescription> step =
        readPrecompiled(StringRef(map.data(), map.size()));
    if (!step)
      return broken(part.path, "has " + toString(step.takeError()));
    steps.push_back(std::move(*step));
  } else {
    return unsupportedType(part);
  }
  return Error::success();
}

void JsonReader::moveStep(StepDescription step) {
  step.readsBytes = splitsAreBytes;
  made.splits.push_back(std::move(step));
}

Error JsonReader::addSplit(const JsonPart &part, StringRef pattern,
                           SplitBehaviour behaviour) {
  Expected<StepDescription> step = makeSplit(pattern, behaviour);
  if (!step)
    return unsupported(part, toString(step.takeError()));
  moveStep(std::move(*step));
  return Error::success();
}

Error JsonReader::addSplits(const JsonPart &part, StringRef pattern) {
  Expected<std::vector<StepDescription>> steps = makeSplits(pattern);
  if (!steps)
    return makeUnsupported(where + ": " + part.path + ": " +
                           toString(steps.takeError()));
  for (StepDescription &step : *steps)
    moveStep(std::move(step));
  return Error::success();
}

static std::optional<SplitBehaviour> getBehaviour(StringRef name) {
  return StringSwitch<std::optional<SplitBehaviour>>(name)
      .Case("Isolated", SplitBehaviour::Isolated)
      .Case("Removed", SplitBehaviour::Removed)
      .Case("MergedWithPrevious", SplitBehaviour::MergedWithPrevious)
      .Case("MergedWithNext", SplitBehaviour::MergedWithNext)
      .Case("Contiguous", SplitBehaviour::Contiguous)
      .Default(std::nullopt);
}

Error JsonReader::addMetaspace(const JsonPart &part) {
  StringRef mark = part.getText("replacement", "\xE2\x96\x81");
  StringRef scheme =
      part.getText("prepend_scheme",
                   part.getFlag("add_prefix_space", true) ? "always" : "never");
  if (mark.empty())
    return unsupported(part, "no replacement");
  moveStep(makeReplace(" ", mark));
  if (scheme == "always" || scheme == "first")
    moveStep(
        {.kind = StepKind::Prepend,
         .how = uint32_t(scheme == "first" ? PrependWhen::MissingAtBeginning
                                           : PrependWhen::Missing),
         .text = mark.str()});
  else if (scheme != "never")
    return unsupported(part, "prepend_scheme " + quoteText(scheme));
  if (part.getFlag("split", true))
    moveStep({.kind = StepKind::Split,
              .how = uint32_t(SplitBehaviour::MergedWithNext),
              .regex = makeLiteral(mark)});
  return Error::success();
}

Error JsonReader::readPreTokenizer(const JsonPart &part) {
  StringRef type = part.getType();
  if (type == "Sequence")
    return readSequence(part, "pretokenizers", &JsonReader::readPreTokenizer);
  if (type == "ByteLevel") {
    if (splitsAreBytes)
      return unsupported(part, "another before it");
    if (part.getFlag("add_prefix_space", true))
      moveStep({.kind = StepKind::Prepend,
                .how = uint32_t(PrependWhen::Missing),
                .text = " "});
    if (part.getFlag("use_regex", true))
      if (Error error =
              addSplit(part, byteLevelPattern, SplitBehaviour::Isolated))
        return error;
    isByteLevel = splitsAreBytes = true;
    return Error::success();
  }
  if (type == "Split" || type == "Punctuation") {
    auto behaviour = getBehaviour(part.getText("behavior", "Isolated"));
    if (!behaviour)
      return unsupported(part,
                         "behavior " + quoteText(part.getText("behavior")));
    if (type == "Punctuation") {
      moveStep(makePunctuationSplit(*behaviour));
      return Error::success();
    }
    bool isInverted = part.getFlag("invert", false);
    const json::Object *pattern = part.object.getObject("pattern");
    std::optional<StringRef> regex =
        pattern ? pattern->getString("Regex") : std::nullopt;
    if (regex && *behaviour == SplitBehaviour::Isolated && !isInverted)
      return addSplits(part, *regex);
    Expected<StepDescription> step = readPattern(part, StepKind::Split);
    if (!step)
      return step.takeError();
    step->how = uint32_t(*behaviour) | (isInverted ? 0x100 : 0);
    moveStep(std::move(*step));
    return Error::success();
  }
  if (type == "Digits")
    return addSplit(part, "\\p{N}",
                    part.getFlag("individual_digits", false)
                        ? SplitBehaviour::Isolated
                        : SplitBehaviour::Contiguous);
  if (splitsAreBytes)
    return unsupported(part, "ByteLevel before it");
  if (type == "Whitespace") {
    Expected<StepDescription> step =
        makeSplit("[\\w\\u200C\\u200D]+|[^\\w\\s\\u200C\\u200D]+",
                  SplitBehaviour::Removed, true);
    moveStep(cantFail(std::move(step)));
  } else if (type == "WhitespaceSplit") {
    return addSplit(part, "\\s", SplitBehaviour::Removed);
  } else if (type == "BertPreTokenizer") {
    addBertSplits(made.splits);
  } else if (type == "UnicodeScripts") {
    moveStep(makeScriptSplit());
  } else if (type == "CharDelimiterSplit") {
    StringRef delimiter = part.getText("delimiter");
    if (delimiter.empty())
      return unsupported(part, "no delimiter");
    moveStep({.kind = StepKind::Split,
              .how = uint32_t(SplitBehaviour::Removed),
              .regex = makeLiteral(delimiter)});
  } else if (type == "Metaspace") {
    return addMetaspace(part);
  } else {
    return unsupportedType(part);
  }
  return Error::success();
}

std::vector<PairPiece> quipu::makeBertPairs(int32_t cls, int32_t separator) {
  return {{cls, 0},
          {PairPiece::first, 0},
          {separator, 0},
          {PairPiece::second, 1},
          {separator, 1}};
}

Error JsonReader::readClassPostProcessor(const JsonPart &part) {
  for (auto [key, ids] :
       {std::pair("cls", &made.prefix), std::pair("sep", &made.suffix)}) {
    const json::Array *pair = part.object.getArray(key);
    std::optional<int64_t> id;
    if (pair && pair->size() == 2)
      id = (*pair)[1].getAsInteger();
    if (!id || *id < 0 || *id >= int64_t(made.tokens.size()))
      return broken(part.path + "." + key, "is not a text and its id");
    ids->push_back(int32_t(*id));
  }
  made.pairs = makeBertPairs(made.prefix.back(), made.suffix.back());
  if (part.getType() == "RobertaProcessing") {
    made.pairs.insert(made.pairs.begin() + 2, made.pairs[2]);
    for (PairPiece &piece : made.pairs)
      piece.type = 0;
  }
  return Error::success();
}

Expected<std::vector<PairPiece>> JsonReader::readTemplate(const JsonPart &part,
                                                          StringRef key) {
  const json::Array *list = part.object.getArray(key);
  const json::Object *specials = part.object.getObject("special_tokens");
  if (!list)
    return broken(part.path + "." + key, "is missing, expected a list");
  std::vector<PairPiece> pieces;
  for (const json::Value &value : *list) {
    const json::Object *piece = value.getAsObject();
    const json::Object *text = piece ? piece->getObject("Sequence") : nullptr;
    const json::Object *special =
        piece ? piece->getObject("SpecialToken") : nullptr;
    int64_t type = 0;
    if (const json::Object *either = text ? text : special)
      type = either->getInteger("type_id").value_or(0);
    if (type < 0 || type > INT32_MAX)
      return broken(part.path + "." + key, "has a type that is no number");
    if (text) {
      bool isSecond = text->getString("id") == "B";
      pieces.push_back({isSecond ? PairPiece::second : PairPiece::first,
                        static_cast<int32_t>(type)});
      continue;
    }
    StringRef name = special ? special->getString("id").value_or("") : "";
    const json::Object *entry = specials ? specials->getObject(name) : nullptr;
    const json::Array *listed = entry ? entry->getArray("ids") : nullptr;
    if (!listed)
      return broken(part.path + ".special_tokens",
                    "has no ids for " + quoteText(name));
    for (const json::Value &id : *listed) {
      int64_t number = id.getAsInteger().value_or(-1);
      if (number < 0 || number >= int64_t(made.tokens.size()))
        return broken(part.path + ".special_tokens", "has an id for " +
                                                         quoteText(name) +
                                                         " that no token has");
      pieces.push_back(
          {static_cast<int32_t>(number), static_cast<int32_t>(type)});
    }
  }
  return pieces;
}

Error JsonReader::readPostProcessor(const JsonPart &part) {
  StringRef type = part.getType();
  if (type == "Sequence")
    return readSequence(part, "processors", &JsonReader::readPostProcessor);
  if (type == "ByteLevel")
    return Error::success(); // concerns offsets only
  if (type == "BertProcessing" || type == "RobertaProcessing")
    return readClassPostProcessor(part);
  if (type != "TemplateProcessing")
    return unsupportedType(part);
  Expected<std::vector<PairPiece>> single = readTemplate(part, "single");
  if (!single)
    return single.takeError();
  auto isText = [](const PairPiece &piece) { return piece.id < 0; };
  auto text = find_if(*single, isText);
  if (text == single->end())
    return unsupported(part, "no text");
  if (count_if(*single, isText) > 1)
    return unsupported(part, "a text that is there twice");
  auto getId = [](const PairPiece &piece) { return piece.id; };
  made.prefix.insert(made.prefix.begin(), map_iterator(single->begin(), getId),
                     map_iterator(text, getId));
  append_range(made.suffix,
               map_range(make_range(text + 1, single->end()), getId));
  if (!part.object.getArray("pair"))
    return Error::success();
  Expected<std::vector<PairPiece>> pair = readTemplate(part, "pair");
  if (!pair)
    return pair.takeError();
  // Only what has each text once can be cut where it is too long.
  auto has = [&](int32_t text) {
    return count_if(*pair, [&](const PairPiece &piece) {
             return piece.id == text;
           }) == 1;
  };
  if (has(PairPiece::first) && has(PairPiece::second))
    made.pairs = std::move(*pair);
  return Error::success();
}

Error JsonReader::readDecoder(const JsonPart &part) {
  StringRef type = part.getType();
  if (type == "Sequence")
    return readSequence(part, "decoders", &JsonReader::readDecoder);
  if (type == "ByteLevel") {
    decoding = Decoding::ByteLevel;
  } else if (type == "ByteFallback") {
    decodesBytes = true;
  } else if (type == "Fuse") {
    // Tokens are joined without anything between them anyway.
  } else if (type == "Metaspace") {
    replaced.emplace_back(part.getText("replacement", "\xE2\x96\x81").str(),
                          " ");
    made.stripsFirstSpace =
        part.getText("prepend_scheme", part.getFlag("add_prefix_space", true)
                                           ? "always"
                                           : "never") != "never";
  } else if (type == "Replace") {
    const json::Object *pattern = part.object.getObject("pattern");
    auto text = pattern ? pattern->getString("String") : std::nullopt;
    if (!text)
      return unsupported(part, "a regular expression");
    replaced.emplace_back(text->str(), part.getText("content").str());
  } else if (type == "Strip") {
    int64_t start = part.object.getInteger("start").value_or(0),
            stop = part.object.getInteger("stop").value_or(0);
    if (start > 1 || stop > 0 || (start && part.getText("content") != " "))
      return unsupported(part, "more than the first space");
    made.stripsFirstSpace = start == 1;
  } else if (type == "WordPiece") {
    decoding = Decoding::WordPiece;
    cleansUp = part.getFlag("cleanup", true);
  } else if (type == "BPEDecoder") {
    replaced.emplace_back(part.getText("suffix", "</w>").str(), " ");
  } else {
    return unsupportedType(part);
  }
  return Error::success();
}
