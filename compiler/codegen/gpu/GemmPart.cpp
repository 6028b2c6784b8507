//===- GemmPart.cpp - What a thread has of a product's tile ---------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Most tiles are whole: their addresses are few, and constants further. A warp
// stores, or loads, all of a sector of 32 bytes at once where numbers are f32.
// Those in f16 are transposed before, a pair of features a lane.
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/gpu/GemmPart.h"

using namespace mlir;
using namespace quipu;
using namespace quipu::gpu;

GemmPart::GemmPart(DeviceBuilder &b, Value lane, Value first, Value tokens,
                   int64_t eights, Value firstFeature, int64_t features,
                   bool isRagged)
    : b(b), tokens(tokens), eights(eights), features(features),
      isRagged(isRagged) {
  Value row = b.divide(lane, 4), pair = b.mul(b.remainder(lane, 4), 2);
  token = b.add(first, pair);
  feature = b.add(firstFeature, row);
  pairToken = b.add(first, row);
  pairFeature = b.add(firstFeature, pair);
  isWhole = b.less(b.add(first, 8 * eights - 1), tokens);
  if (isRagged)
    isWhole = arith::AndIOp::create(b, isWhole,
                                    b.less(b.add(firstFeature, 7), features));
}

Value GemmPart::getFeature() const {
  return isRagged ? b.min(feature, features - 1) : feature;
}

Value GemmPart::getToken(size_t number) const {
  return b.add(token, static_cast<int64_t>(number / 2 * 8 + number % 2));
}

Value GemmPart::isThere(Value token, Value feature) const {
  Value isToken = b.less(token, tokens);
  return isRagged ? arith::AndIOp::create(b, isToken, b.less(feature, features))
                  : isToken;
}

Values GemmPart::load(const ActivationRows &rows, Value first) const {
  bool isHalf = rows.numberBytes == 2;
  Type type = isHalf ? Type(b.getI16Type()) : b.getF32Type();
  Values numbers = b.choose(
      isWhole,
      [&] {
        Value places[] = {rows.getPlace(b, first, token, feature),
                          rows.getPlace(b, first, b.add(token, 1), feature)};
        Values loaded;
        for (size_t i = 0; i < size(); ++i)
          loaded.push_back(
              b.load(type, b.at(places[i % 2], static_cast<int64_t>(i / 2) * 8 *
                                                   rows.tokenBytes())));
        return loaded;
      },
      [&] {
        // Not at once from other addresses: these would be all there is.
        Values loaded;
        for (size_t i = 0; i < size(); ++i) {
          Value token = getToken(i);
          loaded.push_back(b.choose(
              isThere(token, feature),
              [&]() -> Values {
                return {b.load(type, rows.getPlace(b, first, token, feature))};
              },
              [&]() -> Values { return {b.constant(type, 0)}; })[0]);
        }
        return loaded;
      });
  if (isHalf)
    for (Value &number : numbers)
      number =
          b.unpack(Half::F16, arith::ExtUIOp::create(b, b.getI32Type(), number))
              .first;
  return numbers;
}

void GemmPart::store(const ActivationRows &rows, Value first,
                     ValueRange numbers) const {
  if (rows.numberBytes == 4)
    return storeWords(rows, first, numbers);
  Values pairs;
  for (size_t i = 0; i < size(); i += 2)
    pairs.push_back(b.transpose(b.pack(Half::F16, numbers[i], numbers[i + 1])));
  storeHalves(rows, first, pairs);
}

void GemmPart::storeWords(const ActivationRows &rows, Value first,
                          ValueRange numbers) const {
  b.ifElse(
      isWhole,
      [&] {
        Value places[] = {rows.getPlace(b, first, token, feature),
                          rows.getPlace(b, first, b.add(token, 1), feature)};
        for (auto [i, number] : llvm::enumerate(numbers))
          b.store(number, b.at(places[i % 2], static_cast<int64_t>(i / 2) * 8 *
                                                  rows.tokenBytes()));
      },
      [&] {
        for (auto [i, number] : llvm::enumerate(numbers)) {
          Value token = getToken(i);
          b.ifThen(isThere(token, feature), [&, number = number] {
            b.store(number, rows.getPlace(b, first, token, feature));
          });
        }
      });
}

void GemmPart::storeHalves(const ActivationRows &rows, Value first,
                           ValueRange pairs) const {
  Value place = rows.getPlace(b, first, pairToken, pairFeature);
  auto store = [&](int64_t i) {
    b.store(pairs[i], b.at(place, i * 8 * rows.tokenBytes()));
  };
  b.ifElse(
      isWhole,
      [&] {
        for (int64_t i = 0; i < eights; ++i)
          store(i);
      },
      [&] {
        for (int64_t i = 0; i < eights; ++i)
          b.ifThen(isThere(b.add(pairToken, 8 * i), pairFeature),
                   [&] { store(i); });
      });
}
