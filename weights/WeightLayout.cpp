//===- WeightLayout.cpp - How packed weights lie in memory ----------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weights/WeightLayout.h"

#include <algorithm>
#include <cstring>

using namespace quipu;

namespace {
/// One plane of 32 columns of codes of a row.
struct PlacedPlane {
  CodePlanes::Plane plane;
  int64_t bytes[blockSize]; // from the row's first byte
  int shifts[blockSize];

  PlacedPlane(CodePlanes::Plane plane) : plane(plane) {
    for (int64_t column = 0; column < blockSize; ++column) {
      int64_t group = column / groupColumns;
      bytes[column] =
          (plane.low + group % plane.bits) * lineBytes + column % groupColumns;
      shifts[column] = plane.bits * int(group / plane.bits);
    }
  }
};

/// A row's codes in the packed blocks of a tile.
class PackedCodes {
public:
  explicit PackedCodes(const WeightLayout &layout) : layout(layout) {
    for (const CodePlanes::Plane &plane : CodePlanes(layout.format->codeBits))
      planes.emplace_back(plane);
  }

  void write(const uint8_t *codes, int64_t lane, int64_t together,
             uint8_t *packed) const {
    visit(lane, together, [&](int64_t i, int64_t byte, int shift, auto &plane) {
      int part = codes[i] >> plane.low & ((1 << plane.bits) - 1);
      packed[byte] |= uint8_t(part << shift);
    });
  }

  void read(const uint8_t *packed, int64_t lane, int64_t together,
            uint8_t *codes) const {
    std::memset(codes, 0, layout.format->blockElements);
    visit(lane, together, [&](int64_t i, int64_t byte, int shift, auto &plane) {
      int part = packed[byte] >> shift & ((1 << plane.bits) - 1);
      codes[i] |= uint8_t(part << plane.low);
    });
  }

private:
  template <typename Visit>
  void visit(int64_t lane, int64_t together, Visit visit) const {
    int64_t elements = layout.format->blockElements;
    int64_t first = layout.codesOffset() + lane * groupColumns +
                    together * elements / blockSize * layout.codeBytes();
    for (const PlacedPlane &placed : planes)
      for (int64_t i = 0; i < elements; ++i) {
        int64_t column = i % blockSize;
        visit(i,
              first + i / blockSize * layout.codeBytes() + placed.bytes[column],
              placed.shifts[column], placed.plane);
      }
  }

  const WeightLayout &layout;
  std::vector<PlacedPlane> planes;
};
} // namespace

/// Calls `visit(header byte, pointer into the block, bytes)` for each part of
/// the header that belongs to one row and one block.
template <typename Block, typename Visit>
static void visitHeader(const WeightLayout &layout, int64_t lane,
                        int64_t together, Block &block, Visit visit) {
  const WeightFormat &format = *layout.format;
  int64_t half = (together * tileRows + lane) * 2;
  visit(half, &block.scale, 2);
  if (format.hasMinima)
    visit(layout.minimaOffset() + half, &block.minimum, 2);
  if (!format.hasGroupScales)
    return;
  for (int64_t group = 0; group < format.groups(); ++group) {
    int64_t byte = group * tileRows + lane;
    visit(layout.groupScalesOffset() + byte, &block.groupScales[group], 1);
    if (format.hasMinima)
      visit(layout.groupMinimaOffset() + byte, &block.groupMinima[group], 1);
  }
}

void WeightLayout::packTile(const uint8_t *rows, int64_t tile,
                            uint8_t *packed) const {
  std::memset(packed, 0, tileBytes());
  int64_t live = std::min(tileRows, n - tile * tileRows);
  int64_t size = format->blockBytes;
  PackedCodes codes(*this);
  WeightBlock block;
  for (int64_t lane = 0; lane < live; ++lane) {
    const uint8_t *row = rows + (tile * tileRows + lane) * checkpointRowBytes();
    for (int64_t i = 0; i < k / format->blockElements; ++i, row += size) {
      if (!format->isQuantized()) {
        std::memcpy(packed + getIndex(i, lane) * size, row, size);
        continue;
      }
      format->readBlock(row, block);
      uint8_t *to = packed + i / interleavedBlocks() * packedBlockBytes();
      int64_t together = i % interleavedBlocks();
      visitHeader(*this, lane, together, block,
                  [&](int64_t byte, const void *part, size_t size) {
                    std::memcpy(to + byte, part, size);
                  });
      codes.write(block.codes, lane, together, to);
    }
  }
}

std::vector<WeightBlock> WeightLayout::readRow(const uint8_t *tile,
                                               int64_t lane) const {
  PackedCodes codes(*this);
  std::vector<WeightBlock> blocks(k / format->blockElements);
  for (size_t i = 0; i < blocks.size(); ++i) {
    const uint8_t *from = tile + i / interleavedBlocks() * packedBlockBytes();
    int64_t together = i % interleavedBlocks();
    visitHeader(*this, lane, together, blocks[i],
                [&](int64_t byte, void *part, size_t size) {
                  std::memcpy(part, from + byte, size);
                });
    codes.read(from, lane, together, blocks[i].codes);
  }
  return blocks;
}
