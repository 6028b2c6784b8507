//===- Files.cpp - Where compiled kernels stay ----------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/tools/Files.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/Path.h"
#include <cstdlib>

using namespace llvm;
using namespace quipu;

std::string quipu::getCacheFolder() {
  auto get = [](const char *name) -> StringRef {
    const char *value = std::getenv(name);
    return value ? value : "";
  };
  if (StringRef path = get("QUIPU_CACHE_DIR"); !path.empty())
    return path.str();
  SmallString<128> path;
  if (StringRef root = get("XDG_CACHE_HOME"); sys::path::is_absolute(root))
    path = root;
  else if (StringRef home = get("HOME"); !home.empty())
    sys::path::append(path, home, ".cache");
  else
    return "";
  sys::path::append(path, "quipu");
  return path.str().str();
}
