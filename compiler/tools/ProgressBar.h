//===- ProgressBar.h - A bar while quipu works ------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_TOOLS_PROGRESSBAR_H
#define QUIPU_COMPILER_TOOLS_PROGRESSBAR_H

#include "llvm/ADT/StringRef.h"
#include <string>

namespace quipu {

/// One line on standard error that comes and goes; nothing at all where that is
/// not a terminal.
class ProgressBar {
public:
  ProgressBar();
  explicit ProgressBar(bool shown) : shown(shown) {}
  ~ProgressBar() { clear(); }

  bool isShown() const { return shown; }
  /// What follows is a part of the work, which has a name and begins and ends
  /// with so much of it done.
  void beginPart(llvm::StringRef name, double from, double to);
  /// Shows what is going on and how much of it is done, from 0 to 1.
  void show(llvm::StringRef work, double done);
  /// Removes the line, so that something else may be printed.
  void clear();

private:
  bool shown;
  std::string part;
  double from = 0, to = 1;
  int percent = -1;
  std::string last;
};

} // namespace quipu

#endif // QUIPU_COMPILER_TOOLS_PROGRESSBAR_H
