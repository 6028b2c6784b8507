//===- BoundParameters.cpp - A spec's parameters as numbers ---------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/BoundParameters.h"
#include "compiler/frontend/BoundWeights.h"
#include "compiler/frontend/Checkpoint.h"
#include "compiler/frontend/Expressions.h"
#include "compiler/frontend/Names.h"
#include "mlir/IR/AttrTypeSubElements.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/Sequence.h"
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

LogicalResult BoundParameters::define(Block &body) {
  for (ParamOp param : body.getOps<ParamOp>()) {
    StringRef name = param.getSymName();
    if (!shared.erase(name) && params.contains(name))
      return param.emitError("the parameter @") << name << " is defined twice";
    params[name] = param;
    values.erase(name);
  }
  return success(llvm::all_of(body.getOps<ParamOp>(), [&](ParamOp param) {
    return succeeded(get(param));
  }));
}

void BoundParameters::readKeysOf(Operation *op) {
  AttrTypeWalker walker;
  walker.addWalk([&](FlatSymbolRefAttr name) {
    auto param = params.find(name.getValue());
    if (param == params.end() || !namedByOps.insert(name.getValue()).second)
      return;
    if (std::optional<StringRef> key = param->second.getKey())
      readKeys.insert(*key);
    if (std::optional<Attribute> fallback = param->second.getFallback())
      walker.walk(*fallback);
  });
  walker.addWalk([&](WhereAttr where) { readKeys.insert(where.getKey()); });
  walker.walk(op->getAttrDictionary());
}

void BoundParameters::addKeys(llvm::StringSet<> &read) const {
  for (const auto &key : readKeys)
    read.insert(key.getKey());
}

LogicalResult quipu::verifyAllRead(ModelOp model, const Checkpoint &checkpoint,
                                   ArrayRef<BoundParameters> parameters) {
  llvm::StringSet<> read;
  for (const BoundParameters &some : parameters)
    some.addKeys(read);
  if (std::optional<ArrayAttr> required = model.getRequired())
    for (StringRef key : required->getAsValueRange<StringAttr>())
      read.insert(key);
  std::string prefix = (checkpoint.getArchitecture() + ".").str();
  for (StringRef key : checkpoint.getKeys()) {
    StringRef own = key;
    if (own.consume_front(prefix) && !read.contains(own) &&
        !isHarmless(own, *checkpoint.find(key)) &&
        !isHarmless(key, *checkpoint.find(key)))
      return model.emitError()
             << checkpoint.getPath() << ": the key \"" << key
             << "\" is in the checkpoint, but the spec does not use it";
  }
  return success();
}

std::string BoundParameters::getFullKey(StringRef key) const {
  return (checkpoint.getArchitecture() + "." + key).str();
}

FailureOr<Attribute> BoundParameters::get(ParamOp param) {
  auto [entry, isNew] = values.try_emplace(param.getSymName());
  if (!isNew && !entry->second)
    return param.emitError("the parameter @")
           << param.getSymName() << " is defined by itself";
  if (!isNew)
    return entry->second;
  FailureOr<Attribute> value =
      param.getKey() ? read(param) : evaluate(param, *param.getFallback());
  if (failed(value))
    return failure();
  return values[param.getSymName()] = *value;
}

/// The number that each element of a list is: where layers may differ, some
/// writers give one for each.
static std::optional<int64_t> getCommon(const MetadataValue *value) {
  const auto *list = value ? std::get_if<std::vector<int64_t>>(value) : nullptr;
  if (!list || list->empty() || !llvm::all_equal(*list))
    return std::nullopt;
  return list->front();
}

/// The number of a list that the parameter means.
FailureOr<Attribute> BoundParameters::readFromList(ParamOp param,
                                                   const MetadataValue &list) {
  uint64_t place = *param.getPlace();
  Builder builder(param.getContext());
  if (const auto *integers = std::get_if<std::vector<int64_t>>(&list))
    if (place < integers->size())
      return Attribute(builder.getI64IntegerAttr((*integers)[place]));
  if (const auto *reals = std::get_if<std::vector<double>>(&list))
    if (place < reals->size())
      return Attribute(builder.getF64FloatAttr(getShortest((*reals)[place])));
  return param.emitError() << checkpoint.getPath() << ": the key \""
                           << getFullKey(*param.getKey())
                           << "\" is no list of numbers with one at " << place
                           << ", as @" << param.getSymName() << " needs";
}

/// The value under the parameter's key, or else that of the spec.
FailureOr<Attribute> BoundParameters::read(ParamOp param) {
  Builder builder(param.getContext());
  readKeys.insert(*param.getKey());
  std::string key = getFullKey(*param.getKey());
  const MetadataValue *stored = checkpoint.find(key);
  if (stored && isAbsent(*param.getKey(), *stored) && param.getFallback())
    return evaluate(param, *param.getFallback());
  if (stored && param.getPlace())
    return readFromList(param, *stored);
  std::optional<int64_t> integer = checkpoint.getInteger(key);
  if (!integer)
    integer = getCommon(stored);
  // Of no and yes a spec names cases, too.
  if (const bool *answer =
          stored && param.getCases() ? std::get_if<bool>(stored) : nullptr)
    integer = *answer;
  bool isFlag =
      isa_and_nonnull<BoolAttr>(param.getFallback().value_or(Attribute()));
  if (integer && param.getCases()) {
    ArrayRef<Attribute> cases = param.getCases()->getValue();
    if (*integer < 0 || *integer >= static_cast<int64_t>(cases.size()))
      return param.emitError()
             << checkpoint.getPath() << ": the key \"" << key << "\" is "
             << *integer << ", but @" << param.getSymName() << " has "
             << cases.size() << " cases";
    return cases[*integer];
  }
  if (integer)
    return Attribute(builder.getI64IntegerAttr(*integer));
  if (std::optional<double> real = checkpoint.getReal(key))
    return Attribute(builder.getF64FloatAttr(getShortest(*real)));
  if (std::optional<StringRef> word = checkpoint.getString(key))
    return Attribute(builder.getStringAttr(*word));
  if (isFlag && stored && std::holds_alternative<bool>(*stored))
    return Attribute(builder.getBoolAttr(std::get<bool>(*stored)));
  if (checkpoint.find(key))
    return param.emitError() << checkpoint.getPath() << ": the key \"" << key
                             << "\" is neither a number nor a word, as @"
                             << param.getSymName() << " needs";
  if (param.getFallback())
    return evaluate(param, *param.getFallback());
  return param.emitError() << checkpoint.getPath() << ": the key \"" << key
                           << "\" is missing, and @" << param.getSymName()
                           << " has no other value in the spec";
}

FailureOr<Attribute> BoundParameters::evaluate(ParamOp param,
                                               Attribute fallback) {
  Builder builder(param.getContext());
  if (auto rows = dyn_cast<RowsAttr>(fallback)) {
    const CheckpointTensor *tensor =
        checkpoint.findTensor(getTensorName(rows.getWeight()));
    if (tensor)
      return Attribute(builder.getI64IntegerAttr(tensor->shape.front()));
    // Nothing but the tensor says whether the model has that part.
    if (!param.getKey())
      return Attribute(builder.getUnitAttr());
    return param.emitError()
           << checkpoint.getPath() << ": the tensor \""
           << getTensorName(rows.getWeight()) << "\" is missing, whose rows @"
           << param.getSymName() << " needs";
  }
  SmallVector<StringRef> named;
  return bind(param, fallback, named);
}

FailureOr<Attribute>
BoundParameters::evaluate(Operation *op, ExpressionAttr expression,
                          SmallVectorImpl<StringRef> &named) {
  FailureOr<Attribute> lhs = bind(op, expression.getLhs(), named);
  if (failed(lhs))
    return failure();
  FailureOr<Attribute> rhs = bind(op, expression.getRhs(), named);
  if (failed(rhs))
    return failure();
  for (Attribute part : {*lhs, *rhs})
    if (isa<UnitAttr>(part))
      return part;
  if (auto value = compute(expression.getOperation(), *lhs, *rhs))
    return *value;
  auto getText = [](ExpressionAttr parts) {
    std::string text;
    llvm::raw_string_ostream os(text);
    parts.printText(os);
    return text;
  };
  InFlightDiagnostic error =
      op->emitError("the expression ")
      << getText(expression) << " has no value: it is "
      << getText(ExpressionAttr::get(op->getContext(),
                                     expression.getOperation(), *lhs, *rhs));
  addNotes(*error.getUnderlyingDiagnostic(), named);
  return error;
}

FailureOr<WeightAttr>
BoundParameters::bindRows(Operation *op, WeightAttr weight,
                          SmallVectorImpl<StringRef> &named) {
  RowRangeAttr rows = weight.getRows();
  if (!rows)
    return weight;
  SmallVector<Attribute> bounds{rows.getBegin(), rows.getEnd()};
  if (rows.getGroup())
    bounds.push_back(rows.getGroup());
  for (Attribute &bound : bounds) {
    FailureOr<Attribute> number = bind(op, bound, named);
    if (failed(number))
      return failure();
    if (!isa<IntegerAttr>(*number)) {
      InFlightDiagnostic error = op->emitError("the rows of the weight ")
                                 << weight.getName()
                                 << " are no integers: " << *number;
      addNotes(*error.getUnderlyingDiagnostic(), named);
      return error;
    }
    bound = *number;
  }
  auto emitError = [&] {
    InFlightDiagnostic error = op->emitError("of the weight ")
                               << weight.getName() << ": ";
    addNotes(*error.getUnderlyingDiagnostic(), named);
    return error;
  };
  RowRangeAttr bound = RowRangeAttr::getChecked(
      emitError, op->getContext(), bounds[0], bounds[1],
      bounds.size() == 3 ? bounds[2] : Attribute());
  if (!bound)
    return failure();
  return WeightAttr::get(op->getContext(), weight.getName(),
                         weight.getFallback(), weight.getOptional(), bound,
                         weight.getType());
}

FailureOr<Attribute> BoundParameters::bind(Operation *op, Attribute value,
                                           SmallVectorImpl<StringRef> &named) {
  bool isBound = true;
  // Nothing is to be replaced in what has replaced something.
  auto replace = [&](auto result) -> std::pair<Attribute, WalkResult> {
    isBound &= succeeded(result);
    return {succeeded(result) ? Attribute(*result) : value, WalkResult::skip()};
  };
  AttrTypeReplacer replacer;
  replacer.addReplacement(
      [&](WeightAttr weight) { return replace(bindRows(op, weight, named)); });
  replacer.addReplacement([&](ExpressionAttr expression) {
    return replace(evaluate(op, expression, named));
  });
  replacer.addReplacement([&](FlatSymbolRefAttr name) {
    auto param = params.find(name.getValue());
    if (param == params.end())
      return replace(FailureOr<Attribute>(
          op->emitError("there is no parameter ") << name));
    named.push_back(name.getValue());
    return replace(get(param->second));
  });
  Attribute bound = replacer.replace(value);
  if (!isBound)
    return failure();
  return bound;
}

static bool isOne(Attribute number) {
  if (auto integer = dyn_cast_or_null<IntegerAttr>(number))
    return integer.getInt() == 1;
  auto real = dyn_cast_or_null<FloatAttr>(number);
  return real && real.getValueAsDouble() == 1;
}

/// The scaling without the fields whose parameters have no value; a flag is 0
/// or 1, and one that divides by 1 is none.
static RopeScalingAttr dropAbsent(RopeScalingAttr scaling) {
  auto keep = [](Attribute field) -> Attribute {
    if (auto flag = dyn_cast_or_null<BoolAttr>(field))
      return Builder(flag.getContext()).getI64IntegerAttr(flag.getValue());
    return isa_and_nonnull<UnitAttr>(field) ? Attribute() : field;
  };
  Attribute type = scaling.getType();
  if (scaling.getKind() == abi::RopeScaling::Linear &&
      isOne(scaling.getFactor()))
    type = StringAttr::get(scaling.getContext(), "none");
  return RopeScalingAttr::get(
      scaling.getContext(), type, keep(scaling.getFactor()),
      keep(scaling.getOriginalContext()), keep(scaling.getLow()),
      keep(scaling.getHigh()), keep(scaling.getBetaFast()),
      keep(scaling.getBetaSlow()), keep(scaling.getAttention()),
      keep(scaling.getTruncate()));
}

/// Whether `op` means something without this attribute.
static bool isOptional(Operation *op, StringRef attribute) {
  auto arguments = dyn_cast<ArgumentsInterface>(op);
  return arguments &&
         llvm::is_contained(arguments.getOptionalAttributes(), attribute);
}

LogicalResult BoundParameters::substitute(Operation *op,
                                          SmallVectorImpl<StringRef> &named) {
  for (NamedAttribute attribute : op->getAttrDictionary()) {
    StringAttr name = attribute.getName();
    FailureOr<Attribute> now = bind(op, attribute.getValue(), named);
    if (failed(now))
      return failure();
    if (*now == attribute.getValue())
      continue;
    if (auto scaling = dyn_cast<RopeScalingAttr>(*now))
      now = dropAbsent(scaling);
    if (!isa<UnitAttr>(*now)) {
      op->setAttr(name, *now);
      continue;
    }
    if (!isOptional(op, name))
      return op->emitError()
             << checkpoint.getPath() << " has no value for "
             << attribute.getValue() << ", but " << name << " needs one";
    op->removeAttr(name);
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Sets of layers
//===----------------------------------------------------------------------===//

/// Whether each value of a list is `value`; none when it is no list of such.
static std::optional<SmallVector<bool>> compare(const MetadataValue &list,
                                                Attribute value) {
  auto isEach = [](const auto &values, const auto &wanted) {
    SmallVector<bool> same;
    for (const auto &found : values)
      same.push_back(found == wanted);
    return same;
  };
  if (const auto *words = std::get_if<std::vector<StringRef>>(&list))
    if (auto word = dyn_cast<StringAttr>(value))
      return isEach(*words, word.getValue());
  auto number = dyn_cast<IntegerAttr>(value); // `true` is one, too
  if (!number)
    return std::nullopt;
  auto wanted = static_cast<int64_t>(number.getValue().getZExtValue());
  if (const auto *numbers = std::get_if<std::vector<int64_t>>(&list))
    return isEach(*numbers, wanted);
  if (const auto *flags = std::get_if<std::vector<bool>>(&list))
    return isEach(*flags, wanted != 0);
  return std::nullopt;
}

static bool isList(const MetadataValue &value) {
  return std::holds_alternative<std::vector<StringRef>>(value) ||
         std::holds_alternative<std::vector<int64_t>>(value) ||
         std::holds_alternative<std::vector<double>>(value) ||
         std::holds_alternative<std::vector<bool>>(value);
}

/// Nothing where the checkpoint has no list under the key. A number n says that
/// every n-th layer has the value, 0 that none has.
FailureOr<SmallVector<bool>>
BoundParameters::findWhere(LayerSetOp set, WhereAttr where, int64_t count) {
  readKeys.insert(where.getKey());
  std::string key = getFullKey(where.getKey());
  if (std::optional<int64_t> period = checkpoint.getInteger(key)) {
    if (*period < 0)
      return set.emitError()
             << checkpoint.getPath() << ": the key \"" << key << "\" is "
             << *period << ", expected a list or a period";
    return llvm::map_to_vector(llvm::seq(count), [&](int64_t layer) {
      return *period != 0 && layer % *period == *period - 1;
    });
  }
  const MetadataValue *list = checkpoint.find(key);
  if (!list || !isList(*list))
    return SmallVector<bool>();
  std::optional<SmallVector<bool>> layers = compare(*list, where.getValue());
  if (!layers)
    return set.emitError() << checkpoint.getPath() << ": the key \"" << key
                           << "\" lists other values than " << where.getValue()
                           << ", which @" << set.getSymName() << " looks for";
  if (static_cast<int64_t>(layers->size()) != count)
    return set.emitError() << checkpoint.getPath() << ": the key \"" << key
                           << "\" lists " << layers->size() << " values for "
                           << count << " layers";
  return *layers;
}

FailureOr<int64_t> BoundParameters::getLayer(LayerSetOp set, Attribute number,
                                             int64_t least) {
  SmallVector<StringRef> named;
  FailureOr<Attribute> bound = bind(set, number, named);
  if (failed(bound))
    return failure();
  auto integer = dyn_cast<IntegerAttr>(*bound);
  if (integer && integer.getInt() >= least)
    return integer.getInt();
  InFlightDiagnostic error = set.emitError("a number of the set @")
                             << set.getSymName() << " is " << *bound
                             << ", expected an integer from " << least << " on";
  addNotes(*error.getUnderlyingDiagnostic(), named);
  return error;
}

FailureOr<SmallVector<bool>> BoundParameters::find(LayerSetOp set,
                                                   int64_t count) {
  SmallVector<bool> layers;
  for (Attribute rule : set.getRules()) {
    if (auto where = dyn_cast<WhereAttr>(rule)) {
      FailureOr<SmallVector<bool>> found = findWhere(set, where, count);
      if (failed(found) || !found->empty())
        return found;
    } else if (auto below = dyn_cast<BelowAttr>(rule)) {
      FailureOr<int64_t> end = getLayer(set, below.getCount(), 0);
      if (failed(end))
        return failure();
      for (int64_t layer : llvm::seq(count))
        layers.push_back(layer < *end);
      return layers;
    } else {
      auto every = cast<EveryAttr>(rule);
      FailureOr<int64_t> step = getLayer(set, every.getStep(), 1),
                         first = getLayer(set, every.getFirst(), 0);
      if (failed(step) || failed(first))
        return failure();
      for (int64_t layer : llvm::seq(count))
        layers.push_back(layer >= *first && (layer - *first) % *step == 0);
      return layers;
    }
  }
  return set.emitError() << checkpoint.getPath()
                         << " has no list that says which layers are in @"
                         << set.getSymName();
}

void BoundParameters::addNotes(Diagnostic &diagnostic,
                               ArrayRef<StringRef> named) const {
  for (StringRef name : named) {
    if (isa_and_nonnull<UnitAttr>(values.lookup(name)))
      continue; // its attribute was dropped
    ParamOp param = params.lookup(name);
    std::string value;
    llvm::raw_string_ostream os(value);
    values.lookup(name).print(os, /*elideType=*/true);
    Diagnostic &note = diagnostic.attachNote(param.getLoc());
    note << "@" << name << " is " << value << ": ";
    std::string key = getFullKey(param.getKey().value_or(""));
    if (param.getKey() && checkpoint.find(key))
      note << checkpoint.getPath() << ", \"" << key << "\"";
    else
      note << "from the spec";
  }
}
