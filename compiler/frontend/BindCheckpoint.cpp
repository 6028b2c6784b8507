//===- BindCheckpoint.cpp - Sizes and formats into a spec -----------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/BoundParameters.h"
#include "compiler/frontend/BoundWeights.h"
#include "compiler/frontend/Checkpoint.h"
#include "compiler/frontend/Passes.h"
#include "compiler/frontend/gguf/GgufFile.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Verifier.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace quipu;

namespace quipu {
#define GEN_PASS_DEF_BINDCHECKPOINT
#include "compiler/frontend/Passes.h.inc"
} // namespace quipu

/// The name that `tokens` tokens at once go by.
static std::string getStepName(int64_t tokens) {
  return tokens == 1 ? "decode" : "prefill" + std::to_string(tokens);
}

/// Reals that the checkpoint has as integers become reals.
static void widenReals(Operation *op) {
  auto widen = [](Attribute number) -> Attribute {
    auto integer = dyn_cast_or_null<IntegerAttr>(number);
    return integer ? Builder(number.getContext())
                         .getF64FloatAttr(static_cast<double>(integer.getInt()))
                   : number;
  };
  TypeSwitch<Operation *>(op)
      .Case([&](RMSNormOp norm) { norm.setEpsAttr(widen(norm.getEps())); })
      .Case(
          [&](RopeAnglesOp rope) { rope.setThetaAttr(widen(rope.getTheta())); })
      .Case(
          [&](ScaleOp scale) { scale.setFactorAttr(widen(scale.getFactor())); })
      .Case([&](AttentionOp attention) {
        attention.setScaleAttr(widen(attention.getScaleAttr()));
        attention.setSoftCapAttr(widen(attention.getSoftCapAttr()));
      });
}

/// Gives `op`, whose operands are bound, its types.
static LogicalResult inferTypes(Operation *op, int64_t tokens) {
  MLIRContext *context = op->getContext();
  if (auto input = dyn_cast<InputOp>(op)) {
    input.getResult().setType(
        RankedTensorType::get({tokens}, IntegerType::get(context, 32)));
    return success();
  }
  if (auto layers = dyn_cast<LayersOp>(op)) {
    auto count = dyn_cast<IntegerAttr>(layers.getCount());
    if (!count || count.getInt() <= 0)
      return layers.emitError("the number of layers is ")
             << layers.getCount() << ", expected a positive integer";
    for (Value value :
         {Value(layers.getBody().getArgument(0)), layers.getResult()})
      value.setType(layers.getInit().getType());
    return success();
  }
  if (auto angles = dyn_cast<RopeAnglesOp>(op))
    angles.setTokens(tokens);
  auto inferring = dyn_cast<InferTypeOpInterface>(op);
  if (!inferring)
    return success();
  SmallVector<Type> types;
  if (failed(inferring.inferReturnTypes(
          context, op->getLoc(), op->getOperands(), op->getRawDictionaryAttrs(),
          op->getPropertiesStorage(), op->getRegions(), types)))
    return failure();
  for (auto [result, type] : llvm::zip_equal(op->getResults(), types))
    result.setType(type);
  return success();
}

/// Reports what is wrong with an op before the ops that read it are typed.
static LogicalResult verifyBound(Operation *op) {
  return success(op->getNumRegions() ||
                 succeeded(verify(op, /*verifyRecursively=*/false)));
}

/// A spec may come from anywhere: what is an index is one that the runtime has
/// checked.
static LogicalResult verifyInputs(Operation *op) {
  auto isInput = [](Value value, bool (InputOp::*isIt)()) {
    auto input = value.getDefiningOp<InputOp>();
    return input && (input.*isIt)();
  };
  if (auto input = dyn_cast<InputOp>(op);
      input && !input.isTokens() && !input.isRows())
    return input.emitError("a program has the inputs \"tokens\" and \"rows\", "
                           "not ")
           << input.getNameAttr();
  if (auto embed = dyn_cast<EmbedOp>(op);
      embed && !isInput(embed.getIds(), &InputOp::isTokens))
    return embed.emitError("the ids are not the input \"tokens\"");
  if (auto gather = dyn_cast<GatherOp>(op);
      gather && !isInput(gather.getRows(), &InputOp::isRows))
    return gather.emitError("the rows are not the input \"rows\"");
  return success();
}

/// That there are logits, once.
static LogicalResult verifyOutputs(ModelOp model,
                                   ArrayRef<Operation *> forward) {
  SmallVector<OutputOp> outputs;
  for (Operation *op : forward)
    op->walk([&](OutputOp output) { outputs.push_back(output); });
  if (outputs.empty())
    return model.emitError("the spec @")
           << model.getSymName() << " has no quipu.output; write one";
  if (outputs.size() > 1)
    return outputs[1].emitError("the spec @")
           << model.getSymName() << " has " << outputs.size()
           << " quipu.output; write exactly one";
  if (outputs.front()->getParentOp() != model)
    return outputs.front().emitError("a quipu.output stands in the layers; "
                                     "write it after them");
  return success();
}

/// A copy of the forward pass for `tokens` tokens.
static LogicalResult addStep(ModelOp model, ArrayRef<Operation *> forward,
                             int64_t tokens, const BoundParameters &parameters,
                             BoundWeights &weights) {
  OpBuilder builder(model.getContext());
  builder.setInsertionPointToEnd(&model.getBody().front());
  auto step =
      StepOp::create(builder, model.getLoc(), getStepName(tokens), tokens,
                     /*arena=*/IntegerAttr());
  builder.createBlock(&step.getBody());
  IRMapping mapping;
  for (Operation *op : forward)
    builder.clone(*op, mapping);
  auto result = step.getBody().walk<WalkOrder::PreOrder>([&](Operation *op) {
    SmallVector<StringRef> named;
    if (failed(parameters.substitute(op, named)) || failed(weights.bind(op)))
      return WalkResult::interrupt();
    ScopedDiagnosticHandler notes(
        op->getContext(), [&](Diagnostic &diagnostic) {
          if (diagnostic.getSeverity() == DiagnosticSeverity::Error)
            parameters.addNotes(diagnostic, named);
          return failure(); // on to who prints it
        });
    widenReals(op);
    return WalkResult(success(succeeded(inferTypes(op, tokens)) &&
                              succeeded(verifyBound(op)) &&
                              succeeded(verifyInputs(op))));
  });
  return failure(result.wasInterrupted());
}

LogicalResult quipu::bindCheckpoint(ModuleOp module,
                                    const Checkpoint &checkpoint,
                                    ArrayRef<int64_t> tokens) {
  auto models = llvm::to_vector(module.getOps<ModelOp>());
  if (models.size() != 1)
    return module.emitError("the spec has ")
           << models.size() << " models; write exactly one quipu.model";
  ModelOp model = models.front();
  StringRef family = checkpoint.getArchitecture();
  if (llvm::none_of(model.getArchitectures().getAsValueRange<StringAttr>(),
                    [&](StringRef known) { return known == family; }))
    return model.emitError("the spec @")
           << model.getSymName() << " is for " << model.getArchitectures()
           << ", but the checkpoint's family is \"" << family
           << "\"; give a spec for it with --spec";

  BoundParameters parameters(checkpoint);
  BoundWeights weights(model, checkpoint);
  if (failed(parameters.resolve(model)))
    return failure();
  SmallVector<Operation *> forward;
  for (Operation &op : model.getBody().front())
    if (!isa<ParamOp>(op))
      forward.push_back(&op);
  for (int64_t count : tokens)
    if (count <= 0)
      return module.emitError("the number of tokens of a step is ")
             << count << ", expected a positive integer";
  for (int64_t count : tokens)
    if (failed(addStep(model, forward, count, parameters, weights)))
      return failure();
  if (failed(verifyOutputs(model, forward)))
    return failure();
  for (Operation *op : llvm::reverse(forward))
    op->erase();
  for (ParamOp param : llvm::make_early_inc_range(model.getOps<ParamOp>()))
    param.erase();
  return success();
}

namespace {
struct BindCheckpoint : quipu::impl::BindCheckpointBase<BindCheckpoint> {
  using BindCheckpointBase::BindCheckpointBase;

  void runOnOperation() override {
    auto file = openGguf(checkpoint);
    if (!file) {
      getOperation().emitError(toString(file.takeError()));
      return signalPassFailure();
    }
    if (failed(bindCheckpoint(getOperation(), **file, tokens)))
      signalPassFailure();
  }
};
} // namespace
