//===- InsertCopies.cpp - Keeps what layers would overwrite ---------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/transforms/CarriedValues.h"
#include "compiler/transforms/Passes.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/Remarks.h"

using namespace mlir;
using namespace quipu;

namespace quipu {
#define GEN_PASS_DEF_INSERTCOPIES
#include "compiler/transforms/Passes.h.inc"
} // namespace quipu

namespace {

/// Adds launches of kernels that yield what they take.
class Copies {
public:
  Copies(StepOp step, SymbolTable &symbols) : step(step), symbols(symbols) {}

  /// A copy of `value`, made before `next`, and what it is for.
  Value add(Value value, Operation *next, StringRef purpose) {
    remark::passed(value.getLoc(),
                   remark::RemarkOpts::name("copy").category("insert-copies"))
        << "a copy " << purpose;
    OpBuilder builder(next);
    KernelOp kernel = getKernel(value.getType(), value.getLoc());
    auto launch = LaunchOp::create(builder, value.getLoc(), value.getType(),
                                   kernel.getSymName(), value, ArrayAttr(),
                                   ArrayAttr(), DenseI64ArrayAttr());
    return launch.getResult(0);
  }

private:
  KernelOp getKernel(Type type, Location loc) {
    KernelOp &kernel = kernels[type];
    if (kernel)
      return kernel;
    OpBuilder builder(step);
    kernel = KernelOp::create(builder, loc, (step.getSymName() + ".copy").str(),
                              builder.getFunctionType(type, type),
                              ScheduleAttrInterface(), CostAttr(),
                              /*selected=*/false, ArrayAttr(), ArrayAttr());
    symbols.insert(kernel, Block::iterator(step));
    Block *body = builder.createBlock(&kernel.getBody(), {}, type, loc);
    YieldOp::create(builder, loc, body->getArguments());
    return kernel;
  }

  StepOp step;
  SymbolTable &symbols;
  DenseMap<Type, KernelOp> kernels;
};

struct InsertCopies : quipu::impl::InsertCopiesBase<InsertCopies> {
  void runOnOperation() override {
    getOperation().walk([&](ModelOp model) {
      SymbolTable symbols(model);
      for (StepOp step : llvm::make_early_inc_range(model.getOps<StepOp>())) {
        Copies copies(step, symbols);
        step.walk([&](LayersOp layers) {
          for (Block *layer : layers.getBlocks())
            if (readsInputLate(layer)) {
              Operation *yield = layer->getTerminator();
              yield->setOperand(0, copies.add(getYielded(layer), yield,
                                              "leaves a layer its input while "
                                              "it is read"));
            }
          if (readsInitLate(layers))
            layers.getInitMutable().assign(copies.add(
                layers.getInit(), layers,
                "leaves what layers begin with to those who read it later"));
        });
        // Each output is written by a kernel that computes it.
        DenseSet<Value> written;
        step.walk([&](OutputOp output) {
          Value value = output.getValue();
          if (!value.getDefiningOp<LaunchOp>() || !written.insert(value).second)
            output.getValueMutable().assign(
                copies.add(value, output, "writes an output"));
        });
      }
    });
  }
};
} // namespace
