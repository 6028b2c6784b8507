//===- TunedSchedules.cpp - What quipu tune has measured ------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/transforms/TunedSchedules.h"
#include "compiler/transforms/CostModel.h"
#include "dialect/KernelShape.h"
#include "dialect/ScheduleText.h"
#include "dialect/Targets.h"
#include "support/InputText.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/JSON.h"

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
      !map.map("schedule", kernel.schedule) ||
      !map.map("nanoseconds", kernel.nanoseconds) ||
      !map.map("untuned_nanoseconds", kernel.untunedNanoseconds) ||
      !hasOnly(
          value,
          {"shape", "tokens", "schedule", "nanoseconds", "untuned_nanoseconds"},
          path))
    return false;
  return true;
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

/// Whether there is a choice that the schedule can be.
static bool isChoice(ScheduleAttrInterface schedule, int64_t tokens) {
  return TypeSwitch<mlir::Attribute, bool>(schedule)
      .Case([&](CpuTilesAttr tiles) {
        return isCandidate(tiles.getTile(), tokens);
      })
      .Case([&](GpuGemvAttr) { return tokens <= maxGemvTokens; })
      .Case([&](GpuGemmAttr) { return tokens > maxGemvTokens; })
      .Default(false);
}

Expected<TunedSchedules> TunedSchedules::read(StringRef path,
                                              mlir::MLIRContext *context) {
  std::string text;
  if (std::string error = readTextFile(path.str(), text); !error.empty())
    return createStringError(error);
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
  for (const auto &[i, kernel] : enumerate(tuned.kernels)) {
    ScheduleAttrInterface schedule = parseSchedule(kernel.schedule, context);
    if (!schedule || !isChoice(schedule, kernel.tokens))
      return fail("a schedule that no kernel of these tokens can have at "
                  "file.kernels[" +
                  Twine(i) + "].schedule");
    tuned.schedules.push_back(schedule);
  }
  return tuned;
}

ScheduleAttrInterface TunedSchedules::find(KernelOp kernel) const {
  const TunedKernel *found =
      findKernel(kernels, getKernelShape(kernel), getKernelTokens(kernel));
  return found ? schedules[found - kernels.data()] : ScheduleAttrInterface();
}

mlir::FailureOr<std::shared_ptr<const TunedSchedules>>
quipu::openTunedSchedules(StringRef path, mlir::MLIRContext *context) {
  if (path.empty())
    return std::shared_ptr<const TunedSchedules>();
  Expected<TunedSchedules> file = TunedSchedules::read(path, context);
  if (!file)
    return mlir::emitError(mlir::UnknownLoc::get(context),
                           toString(file.takeError()));
  return std::make_shared<const TunedSchedules>(std::move(*file));
}

void TunedSchedules::print(raw_ostream &os) const {
  os << "{\n  \"processor\": " << json::Value(processor)
     << ",\n  \"lanes\": " << lanes
     << ",\n  \"compiler\": " << json::Value(compiler) << ",\n  \"kernels\": [";
  StringRef separator = "\n";
  for (const TunedKernel &kernel : kernels) {
    os << separator << "    {\"shape\": " << json::Value(kernel.shape)
       << ", \"tokens\": " << kernel.tokens
       << ", \"schedule\": " << json::Value(kernel.schedule)
       << ", \"nanoseconds\": " << kernel.nanoseconds
       << ", \"untuned_nanoseconds\": " << kernel.untunedNanoseconds << '}';
    separator = ",\n";
  }
  os << "\n  ]\n}\n";
}
