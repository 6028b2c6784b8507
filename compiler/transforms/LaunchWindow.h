//===- LaunchWindow.h - What launches may run together ----------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_TRANSFORMS_LAUNCHWINDOW_H
#define QUIPU_COMPILER_TRANSFORMS_LAUNCHWINDOW_H

#include "dialect/Quipu.h"

namespace quipu {

/// The launches since the last barrier: workers are anywhere in them.
class LaunchWindow {
public:
  /// A launch of the window that must be over first, and why, as in "@b reads
  /// what @a writes".
  struct Conflict {
    LaunchOp other;
    llvm::StringRef verb, otherVerb;
  };
  std::optional<Conflict> findConflict(LaunchOp launch) const;

  void add(LaunchOp launch);
  void add(const LaunchWindow &other) {
    llvm::append_range(accesses, other.accesses);
  }
  void clear() { accesses.clear(); }
  bool empty() const { return accesses.empty(); }

private:
  /// Bytes of the arena, or all of something outside of it.
  struct Place {
    int64_t begin = 0, end = 0;
    const void *outside = nullptr;

    bool meets(const Place &other) const {
      return outside == other.outside &&
             (outside || (begin < other.end && other.begin < end));
    }
  };
  struct Access {
    LaunchOp launch;
    Place place;
    bool isWrite;
  };
  static std::optional<Place> getPlace(mlir::Value value);
  static llvm::SmallVector<Access> getAccesses(LaunchOp launch);

  llvm::SmallVector<Access> accesses;
};

/// Reports a launch of the step that a barrier must separate from one before
/// it, and none does.
mlir::LogicalResult verifyBarriers(StepOp step);

} // namespace quipu

#endif // QUIPU_COMPILER_TRANSFORMS_LAUNCHWINDOW_H
