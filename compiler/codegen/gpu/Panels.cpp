//===- Panels.cpp - Where rows of a matrix lie in memory ------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/gpu/Panels.h"
#include "weights/FragmentLayout.h"

using namespace mlir;
using namespace quipu;
using namespace quipu::gpu;

Value quipu::gpu::getPlaceInPanel(DeviceBuilder &b, Value row, Value column) {
  constexpr int64_t chunk = FragmentCodes::chunkBytes / 2;
  constexpr int64_t chunks = FragmentCodes::panelColumns / chunk;
  Value number = b.bitXor(b.bitAnd(b.divide(column, chunk), chunks - 1),
                          b.bitAnd(row, chunks - 1));
  return b.add(b.add(b.mul(row, FragmentCodes::panelRowBytes),
                     b.mul(number, FragmentCodes::chunkBytes)),
               b.mul(b.bitAnd(column, chunk - 1), 2));
}

int64_t ActivationRows::tokenBytes() const {
  return panelBytes ? FragmentCodes::panelRowBytes : rowBytes;
}

Value ActivationRows::getPlace(DeviceBuilder &b, Value first, Value token,
                               Value column) const {
  if (!panelBytes)
    return b.at(b.at(first, b.mul(b.extend(token), b.i64(rowBytes))),
                b.mul(column, numberBytes));
  Value panel = b.extend(b.divide(column, FragmentCodes::panelColumns));
  return b.at(b.at(first, b.mul(panel, b.i64(panelBytes))),
              getPlaceInPanel(b, token, column));
}
