//===- WeightsSection.cpp - The weights in a program's file ---------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/link/WeightsSection.h"
#include "abi/Symbols.h"
#include "llvm/Object/ELF.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;
using namespace quipu;
using File = object::ELFFile<object::ELF64LE>;

const char quipu::weightsScript[] =
    "SECTIONS { .quipu.weights : { *(.quipu.weights) } } INSERT AFTER .bss;\n";

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
    if (*name != abi::weightsSection || section.sh_type != ELF::SHT_NOBITS ||
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
