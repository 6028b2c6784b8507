//===- AbsentCpuBackend.cpp - A compiler without Halide -------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/cpu/CpuBackend.h"
#include "compiler/codegen/host/HostStages.h"
#include "dialect/Quipu.h"

using namespace mlir;
using namespace quipu;

namespace {
/// Knows its targets, so that they can be refused.
class AbsentCpuBackend : public Backend {
public:
  StringRef getName() const final { return "cpu"; }
  bool makes(Attribute target) const final { return isa<CpuAttr>(target); }
  ArrayRef<Stage> getStages() const final { return stages; }
  llvm::Error checkPresent() const final {
    return llvm::createStringError(
        "this quipu was built without Halide and makes no programs for CPUs; "
        "give the target of a GPU, as '--target sm_90a', or use the quipu of "
        "'make build'");
  }

private:
  SmallVector<Stage> stages =
      getHostStages(nullptr, nullptr, "compiler/codegen/cpu");
};
} // namespace

void quipu::registerCpuPasses() {}

const Backend &quipu::getCpuBackend() {
  static const AbsentCpuBackend backend;
  return backend;
}
