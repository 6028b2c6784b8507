//===- Template.h - A chat template in Jinja --------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_SUPPORT_JINJA_TEMPLATE_H
#define QUIPU_SUPPORT_JINJA_TEMPLATE_H

#include "support/jinja/Value.h"
#include <ctime>
#include <memory>

namespace quipu::jinja {

struct Syntax;

/// What a template may take: it comes from a stranger, as its messages do.
struct Limits {
  uint64_t work = uint64_t(1) << 30;    // bytes copied, and 64 for each step
  uint64_t memory = uint64_t(1) << 29;  // bytes of all values that it makes
  unsigned depth = 400;                 // of calls and expressions
  std::time_t now = std::time(nullptr); // what strftime_now tells
};

/// A template as Hugging Face's transformers run it: Jinja in a sandbox, with
/// trim_blocks and lstrip_blocks, raise_exception, strftime_now, loop controls
/// and the tag generation. It reads no file and changes no variable.
class Template {
public:
  Template();
  Template(Template &&) noexcept;
  Template &operator=(Template &&) noexcept;
  ~Template();

  /// Returns a sentence about the first thing that is wrong or not supported,
  /// "line N: ...", or nothing.
  std::string parse(std::string_view source);

  /// Appends what the template makes of the variables, by their names. Returns
  /// a sentence about what went wrong, or nothing.
  std::string render(const Mapping &variables, Text &to,
                     const Limits &limits = {}) const;

private:
  std::unique_ptr<Syntax> syntax;
};

} // namespace quipu::jinja

#endif // QUIPU_SUPPORT_JINJA_TEMPLATE_H
