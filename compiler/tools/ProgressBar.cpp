//===- ProgressBar.cpp - A bar while quipu works --------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/tools/ProgressBar.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/raw_ostream.h"
#include <algorithm>

using namespace quipu;

ProgressBar::ProgressBar()
    : shown(llvm::sys::Process::StandardErrIsDisplayed()) {}

void ProgressBar::beginPart(llvm::StringRef name, double begin, double end) {
  part = (name + ": ").str();
  from = begin;
  to = end;
}

void ProgressBar::show(llvm::StringRef work, double done) {
  int now =
      static_cast<int>(100 * (from + (to - from) * std::clamp(done, 0.0, 1.0)));
  if (!shown || (now == percent && work == last))
    return;
  percent = now;
  last = work.str();
  constexpr int width = 30;
  int full = width * now / 100;
  llvm::errs() << "\r\x1b[K[" << std::string(full, '#')
               << std::string(width - full, ' ') << "] "
               << llvm::format("%3d", now) << "% " << part << work;
}

void ProgressBar::clear() {
  if (percent >= 0)
    llvm::errs() << "\r\x1b[K";
  percent = -1;
}
