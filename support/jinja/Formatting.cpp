//===- Formatting.cpp - Formats: '%' and str.format -----------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "support/jinja/BuiltinTables.h"
#include "support/jinja/Characters.h"
#include "support/jinja/Json.h"

using namespace quipu::jinja;

namespace {
/// How one value is written.
struct Field {
  bool isLeft = false, isCentered = false, isPadded = false;
  bool isSigned = false, isSpaced = false, isGrouped = false;
  char fill = ' ', alternative = '\0', type = '\0';
  int64_t width = 0, precision = -1;
};
} // namespace

/// Digits at the front of `text`, at most 4 of them; -1 without any.
static int64_t takeNumber(std::string_view &text) {
  int64_t number = -1;
  for (int i = 0; i < 4 && !text.empty() && hexDigit(text[0]) < 10; ++i) {
    number = std::max<int64_t>(number, 0) * 10 + hexDigit(text[0]);
    text.remove_prefix(1);
  }
  return number;
}

static bool takeCharacter(std::string_view &text, char c) {
  bool isThere = text.starts_with(c);
  text.remove_prefix(isThere);
  return isThere;
}

/// A number without its sign. The type is one that the value goes with.
static std::string writeDigits(const Value &value, const Field &field) {
  char buffer[512];
  switch (field.type) {
  case 'x':
  case 'X':
  case 'o': {
    uint64_t size = value.whole() < 0 ? -static_cast<uint64_t>(value.whole())
                                      : value.whole();
    const char *format = field.type == 'x'   ? "%lx"
                         : field.type == 'X' ? "%lX"
                                             : "%lo";
    snprintf(buffer, sizeof(buffer), format, static_cast<unsigned long>(size));
    return buffer;
  }
  case 'f':
  case 'F':
  case 'e':
  case 'E':
  case 'g':
  case 'G':
  case '%': {
    char format[] = "%.*f";
    format[3] = field.type == '%' ? 'f' : field.type;
    double number = std::abs(value.number()) * (field.type == '%' ? 100 : 1);
    snprintf(buffer, sizeof(buffer), format,
             static_cast<int>(std::clamp<int64_t>(field.precision, -1, 100) < 0
                                  ? 6
                                  : std::min<int64_t>(field.precision, 100)),
             number);
    return std::string(buffer) + (field.type == '%' ? "%" : "");
  }
  default:
    break;
  }
  std::string text =
      value.isWhole() ? std::to_string(value.whole()) : printReal(value.real);
  return text.starts_with('-') ? text.substr(1) : text;
}

static std::string group(const std::string &digits) {
  size_t whole =
      std::min(digits.find_first_not_of("0123456789"), digits.size());
  std::string grouped;
  for (size_t i = 0; i < whole; ++i) {
    if (i != 0 && (whole - i) % 3 == 0)
      grouped += ',';
    grouped += digits[i];
  }
  return grouped + digits.substr(whole);
}

static void appendNumber(Text &to, const Value &value, const Field &field) {
  std::string sign = value.number() < 0 ? "-"
                     : field.isSigned   ? "+"
                     : field.isSpaced   ? " "
                                        : "";
  std::string digits = writeDigits(value, field);
  if (field.isGrouped)
    digits = group(digits);
  size_t size = sign.size() + digits.size();
  size_t missing =
      field.width > static_cast<int64_t>(size) ? field.width - size : 0;
  size_t before = field.isLeft ? 0 : field.isCentered ? missing / 2 : missing;
  if (field.isPadded)
    to.append(sign + std::string(missing, field.fill) + digits);
  else
    to.append(std::string(before, field.fill) + sign + digits +
              std::string(missing - before, field.fill));
}

static void appendText(Text &to, const Text &text, const Field &field,
                       bool isRight) {
  Text part = field.precision < 0
                  ? text
                  : text.slice(0, text.findCharacter(field.precision));
  auto size = static_cast<int64_t>(part.countCharacters());
  size_t missing = field.width > size ? field.width - size : 0;
  size_t before = field.isCentered           ? missing / 2
                  : isRight && !field.isLeft ? missing
                                             : 0;
  to.append(std::string(before, field.fill));
  to.append(part);
  to.append(std::string(missing - before, field.fill));
}

//===----------------------------------------------------------------------===//
// "%s" % values
//===----------------------------------------------------------------------===//

namespace {
class PercentFormat {
public:
  PercentFormat(Interpreter &in, const Text &format, const Value &values)
      : in(in), format(format), values(values) {
    if (values.kind == Kind::Sequence && values.sequence->form == Form::Tuple)
      rest = values.sequence->items;
    else
      rest = {values};
  }

  Text run();

private:
  Value next(std::string_view key);
  void write(Text &to, const Value &value, Field field);

  Interpreter &in;
  const Text &format;
  const Value &values;
  std::vector<Value> rest;
  size_t used = 0;
};
} // namespace

Value PercentFormat::next(std::string_view key) {
  if (!key.empty()) {
    used = rest.size();
    if (values.kind == Kind::Mapping)
      if (const Value *value = values.mapping->find(key))
        return *value;
    in.fail("the format has no value for '" + std::string(key) + "'");
    return {};
  }
  if (used == rest.size()) {
    in.fail("the format needs more values than there are");
    return {};
  }
  return rest[used++];
}

void PercentFormat::write(Text &to, const Value &value, Field field) {
  if (field.type == 's' || field.type == 'r') {
    Text text;
    if (field.type == 's')
      in.printInto(text, value);
    else
      in.represent(text, value);
    return appendText(to, format.isMarkup ? escapeHtml(text) : text, field,
                      /*isRight=*/true);
  }
  if (std::string_view("diuxXofFeEgG").find(field.type) ==
      std::string_view::npos)
    return in.fail(std::string("the format '%") + field.type +
                   "' is not supported");
  bool isWhole =
      std::string_view("diuxXo").find(field.type) != std::string_view::npos;
  if (!value.isNumber() || (isWhole && !value.isWhole() && field.type != 'd' &&
                            field.type != 'i' && field.type != 'u'))
    return in.fail(std::string("the format '%") + field.type +
                   "' needs a number, not " + std::string(in.typeName(value)));
  Value number = isWhole ? filters::integer(in, value, {}) : value;
  if (isWhole &&
      std::string_view("xXo").find(field.type) == std::string_view::npos)
    field.type = 'd';
  appendNumber(to, number, field);
}

Text PercentFormat::run() {
  Text result;
  result.isMarkup = format.isMarkup;
  std::string_view all = format.bytes;
  for (size_t at = 0; at < all.size() && in.spend(8);) {
    size_t percent = std::min(all.find('%', at), all.size());
    result.append(format, at, percent);
    if (percent == all.size())
      break;
    std::string_view text = all.substr(percent + 1), key;
    if (text.starts_with('(')) {
      size_t end = text.find(')');
      if (end == text.npos || end == 1) {
        in.fail("a format's key has no name");
        break;
      }
      key = text.substr(1, end - 1);
      text.remove_prefix(end + 1);
    }
    Field field;
    for (bool isFlag = true; isFlag && !text.empty();) {
      isFlag = false;
      if (takeCharacter(text, '-'))
        isFlag = field.isLeft = true;
      else if (takeCharacter(text, '+'))
        isFlag = field.isSigned = true;
      else if (takeCharacter(text, ' '))
        isFlag = field.isSpaced = true;
      else if (takeCharacter(text, '0'))
        isFlag = field.isPadded = true;
    }
    field.width = std::max<int64_t>(takeNumber(text), 0);
    if (takeCharacter(text, '.'))
      field.precision = std::max<int64_t>(takeNumber(text), 0);
    if (text.empty()) {
      in.fail("a format ends within '%'");
      break;
    }
    field.type = text[0];
    text.remove_prefix(1);
    at = all.size() - text.size();
    if (field.type == '%') {
      result.append("%");
      continue;
    }
    field.isPadded &= !field.isLeft && field.type != 's' && field.type != 'r';
    field.fill = field.isPadded ? '0' : ' ';
    write(result, next(key), field);
  }
  if (used < rest.size() && values.kind != Kind::Mapping)
    in.fail("the format needs fewer values than there are");
  return result;
}

Value Interpreter::formatPercent(const Text &format, const Value &values) {
  return make(PercentFormat(*this, format, values).run());
}

//===----------------------------------------------------------------------===//
// "{}".format(values)
//===----------------------------------------------------------------------===//

namespace {
class BraceFormat {
public:
  BraceFormat(Interpreter &in, const Text &format, const Given &given)
      : in(in), format(format), given(given) {}

  Text run();

private:
  Value find(std::string_view field);
  void write(Text &to, Value value, char conversion, std::string_view how);
  bool parse(std::string_view how, Field &field);

  Interpreter &in;
  const Text &format;
  const Given &given;
  size_t next = 0;
};
} // namespace

/// "0", "name", "name.attribute" or "name[key]".
Value BraceFormat::find(std::string_view field) {
  size_t end = std::min(field.find_first_of(".["), field.size());
  std::string_view name = field.substr(0, end);
  field.remove_prefix(end);
  std::string_view digits = name;
  int64_t index =
      name.empty() ? static_cast<int64_t>(next++) : takeNumber(digits);
  Value value;
  bool isFound = false;
  if (digits.empty() && index >= 0) {
    isFound = index < static_cast<int64_t>(given.positional.size());
    if (isFound)
      value = given.positional[index];
  } else {
    for (const auto &[keyword, is] : given.keywords)
      if (keyword == name) {
        value = is;
        isFound = true;
      }
  }
  if (!isFound)
    in.fail("the format has no value for '" + std::string(name) + "'");
  while (!field.empty() && !in.hasFailed()) {
    bool isItem = field[0] == '[';
    field.remove_prefix(1);
    size_t stop = isItem ? field.find(']')
                         : std::min(field.find_first_of(".["), field.size());
    if (stop == field.npos) {
      in.fail("a format lacks ']'");
      break;
    }
    std::string_view key = field.substr(0, stop), number = key;
    int64_t place = takeNumber(number);
    field.remove_prefix(stop + isItem);
    if (!isItem)
      value = in.getAttribute(value, Text(std::string(key)));
    else
      value = in.getItem(value, number.empty() && place >= 0
                                    ? Value(place)
                                    : in.make(std::string(key)));
  }
  return value;
}

bool BraceFormat::parse(std::string_view how, Field &field) {
  static constexpr std::string_view aligns = "<>^=";
  if (how.size() > 1 && aligns.find(how[1]) != how.npos) {
    field.fill = how[0];
    field.alternative = how[1];
    how.remove_prefix(2);
  } else if (!how.empty() && aligns.find(how[0]) != how.npos) {
    field.alternative = how[0];
    how.remove_prefix(1);
  }
  field.isSigned = takeCharacter(how, '+');
  field.isSpaced = takeCharacter(how, ' ');
  takeCharacter(how, '-');
  if (how.starts_with('0')) {
    how.remove_prefix(1);
    if (field.alternative == '\0') {
      field.fill = '0';
      field.alternative = '=';
    }
  }
  field.width = std::max<int64_t>(takeNumber(how), 0);
  field.isGrouped = takeCharacter(how, ',');
  if (takeCharacter(how, '.'))
    field.precision = takeNumber(how);
  if (!how.empty()) {
    field.type = how[0];
    how.remove_prefix(1);
  }
  field.isLeft = field.alternative == '<';
  field.isCentered = field.alternative == '^';
  field.isPadded = field.alternative == '=';
  return how.empty() && static_cast<unsigned char>(field.fill) < 0x80;
}

void BraceFormat::write(Text &to, Value value, char conversion,
                        std::string_view how) {
  Text text;
  if (conversion == 'r')
    in.represent(text, value);
  else if (conversion == 's')
    in.printInto(text, value);
  if (conversion != '\0')
    value = in.make(std::move(text));
  if (how.empty()) {
    Text plain = in.print(value);
    return to.append(format.isMarkup ? escapeHtml(plain) : plain);
  }
  Field field;
  std::string_view types = value.isText()                ? "s"
                           : value.kind == Kind::Integer ? "dxXofFeEgG%"
                           : value.kind == Kind::Real    ? "fFeEgG%"
                                                         : "";
  bool isGood = parse(how, field) &&
                (field.type == '\0' || types.find(field.type) != types.npos) &&
                (value.isText() || value.kind == Kind::Integer ||
                 (value.kind == Kind::Real &&
                  (field.type != '\0' || field.precision < 0)));
  if (!isGood)
    return in.fail("the format '" + std::string(how) + "' of " +
                   std::string(in.typeName(value)) + " is not supported");
  if (value.isText())
    appendText(to, *value.text, field, field.alternative == '>');
  else
    appendNumber(to, value, field);
}

Text BraceFormat::run() {
  Text result;
  result.isMarkup = format.isMarkup;
  std::string_view all = format.bytes;
  for (size_t at = 0; at < all.size() && in.spend(8);) {
    size_t brace = std::min(all.find_first_of("{}", at), all.size());
    result.append(format, at, brace);
    if (brace == all.size())
      break;
    if (brace + 1 < all.size() && all[brace + 1] == all[brace]) {
      result.append(format, brace, brace + 1);
      at = brace + 2;
      continue;
    }
    size_t end = all.find_first_of("{}", brace + 1);
    if (all[brace] == '}' || end == all.npos || all[end] == '{') {
      in.fail("a format has a single '{' or '}'");
      break;
    }
    std::string_view field = all.substr(brace + 1, end - brace - 1), how;
    if (size_t colon = field.find(':'); colon != field.npos) {
      how = field.substr(colon + 1);
      field = field.substr(0, colon);
    }
    char conversion = '\0';
    if (field.size() >= 2 && field[field.size() - 2] == '!') {
      conversion = field.back();
      field.remove_suffix(2);
    }
    if (conversion != '\0' && conversion != 'r' && conversion != 's')
      in.fail("a format's conversion is '!r' or '!s'");
    write(result, find(field), conversion, how);
    at = end + 1;
  }
  return result;
}

Value Interpreter::formatBraces(const Text &format, const Given &given) {
  return make(BraceFormat(*this, format, given).run());
}

Value methods::format(Interpreter &in, const Value &self, const Bound &given) {
  return in.formatBraces(*self.text, *given.all);
}
