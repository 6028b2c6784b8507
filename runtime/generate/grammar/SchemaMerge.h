//===- SchemaMerge.h - What several schemas say together --------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_GENERATE_GRAMMAR_SCHEMAMERGE_H
#define QUIPU_RUNTIME_GENERATE_GRAMMAR_SCHEMAMERGE_H

#include "support/jinja/Value.h"
#include <string>
#include <vector>

namespace quipu {

/// Whether a keyword says nothing about which values fit.
bool isAnnotation(std::string_view keyword);

/// Takes $ref, allOf, anyOf and oneOf out of schemas.
class SchemaMerger {
public:
  SchemaMerger(const jinja::Value &root, jinja::Heap &heap)
      : root(root), heap(heap) {}

  /// A schema and where it stands, as "#/properties/a".
  struct Placed {
    const jinja::Mapping *schema;
    std::string place;
  };

  /// The schemas of which a value has to fit one, which have none of those
  /// keywords. Sets `error` to a sentence if there are none.
  std::vector<Placed> flatten(const Placed &schema, std::string &error);

  /// What a reference points to, which is null after an error.
  const jinja::Value *resolve(const std::string &reference,
                              const std::string &place, std::string &error);

private:
  /// Alternatives, and calls within calls, of one schema.
  static constexpr size_t maxAlternatives = 1000, maxDepth = 64;

  std::vector<Placed> flatten(const Placed &schema, size_t depth,
                              std::string &error);
  std::vector<Placed> flattenValue(const jinja::Value &schema,
                                   const std::string &place, size_t depth,
                                   std::string &error);
  void combine(std::vector<Placed> &alternatives,
               const std::vector<Placed> &others, std::string &error);
  const jinja::Mapping *merge(const Placed &a, const Placed &b,
                              std::string &error);
  bool mergeKeyword(std::string_view name, jinja::Value &value,
                    const jinja::Value &other, std::string &error);
  jinja::Value both(const jinja::Value &a, const jinja::Value &b);

  const jinja::Value &root;
  jinja::Heap &heap;
};

} // namespace quipu

#endif // QUIPU_RUNTIME_GENERATE_GRAMMAR_SCHEMAMERGE_H
