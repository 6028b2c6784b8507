//===- GgufAdapter.cpp - An adapter as a GGUF file ------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/gguf/GgufFile.h"
#include "compiler/frontend/lora/Adapter.h"

using namespace llvm;
using namespace quipu;

/// The rank of each weight's matrices is their own; the scale is alpha / rank,
/// or 1 without an alpha.
Expected<Adapter> quipu::readGgufAdapter(StringRef path,
                                         const Checkpoint &base) {
  Expected<std::unique_ptr<Checkpoint>> file = openGguf(path);
  if (!file)
    return file.takeError();
  auto expect = [&](StringRef key, StringRef value) -> Error {
    std::optional<StringRef> given = (*file)->getString(key);
    if (given == value)
      return Error::success();
    return createStringError(path + ": the key '" + key + "' is " +
                             (given ? "'" + given->str() + "'" : "missing") +
                             ", expected '" + value + "'");
  };
  for (auto [key, value] :
       {std::pair<StringRef, StringRef>("general.type", "adapter"),
        {"adapter.type", "lora"},
        {"general.architecture", base.getArchitecture()}})
    if (Error error = expect(key, value))
      return std::move(error);
  for (StringRef key : (*file)->getKeys())
    if (key.starts_with("adapter.alora"))
      return createStringError(path + ": the key '" + key +
                               "' is of an adapter that text switches on, "
                               "expected one without");
  double alpha = (*file)->getReal("adapter.lora.alpha").value_or(0);

  Adapter adapter;
  for (const CheckpointTensor &b : (*file)->getTensors()) {
    StringRef weight = b.name;
    if (weight.consume_back(".lora_a")) {
      if (!(*file)->findTensor((weight + ".lora_b").str()))
        return createStringError(path + ": tensor '" + b.name +
                                 "': there is no '.lora_b' of it, expected "
                                 "both");
      continue;
    }
    bool isSecond = weight.consume_back(".lora_b");
    const CheckpointTensor *a =
        isSecond ? (*file)->findTensor((weight + ".lora_a").str()) : nullptr;
    if (!a)
      return createStringError(
          path + ": tensor '" + b.name + "': " +
          (isSecond ? "there is no '.lora_a' of it, expected both"
                    : "is no '.lora_a' or '.lora_b', expected no others"));
    if (weight == "token_embd.weight")
      return createStringError(path + ": tensor '" + b.name +
                               "': adapters of embeddings are not supported");
    Expected<LowRankUpdate> update =
        makeUpdate(path + ": tensor '" + b.name + "'", base, weight, *a, b);
    if (!update)
      return update.takeError();
    if (alpha != 0)
      update->scale = static_cast<float>(alpha / double(update->rank));
    adapter.try_emplace(weight, std::move(*update));
  }
  return adapter;
}
