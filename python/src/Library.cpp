//===- Library.cpp - The functions of a compiled model --------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Library.h"
#include <dlfcn.h>

using namespace quipu::python;

template <typename Function>
static void find(void *handle, const std::string &path, const char *name,
                 Function &function) {
  function = reinterpret_cast<Function>(dlsym(handle, name));
  if (function)
    return;
  dlclose(handle);
  throw Error(QUIPU_ERROR_ARGUMENT,
              path + " has no function '" + name +
                  "'; make it with this version's 'quipu build --lib'");
}

Library::Library(const std::string &path) {
  // A name without a slash would be looked for among the system's libraries.
  std::string file = path.find('/') == path.npos ? "./" + path : path;
  handle = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle)
    throw Error(QUIPU_ERROR_ARGUMENT,
                std::string("cannot open the library: ") + dlerror());
#define QUIPU_FUNCTION(name) find(handle, path, "quipu_" #name, name);
#include "Functions.def"
}

Library::~Library() { dlclose(handle); }
