//===- Files.cpp - Where quipu writes -------------------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/tools/Files.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include <cstdlib>

using namespace llvm;
using namespace quipu;

Error quipu::writeFile(StringRef path, function_ref<Error(raw_ostream &)> to) {
  Error error = writeToOutput(path, [&](raw_ostream &os) { return to(os); });
  if (!error)
    return Error::success();
  return createStringError("cannot write '" + path +
                           "': " + toString(std::move(error)));
}

static std::string getCachePath() {
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

Expected<CacheFolder> CacheFolder::open() {
  std::string path = getCachePath();
  if (!path.empty() && !sys::fs::create_directories(path) &&
      !sys::fs::access(path, sys::fs::AccessMode::Write))
    return CacheFolder(std::move(path), /*temporary=*/false);
  SmallString<128> temporary;
  if (std::error_code code = sys::fs::createUniqueDirectory("quipu", temporary))
    return createStringError(
        code, "cannot make a folder for compiled kernels in '" + temporary +
                  "': " + code.message() + "; set QUIPU_CACHE_DIR");
  return CacheFolder(temporary.str().str(), /*temporary=*/true);
}

CacheFolder::~CacheFolder() {
  if (temporary)
    (void)sys::fs::remove_directories(path);
}
