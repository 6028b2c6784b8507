//===- TextFilters.cpp - Filters that make texts and numbers --------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "support/jinja/BuiltinTables.h"
#include "support/jinja/Characters.h"
#include "support/jinja/Interpreter.h"
#include "support/jinja/Json.h"
#include <charconv>
#include <cmath>

using namespace quipu;
using namespace quipu::jinja;

/// What filters of texts take: others are printed.
static const Text &printed(Interpreter &in, const Value &value) {
  return *in.expectText(value, "", /*isStrict=*/false);
}

template <typename Change>
static Value changed(Interpreter &in, const Value &value, Change change) {
  const Text &text = printed(in, value);
  Text result;
  result.isMarkup = text.isMarkup;
  result.appendChanged(text, change);
  return in.make(std::move(result));
}

Value filters::upper(Interpreter &in, const Value &value, const Bound &) {
  return changed(in, value, toUpper);
}

Value filters::lower(Interpreter &in, const Value &value, const Bound &) {
  return changed(in, value, toLower);
}

/// Python's capitalize: the first character as in a title, the others lower.
Value filters::capitalize(Interpreter &in, const Value &value, const Bound &) {
  const Text &text = printed(in, value);
  size_t first = text.findCharacter(1);
  Text result;
  result.isMarkup = text.isMarkup;
  result.appendChanged(text.slice(0, first), toTitle);
  result.appendChanged(text.slice(first, text.bytes.size()), toLower);
  return in.make(std::move(result));
}

/// Jinja's title: words begin behind white space, '-', '(', '{', '[' and '<'.
Value filters::title(Interpreter &in, const Value &value, const Bound &) {
  const Text &text = printed(in, value);
  Text result;
  bool isFirst = true;
  for (size_t at = 0; at < text.bytes.size();) {
    std::string_view rest = std::string_view(text.bytes).substr(at);
    size_t bytes = characterBytes(rest[0]);
    Text character = text.slice(at, at + bytes);
    at += bytes;
    bool separates = spaceBytes(rest) != 0 ||
                     std::string_view("-({[<").find(rest[0]) != rest.npos;
    if (isFirst)
      result.appendChanged(character, toUpper);
    else
      result.appendChanged(character, toLower);
    isFirst = separates;
  }
  return in.make(std::move(result));
}

Value filters::trim(Interpreter &in, const Value &value, const Bound &given) {
  return methods::strip(in, Value(&printed(in, value)), given);
}

Value filters::string(Interpreter &in, const Value &value, const Bound &) {
  return Value(&printed(in, value));
}

Value filters::safe(Interpreter &in, const Value &value, const Bound &) {
  Text text = printed(in, value);
  text.isMarkup = true;
  return in.make(std::move(text));
}

Value filters::escape(Interpreter &in, const Value &value, const Bound &) {
  return in.make(escapeHtml(printed(in, value)));
}

Value filters::replace(Interpreter &in, const Value &value,
                       const Bound &given) {
  Text old = in.print(*given[0]), by = in.print(*given[1]);
  Text text = in.print(value);
  text.isMarkup = false;
  int64_t count = -1;
  if (given.has(2) && !given[2]->isNone())
    count = in.expectWhole(*given[2], "'replace'");
  return replaceText(in, text, old, by, count);
}

Value filters::indent(Interpreter &in, const Value &value, const Bound &given) {
  const Text *text = in.expectText(value, "'indent'");
  if (!text)
    return {};
  Text by(std::string(4, ' '));
  if (given.has(0) && given[0]->isText())
    by = *given[0]->text;
  else if (given.has(0))
    by = Text(std::string(
        std::clamp<int64_t>(in.expectWhole(*given[0], "'indent'"), 0, 4096),
        ' '));
  bool first = given.has(1) && in.isTrue(*given[1]);
  bool blank = given.has(2) && in.isTrue(*given[2]);
  Text result;
  result.isMarkup = text->isMarkup;
  if (first)
    result.append(by);
  std::vector<ByteSpan> lines = splitLines(text->bytes + "\n", /*keeps=*/false);
  for (size_t i = 0; i < lines.size() && in.spend(by.bytes.size()); ++i) {
    if (i != 0)
      result.append("\n");
    if (i != 0 && (blank || lines[i].begin != lines[i].end))
      result.append(by);
    result.append(*text, lines[i].begin,
                  std::min(lines[i].end, text->bytes.size()));
  }
  return in.make(std::move(result));
}

Value filters::truncate(Interpreter &in, const Value &value,
                        const Bound &given) {
  const Text *text = in.expectText(value, "'truncate'");
  int64_t length = given.has(0) ? in.expectWhole(*given[0], "'truncate'") : 255;
  bool kills = given.has(1) && in.isTrue(*given[1]);
  Text dots("...");
  const Text *end =
      given.has(2) ? in.expectText(*given[2], "'truncate'") : &dots;
  int64_t leeway = given.has(3) && !given[3]->isNone()
                       ? in.expectWhole(*given[3], "'truncate'")
                       : 5;
  if (in.hasFailed())
    return {};
  auto ending = static_cast<int64_t>(end->countCharacters());
  if (length < ending || leeway < 0 || length > (int64_t(1) << 40) ||
      leeway > (int64_t(1) << 40)) {
    in.fail("'truncate' needs a length of at least its end's");
    return {};
  }
  if (static_cast<int64_t>(text->countCharacters()) <= length + leeway)
    return value;
  size_t stop = text->findCharacter(length - ending);
  if (!kills)
    if (size_t blank = text->bytes.rfind(' ', stop - (stop != 0));
        blank != std::string::npos && blank < stop)
      stop = blank;
  Text result = text->slice(0, stop);
  result.append(*end);
  return in.make(std::move(result));
}

Value filters::center(Interpreter &in, const Value &value, const Bound &given) {
  Value width(int64_t(80));
  Bound as;
  as.values[0] = given.has(0) ? given[0] : &width;
  return methods::center(in, Value(&printed(in, value)), as);
}

Value filters::format(Interpreter &in, const Value &value, const Bound &given) {
  const Text &text = printed(in, value);
  if (given.all->keywords.empty())
    return in.formatPercent(
        text, in.make(Form::Tuple, std::vector<Value>(given.all->positional)));
  if (!given.all->positional.empty())
    in.fail("'format' takes values either in order or by name");
  Mapping mapping;
  for (const auto &[name, is] : given.all->keywords)
    mapping.set(in.make(name), is);
  return in.formatPercent(text, in.make(std::move(mapping)));
}

Value filters::wordcount(Interpreter &in, const Value &value, const Bound &) {
  const Text &text = printed(in, value);
  int64_t count = 0;
  bool wasWord = false;
  for (size_t at = 0; at < text.bytes.size();) {
    uint32_t code = readCharacter(std::string_view(text.bytes).substr(at));
    bool isWord = isAlphabetic(code) || isNumeric(code) || code == '_';
    count += isWord && !wasWord;
    wasWord = isWord;
    at += characterBytes(text.bytes[at]);
  }
  return Value(count);
}

Value filters::urlencode(Interpreter &in, const Value &value, const Bound &) {
  if (!value.isText() && Interpreter::isIterable(value)) {
    in.fail("'urlencode' of " + std::string(in.typeName(value)) +
            " is not supported");
    return {};
  }
  return changed(in, value, [](std::string_view part) {
    std::string result;
    for (char c : part) {
      bool isPlain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                     (c >= 'A' && c <= 'Z') ||
                     std::string_view("_.-~/").find(c) != part.npos;
      char escape[8];
      snprintf(escape, sizeof(escape), "%%%02X", static_cast<uint8_t>(c));
      result += isPlain ? std::string(1, c) : escape;
    }
    return result;
  });
}

//===----------------------------------------------------------------------===//
// JSON
//===----------------------------------------------------------------------===//

namespace {
class JsonWriter {
public:
  JsonWriter(Interpreter &in, JsonLayout layout, Text &to)
      : in(in), layout(std::move(layout)), to(to) {}

  void write(const Value &value);

private:
  void writeKey(const Value &key);
  void begin(std::string_view bracket, bool isEmpty);
  void separate(bool isFirst);
  void end(std::string_view bracket, bool isEmpty);
  void newline();

  Interpreter &in;
  JsonLayout layout;
  Text &to;
  size_t depth = 0;
};
} // namespace

void JsonWriter::newline() {
  if (!layout.isIndented)
    return;
  to.append("\n");
  for (size_t i = 0; i < depth; ++i)
    to.append(layout.indent);
}

void JsonWriter::begin(std::string_view bracket, bool isEmpty) {
  to.append(bracket);
  ++depth;
  if (!isEmpty)
    newline();
}

void JsonWriter::separate(bool isFirst) {
  if (isFirst)
    return;
  to.append(layout.itemSeparator);
  newline();
}

void JsonWriter::end(std::string_view bracket, bool isEmpty) {
  --depth;
  if (!isEmpty)
    newline();
  to.append(bracket);
}

static std::string jsonReal(double number) {
  return std::isnan(number)   ? "NaN"
         : std::isinf(number) ? (number < 0 ? "-Infinity" : "Infinity")
                              : printReal(number);
}

/// Other keys than texts become texts.
void JsonWriter::writeKey(const Value &key) {
  if (key.isText())
    return writeJsonText(to, *key.text, layout.isAscii);
  to.append("\"");
  write(key);
  to.append("\"");
}

void JsonWriter::write(const Value &value) {
  Interpreter::Level level(in);
  if (!in.spend(64))
    return;
  switch (value.kind) {
  case Kind::None:
    return to.append("null");
  case Kind::Boolean:
    return to.append(value.boolean ? "true" : "false");
  case Kind::Integer:
    return to.append(std::to_string(value.integer));
  case Kind::Real:
    return to.append(jsonReal(value.real));
  case Kind::Text:
    in.spend(value.text->bytes.size());
    return writeJsonText(to, *value.text, layout.isAscii);
  case Kind::Sequence: {
    if (value.sequence->form >= Form::Generator)
      break;
    const std::vector<Value> &items = value.sequence->items;
    begin("[", items.empty());
    for (const Value &item : items) {
      separate(&item == items.data());
      write(item);
    }
    return end("]", items.empty());
  }
  case Kind::Mapping: {
    auto entries = value.mapping->entries;
    if (layout.isSorted)
      sortValues(
          in, entries, [](const auto &entry) { return entry.first; }, false);
    begin("{", entries.empty());
    for (const auto &entry : entries) {
      separate(&entry == entries.data());
      writeKey(entry.first);
      to.append(layout.keySeparator);
      write(entry.second);
    }
    return end("}", entries.empty());
  }
  default:
    break;
  }
  in.fail("'tojson' of " + std::string(in.typeName(value)));
}

Value filters::tojson(Interpreter &in, const Value &value, const Bound &given) {
  JsonLayout layout;
  layout.isAscii = given.has(0) && in.isTrue(*given[0]);
  if (given.has(1) && !given[1]->isNone()) {
    layout.isIndented = true;
    layout.itemSeparator = Text(",");
    layout.indent =
        given[1]->isText()
            ? *given[1]->text
            : Text(std::string(
                  std::clamp<int64_t>(in.expectWhole(*given[1], "'tojson'"), 0,
                                      4096),
                  ' '));
  }
  if (given.has(2) && !given[2]->isNone()) {
    std::vector<Value> separators;
    if (!in.iterate(*given[2], separators) || separators.size() != 2 ||
        !separators[0].isText() || !separators[1].isText()) {
      in.fail("the separators of 'tojson' are two texts");
      return {};
    }
    layout.itemSeparator = *separators[0].text;
    layout.keySeparator = *separators[1].text;
  }
  layout.isSorted = given.has(3) && in.isTrue(*given[3]);
  Text text;
  JsonWriter(in, std::move(layout), text).write(value);
  return in.make(std::move(text));
}

Value filters::fromjson(Interpreter &in, const Value &value, const Bound &) {
  const Text *text = in.expectText(value, "'from_json'");
  if (!text)
    return {};
  Value result;
  std::string error = in.readInputJson(text->bytes, result);
  if (!error.empty())
    in.fail("'from_json' of a text that is no JSON: " + error);
  return result;
}

//===----------------------------------------------------------------------===//
// Numbers
//===----------------------------------------------------------------------===//

/// A number in Python's syntax, with white space around it.
static std::optional<double> readReal(std::string_view text) {
  text = stripLeft(stripRight(text));
  bool isNegative = text.starts_with('-');
  if (isNegative || text.starts_with('+'))
    text.remove_prefix(1);
  if (text.empty() || text[0] == '-')
    return std::nullopt;
  double number;
  auto [stop, error] =
      std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc::invalid_argument || stop != text.data() + text.size())
    return std::nullopt;
  return isNegative ? -number : number;
}

static std::optional<int64_t> wholePart(double number) {
  if (!(std::fabs(number) < 9.2e18))
    return std::nullopt;
  return static_cast<int64_t>(number);
}

Value filters::integer(Interpreter &in, const Value &value,
                       const Bound &given) {
  Value otherwise = given.has(0) ? *given[0] : Value(int64_t(0));
  int64_t base = given.has(1) ? in.expectWhole(*given[1], "'int'") : 10;
  if (value.isWhole())
    return Value(value.whole());
  std::optional<int64_t> whole;
  if (value.kind == Kind::Real) {
    whole = wholePart(value.real);
  } else if (value.isText() && base >= 2 && base <= 36) {
    std::string_view text = stripLeft(stripRight(value.text->bytes));
    if (text.starts_with('+') && !text.starts_with("+-"))
      text.remove_prefix(1);
    int64_t number;
    auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(),
                                         number, static_cast<int>(base));
    if (error == std::errc() && stop == text.data() + text.size())
      return Value(number);
    if (std::optional<double> real = readReal(text))
      whole = wholePart(*real);
  }
  return whole ? Value(*whole) : otherwise;
}

Value filters::real(Interpreter &, const Value &value, const Bound &given) {
  Value otherwise = given.has(0) ? *given[0] : Value(0.0);
  if (value.isNumber())
    return Value(value.number());
  std::optional<double> number;
  if (value.isText())
    number = readReal(value.text->bytes);
  return number ? Value(*number) : otherwise;
}

Value filters::abs(Interpreter &in, const Value &value, const Bound &) {
  if (value.kind == Kind::Real)
    return Value(std::fabs(value.real));
  int64_t whole = in.expectWhole(value, "'abs'");
  if (whole == INT64_MIN)
    in.fail("a whole number becomes too large");
  return Value(whole < 0 && whole != INT64_MIN ? -whole : whole);
}

Value filters::round(Interpreter &in, const Value &value, const Bound &given) {
  int64_t digits = given.has(0) ? in.expectWhole(*given[0], "'round'") : 0;
  std::string method = "common";
  if (given.has(1))
    if (const Text *text = in.expectText(*given[1], "'round'"))
      method = text->bytes;
  if (!value.isNumber() || digits < 0 || digits > 15 ||
      (method != "common" && method != "ceil" && method != "floor")) {
    in.fail("'round' takes a number, 0 to 15 digits, and common, ceil or "
            "floor");
    return {};
  }
  if (method == "common") {
    if (value.isWhole())
      return Value(value.whole());
    if (!std::isfinite(value.real))
      return value;
    // The nearest decimal number, as printf rounds the exact binary one.
    char buffer[400];
    snprintf(buffer, sizeof(buffer), "%.*f", static_cast<int>(digits),
             value.real);
    return Value(strtod(buffer, nullptr));
  }
  double scale = std::pow(10.0, static_cast<double>(digits));
  double scaled = value.number() * scale;
  return Value((method == "ceil" ? std::ceil(scaled) : std::floor(scaled)) /
               scale);
}
