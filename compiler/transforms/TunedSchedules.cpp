//===- TunedSchedules.cpp - What quipu tune has measured ------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/transforms/TunedSchedules.h"
#include "compiler/transforms/CostModel.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace llvm;
using namespace quipu;

/// llvm::json::parse calls itself for what is nested.
static bool isNestedDeeply(StringRef text) {
  int depth = 0;
  for (char c : text) {
    depth += (c == '{' || c == '[') - (c == '}' || c == ']');
    if (depth > 16)
      return true;
  }
  return false;
}

/// Unlike json::ObjectMapper alone, complains about fields that it has not
/// mapped.
static bool hasOnly(const json::Value &value, ArrayRef<StringRef> fields,
                    json::Path path) {
  if (const json::Object *object = value.getAsObject())
    for (const auto &entry : *object)
      if (!is_contained(fields, StringRef(entry.first))) {
        path.field(entry.first).report("unknown field");
        return false;
      }
  return true;
}

// json::ObjectMapper looks for these beside the types.
namespace quipu {
static bool fromJSON(const json::Value &value, TunedKernel &kernel,
                     json::Path path) {
  json::ObjectMapper map(value, path);
  if (!map || !map.map("shape", kernel.shape) ||
      !map.map("tokens", kernel.tokens) ||
      !map.map("tile_tokens", kernel.tile.tokens) ||
      !map.map("tiles", kernel.tile.tiles) ||
      !map.map("panel", kernel.tile.panel) ||
      !map.map("nanoseconds", kernel.nanoseconds) ||
      !map.map("untuned_nanoseconds", kernel.untunedNanoseconds) ||
      !hasOnly(value,
               {"shape", "tokens", "tile_tokens", "tiles", "panel",
                "nanoseconds", "untuned_nanoseconds"},
               path))
    return false;
  if (isCandidate(kernel.tile, kernel.tokens))
    return true;
  path.report("a tile that no kernel of these tokens can have");
  return false;
}

static bool fromJSON(const json::Value &value, TunedSchedules &tuned,
                     json::Path path) {
  json::ObjectMapper map(value, path);
  return map && map.map("processor", tuned.processor) &&
         map.map("lanes", tuned.lanes) && map.map("compiler", tuned.compiler) &&
         map.map("kernels", tuned.kernels) &&
         hasOnly(value, {"processor", "lanes", "compiler", "kernels"}, path);
}
} // namespace quipu

Expected<TunedSchedules> TunedSchedules::read(StringRef path) {
  auto buffer = MemoryBuffer::getFile(path, /*IsText=*/true);
  if (!buffer)
    return createStringError(path + ": " + buffer.getError().message());
  StringRef text = (*buffer)->getBuffer();
  auto fail = [&](const Twine &reason) {
    return createStringError(path + ": " + reason +
                             "; quipu tune makes the file anew");
  };
  if (isNestedDeeply(text))
    return fail("these are no tuned schedules, but values nested deeply");
  Expected<json::Value> value = json::parse(text);
  if (!value)
    return fail("no JSON: " + toString(value.takeError()));
  TunedSchedules tuned;
  json::Path::Root root("file");
  if (!fromJSON(*value, tuned, root))
    return fail(toString(root.getError()));
  return tuned;
}

void TunedSchedules::print(raw_ostream &os) const {
  os << "{\n  \"processor\": " << json::Value(processor)
     << ",\n  \"lanes\": " << lanes
     << ",\n  \"compiler\": " << json::Value(compiler) << ",\n  \"kernels\": [";
  StringRef separator = "\n";
  for (const TunedKernel &kernel : kernels) {
    os << separator << "    {\"shape\": " << json::Value(kernel.shape)
       << ", \"tokens\": " << kernel.tokens
       << ", \"tile_tokens\": " << kernel.tile.tokens
       << ", \"tiles\": " << kernel.tile.tiles
       << ", \"panel\": " << json::Value(kernel.tile.panel)
       << ", \"nanoseconds\": " << kernel.nanoseconds
       << ", \"untuned_nanoseconds\": " << kernel.untunedNanoseconds << '}';
    separator = ",\n";
  }
  os << "\n  ]\n}\n";
}
