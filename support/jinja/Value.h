//===- Value.h - What expressions of a template give ------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_SUPPORT_JINJA_VALUE_H
#define QUIPU_SUPPORT_JINJA_VALUE_H

#include "support/jinja/Text.h"
#include <deque>
#include <utility>

namespace quipu::jinja {

struct Sequence;
struct Mapping;
struct Namespace;
struct Function;
struct Loop;

enum class Kind : uint8_t {
  Undefined,
  None,
  Boolean,
  Integer,
  Real,
  Text,
  Sequence,
  Mapping,
  Namespace,
  Function,
  Loop
};

/// Small, and copied freely: what it refers to belongs to a Heap, which
/// outlives it, and does not change, but for namespaces and used generators.
class Value {
public:
  /// Undefined; `hint` says of what, for messages.
  Value() : kind(Kind::Undefined), hint(nullptr) {}
  explicit Value(const std::string *hint) : kind(Kind::Undefined), hint(hint) {}
  static Value none() {
    Value value;
    value.kind = Kind::None;
    return value;
  }
  explicit Value(bool boolean) : kind(Kind::Boolean), boolean(boolean) {}
  explicit Value(int64_t integer) : kind(Kind::Integer), integer(integer) {}
  explicit Value(double real) : kind(Kind::Real), real(real) {}
  explicit Value(const Text *text) : kind(Kind::Text), text(text) {}
  explicit Value(Sequence *sequence)
      : kind(Kind::Sequence), sequence(sequence) {}
  explicit Value(const Mapping *mapping)
      : kind(Kind::Mapping), mapping(mapping) {}
  explicit Value(Namespace *space) : kind(Kind::Namespace), space(space) {}
  explicit Value(const Function *function)
      : kind(Kind::Function), function(function) {}
  explicit Value(const Loop *loop) : kind(Kind::Loop), loop(loop) {}

  bool isUndefined() const { return kind == Kind::Undefined; }
  bool isNone() const { return kind == Kind::None; }
  bool isText() const { return kind == Kind::Text; }
  /// Python's booleans are integers, too.
  bool isWhole() const {
    return kind == Kind::Integer || kind == Kind::Boolean;
  }
  bool isNumber() const { return isWhole() || kind == Kind::Real; }
  int64_t whole() const {
    return kind == Kind::Boolean ? int64_t(boolean) : integer;
  }
  double number() const {
    return kind == Kind::Real ? real : static_cast<double>(whole());
  }

  Kind kind;
  union {
    const std::string *hint;
    bool boolean;
    int64_t integer;
    double real;
    const Text *text;
    Sequence *sequence;
    const Mapping *mapping;
    Namespace *space;
    const Function *function;
    const Loop *loop;
  };
};

/// What Python makes of a sequence of values decides what can be done with it.
enum class Form : uint8_t {
  List,
  Tuple,
  Generator,
  Keys,
  Values,
  Items,
  Range
};

struct Sequence {
  Form form = Form::List;
  std::vector<Value> items;
  bool isUsed = false; // of a generator, which gives its items once
};

/// Keys in the order in which they came.
struct Mapping {
  std::vector<std::pair<Value, Value>> entries;

  /// The value under a key; null if there is none.
  const Value *find(const Value &key) const;
  const Value *find(std::string_view key) const;
  void set(const Value &key, const Value &value);
};

struct Namespace {
  Mapping attributes;
};

/// Owns what values refer to, and counts its bytes.
class Heap {
public:
  Text *make(Text text) {
    bytes += sizeof(Text) + text.bytes.size();
    return &texts.emplace_back(std::move(text));
  }
  Sequence *make(Form form, std::vector<Value> items) {
    bytes += sizeof(Sequence) + items.size() * sizeof(Value);
    return &sequences.emplace_back(Sequence{form, std::move(items)});
  }
  Mapping *make(Mapping mapping) {
    bytes += sizeof(Mapping) + mapping.entries.size() * 2 * sizeof(Value);
    return &mappings.emplace_back(std::move(mapping));
  }
  Namespace *make(Namespace space) {
    bytes += sizeof(Namespace);
    return &namespaces.emplace_back(std::move(space));
  }

  uint64_t bytes = 0;

private:
  std::deque<Text> texts;
  std::deque<Sequence> sequences;
  std::deque<Mapping> mappings;
  std::deque<Namespace> namespaces;
};

/// Python's `==` of what may be a key: texts and numbers.
bool isSameKey(const Value &a, const Value &b);

} // namespace quipu::jinja

#endif // QUIPU_SUPPORT_JINJA_VALUE_H
