//===- BoundParameters.cpp - A spec's parameters as numbers ---------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/BoundParameters.h"
#include "compiler/frontend/BoundWeights.h"
#include "compiler/frontend/Checkpoint.h"
#include "compiler/frontend/Names.h"
#include "mlir/IR/Builders.h"
#include <charconv>

using namespace mlir;
using namespace quipu;

/// The shortest decimal number that rounds to the same f32 when `real` is one:
/// a GGUF file's 9.9999997e-06 was somebody's 1e-05.
static double getShortest(double real) {
  float narrow = static_cast<float>(real);
  if (narrow != real)
    return real;
  char digits[32];
  char *end = std::to_chars(digits, std::end(digits), narrow).ptr;
  std::from_chars(digits, end, real);
  return real;
}

void BoundParameters::share(Block &body) {
  for (ParamOp param : body.getOps<ParamOp>()) {
    params[param.getSymName()] = param;
    shared.insert(param.getSymName());
  }
}

LogicalResult BoundParameters::resolve(Block &body) {
  for (ParamOp param : body.getOps<ParamOp>()) {
    StringRef name = param.getSymName();
    if (!shared.erase(name) && params.contains(name))
      return param.emitError("the parameter @") << name << " is defined twice";
    params[name] = param;
    values.erase(name);
  }
  for (ParamOp param : body.getOps<ParamOp>())
    if (failed(get(param)))
      return failure();
  // Of those shared, what the ops name.
  auto result = body.walk([&](Operation *op) {
    if (isa<ParamOp>(op))
      return WalkResult::advance();
    bool isKnown = true;
    AttrTypeWalker walker;
    walker.addWalk([&](WeightAttr) { return WalkResult::skip(); });
    walker.addWalk([&](FlatSymbolRefAttr name) {
      auto param = params.find(name.getValue());
      isKnown &= param == params.end() || succeeded(get(param->second));
    });
    walker.walk(Attribute(op->getAttrDictionary()));
    return WalkResult(success(isKnown));
  });
  return failure(result.wasInterrupted());
}

void BoundParameters::addKeys(llvm::StringSet<> &read) const {
  for (const auto &value : values)
    read.insert(params.lookup(value.getKey()).getKey());
}

LogicalResult quipu::verifyAllRead(ModelOp model, const Checkpoint &checkpoint,
                                   ArrayRef<BoundParameters> parameters) {
  llvm::StringSet<> read;
  for (const BoundParameters &some : parameters)
    some.addKeys(read);
  std::string prefix = (checkpoint.getArchitecture() + ".").str();
  for (StringRef key : checkpoint.getKeys()) {
    StringRef own = key;
    if (own.consume_front(prefix) && !read.contains(own) &&
        !isHarmless(own, *checkpoint.find(key)))
      return model.emitError()
             << checkpoint.getPath() << ": the key \"" << key
             << "\" is in the checkpoint, but the spec does not use it";
  }
  return success();
}

std::string BoundParameters::getFullKey(ParamOp param) const {
  return (checkpoint.getArchitecture() + "." + param.getKey()).str();
}

FailureOr<Attribute> BoundParameters::get(ParamOp param) {
  auto [entry, isNew] = values.try_emplace(param.getSymName());
  if (!isNew && !entry->second)
    return param.emitError("the parameter @")
           << param.getSymName() << " is defined by itself";
  if (!isNew)
    return entry->second;
  Builder builder(param.getContext());
  std::string key = getFullKey(param);
  FailureOr<Attribute> value = Attribute();
  std::optional<int64_t> integer = checkpoint.getInteger(key);
  // Of no and yes a spec names cases, too.
  const MetadataValue *stored = checkpoint.find(key);
  if (const bool *answer =
          stored && param.getCases() ? std::get_if<bool>(stored) : nullptr)
    integer = *answer;
  if (integer && param.getCases()) {
    ArrayRef<Attribute> cases = param.getCases()->getValue();
    if (*integer < 0 || *integer >= static_cast<int64_t>(cases.size()))
      return param.emitError()
             << checkpoint.getPath() << ": the key \"" << key << "\" is "
             << *integer << ", but @" << param.getSymName() << " has "
             << cases.size() << " cases";
    value = cases[*integer];
  } else if (integer)
    value = builder.getI64IntegerAttr(*integer);
  else if (std::optional<double> real = checkpoint.getReal(key))
    value = builder.getF64FloatAttr(getShortest(*real));
  else if (std::optional<StringRef> word = checkpoint.getString(key))
    value = builder.getStringAttr(*word);
  else if (checkpoint.find(key))
    return param.emitError() << checkpoint.getPath() << ": the key \"" << key
                             << "\" is neither a number nor a word, as @"
                             << param.getSymName() << " needs";
  else if (param.getFallback())
    value = evaluate(param, *param.getFallback());
  else
    return param.emitError() << checkpoint.getPath() << ": the key \"" << key
                             << "\" is missing, and @" << param.getSymName()
                             << " has no other value in the spec";
  if (failed(value))
    return failure();
  return values[param.getSymName()] = *value;
}

FailureOr<Attribute> BoundParameters::getOther(ParamOp param,
                                               Attribute symbol) {
  auto reference = dyn_cast<FlatSymbolRefAttr>(symbol);
  auto other = reference ? params.find(reference.getValue()) : params.end();
  if (other == params.end())
    return param.emitError("there is no parameter ") << symbol;
  return get(other->second);
}

FailureOr<Attribute> BoundParameters::evaluate(ParamOp param,
                                               Attribute fallback) {
  Builder builder(param.getContext());
  if (auto rows = dyn_cast<RowsAttr>(fallback)) {
    const CheckpointTensor *tensor =
        checkpoint.findTensor(getTensorName(rows.getWeight()));
    if (!tensor)
      return param.emitError()
             << checkpoint.getPath() << ": the tensor \""
             << getTensorName(rows.getWeight()) << "\" is missing, whose rows @"
             << param.getSymName() << " needs";
    return Attribute(builder.getI64IntegerAttr(tensor->shape.front()));
  }
  if (auto quotient = dyn_cast<FloorDivAttr>(fallback)) {
    auto lhs = getOther(param, quotient.getLhs());
    auto rhs = getOther(param, quotient.getRhs());
    if (failed(lhs) || failed(rhs))
      return failure();
    auto dividend = dyn_cast<IntegerAttr>(*lhs),
         divisor = dyn_cast<IntegerAttr>(*rhs);
    if (!dividend || !divisor || divisor.getInt() <= 0)
      return param.emitError("the quotient of ")
             << *lhs << " and " << *rhs << " is no size";
    return Attribute(
        builder.getI64IntegerAttr(dividend.getInt() / divisor.getInt()));
  }
  if (isa<FlatSymbolRefAttr>(fallback))
    return getOther(param, fallback);
  return fallback;
}

/// The scaling without the fields whose parameters have no value.
static RopeScalingAttr dropAbsent(RopeScalingAttr scaling) {
  auto keep = [](Attribute field) {
    return isa_and_nonnull<UnitAttr>(field) ? Attribute() : field;
  };
  return RopeScalingAttr::get(
      scaling.getContext(), scaling.getType(), keep(scaling.getFactor()),
      keep(scaling.getOriginalContext()), keep(scaling.getLow()),
      keep(scaling.getHigh()), keep(scaling.getBetaFast()),
      keep(scaling.getBetaSlow()), keep(scaling.getAttention()),
      keep(scaling.getTruncate()));
}

/// Whether `op` means something without this attribute.
static bool isOptional(Operation *op, NamedAttribute attribute) {
  auto attention = dyn_cast<AttentionOp>(op);
  return attention && (attribute.getName() == attention.getScaleAttrName() ||
                       attribute.getName() == attention.getWindowAttrName() ||
                       attribute.getName() == attention.getSoftCapAttrName());
}

LogicalResult
BoundParameters::substitute(Operation *op,
                            SmallVectorImpl<StringRef> &named) const {
  StringRef missing;
  AttrTypeReplacer replacer;
  // The symbols of weights are no parameters.
  replacer.addReplacement([](WeightAttr weight) {
    return std::pair(Attribute(weight), WalkResult::skip());
  });
  replacer.addReplacement(
      [&](FlatSymbolRefAttr name) -> std::optional<Attribute> {
        if (Attribute value = values.lookup(name.getValue())) {
          named.push_back(name.getValue());
          return value;
        }
        missing = name.getValue();
        return std::nullopt;
      });
  DictionaryAttr bound = cast<DictionaryAttr>(
      replacer.replace(Attribute(op->getAttrDictionary())));
  if (!missing.empty())
    return op->emitError("there is no parameter @") << missing;
  for (NamedAttribute attribute : bound) {
    StringAttr name = attribute.getName();
    Attribute before = op->getAttr(name), now = attribute.getValue();
    if (before == now)
      continue;
    if (auto scaling = dyn_cast<RopeScalingAttr>(now))
      now = dropAbsent(scaling);
    if (!isa<UnitAttr>(now)) {
      op->setAttr(name, now);
      continue;
    }
    if (!isOptional(op, attribute))
      return op->emitError() << checkpoint.getPath() << " has no value for "
                             << before << ", but " << name << " needs one";
    op->removeAttr(name);
  }
  return success();
}

void BoundParameters::addNotes(Diagnostic &diagnostic,
                               ArrayRef<StringRef> named) const {
  for (StringRef name : named) {
    if (isa<UnitAttr>(values.lookup(name)))
      continue; // its attribute was dropped
    ParamOp param = params.lookup(name);
    std::string value, key = getFullKey(param);
    llvm::raw_string_ostream os(value);
    values.lookup(name).print(os, /*elideType=*/true);
    Diagnostic &note = diagnostic.attachNote(param.getLoc());
    note << "@" << name << " is " << value << ": ";
    if (checkpoint.find(key))
      note << checkpoint.getPath() << ", \"" << key << "\"";
    else
      note << "from the spec";
  }
}
