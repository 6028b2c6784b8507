//===- ScheduleText.cpp - Schedules outside of IR -------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialect/ScheduleText.h"
#include "mlir/AsmParser/AsmParser.h"

using namespace mlir;
using namespace quipu;

/// No schedule is longer; the parser calls itself for what is nested.
static constexpr size_t maxText = 256;

std::string quipu::getScheduleText(ScheduleAttrInterface schedule) {
  std::string text;
  llvm::raw_string_ostream(text) << schedule;
  return text;
}

ScheduleAttrInterface quipu::parseSchedule(StringRef text,
                                           MLIRContext *context) {
  if (text.size() > maxText || !text.starts_with("#quipu."))
    return {};
  // Who asks says what is wrong.
  ScopedDiagnosticHandler handler(context, [](Diagnostic &) {});
  return dyn_cast_or_null<ScheduleAttrInterface>(parseAttribute(text, context));
}
