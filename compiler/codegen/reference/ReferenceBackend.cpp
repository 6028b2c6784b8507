//===- ReferenceBackend.cpp - Programs to compare with --------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/reference/ReferenceBackend.h"
#include "compiler/codegen/host/HostStages.h"
#include "compiler/codegen/reference/Passes.h"
#include "dialect/Quipu.h"

using namespace mlir;
using namespace quipu;

static void addScheduled(OpPassManager &passes, const StageOptions &options) {
  addOneTarget(passes, options);
  addPlan(passes);
}

static void addLlvm(OpPassManager &passes, const StageOptions & /*options*/) {
  passes.addPass(createLowerKernelsToReference());
  addHostConversions(passes);
}

namespace {
class ReferenceBackend : public Backend {
public:
  StringRef getName() const final { return "reference"; }
  bool makes(Attribute target) const final {
    return isa<ReferenceAttr>(target);
  }
  ArrayRef<Stage> getStages() const final { return stages; }
  ArrayRef<StringRef> getLibraries() const final {
    static constexpr StringRef libraries[] = {"libquipu-reference.a"};
    return libraries;
  }

private:
  SmallVector<Stage> stages =
      getHostStages(addScheduled, addLlvm, "compiler/codegen/reference");
};
} // namespace

const Backend &quipu::getReferenceBackend() {
  static const ReferenceBackend backend;
  return backend;
}
