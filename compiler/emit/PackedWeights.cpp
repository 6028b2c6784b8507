//===- PackedWeights.cpp - The weights of a program -----------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/emit/PackedWeights.h"
#include "compiler/emit/HalfRange.h"
#include "compiler/emit/TensorNumbers.h"
#include "compiler/frontend/BoundWeights.h"
#include "dialect/PackedLayout.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/CheckedArithmetic.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/Parallel.h"
#include <cmath>
#include <mutex>

using namespace llvm;
using namespace quipu;

static std::string toString(mlir::Type type) {
  std::string text;
  raw_string_ostream(text) << type;
  return text;
}

/// The tensor of one layer, checked against the declaration.
static Expected<PackedTensor> findTensor(WeightOp weight, uint64_t layer,
                                         const Checkpoint &checkpoint) {
  mlir::RankedTensorType type =
      weight.getLayerType(static_cast<int64_t>(layer));
  std::string name = getTensorName(weight, static_cast<int64_t>(layer));
  const CheckpointTensor *tensor = checkpoint.findTensor(name);
  if (!tensor)
    return createStringError(checkpoint.getPath() + ": the tensor \"" + name +
                             "\" is missing");
  bool asVector = isVector(weight);
  mlir::RankedTensorType found = getBoundType(weight.getContext(), *tensor,
                                              weight.getRowsAttr(), asVector);
  if (!found || found.dropEncoding() != type)
    return createStringError(
        checkpoint.getPath() + ": the tensor \"" + name + "\" is " +
        (found ? toString(found.dropEncoding()) : "without such rows") +
        ", but the module says " + toString(type));
  // The type of a vector is f32 whatever the tensor's.
  if (asVector && tensor->format->isQuantized())
    return createStringError(
        checkpoint.getPath() + ": the tensor \"" + name + "\" is a vector in " +
        StringRef(tensor->format->name) + "; only F32, F16 and BF16 can be");
  LayoutAttrInterface layout = weight.getLayout();
  uint64_t bytes =
      layout ? static_cast<uint64_t>(layout.getPackedBytes(type)) : 0;
  std::optional<int64_t> offset =
      weight.getLayerOffset(static_cast<int64_t>(layer));
  if (!offset || !checkedAddUnsigned<uint64_t>(*offset, bytes))
    return createStringError(
        "the weight \"" + weight.getSymName() +
        "\" has no offset in the program; run assign-weight-offsets "
        "on the module");
  return PackedTensor{tensor, static_cast<uint64_t>(*offset),
                      bytes,  type,
                      layout, weight.getRowsAttr()};
}

/// Of a row of a matrix, of a vector all.
static uint64_t getPackedRowBytes(const PackedTensor &packed) {
  return TypeSwitch<mlir::Attribute, uint64_t>(packed.layout)
      .Case([&](Rows16Attr) {
        return getWeightLayout(packed.type)->tileBytes() / tileRows;
      })
      .Case([&](FragmentsAttr) {
        return getFragmentLayout(packed.type)->tileBytes() /
               FragmentLayout::tileRows;
      })
      .Default(packed.bytes);
}

Expected<PackedWeights> PackedWeights::create(ModelOp model,
                                              const Checkpoint &checkpoint) {
  PackedWeights weights(checkpoint);
  bool hasOutput = any_of(model.getOps<WeightOp>(), [](WeightOp weight) {
    return weight.getTensor() == "output.weight";
  });
  for (WeightOp weight : model.getOps<WeightOp>()) {
    bool isTable = hasOutput && weight.getTensor() == "token_embd.weight";
    for (uint64_t layer = 0; layer < weight.getLayers().value_or(1); ++layer) {
      if (!weight.hasLayer(static_cast<int64_t>(layer)))
        continue;
      Expected<PackedTensor> packed = findTensor(weight, layer, checkpoint);
      if (!packed)
        return packed.takeError();
      int64_t matrices = getMatrices(packed->type);
      weights.bytesPerToken += isTable
                                   ? getPackedRowBytes(*packed)
                                   : packed->bytes / matrices *
                                         weight.getChosen().value_or(matrices);
      weights.tensors.push_back(*packed);
    }
  }

  sort(weights.tensors, [](const PackedTensor &a, const PackedTensor &b) {
    return a.offset < b.offset;
  });
  for (const PackedTensor &packed : weights.tensors) {
    if (packed.offset != weights.bytes)
      return createStringError(
          "the packed tensor \"" + packed.tensor->name + "\" begins at byte " +
          Twine(packed.offset) + ", but the one before it ends at " +
          Twine(weights.bytes) + "; run assign-weight-offsets on the module");
    weights.bytes += packed.bytes;
  }
  return weights;
}

std::string PackedWeights::getFormats() const {
  struct Share {
    uint64_t count = 0, bytes = 0;
  };
  MapVector<StringRef, Share> shares;
  for (const PackedTensor &packed : tensors) {
    Share &share = shares[StringRef(packed.tensor->format->name)];
    ++share.count;
    share.bytes += packed.bytes;
  }
  auto byBytes = shares.takeVector();
  sort(byBytes, [](const auto &a, const auto &b) {
    return std::pair(b.second.bytes, a.first) <
           std::pair(a.second.bytes, b.first);
  });
  std::string text;
  for (const auto &[name, share] : byBytes) {
    bool first = text.empty();
    text += ((first ? "" : ", ") + name + " (" + Twine(share.count) +
             (!first             ? ")"
              : share.count == 1 ? " tensor)"
                                 : " tensors)"))
                .str();
  }
  return text;
}

/// The i-th number of a vector that is stored in a float format.
static float readNumber(const WeightFormat *format, const uint8_t *data,
                        uint64_t i) {
  using namespace support::endian;
  if (format == &formatF16) {
    APFloat number(APFloat::IEEEhalf(), APInt(16, read16le(data + i * 2)));
    bool exact;
    number.convert(APFloat::IEEEsingle(), APFloat::rmNearestTiesToEven, &exact);
    return number.convertToFloat();
  }
  if (format == &formatBF16)
    return bit_cast<float>(uint32_t(read16le(data + i * 2)) << 16);
  return bit_cast<float>(read32le(data + i * 4));
}

using Write = function_ref<Error(ArrayRef<uint8_t>)>;

static Error packFloats(const PackedTensor &packed,
                        const CheckpointTensor &tensor, TensorNumbers &numbers,
                        Write write) {
  int64_t elements = packed.type.getNumElements();
  int64_t rows = elements / tensor.shape.back();
  std::vector<uint8_t> bytes(packed.bytes), stored(rows * tensor.getRowBytes());
  tensor.readRows(0, rows, stored.data());
  numbers.add(inspectNumbers(*tensor.format, stored));
  for (int64_t i = 0; i < elements; ++i)
    support::endian::write32le(
        bytes.data() + i * 4,
        bit_cast<uint32_t>(readNumber(tensor.format, stored.data(), i)));
  return write(bytes);
}

/// Packed bytes that are made side by side before they are written.
static constexpr int64_t pieceBytes = 8 << 20;

static Error explain(const PackedTensor &packed, const TooLarge &found) {
  std::string what;
  if (std::fabs(found.number) < 65504)
    what = "a scale";
  else
    raw_string_ostream(what) << format("%g", found.number);
  return createStringError("the tensor \"" + packed.tensor->name + "\" has " +
                           what + " in row " + Twine(found.row) + ", column " +
                           Twine(found.column) +
                           ", which is beyond f16, by which a GPU multiplies; "
                           "build for a CPU or with F32 weights");
}

static constexpr int64_t getTileRows(const WeightLayout &) { return tileRows; }
static constexpr int64_t getTileRows(const FragmentLayout &) {
  return FragmentLayout::tileRows;
}

/// Packs one tile of the matrix that begins with row `begin`, and says what f16
/// cannot hold, and in `numbers` what the tile's are.
template <typename Layout>
static std::optional<TooLarge>
packTile(const Layout &whole, const CheckpointTensor &tensor, int64_t begin,
         int64_t tile, uint8_t *packed, TensorNumbers &numbers) {
  Layout layout = whole;
  int64_t count = std::clamp<int64_t>(whole.n - tile * getTileRows(whole), 0,
                                      getTileRows(whole));
  const uint8_t *rows =
      tensor.rows ? nullptr : tensor.data.data() + begin * tensor.getRowBytes();
  int64_t first = 0;
  std::vector<uint8_t> copy; // the tile's rows, as a matrix of their own
  if (tensor.rows) {
    first = tile * getTileRows(whole);
    layout.n = count;
    copy.resize(layout.n * tensor.getRowBytes());
    tensor.readRows(begin + first, layout.n, copy.data());
    rows = copy.data();
    tile = 0;
  }
  if (count > 0)
    numbers = inspectNumbers(
        *tensor.format,
        ArrayRef(rows + tile * getTileRows(whole) * tensor.getRowBytes(),
                 count * tensor.getRowBytes()));
  layout.packTile(rows, tile, packed);
  if constexpr (std::is_same_v<Layout, FragmentLayout>)
    if (auto found = findTooLarge(layout, rows, tile, packed)) {
      found->row += begin + first;
      return found;
    }
  return std::nullopt;
}

/// A matrix in tiles.
template <typename Layout>
static Error packMatrix(const Layout &layout, const PackedTensor &packed,
                        const CheckpointTensor &tensor, int64_t matrix,
                        TensorNumbers &numbers, Write write) {
  int64_t bytes = layout.tileBytes();
  int64_t together = std::max<int64_t>(1, pieceBytes / bytes);
  std::vector<uint8_t> piece(std::min(together, layout.tiles()) * bytes);
  for (int64_t first = 0; first < layout.tiles(); first += together) {
    int64_t count = std::min(together, layout.tiles() - first);
    std::mutex mutex;
    std::optional<TooLarge> tooLarge; // the first one
    parallelFor(0, count, [&](size_t i) {
      TensorNumbers ofTile;
      auto found = packTile(layout, tensor, matrix * layout.n, first + i,
                            piece.data() + i * bytes, ofTile);
      std::lock_guard lock(mutex);
      numbers.add(ofTile);
      if (found && (!tooLarge || found->row < tooLarge->row))
        tooLarge = found;
    });
    if (tooLarge)
      return explain(packed, *tooLarge);
    if (Error error = write(ArrayRef(piece).take_front(count * bytes)))
      return error;
  }
  return Error::success();
}

namespace {
/// The rows of a tensor that are packed: some of each group of rows, a row of a
/// stack of matrices being a matrix.
class PartRows final : public RowReader {
public:
  PartRows(const CheckpointTensor &tensor, RowRangeAttr rows)
      : tensor(tensor), group(rows.getGroupRows(tensor.shape.front())),
        first(rows.getFirst()), count(rows.getLast() - first),
        inner(mlir::ShapedType::getNumElements(
            ArrayRef(tensor.shape).drop_front().drop_back())) {}

  void read(int64_t row, int64_t rows, uint8_t *to) const override {
    for (; rows-- > 0; ++row, to += tensor.getRowBytes()) {
      int64_t outer = row / inner;
      outer = outer / count * group + first + outer % count;
      tensor.readRows(outer * inner + row % inner, 1, to);
    }
  }

private:
  const CheckpointTensor &tensor;
  int64_t group, first, count, inner;
};
} // namespace

/// The rows of the tensor that are packed, as a tensor of their own; `copy`
/// holds them where they are parts of a vector.
static CheckpointTensor getPart(const PackedTensor &packed,
                                std::vector<uint8_t> &copy) {
  CheckpointTensor part = *packed.tensor;
  if (!packed.rows)
    return part;
  // A row of a vector is a number, one of a stack of matrices many rows.
  int64_t all = part.shape.front();
  bool isVector = part.shape.size() == 1;
  int64_t numbers =
      all ? packed.type.getNumElements() / packed.type.getDimSize(0) : 0;
  int64_t rowBytes =
      numbers / part.format->blockElements * part.format->blockBytes;
  int64_t group = packed.rows.getGroupRows(all);
  int64_t first = packed.rows.getFirst(), last = packed.rows.getLast();
  part.shape.front() = packed.type.getDimSize(0);
  if (group == all && !part.rows) {
    part.data = part.data.slice(first * rowBytes, (last - first) * rowBytes);
    return part;
  }
  if (!isVector) {
    part.rows = std::make_shared<PartRows>(*packed.tensor, packed.rows);
    return part;
  }
  std::vector<uint8_t> whole(all * rowBytes);
  packed.tensor->readRows(0, 1, whole.data());
  for (int64_t begin = 0; begin < all; begin += group)
    copy.insert(copy.end(), whole.begin() + (begin + first) * rowBytes,
                whole.begin() + (begin + last) * rowBytes);
  part.data = copy;
  part.rows = nullptr;
  return part;
}

/// A matrix, or a stack of them.
template <typename Layout>
static Error packTiles(const Layout &layout, const PackedTensor &packed,
                       const CheckpointTensor &tensor, TensorNumbers &numbers,
                       Write write) {
  for (int64_t matrix : seq(getMatrices(packed.type)))
    if (Error error =
            packMatrix(layout, packed, tensor, matrix, numbers, write))
      return error;
  return Error::success();
}

/// Writes the tensor's packed bytes, a piece at a time, and says in `numbers`
/// what they are made of.
static Error pack(const PackedTensor &packed, TensorNumbers &numbers,
                  Write write) {
  std::vector<uint8_t> copy;
  CheckpointTensor part = getPart(packed, copy);
  return TypeSwitch<mlir::Attribute, Error>(packed.layout)
      .Case([&](Rows16Attr) {
        return packTiles(*getWeightLayout(packed.type), packed, part, numbers,
                         write);
      })
      .Case([&](FragmentsAttr) {
        return packTiles(*getFragmentLayout(packed.type), packed, part, numbers,
                         write);
      })
      .Case(
          [&](FloatsAttr) { return packFloats(packed, part, numbers, write); })
      .DefaultUnreachable("a layout that the packer does not know");
}

/// Packed bytes after which those of the checkpoint may leave the memory.
static constexpr uint64_t releaseBytes = 64 << 20;

void PackedWeights::warnOf(ArrayRef<StringRef> names, StringRef what,
                           Warn warn) const {
  if (names.empty())
    return;
  std::string others;
  if (names.size() > 1)
    others = (", and so have " + Twine(names.size() - 1) + " more").str();
  warn(checkpoint.getPath() + ": the tensor \"" + names.front() + "\" has " +
       what + others);
}

Error PackedWeights::write(OutputFile &to, const Progress &progress,
                           Warn warn) const {
  uint64_t done = 0;
  auto writePart = [&](ArrayRef<uint8_t> part) -> Error {
    if (std::string error = to.write(toStringRef(part)); !error.empty())
      return createStringError(error);
    if (done / releaseBytes != (done + part.size()) / releaseBytes)
      checkpoint.releaseMemory();
    done += part.size();
    progress(done, bytes);
    return Error::success();
  };
  SmallVector<StringRef> broken, zero;
  for (const PackedTensor &packed : tensors) {
    TensorNumbers numbers;
    if (Error error = pack(packed, numbers, writePart))
      return error;
    StringRef name = packed.tensor->name;
    // A bias of nothing is one that a family has, but a model has not.
    bool mayBeZero = packed.type.getRank() == 1 && !name.contains("norm");
    if (!numbers.areFinite)
      broken.push_back(name);
    else if (numbers.areZero && !mayBeZero)
      zero.push_back(name);
  }
  warnOf(broken, "NaN or infinite numbers", warn);
  warnOf(zero, "no number but zero", warn);
  return Error::success();
}
