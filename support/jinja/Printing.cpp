//===- Printing.cpp - Values as Python prints them ------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "support/jinja/Characters.h"
#include "support/jinja/Interpreter.h"
#include "support/jinja/Json.h"
#include <charconv>
#include <cmath>

using namespace quipu::jinja;

std::string quipu::jinja::printReal(double number) {
  if (std::isnan(number))
    return "nan";
  if (std::isinf(number))
    return number < 0 ? "-inf" : "inf";
  // The shortest digits that read back as the number; Python writes an exponent
  // below 1e-4 and from 1e16 on.
  char buffer[64];
  double size = std::fabs(number);
  bool isPlain = size == 0 || (size >= 1e-4 && size < 1e16);
  auto end = std::to_chars(buffer, std::end(buffer), number,
                           isPlain ? std::chars_format::fixed
                                   : std::chars_format::scientific);
  std::string text(buffer, end.ptr);
  if (isPlain && text.find('.') == text.npos)
    text += ".0";
  return text;
}

Value Interpreter::make(Text text) {
  spend(text.bytes.size());
  return Value(heap.make(std::move(text)));
}

Value Interpreter::make(Form form, std::vector<Value> items) {
  spend(items.size() * sizeof(Value));
  return Value(heap.make(form, std::move(items)));
}

Value Interpreter::make(Mapping mapping) {
  spend(mapping.entries.size() * sizeof(Value));
  return Value(static_cast<const Mapping *>(heap.make(std::move(mapping))));
}

Value Interpreter::makeNamespace(Mapping attributes) {
  return Value(heap.make(Namespace{std::move(attributes)}));
}

std::string Interpreter::readInputJson(std::string_view text, Value &value) {
  spend(text.size());
  return readJson(text, heap, value);
}

Text Interpreter::print(const Value &value) {
  Text text;
  printInto(text, value);
  return text;
}

void Interpreter::printInto(Text &to, const Value &value) {
  if (value.isText()) {
    if (spend(value.text->bytes.size()))
      to.append(*value.text);
  } else if (!value.isUndefined()) {
    represent(to, value);
  }
}

/// Python's repr of a text.
static void representText(Text &to, const Text &text) {
  bool isDouble = text.bytes.find('\'') != std::string::npos &&
                  text.bytes.find('"') == std::string::npos;
  char quote = isDouble ? '"' : '\'';
  to.append(std::string_view(&quote, 1));
  to.appendChanged(text, [&](std::string_view part) {
    std::string result;
    for (size_t at = 0; at < part.size();) {
      std::string_view character = part.substr(at, characterBytes(part[at]));
      at += character.size();
      uint32_t code = readCharacter(character);
      if (code == '\n' || code == '\r' || code == '\t') {
        result += code == '\n' ? "\\n" : code == '\r' ? "\\r" : "\\t";
      } else if (isPrintable(code)) {
        if (code == static_cast<uint32_t>(quote) || code == '\\')
          result += '\\';
        result += character;
      } else {
        char escape[16];
        snprintf(escape, sizeof(escape),
                 code < 0x100     ? "\\x%02x"
                 : code < 0x10000 ? "\\u%04x"
                                  : "\\U%08x",
                 code);
        result += escape;
      }
    }
    return result;
  });
  to.append(std::string_view(&quote, 1));
}

void Interpreter::represent(Text &to, const Value &value) {
  Level level(*this);
  if (!spend(64))
    return;
  switch (value.kind) {
  case Kind::Undefined:
    return to.append("Undefined");
  case Kind::None:
    return to.append("None");
  case Kind::Boolean:
    return to.append(value.boolean ? "True" : "False");
  case Kind::Integer:
    return to.append(std::to_string(value.integer));
  case Kind::Real:
    return to.append(printReal(value.real));
  case Kind::Text:
    if (!spend(value.text->bytes.size()))
      return;
    if (value.text->isMarkup)
      to.append("Markup(");
    representText(to, *value.text);
    if (value.text->isMarkup)
      to.append(")");
    return;
  case Kind::Sequence:
    break;
  case Kind::Mapping: {
    to.append("{");
    bool isFirst = true;
    for (const auto &[key, is] : value.mapping->entries) {
      to.append(std::exchange(isFirst, false) ? "" : ", ");
      represent(to, key);
      to.append(": ");
      represent(to, is);
    }
    return to.append("}");
  }
  default:
    return fail("printing " + std::string(typeName(value)) +
                " is not supported");
  }
  const Sequence &sequence = *value.sequence;
  std::string_view begin = "[", end = "]";
  switch (sequence.form) {
  case Form::List:
    break;
  case Form::Tuple:
    begin = "(";
    end = sequence.items.size() == 1 ? ",)" : ")";
    break;
  case Form::Keys:
    begin = "dict_keys([";
    end = "])";
    break;
  case Form::Values:
    begin = "dict_values([";
    end = "])";
    break;
  case Form::Items:
    begin = "dict_items([";
    end = "])";
    break;
  case Form::Generator:
  case Form::Range:
    return fail("printing an iterator is not supported; make it a list");
  }
  to.append(begin);
  bool isFirst = true;
  for (const Value &item : sequence.items) {
    to.append(std::exchange(isFirst, false) ? "" : ", ");
    represent(to, item);
  }
  to.append(end);
}

const Text *Interpreter::expectText(const Value &value, std::string_view of,
                                    bool isStrict) {
  if (value.isText())
    return value.text;
  if (!isStrict)
    return make(print(value)).text;
  fail(std::string(of) + " needs a text, not " + std::string(typeName(value)));
  return nullptr;
}

int64_t Interpreter::expectWhole(const Value &value, std::string_view of) {
  if (value.isWhole())
    return value.whole();
  fail(std::string(of) + " needs a whole number, not " +
       std::string(typeName(value)));
  return 0;
}
