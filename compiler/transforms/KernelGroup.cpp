//===- KernelGroup.cpp - Ops that become one kernel -----------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/transforms/KernelGroup.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Remarks.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace quipu;

void quipu::eraseDeadOps(Block &body) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(body)))
    if (isOpTriviallyDead(&op))
      op.erase();
}

void KernelGroup::add(FusionInterface op) {
  if (ops.empty()) {
    role = op.getFusionRole();
    input = op->getNumOperands() ? op->getOperand(0) : Value();
  }
  ops.push_back(op);
}

void KernelGroup::addPrologue(const KernelGroup &rows) {
  ops.insert(ops.begin(), rows.ops.begin(), rows.ops.end());
  prologue += rows.ops.size();
}

bool KernelGroup::isOnly(FusionRole role) const {
  return llvm::all_of(ops, [&](Operation *op) {
    return cast<FusionInterface>(op).getFusionRole() == role;
  });
}

/// The weight that `op` multiplies or looks up, without its layers' prefix, or
/// an empty string.
static StringRef getWeightName(Operation *op) {
  auto weight = op->getAttrOfType<WeightAttr>("weight");
  if (!weight)
    return "";
  StringRef name = weight.getSymbol().getValue();
  if (auto layers = op->getParentOfType<LayersOp>();
      layers && name.consume_front(layers.getPrefix()))
    name.consume_front(".");
  return name;
}

/// "attn_q" and "attn_k" are "attn_q_k".
static std::string joinNames(StringRef names, StringRef name) {
  size_t common = 0;
  for (size_t i = 0;
       i < std::min(names.size(), name.size()) && names[i] == name[i]; ++i)
    if (names[i] == '_')
      common = i + 1;
  return (names + "_" + name.drop_front(common)).str();
}

/// Where the value was computed, with its name: a launch has one location for
/// all its results.
static Location getNamedLoc(Value value, const SymbolTable &symbols) {
  auto launch = value.getDefiningOp<LaunchOp>();
  if (!launch)
    return value.getLoc();
  Block &body = symbols.lookup<KernelOp>(launch.getKernel()).getBody().front();
  return body.getTerminator()
      ->getOperand(cast<OpResult>(value).getResultNumber())
      .getLoc();
}

/// ".full" in the layers of that kind, if they are not those of the first.
static std::string getKindSuffix(Operation *op) {
  auto layers = dyn_cast<LayersOp>(op->getParentOp());
  unsigned body = op->getParentRegion()->getRegionNumber();
  return layers && body
             ? "." + cast<StringAttr>((*layers.getKinds())[body - 1]).str()
             : "";
}

std::string KernelGroup::getName(StepOp step,
                                 const SymbolTable &symbols) const {
  std::string name;
  for (Operation *op : ops)
    if (role != FusionRole::Contraction || isa<LinearOp>(op))
      if (StringRef weight = getWeightName(op); !weight.empty())
        name = name.empty() ? weight.str() : joinNames(name, weight);
  if (name.empty()) {
    Operation *named = role == FusionRole::Whole ? ops.front() : ops.back();
    name = named->getName().stripDialect();
    for (Operation *user : named->getUsers())
      if (StringRef weight = getWeightName(user); !weight.empty()) {
        name += "_" + weight.str();
        break;
      }
  }
  std::string symbol =
      (step.getSymName() + "." + name + getKindSuffix(ops.front())).str();
  // The embedding's weight may be the output's, too.
  for (Operation *user : ops.back()->getUsers())
    if (auto output = dyn_cast<OutputOp>(user);
        output && symbols.lookup(symbol))
      return (step.getSymName() + "." + output.getName()).str();
  return symbol;
}

/// Why a group has no linear layer that its ops could share a kernel with.
static StringRef getReason(FusionRole role, bool oneToken) {
  switch (role) {
  case FusionRole::Contraction:
    return "";
  case FusionRole::Whole:
    return ": its work is divided in a way of its own";
  case FusionRole::Tile:
    return ": what it reads comes from no linear layer";
  case FusionRole::Row:
    return oneToken
               ? ": not only linear layers read it"
               : ": of several tokens, each worker would repeat it for its "
                 "tiles";
  }
  llvm_unreachable("an unknown role");
}

void KernelGroup::remark(StepOp step, KernelOp kernel) const {
  remark::RemarkOpts options =
      remark::RemarkOpts::name("kernel").category("fuse-kernels");
  auto fused = remark::passed(kernel.getLoc(), options);
  if (!fused)
    return;
  fused << "the kernel @" << kernel.getSymName() << " is ";
  std::string names;
  for (Operation &op : kernel.getBody().front().without_terminator())
    names += (names.empty() ? "" : ", ") + op.getName().stripDialect().str();
  fused << names << getReason(role, step.getTokens() == 1);
}

void KernelGroup::outline(StepOp step, SymbolTable &symbols) {
  MLIRContext *context = step.getContext();
  SetVector<Value> inputs, outputs;
  auto isInside = [&](Operation *op) { return llvm::is_contained(ops, op); };
  for (Operation *op : ops)
    for (Value operand : op->getOperands())
      if (!isInside(operand.getDefiningOp()))
        inputs.insert(operand);
  for (Operation *op : llvm::drop_begin(ops, prologue))
    for (Value result : op->getResults())
      // What is written to memory is a result, though nobody may read it, and
      // so is all that an op with a kernel of its own computes.
      if (!isMemoryEffectFree(op) ||
          (role == FusionRole::Whole && op == ops.back()) ||
          llvm::any_of(result.getUsers(),
                       [&](Operation *user) { return !isInside(user); }))
        outputs.insert(result);

  SmallVector<Type> inputTypes(
      llvm::map_range(inputs, [](Value value) { return value.getType(); }));
  SmallVector<Type> outputTypes(
      llvm::map_range(outputs, [](Value value) { return value.getType(); }));
  SmallVector<Location> inputLocs(llvm::map_range(
      inputs, [&](Value value) { return getNamedLoc(value, symbols); }));
  SmallVector<Location> locs(llvm::map_range(
      llvm::reverse(ops), [](Operation *op) { return op->getLoc(); }));
  Location loc = FusedLoc::get(context, locs);

  bool selected = llvm::any_of(ops, [&](Operation *op) {
    return isa<GatherOp>(op) ||
           llvm::any_of(op->getOperands(), [&](Value operand) {
             auto launch = operand.getDefiningOp<LaunchOp>();
             return launch &&
                    symbols.lookup<KernelOp>(launch.getKernel()).getSelected();
           });
  });
  OpBuilder builder(step);
  auto kernel = KernelOp::create(
      builder, loc, getName(step, symbols),
      FunctionType::get(context, inputTypes, outputTypes),
      ScheduleAttrInterface(), CostAttr(), selected, ArrayAttr(), ArrayAttr());
  symbols.insert(kernel, Block::iterator(step));
  Block *body =
      builder.createBlock(&kernel.getBody(), {}, inputTypes, inputLocs);
  IRMapping mapping;
  mapping.map(inputs.getArrayRef(), body->getArguments());
  for (Operation *op : ops)
    builder.clone(*op, mapping);
  YieldOp::create(builder, loc, llvm::map_to_vector(outputs, [&](Value value) {
                    return mapping.lookup(value);
                  }));
  // A prologue may hold more than this kernel reads.
  eraseDeadOps(*body);
  remark(step, kernel);

  builder.setInsertionPointAfter(ops.back());
  auto launch = LaunchOp::create(builder, loc, outputTypes, kernel.getSymName(),
                                 inputs.getArrayRef(), ArrayAttr(), ArrayAttr(),
                                 DenseI64ArrayAttr());
  for (auto [value, result] : llvm::zip_equal(outputs, launch.getResults())) {
    Value output = value;
    output.replaceUsesWithIf(
        result, [&](OpOperand &use) { return !isInside(use.getOwner()); });
  }
}
