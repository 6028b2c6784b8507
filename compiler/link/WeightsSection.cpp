//===- WeightsSection.cpp - The weights in a program's file ---------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/link/WeightsSection.h"
#include "compiler/emit/ProgramTable.h"
#include "llvm/IR/Module.h"
#include "llvm/Object/ELF.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;
using namespace quipu;
using File = object::ELFFile<object::ELF64LE>;

static constexpr StringLiteral sectionName = ".quipu.weights";

/// The size of a huge page. Part of a file becomes one when it lies at a
/// multiple of its size there and in memory, and came to the page cache whole.
static constexpr uint64_t hugePage = 2 << 20;

const char quipu::weightsScript[] =
    "SECTIONS { .quipu.weights : { *(.quipu.weights) } } INSERT AFTER .bss;\n";

GlobalVariable *quipu::addWeightsSection(Module &module, uint64_t bytes) {
  bool isX86 = module.getTargetTriple().isX86();
  // "Large" (l) keeps them away from code, which then reaches its data with
  // 32-bit offsets whatever the size of the weights.
  module.appendModuleInlineAsm(
      (Twine(".section ") + sectionName + ",\"a" + (isX86 ? "l" : "") +
       "\",%nobits\n.globl " + weightsSymbol + "\n.hidden " + weightsSymbol +
       "\n.type " + weightsSymbol + ",%object\n.size " + weightsSymbol + "," +
       Twine(bytes) + "\n.balign " + Twine(bytes < hugePage ? 4096 : hugePage) +
       "\n" + weightsSymbol + ":\n.zero " + Twine(bytes))
          .str());
  auto *global = new GlobalVariable(
      module, Type::getInt8Ty(module.getContext()), /*isConstant=*/true,
      GlobalValue::ExternalLinkage, nullptr, weightsSymbol);
  global->setVisibility(GlobalValue::HiddenVisibility);
  if (isX86)
    global->setCodeModel(CodeModel::Large);
  return global;
}

/// The section's header and that of the segment which holds it and nothing
/// else.
static Expected<std::pair<const File::Elf_Shdr *, const File::Elf_Phdr *>>
findHeaders(const File &file, uint64_t bytes) {
  auto sections = file.sections();
  if (!sections)
    return sections.takeError();
  auto segments = file.program_headers();
  if (!segments)
    return segments.takeError();
  for (const File::Elf_Shdr &section : *sections) {
    Expected<StringRef> name = file.getSectionName(section);
    if (!name)
      return name.takeError();
    if (*name != sectionName || section.sh_type != ELF::SHT_NOBITS ||
        section.sh_size != bytes)
      continue;
    for (const File::Elf_Phdr &segment : *segments)
      if (segment.p_type == ELF::PT_LOAD && segment.p_filesz == 0 &&
          segment.p_vaddr == section.sh_addr)
        return std::pair(&section, &segment);
  }
  return createStringError("the linker gave the weights no place of their own");
}

Error quipu::writeProgram(std::string linked, const PackedWeights &weights,
                          OutputFile &to, const Progress &progress) {
  Expected<File> file = File::create(linked);
  if (!file)
    return file.takeError();
  auto headers = findHeaders(*file, weights.getBytes());
  if (!headers)
    return headers.takeError();
  auto [oldSection, oldSegment] = *headers;
  // A page of the file becomes one of memory.
  uint64_t page = oldSegment->p_align;
  uint64_t offset = alignTo(linked.size(), page) + oldSegment->p_vaddr % page;
  File::Elf_Shdr section = *oldSection;
  section.sh_type = ELF::SHT_PROGBITS;
  section.sh_offset = offset;
  File::Elf_Phdr segment = *oldSegment;
  segment.p_offset = offset;
  segment.p_filesz = weights.getBytes();
  auto replace = [&](const void *before, const auto &now) {
    linked.replace(static_cast<const char *>(before) - linked.data(),
                   sizeof(now), reinterpret_cast<const char *>(&now),
                   sizeof(now));
  };
  replace(oldSection, section);
  replace(oldSegment, segment);
  linked.resize(offset);
  if (std::string error = to.write(linked); !error.empty())
    return createStringError(error);
  return weights.write(to, progress);
}
