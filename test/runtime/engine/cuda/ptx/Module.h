//===- Module.h - PTX, read for the fake driver -----------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The part of PTX (NVIDIA, "Parallel Thread Execution ISA", 8.x) that Quipu's
// kernels use, executed on the host: a warp at a time, an instruction for all
// of its lanes. It is made to find mistakes, not to be fast: what the ISA
// leaves undefined is an error, and asynchronous copies come as late as they
// may.
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_TEST_RUNTIME_ENGINE_CUDA_PTX_MODULE_H
#define QUIPU_TEST_RUNTIME_ENGINE_CUDA_PTX_MODULE_H

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace quipu::ptx {

/// What a kernel does wrong, or what this machine does not know.
struct Error : std::runtime_error {
  using runtime_error::runtime_error;
};

class Warp;
struct Instruction;
/// A bit for each of the 32 lanes of a warp.
using Lanes = uint32_t;
using Execute = void (*)(Warp &warp, const Instruction &instruction,
                         Lanes lanes);

/// What the warp does about an instruction besides executing it.
enum class Kind {
  Plain,
  Branch,
  Return,
  Together ///< all lanes of the warp execute it at once
};

/// Registers of all kinds, constants among them, have 64 bits for each lane.
struct Operand {
  std::vector<uint32_t> registers; // more than one of {%a, %b}
  int64_t offset = 0;              // of an address
};

struct Instruction {
  std::string text, name; // "ld.global.v2.b32"
  Execute execute = nullptr;
  Kind kind = Kind::Plain;
  std::vector<Operand> operands;
  int guard = -1; // the register of a predicate
  bool isNegated = false;
  uint32_t target = 0; // of a branch
  // Of loads and stores.
  unsigned bytes = 0;
  bool isSigned = false;

  uint32_t reg(unsigned operand) const {
    return operands[operand].registers.front();
  }
};

struct Kernel {
  std::string name;
  std::vector<size_t> paramBytes;
  unsigned maxThreads = 1024;
  std::vector<Instruction> code;
  unsigned registers = 0;
  std::map<uint32_t, uint64_t> constants;   // by register
  std::vector<uint32_t> params;             // registers
  std::map<std::string, uint32_t> specials; // "%tid.x"
};

/// Where the memory of a block that is shared by its threads begins.
inline constexpr uint32_t sharedBase = 1024;

class Module {
public:
  explicit Module(std::string_view text);
  /// Null when the module has no kernel of this name.
  const Kernel *find(std::string_view name) const;
  /// Whether an address is in one of the module's tables.
  bool hasTable(uint64_t address, size_t bytes) const;

private:
  friend class Parser;
  std::map<std::string, Kernel, std::less<>> kernels;
  std::map<std::string, std::vector<uint8_t>, std::less<>> tables;
};

/// What executes an instruction, or null.
Execute findInstruction(std::string_view name);
/// The same of those that all lanes execute together.
Execute findTogether(std::string_view name);

/// Runs a launch of a kernel. `isDevice` says which addresses a kernel may use.
struct Launch {
  const Module *module;
  const Kernel *kernel;
  unsigned grid[3], threads, sharedBytes;
  std::vector<uint64_t> params;
  bool (*isDevice)(uint64_t address, size_t bytes);
};
void run(const Launch &launch);

} // namespace quipu::ptx

#endif // QUIPU_TEST_RUNTIME_ENGINE_CUDA_PTX_MODULE_H
