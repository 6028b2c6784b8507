//===- ScheduleText.h - Schedules outside of IR -----------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_DIALECT_SCHEDULETEXT_H
#define QUIPU_DIALECT_SCHEDULETEXT_H

#include "dialect/Quipu.h"

namespace quipu {

/// "#quipu.gpu_gemv<blocks = 132, slots = 8>", as IR has it: for a program's
/// table, and for files of `quipu tune`.
std::string getScheduleText(ScheduleAttrInterface schedule);

/// The schedule of such a text, which may be any; null if it is none.
ScheduleAttrInterface parseSchedule(llvm::StringRef text,
                                    mlir::MLIRContext *context);

} // namespace quipu

#endif // QUIPU_DIALECT_SCHEDULETEXT_H
