//===- Toolchain.cpp - What links programs --------------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/link/Toolchain.h"
#include "compiler/target/Target.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"

using namespace llvm;
using namespace quipu;

Expected<std::string> quipu::makeAbsolute(StringRef path) {
  SmallString<128> absolute(path);
  if (std::error_code error = sys::fs::make_absolute(absolute))
    return createStringError(error, "cannot find the current folder: " +
                                        error.message());
  return absolute.str().str();
}

Expected<Toolchain> Toolchain::find(StringRef runtimeFolder) {
  Toolchain found;
  SmallString<128> own(runtimeFolder);
  sys::path::append(own, "toolchain");
  if (sys::fs::is_directory(own)) {
    if (Error error = makeAbsolute(own).moveInto(found.folder))
      return std::move(error);
    found.linker = found.folder + "/ld.lld";
    return found;
  }
  for (StringRef name :
       {"clang++-22", QUIPU_LLVM_TOOLS "/clang++", "clang++", "c++"})
    // A path is given back though there may be nothing.
    if (ErrorOr<std::string> path = sys::findProgramByName(name);
        path && sys::fs::can_execute(*path)) {
      if (Error error = makeAbsolute(*path).moveInto(found.linker))
        return std::move(error);
      return found;
    }
  return createStringError("there is no linker: neither clang++-22, clang++ "
                           "nor c++ is in PATH; install clang-22 and lld-22");
}

std::vector<std::string>
Toolchain::getCompilerArguments(Linkage linkage, const Target &target,
                                ArrayRef<std::string> inputs) const {
  std::vector<std::string> arguments{"-fuse-ld=lld", "-o", "-", "-pthread"};
  if (target.isCross())
    arguments.push_back("--target=" + target.triple.str());
  switch (linkage) {
  case Linkage::StaticPie:
    arguments.push_back("-static-pie");
    break;
  case Linkage::Pie:
  case Linkage::Shared:
    arguments.push_back(linkage == Linkage::Pie ? "-pie" : "-shared");
    append_range(arguments, std::initializer_list<std::string>{
                                "-static-libstdc++", "-static-libgcc"});
    break;
  }
  for (const std::string &input : inputs) {
    if (input.front() == '-') // whole: -Wl would cut it at commas
      arguments.push_back("-Xlinker");
    arguments.push_back(input);
  }
  return arguments;
}

std::vector<std::string>
Toolchain::getLinkerArguments(Linkage linkage,
                              ArrayRef<std::string> inputs) const {
  std::vector<std::string> arguments{"-o", "-", "-m", "elf_x86_64"};
  auto add = [&](std::initializer_list<StringRef> more) {
    for (StringRef argument : more)
      arguments.push_back(argument.str());
  };
  auto addFiles = [&](std::initializer_list<StringRef> names) {
    for (StringRef name : names)
      arguments.push_back(folder + "/" + name.str());
  };
  add({"--hash-style=gnu", "--build-id", "--eh-frame-hdr"});
  switch (linkage) {
  case Linkage::StaticPie:
    add({"-static", "-pie", "--no-dynamic-linker", "-z", "text"});
    addFiles({"rcrt1.o"});
    break;
  case Linkage::Pie:
    add({"-pie", "-dynamic-linker", "/lib64/ld-linux-x86-64.so.2"});
    addFiles({"Scrt1.o"});
    break;
  case Linkage::Shared:
    add({"-shared"});
    break;
  }
  addFiles({"crti.o", "crtbeginS.o"});
  append_range(arguments, inputs);
  addFiles({"libstdc++.a", "libgcc.a", "libgcc_eh.a"});
  if (linkage == Linkage::StaticPie)
    addFiles({"libm.a", "libmvec.a", "libc.a"});
  else
    addFiles(
        {"libm.so.6", "libc.so.6", "libc_nonshared.a", "ld-linux-x86-64.so.2"});
  addFiles({"crtendS.o", "crtn.o"});
  return arguments;
}

ProgramCall Toolchain::getCommand(Linkage linkage, const Target &target,
                                  ArrayRef<std::string> inputs) const {
  ProgramCall command{
      linker, folder.empty() ? getCompilerArguments(linkage, target, inputs)
                             : getLinkerArguments(linkage, inputs)};
  // LLD removes a file of the name "-" first, which cannot be there.
  command.folder = "/proc";
  return command;
}
