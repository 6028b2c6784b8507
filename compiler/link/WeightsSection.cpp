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

/// Where the part of the file ends that is loaded, without the weights.
static uint64_t getLoadedEnd(const File &file) {
  uint64_t end = 0;
  for (const File::Elf_Phdr &segment : cantFail(file.program_headers()))
    if (segment.p_type == ELF::PT_LOAD && segment.p_filesz != 0)
      end = std::max<uint64_t>(end, segment.p_offset + segment.p_filesz);
  return end;
}

Error quipu::writeProgram(std::string linked, const PackedWeights &weights,
                          OutputFile &to, const Progress &progress, Warn warn) {
  Expected<File> file = File::create(linked);
  if (!file)
    return file.takeError();
  auto headers = findHeaders(*file, weights.getBytes());
  if (!headers)
    return headers.takeError();
  auto [oldSection, oldSegment] = *headers;
  // Symbols and the table of sections follow the weights in the file, and are
  // not loaded. Where they fit between the rest and the weights, whose pages
  // are large, they take no room of their own.
  uint64_t next = oldSection->sh_offset;
  uint64_t gap = alignDown(next - std::min(next, getLoadedEnd(*file)), 4096);
  std::string behind = linked.substr(next);
  // A page of the file becomes one of memory.
  auto place = [&, oldSegment](uint64_t end) {
    return alignTo(end, oldSegment->p_align) +
           oldSegment->p_vaddr % oldSegment->p_align;
  };
  uint64_t offset = place(next - gap);
  bool fits = place(next - gap + behind.size()) == offset;
  uint64_t moved =
      fits ? -gap : alignTo(offset + weights.getBytes() - next, 4096);
  File::Elf_Shdr section = *oldSection;
  section.sh_type = ELF::SHT_PROGBITS;
  section.sh_offset = offset;
  File::Elf_Phdr segment = *oldSegment;
  segment.p_offset = offset;
  segment.p_filesz = weights.getBytes();
  File::Elf_Ehdr header = file->getHeader();
  header.e_shoff = header.e_shoff + moved;

  // Headers of sections are behind, those of the file and of segments are not.
  auto replace = [&](const void *before, const auto &now) {
    uint64_t at = static_cast<const char *>(before) - linked.data();
    std::string &part = at < next ? linked : behind;
    part.replace(at < next ? at : at - next, sizeof(now),
                 reinterpret_cast<const char *>(&now), sizeof(now));
  };
  for (const File::Elf_Shdr &before : cantFail(file->sections()))
    if (before.sh_offset >= next && &before != oldSection) {
      File::Elf_Shdr now = before;
      now.sh_offset = before.sh_offset + moved;
      replace(&before, now);
    }
  replace(oldSection, section);
  replace(oldSegment, segment);
  replace(linked.data(), header);

  linked.resize(next - gap);
  if (fits)
    linked += behind;
  linked.resize(offset);
  if (std::string error = to.write(linked); !error.empty())
    return createStringError(error);
  if (Error error = weights.write(to, progress, warn))
    return error;
  if (fits)
    return Error::success();
  behind.insert(0, next + moved - offset - weights.getBytes(), '\0');
  std::string error = to.write(behind);
  return error.empty() ? Error::success() : createStringError(error);
}
