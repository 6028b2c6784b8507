//===- Pages.h - Memory from the system -------------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_ENGINE_PAGES_H
#define QUIPU_RUNTIME_ENGINE_PAGES_H

#include <cstdint>

namespace quipu {

/// Memory from the system: page aligned, zero, resident once it is touched.
class Pages {
public:
  static constexpr int64_t hugeBytes = 2 << 20;

  Pages() = default;
  Pages(const Pages &) = delete;
  Pages &operator=(const Pages &) = delete;
  ~Pages();
  bool reserve(uint64_t size);
  void *data() const { return start; }

  /// Moves what is resident of the first `used` bytes of such memory into huge
  /// pages, now, if the system has some; what becomes resident later, too.
  static void makeHuge(void *start, uint64_t bytes, uint64_t used);

private:
  void *start = nullptr;
  uint64_t bytes = 0;
};

/// Asks for huge pages wherever memory becomes resident from now on. For a file
/// that means: where it is not in the page cache yet, or is there in one piece.
void preferHugePages(const void *start, uint64_t bytes);

} // namespace quipu

#endif // QUIPU_RUNTIME_ENGINE_PAGES_H
