//===- SchemaCompiler.h - Makes a grammar of a schema -----------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_GENERATE_GRAMMAR_SCHEMACOMPILER_H
#define QUIPU_RUNTIME_GENERATE_GRAMMAR_SCHEMACOMPILER_H

#include "runtime/generate/grammar/JsonSchema.h"
#include "runtime/generate/grammar/SchemaMerge.h"
#include <algorithm>
#include <map>
#include <set>

namespace quipu {

inline constexpr std::string_view objectKeywords[] = {"properties", "required",
                                                      "additionalProperties"};
inline constexpr std::string_view arrayKeywords[] = {
    "items", "prefixItems", "additionalItems", "minItems", "maxItems"};
inline constexpr std::string_view stringKeywords[] = {"minLength", "maxLength",
                                                      "pattern", "format"};
inline constexpr std::string_view numberKeywords[] = {
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"};
inline constexpr std::string_view otherKeywords[] = {
    "type", "enum", "const", "$ref", "allOf", "anyOf", "oneOf"};

/// Whether a schema has one of these keywords.
template <size_t N>
bool hasAny(const jinja::Mapping &schema, const std::string_view (&words)[N]) {
  return std::ranges::any_of(
      words, [&](std::string_view word) { return schema.find(word); });
}

class SchemaCompiler {
public:
  /// `root` is read into `heap`; both outlive the compiler.
  SchemaCompiler(const jinja::Value &root, jinja::Heap &heap)
      : root(root), merger(root, heap) {}

  std::string compile(std::string &gbnf);

private:
  /// Schemas within schemas, after references; bytes of the grammar.
  static constexpr size_t maxDepth = 200, maxBytes = 1 << 22;

  void fail(const std::string &place, const std::string &message) {
    constexpr size_t shown = 200;
    if (error.empty())
      error = place.substr(0, shown) + (place.size() > shown ? "..." : "") +
              ": " + message;
  }
  const std::string &use(const std::string &name);
  std::string freeName(const std::string &place);
  std::string addRule(const std::string &place, const std::string &rule);

  using Value = jinja::Value;
  using Mapping = jinja::Mapping;
  using Placed = SchemaMerger::Placed;

  // These give what may stand within a rule.
  std::string visit(const Value &schema, const std::string &place);
  std::string visitReference(const Value &reference, const std::string &place);
  std::string visitPlain(const Placed &schema);
  std::string visitValues(const Mapping &schema, const std::string &place);
  std::string visitType(const std::string &type, const Placed &schema);
  std::string visitObject(const Placed &schema);
  std::string visitArray(const Placed &schema);
  std::string visitString(const Placed &schema);
  std::string visitInteger(const Placed &schema);

  bool checkKeywords(const Placed &schema);
  std::vector<std::string> findTypes(const Placed &schema);
  std::optional<int64_t> findCount(const Placed &schema, const char *name);
  std::optional<int64_t> findBound(const Placed &schema, bool isLower);
  std::string writeMembers(const std::vector<std::string> &required,
                           const std::vector<std::string> &optional,
                           bool hasOthers, const std::string &place);

  const Value &root;
  SchemaMerger merger;
  std::string rules, error;
  std::set<std::string> names;
  std::map<std::string, std::string> references; // rules of what they point to
  size_t depth = 0;
};

} // namespace quipu

#endif // QUIPU_RUNTIME_GENERATE_GRAMMAR_SCHEMACOMPILER_H
