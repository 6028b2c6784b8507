//===- WeightsObject.cpp - Packed weights as an object file ---------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The file: header, weights, symbols, names, section headers.
//
//===----------------------------------------------------------------------===//

#include "compiler/link/WeightsObject.h"
#include "llvm/BinaryFormat/ELF.h"
#include "llvm/Support/MathExtras.h"
#include <cstring>

using namespace llvm;
using namespace llvm::ELF;
using namespace quipu;

/// Of the weights in memory, so that they are mapped and nothing else is with
/// them.
static constexpr uint64_t pageBytes = 4096;

// The symbol's name and the sections' names in one table.
static constexpr char names[] = "\0quipu_weights\0.quipu.weights\0"
                                ".note.GNU-stack\0.symtab\0.strtab";

static uint32_t findName(StringRef name) {
  StringRef table(names, sizeof(names));
  std::string whole = std::string(1, '\0') + name.str() + '\0';
  return static_cast<uint32_t>(table.find(whole) + 1);
}

template <typename T> static void writeStruct(raw_ostream &to, const T &value) {
  to.write(reinterpret_cast<const char *>(&value), sizeof(value));
}

void quipu::writeWeightsObject(const PackedWeights &weights,
                               const Triple &triple, raw_fd_ostream &to,
                               const Progress &progress) {
  enum Section : uint16_t { null, data, stack, symbols, strings, count };
  uint64_t symbolsOffset = alignTo(pageBytes + weights.getBytes(), 8);
  uint64_t stringsOffset = symbolsOffset + 2 * sizeof(Elf64_Sym);
  uint64_t headersOffset = alignTo(stringsOffset + sizeof(names), 8);

  Elf64_Ehdr header = {};
  memcpy(header.e_ident, ElfMagic, 4);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = ET_REL;
  header.e_machine = triple.isAArch64() ? EM_AARCH64 : EM_X86_64;
  header.e_version = EV_CURRENT;
  header.e_shoff = headersOffset;
  header.e_ehsize = sizeof(Elf64_Ehdr);
  header.e_shentsize = sizeof(Elf64_Shdr);
  header.e_shnum = count;
  header.e_shstrndx = strings;

  Elf64_Shdr sections[count] = {};
  auto set = [&](Section index, StringRef name, uint32_t type, uint64_t offset,
                 uint64_t size, uint64_t alignment) -> Elf64_Shdr & {
    Elf64_Shdr &section = sections[index];
    section.sh_name = findName(name);
    section.sh_type = type;
    section.sh_offset = offset;
    section.sh_size = size;
    section.sh_addralign = alignment;
    return section;
  };
  // "Large" keeps them away from code, which then reaches its data with 32-bit
  // offsets whatever the size of the weights.
  set(data, ".quipu.weights", SHT_PROGBITS, pageBytes, weights.getBytes(),
      pageBytes)
      .sh_flags = SHF_ALLOC | (triple.isAArch64() ? 0u : SHF_X86_64_LARGE);
  set(stack, ".note.GNU-stack", SHT_PROGBITS, symbolsOffset, 0, 1);
  Elf64_Shdr &table = set(symbols, ".symtab", SHT_SYMTAB, symbolsOffset,
                          2 * sizeof(Elf64_Sym), 8);
  table.sh_link = strings;
  table.sh_info = 1; // the first global symbol
  table.sh_entsize = sizeof(Elf64_Sym);
  set(strings, ".strtab", SHT_STRTAB, stringsOffset, sizeof(names), 1);

  Elf64_Sym symbol = {};
  symbol.st_name = findName("quipu_weights");
  symbol.setBindingAndType(STB_GLOBAL, STT_OBJECT);
  symbol.st_other = STV_HIDDEN;
  symbol.st_shndx = data;
  symbol.st_size = weights.getBytes();

  writeStruct(to, header);
  to.write_zeros(pageBytes - sizeof(header));
  weights.write(to, progress);
  if (to.has_error())
    return;
  to.write_zeros(symbolsOffset - to.tell());
  writeStruct(to, Elf64_Sym{});
  writeStruct(to, symbol);
  to.write(names, sizeof(names));
  to.write_zeros(headersOffset - to.tell());
  writeStruct(to, sections);
}
