//===- History.h - What was said before -------------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_CHAT_HISTORY_H
#define QUIPU_RUNTIME_CHAT_HISTORY_H

#include <string>
#include <vector>

namespace quipu {

/// What a user has written, the last one last: kept in a file of the user's
/// state folder. Without such a folder, or where it cannot be written, it lasts
/// as long as the process.
class History {
public:
  /// $XDG_STATE_HOME/quipu/history, or ~/.local/state/quipu/history.
  static History ofUser();

  /// Not what is empty, said twice, or begins with a space.
  void add(const std::string &text);
  const std::vector<std::string> &entries() const { return texts; }

private:
  static constexpr size_t maxEntries = 1000;

  void readFile();
  void shortenFile() const;

  std::string path; // empty: no file
  std::vector<std::string> texts;
};

} // namespace quipu

#endif // QUIPU_RUNTIME_CHAT_HISTORY_H
