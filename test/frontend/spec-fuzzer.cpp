//===- spec-fuzzer.cpp - Broken specs -------------------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// See FuzzFile.h. What parses is bound to a checkpoint of its family: two
// layers with all sizes and tensors that the specs of models/ name.
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/Checkpoint.h"
#include "compiler/frontend/Passes.h"
#include "compiler/frontend/ReadModule.h"
#include "compiler/frontend/Specs.h"
#include "dialect/Quipu.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"
#include "test/frontend/FuzzFile.h"
#include "llvm/ADT/StringMap.h"
#include <list>
#include <map>

using namespace quipu;

namespace {
class SmallCheckpoint final : public Checkpoint {
public:
  explicit SmallCheckpoint(StringRef family) : family(family) {
    auto add = [&](StringRef name, std::initializer_list<int64_t> shape) {
      names.push_back(name.str());
      tensors.push_back(
          {names.back(), findWeightFormat("F32"), shape, {}, nullptr});
    };
    add("token_embd.weight", {24, 16});
    add("output.weight", {24, 16});
    add("output_norm.weight", {16});
    for (StringRef layer : {"blk.0.", "blk.1."}) {
      for (StringRef norm : {"attn_norm", "ffn_norm", "post_attention_norm",
                             "post_ffw_norm", "attn_post_norm"})
        add((layer + norm + ".weight").str(), {16});
      for (StringRef norm : {"attn_q_norm", "attn_k_norm"})
        add((layer + norm + ".weight").str(), {8});
      add((layer + "attn_q.weight").str(), {16, 16});
      add((layer + "attn_k.weight").str(), {8, 16});
      add((layer + "attn_v.weight").str(), {8, 16});
      add((layer + "attn_output.weight").str(), {16, 16});
      for (StringRef matrix : {"ffn_gate", "ffn_up"})
        add((layer + matrix + ".weight").str(), {32, 16});
      add((layer + "ffn_down.weight").str(), {16, 32});
      add((layer + "ffn_gate_inp.weight").str(), {4, 16});
      for (StringRef stack : {"ffn_gate_exps", "ffn_up_exps"})
        add((layer + stack + ".weight").str(), {4, 32, 16});
      add((layer + "ffn_down_exps.weight").str(), {4, 16, 32});
    }
    for (const CheckpointTensor &tensor : tensors)
      index[tensor.name] = &tensor;
  }

  StringRef getPath() const override { return "checkpoint"; }
  StringRef getArchitecture() const override { return family; }
  const MetadataValue *find(StringRef key) const override {
    if (!key.consume_front(family) || !key.consume_front("."))
      return nullptr;
    auto entry = keys.find(key);
    return entry == keys.end() ? nullptr : &entry->second;
  }
  SmallVector<StringRef> getKeys() const override { return {}; }
  const CheckpointTensor *findTensor(StringRef name) const override {
    return index.lookup(name);
  }
  ArrayRef<CheckpointTensor> getTensors() const override { return tensors; }
  std::optional<abi::RopePairing> getPairing() const override { return {}; }
  void releaseMemory() const override {}

private:
  std::string family;
  std::list<std::string> names;
  std::vector<CheckpointTensor> tensors;
  llvm::StringMap<const CheckpointTensor *> index;
  const std::map<StringRef, MetadataValue> keys = {
      {"block_count", int64_t(2)},
      {"embedding_length", int64_t(16)},
      {"feed_forward_length", int64_t(32)},
      {"context_length", int64_t(64)},
      {"attention.head_count", int64_t(2)},
      {"attention.head_count_kv", int64_t(1)},
      {"attention.sliding_window", int64_t(4)},
      {"attention.layer_norm_rms_epsilon", 1e-5},
      {"attention.layer_norm_epsilon", 1e-5},
      {"rope.scaling.type", StringRef("linear")},
      {"rope.scaling.factor", 2.0},
      {"expert_count", int64_t(4)},
      {"expert_used_count", int64_t(2)},
      {"expert_weights_norm", true},
      {"final_logit_softcapping", 30.0},
      {"attn_logit_softcapping", 50.0},
      {"logit_scale", 0.25},
      {"embedding_scale", 2.0},
      {"residual_scale", 0.5},
  };
};
} // namespace

static bool parses(StringRef bytes) {
  mlir::DialectRegistry registry;
  registry.insert<QuipuDialect>();
  static mlir::MLIRContext context(registry,
                                   mlir::MLIRContext::Threading::DISABLED);
  unsigned errors = 0;
  mlir::ScopedDiagnosticHandler handler(
      &context, [&](mlir::Diagnostic &diagnostic) {
        errors += diagnostic.getSeverity() == mlir::DiagnosticSeverity::Error;
        (void)diagnostic.str();
        return mlir::success();
      });
  auto fail = [&] {
    if (errors == 0)
      report_fatal_error("refused without a reason");
    return false;
  };

  llvm::SourceMgr sources;
  sources.AddNewSourceBuffer(MemoryBuffer::getMemBufferCopy(bytes, "input"),
                             SMLoc());
  mlir::OwningOpRef<mlir::ModuleOp> module = readModule(sources, &context);
  if (!module)
    return fail();
  auto models = llvm::to_vector(module->getOps<ModelOp>());
  StringRef family = "llama";
  if (!models.empty() && !models.front().getArchitectures().empty())
    if (auto first =
            dyn_cast<mlir::StringAttr>(models.front().getArchitectures()[0]))
      family = first.getValue();
  if (!models.empty() && !models.front().getOps<YieldOp>().empty())
    if (Error error = addHeads(*module, {"generate"}, sources)) {
      consumeError(std::move(error));
      return false;
    }
  SmallCheckpoint checkpoint(family);
  if (failed(bindCheckpoint(*module, checkpoint, {int64_t(1), int64_t(3)})))
    return fail();
  if (failed(mlir::verify(*module)))
    report_fatal_error("what was bound does not verify");
  std::string text;
  raw_string_ostream stream(text);
  module->print(stream);
  return true;
}
