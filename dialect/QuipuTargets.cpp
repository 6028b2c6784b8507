//===- QuipuTargets.cpp - What a module is for ----------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialect/PackedLayout.h"
#include "dialect/Targets.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace quipu;

namespace {
/// What a feature brings code generation.
enum class CpuCapability { Nothing, Vector512, DotI8, DotBF16, TileI8 };

struct Feature {
  StringRef name;
  CpuCapability brings;
};
} // namespace

static constexpr Feature x86Features[] = {
#define X86_FEATURE(NAME, NEEDS, BRINGS, HALIDE) {NAME, CpuCapability::BRINGS},
#include "abi/CpuFeatures.def"
};
static constexpr Feature armFeatures[] = {
#define ARM_FEATURE(NAME, WORD, BIT, BRINGS, HALIDE)                           \
  {NAME, CpuCapability::BRINGS},
#include "abi/CpuFeatures.def"
};

static ArrayRef<Feature> getFeatures(StringRef arch) {
  if (arch == "x86_64")
    return x86Features;
  if (arch == "aarch64")
    return armFeatures;
  return {};
}

ArrayRef<StringRef> quipu::getCpuFeatures(StringRef arch) {
  auto getNames = [](ArrayRef<Feature> features) {
    return llvm::map_to_vector(
        features, [](const Feature &feature) { return feature.name; });
  };
  static const SmallVector<StringRef> x86 = getNames(x86Features);
  static const SmallVector<StringRef> arm = getNames(armFeatures);
  if (arch == "x86_64")
    return x86;
  return arch == "aarch64" ? ArrayRef(arm) : ArrayRef<StringRef>();
}

static bool brings(StringRef arch, function_ref<bool(StringRef)> has,
                   CpuCapability capability) {
  return llvm::any_of(getFeatures(arch), [&](const Feature &feature) {
    return feature.brings == capability && has(feature.name);
  });
}

static int64_t getVectorBits(StringRef arch,
                             function_ref<bool(StringRef)> has) {
  if (arch == "aarch64")
    return 128;
  return brings(arch, has, CpuCapability::Vector512) ? 512 : 256;
}

int64_t quipu::getVectorBits(StringRef arch, ArrayRef<std::string> features) {
  return ::getVectorBits(arch, [&](StringRef feature) {
    return llvm::is_contained(features, feature);
  });
}

static std::pair<ArrayAttr, ArrayAttr>
getDotsAndTiles(MLIRContext *context, StringRef arch,
                function_ref<bool(StringRef)> has) {
  Builder builder(context);
  SmallVector<Type> dots, tiles;
  if (brings(arch, has, CpuCapability::DotI8))
    dots.push_back(builder.getI8Type());
  if (brings(arch, has, CpuCapability::DotBF16))
    dots.push_back(builder.getBF16Type());
  if (brings(arch, has, CpuCapability::TileI8))
    tiles.push_back(builder.getI8Type());
  return {builder.getTypeArrayAttr(dots), builder.getTypeArrayAttr(tiles)};
}

CpuAttr CpuAttr::getWithAll(MLIRContext *context, StringRef name,
                            StringRef arch, StringRef tune,
                            ArrayRef<std::string> features) {
  Builder builder(context);
  auto has = [&](StringRef feature) {
    return llvm::is_contained(features, feature);
  };
  int64_t bits = ::getVectorBits(arch, has);
  auto [dots, tiles] = getDotsAndTiles(context, arch, has);
  SmallVector<StringRef> names(features.begin(), features.end());
  return get(context, builder.getStringAttr(name), builder.getStringAttr(arch),
             builder.getStringAttr(tune), builder.getStrArrayAttr(names), bits,
             bits == 256 ? 16 : 32, dots, tiles);
}

bool CpuAttr::isArm() const { return getArch() == "aarch64"; }

bool CpuAttr::has(StringRef feature) const {
  return llvm::is_contained(getFeatures().getAsValueRange<StringAttr>(),
                            feature);
}

std::vector<std::string> CpuAttr::getFeatureNames() const {
  std::vector<std::string> names;
  for (StringRef name : getFeatures().getAsValueRange<StringAttr>())
    names.push_back(name.str());
  return names;
}

static bool hasType(ArrayAttr types, Type type) {
  return llvm::is_contained(types.getAsValueRange<TypeAttr>(), type);
}

bool CpuAttr::hasI8Dot() const {
  return hasType(getDots(), IntegerType::get(getContext(), 8));
}
bool CpuAttr::hasBF16Dot() const {
  return hasType(getDots(), BFloat16Type::get(getContext()));
}
bool CpuAttr::hasI8Tile() const {
  return hasType(getTiles(), IntegerType::get(getContext(), 8));
}

bool CpuAttr::keepsOpsApart() const { return false; }

Type CpuAttr::getInputElement(RankedTensorType weight) const {
  Type element = weight.getElementType();
  if (llvm::any_of(getFormats(element), isBlockFormat))
    return I8BlockType::get(getContext());
  // Pairs of columns.
  bool takesBF16 =
      hasBF16Dot() && element.isBF16() && weight.getShape().back() % 2 == 0;
  return takesBF16 ? element : Type();
}

/// Whether what `op` does to heads is beyond tiles of a linear layer's outputs:
/// not all have a whole number of these, or each matrix gives those of one.
static bool cutsTiles(Operation *op) {
  if (!isa<RopeOp, CacheWriteOp, ConcatOp, NormInterface, L2NormOp, SoftmaxOp>(
          op))
    return false;
  // A rotation's angles are no heads.
  ValueRange heads = op->getOperands();
  if (isa<RopeOp>(op))
    heads = heads.take_front();
  return llvm::any_of(heads, [](Value value) {
    auto type = dyn_cast<RankedTensorType>(value.getType());
    auto linear = value.getDefiningOp<LinearOp>();
    return type && type.getRank() == 3 &&
           (type.getDimSize(2) % tileRows || (linear && linear.isStack()));
  });
}

bool CpuAttr::joinsLinear(Operation *op, int64_t /*tokens*/) const {
  return cast<FusionInterface>(op).getFusionRole() == FusionRole::Tile &&
         !cutsTiles(op);
}

bool CpuAttr::roundsAttention() const { return false; }

Attribute CpuAttr::chooseLayout(RankedTensorType weight) const {
  return chooseRowsLayout(weight);
}

bool ReferenceAttr::keepsOpsApart() const { return true; }
Type ReferenceAttr::getInputElement(RankedTensorType /*weight*/) const {
  return {};
}
bool ReferenceAttr::joinsLinear(Operation * /*op*/, int64_t /*tokens*/) const {
  return false;
}
bool ReferenceAttr::roundsAttention() const { return false; }
Attribute ReferenceAttr::chooseLayout(RankedTensorType weight) const {
  return chooseRowsLayout(weight);
}

bool GpuAttr::keepsOpsApart() const { return false; }

Type GpuAttr::getInputElement(RankedTensorType weight) const {
  bool hasFloats = llvm::any_of(getFormats(weight.getElementType()),
                                llvm::IsaPred<Float32Type>);
  return hasFloats || weight.getShape().back() % 2
             ? Type()
             : Float16Type::get(getContext());
}

/// Whether the partner of each component is its neighbour, or in the tile at
/// the same place in the other half of the head.
static bool turnsInTiles(RopeOp rope) {
  auto angles = dyn_cast<RankedTensorType>(rope.getAngles().getType());
  auto input = dyn_cast<RankedTensorType>(rope.getInput().getType());
  if (!angles || !input || rope.getPairs() == Pairing::Adjacent)
    return getFirstTurned(rope) % 2 == 0;
  int64_t half = angles.getDimSize(1);
  return half % FragmentLayout::tileRows == 0 &&
         2 * half == input.getShape().back();
}

/// What needs neighbours of an output other than the one next to it runs in
/// kernels for few tokens only, where a block has the whole head at hand.
bool GpuAttr::joinsLinear(Operation *op, int64_t tokens) const {
  if (auto quantize = dyn_cast<QuantizeOp>(op))
    return quantize.getElement().has_value();
  if (auto rope = dyn_cast<RopeOp>(op))
    return tokens <= maxGemvTokens && turnsInTiles(rope);
  if (isa<CacheWriteOp>(op))
    return tokens <= maxGemvTokens;
  return cast<FusionInterface>(op).getFusionRole() == FusionRole::Tile &&
         !isa<NormInterface, L2NormOp, SoftmaxOp, ConcatOp>(op);
}

bool GpuAttr::roundsAttention() const { return true; }

Attribute GpuAttr::chooseLayout(RankedTensorType weight) const {
  return isFragmentMatrix(weight) ? FragmentsAttr::get(getContext())
                                  : Attribute(chooseRowsLayout(weight));
}

int64_t GpuAttr::getCapability() const {
  int64_t number = 0;
  getChip()
      .getValue()
      .drop_front(3)
      .take_while(llvm::isDigit)
      .getAsInteger(10, number);
  return number;
}

LogicalResult GpuAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                              StringAttr chip) {
  if (!llvm::is_contained(getGpuChips(), chip.getValue()))
    return emitError() << "C1: " << chip << " is none of the chips "
                       << llvm::join(getGpuChips(), ", ");
  return success();
}

ArrayRef<StringRef> quipu::getGpuChips() {
  static constexpr StringRef chips[] = {"sm_80", "sm_89", "sm_90a"};
  return chips;
}

LogicalResult CpuAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                              StringAttr name, StringAttr arch, StringAttr tune,
                              ArrayAttr features, int64_t vector,
                              int64_t registers, ArrayAttr dots,
                              ArrayAttr tiles) {
  ArrayRef<StringRef> known = getCpuFeatures(arch);
  if (known.empty())
    return emitError() << "C1: the architecture " << arch
                       << " is neither \"x86_64\" nor \"aarch64\"";
  StringRef last;
  for (Attribute feature : features) {
    auto text = dyn_cast<StringAttr>(feature);
    if (!text || !llvm::is_contained(known, text.getValue()))
      return emitError() << "C2: " << feature << " is no feature of " << arch;
    if (text.getValue() <= last)
      return emitError() << "C2: the features are not in alphabetical order: "
                         << text << " after \"" << last << '"';
    last = text.getValue();
  }
  auto has = [&](StringRef feature) {
    return llvm::is_contained(features.getAsValueRange<StringAttr>(), feature);
  };
  int64_t most = ::getVectorBits(arch.getValue(), has);
  if ((vector != 128 && vector != 256 && vector != 512) || vector > most ||
      registers < 1)
    return emitError() << "C3: " << registers << " vectors of " << vector
                       << " bits, where the features have such of " << most;
  auto [allDots, allTiles] =
      getDotsAndTiles(arch.getContext(), arch.getValue(), has);
  for (auto [listed, all, what] : {std::tuple(dots, allDots, "dots"),
                                   std::tuple(tiles, allTiles, "tiles")})
    for (Attribute element : listed)
      if (!llvm::is_contained(all, element))
        return emitError() << "C4: the features bring no " << what << " of "
                           << element;
  return success();
}

static ModuleOp getModule(Operation *op) {
  auto module = dyn_cast<ModuleOp>(op);
  return module ? module : op->getParentOfType<ModuleOp>();
}

SmallVector<Attribute> quipu::getTargets(Operation *op) {
  Attribute target = getModule(op)->getAttr(targetName);
  if (auto several = dyn_cast_or_null<ArrayAttr>(target))
    return llvm::to_vector(several);
  return target ? SmallVector<Attribute>{target} : SmallVector<Attribute>{};
}

FailureOr<CpuAttr> quipu::getCpu(Operation *op) {
  SmallVector<Attribute> targets = getTargets(op);
  auto cpu = targets.size() == 1 ? dyn_cast<CpuAttr>(targets[0]) : CpuAttr();
  if (!cpu)
    return op->emitError("the module has no quipu.target that is one "
                         "#quipu.cpu; run attach-target first");
  return cpu;
}

FailureOr<GpuAttr> quipu::getGpu(Operation *op) {
  SmallVector<Attribute> targets = getTargets(op);
  auto gpu = targets.size() == 1 ? dyn_cast<GpuAttr>(targets[0]) : GpuAttr();
  if (!gpu)
    return op->emitError("the module has no quipu.target that is a #quipu.gpu; "
                         "run attach-target first");
  return gpu;
}

LogicalResult quipu::verifyTarget(Operation *op, Attribute target) {
  if (!isa<ModuleOp>(op))
    return op->emitError("quipu.target is an attribute of modules");
  auto several = dyn_cast<ArrayAttr>(target);
  if (isa<TargetAttrInterface>(target) ||
      (several && several.size() > 1 &&
       llvm::all_of(several, llvm::IsaPred<CpuAttr>)))
    return success();
  return op->emitError("quipu.target must be a #quipu.cpu, several of them, a "
                       "#quipu.gpu, or #quipu.reference");
}
