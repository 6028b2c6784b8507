//===- CpuEngine.h - Steps that threads walk --------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_ENGINE_CPUENGINE_H
#define QUIPU_RUNTIME_ENGINE_CPUENGINE_H

#include "runtime/engine/Engine.h"
#include "runtime/engine/Pages.h"
#include "runtime/engine/Workers.h"

namespace quipu {

class CpuEngine final : public Engine {
public:
  Status start(const abi::Program &program, const abi::Variant &variant,
               const EngineOptions &options) override;
  Status allocate(StepMemory &memory) override;
  void copy(void *to, const void *from, uint64_t bytes) override;
  void makeHuge(const StepMemory::Part &part, uint64_t used) override;
  Status run(const abi::Step &step, abi::StepArgs &args,
             std::span<OutputRows> rows, KernelTimer *timer) override;
  Workers *workers() override { return &team; }
  std::string describe() const override;
  Status measureBandwidth(double &bytesPerSecond) override;

private:
  bool reserve(StepMemory::Part &part);

  const abi::Program *image = nullptr;
  std::vector<std::unique_ptr<Pages>> reserved;
  Workers team;
};

} // namespace quipu

#endif // QUIPU_RUNTIME_ENGINE_CPUENGINE_H
