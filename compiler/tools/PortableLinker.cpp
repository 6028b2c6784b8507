//===- PortableLinker.cpp - LLD inside of quipu ---------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/tools/PortableLinker.h"
#include "lld/Common/Driver.h"
#include "llvm/Plugins/PassPlugin.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

LLD_HAS_DRIVER(elf)

using namespace llvm;

/// Polly is part of link-time optimisation in Debian's LLVM, which programs do
/// not use, and in a package of its own.
PassPluginLibraryInfo getPollyPluginInfo() { return {}; }

bool quipu::isLinker(ArrayRef<const char *> arguments) {
  return !arguments.empty() && sys::path::filename(arguments[0]) == "ld.lld";
}

int quipu::runLinker(ArrayRef<const char *> arguments) {
  return lld::lldMain(arguments, outs(), errs(), {{lld::Gnu, &lld::elf::link}})
      .retCode;
}
