//===- TensorViews.cpp - A folder's tensors under GGUF's names ------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/huggingface/TensorViews.h"
#include "weights/HalfFloats.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/Endian.h"
#include <cmath>

using namespace llvm;
using namespace quipu;

namespace {
/// A tensor of a file, and which of a stack it is.
struct Piece {
  const SafetensorsFile *file;
  const SafetensorsTensor *tensor;
  uint64_t index;
};

/// What becomes one tensor.
struct Group {
  const json::Object *how; // null: as it is
  bool isStack;
  std::vector<Piece> pieces;
  std::vector<Piece> scales; // one, of MXFP4
};

/// A tensor's sizes and the bytes between neighbours, outermost first, of each
/// of the parts.
struct View {
  std::vector<const uint8_t *> parts;
  bool isStack; // whether the parts are a dimension
  SmallVector<int64_t, 4> shape, strides;

  size_t rank() const { return shape.size(); }
};

class Viewer {
public:
  Viewer(StringRef path, const Config &config, bool reorders,
         StringSaver &saver)
      : path(path), config(config), names(config.names), reorders(reorders),
        saver(saver) {}

  Error add(const SafetensorsFile &file, const SafetensorsTensor &tensor);
  Expected<TensorViews> finish();

private:
  const json::Value *findEntry(StringRef name, SmallVector<uint64_t> &numbers,
                               std::string &suffix) const;
  bool isLeftOut(StringRef name) const;
  Error addTo(const Piece &piece, ArrayRef<uint64_t> numbers, StringRef suffix,
              const json::Value &target);
  Error addTensor(StringRef name, Group &group);
  Error addMxfp4(StringRef name, const Group &group);
  Expected<const WeightFormat *> getFormat(const Piece &piece) const;
  Error checkStack(StringRef name, Group &group) const;
  Error arrange(StringRef name, const Group &group, View &view,
                TensorRows &rows) const;
  Error cutMatrices(const Group &group, View &view) const;
  Error settleTied();
  void copyVector(double plus, const View &view, const TensorRows &rows,
                  CheckpointTensor &to);
  Error error(const Piece &piece, const Twine &what) const {
    return createStringError(piece.file->getPath() + ": tensor '" +
                             piece.tensor->name + "': " + what);
  }

  StringRef path; // of the first file
  const Config &config;
  const FolderNames &names;
  bool reorders;
  StringSaver &saver;
  std::map<std::string, Group> groups;
  TensorViews views;
};
} // namespace

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

/// The name with `*` for its numbers.
static std::string getPattern(StringRef name, SmallVector<uint64_t> &numbers) {
  std::string pattern;
  for (StringRef part : split(name, '.')) {
    uint64_t number;
    if (!pattern.empty())
      pattern += '.';
    bool isNumber = !part.getAsInteger(10, number) && number <= INT32_MAX;
    if (isNumber)
      numbers.push_back(number);
    pattern += isNumber ? "*" : part.str();
  }
  return pattern;
}

const json::Value *Viewer::findEntry(StringRef name,
                                     SmallVector<uint64_t> &numbers,
                                     std::string &suffix) const {
  std::string pattern = getPattern(name, numbers);
  auto lookUp = [&](StringRef own) -> const json::Value * {
    suffix.clear();
    if (const json::Value *entry = names.find("tensors", own))
      return entry;
    auto [stem, last] = own.rsplit('.');
    if (last != "weight" && last != "bias")
      return nullptr;
    suffix = ("." + last).str();
    return names.find("tensors", stem);
  };
  const json::Value *entry = lookUp(pattern);
  names.visitWords("prefixes", [&](StringRef prefix) {
    StringRef rest = pattern;
    if (!entry && rest.consume_front(prefix))
      entry = lookUp(rest);
  });
  return entry;
}

bool Viewer::isLeftOut(StringRef name) const {
  bool isLeftOut = false;
  names.visitWords("left out", [&](StringRef prefix) {
    isLeftOut |= name.starts_with(prefix);
  });
  // Layers behind the last, which foretell more tokens.
  SmallVector<uint64_t> numbers;
  std::string pattern = getPattern(name, numbers);
  double layers = config.getNumber("block_count").value_or(0);
  names.visit("extra layers", [&](StringRef key, const json::Value &prefix) {
    const json::Value *count = config.findOwn(key);
    std::optional<double> extra = count ? count->getAsNumber() : std::nullopt;
    size_t at = pattern.find(prefix.getAsString().value_or("").str());
    if (!extra || at == std::string::npos || numbers.empty())
      return;
    double layer = static_cast<double>(numbers.front());
    isLeftOut |= layer >= layers && layer < layers + *extra;
  });
  return isLeftOut;
}

Error Viewer::add(const SafetensorsFile &file,
                  const SafetensorsTensor &tensor) {
  SmallVector<uint64_t> numbers;
  std::string suffix;
  Piece piece{&file, &tensor, 0};
  const json::Value *entry = findEntry(tensor.name, numbers, suffix);
  if (isLeftOut(tensor.name) || (entry && entry->getAsNull()))
    return Error::success();
  if (!entry)
    return addTo(piece, {}, "", json::Value(json::fixUTF8(tensor.name)));
  if (const json::Array *targets = entry->getAsArray()) {
    for (const json::Value &target : *targets)
      if (Error failure = addTo(piece, numbers, suffix, target))
        return failure;
    return Error::success();
  }
  return addTo(piece, numbers, suffix, *entry);
}

Error Viewer::addTo(const Piece &piece, ArrayRef<uint64_t> numbers,
                    StringRef suffix, const json::Value &target) {
  const json::Object *how = target.getAsObject();
  std::string name;
  StringRef named = how ? how->getString("name").value_or("")
                        : target.getAsString().value_or("");
  for (char character : named) {
    if (character != '*' || numbers.empty()) {
      name += character;
      continue;
    }
    name += std::to_string(numbers.front());
    numbers = numbers.drop_front();
  }
  name += suffix;
  auto [entry, isNew] = groups.try_emplace(name);
  Group &group = entry->second;
  if (isNew)
    group = {how, !numbers.empty(), {}, {}};
  bool isScales = how && how->getString("mxfp4") == "scales";
  std::vector<Piece> &pieces = isScales ? group.scales : group.pieces;
  pieces.push_back(piece);
  if (!numbers.empty())
    pieces.back().index = numbers.front();
  if (group.isStack == numbers.empty() || (!group.isStack && pieces.size() > 1))
    return error(piece, "is '" + name + "', as '" +
                            pieces.front().tensor->name +
                            "' is, expected one of them");
  return Error::success();
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

Expected<const WeightFormat *> Viewer::getFormat(const Piece &piece) const {
  const auto *format = StringSwitch<const WeightFormat *>(piece.tensor->dtype)
                           .Case("F32", &formatF32)
                           .Case("F16", &formatF16)
                           .Case("BF16", &formatBF16)
                           .Default(nullptr);
  if (!format)
    return error(piece, "the dtype is " + piece.tensor->dtype +
                            ", expected F32, F16 or BF16 (store the weights in "
                            "one of them)");
  return format;
}

Error Viewer::checkStack(StringRef name, Group &group) const {
  sort(group.pieces,
       [](const Piece &a, const Piece &b) { return a.index < b.index; });
  const Piece &first = group.pieces.front();
  for (auto [i, piece] : enumerate(group.pieces)) {
    if (piece.index > i)
      return error(piece, "there is no number " + Twine(i) + " of '" + name +
                              "' beside it, expected all from 0");
    if (piece.index < i)
      return error(piece, "number " + Twine(piece.index) + " of '" + name +
                              "' is there twice, expected each once");
    if (piece.tensor->shape != first.tensor->shape ||
        piece.tensor->dtype != first.tensor->dtype)
      return error(piece, "has another shape or dtype than '" +
                              first.tensor->name + "', expected the same");
  }
  return Error::success();
}

/// Makes a stack of matrices, whose rows follow each other in the file or which
/// are a stack there, of each of which it takes some rows.
Error Viewer::cutMatrices(const Group &group, View &view) const {
  const Piece &piece = group.pieces.front();
  const json::Object &how = *group.how;
  auto getSize = [&](StringRef key) {
    double number = config.getNumber(key).value_or(0);
    return number >= 1 && number <= INT32_MAX ? static_cast<int64_t>(number)
                                              : 0;
  };
  bool isOne = how.get("matrices") != nullptr;
  bool fits = !view.isStack && view.rank() == (isOne ? 2 : 3);
  int64_t count = 0;
  if (isOne) {
    count = getSize(*how.getString("matrices"));
  } else if (fits) {
    count = view.shape.front();
    view.shape[1] *= count;
    view.shape.erase(view.shape.begin());
    view.strides.erase(view.strides.begin());
  }
  int64_t part = *how.getInteger("part");
  int64_t first = 0, taken = 0, all = 0; // rows of a matrix
  for (auto [i, key] : enumerate(*how.getArray("rows"))) {
    int64_t size = getSize(*key.getAsString());
    if (static_cast<int64_t>(i) == part) {
      first = all;
      taken = size;
    }
    all += size;
  }
  int64_t rows = fits ? view.shape[0] : 0;
  if (count == 0 || taken == 0 || rows % count || rows / count != all)
    return error(piece, "is no matrix of " + Twine(count) + " times " +
                            Twine(all) +
                            " rows, as config.json says of its heads");
  const uint8_t *start = view.parts.front();
  view.parts.clear();
  for (int64_t i = 0; i < count; ++i)
    view.parts.push_back(start ? start + (i * all + first) * view.strides[0]
                               : start);
  view.isStack = true;
  view.shape[0] = taken;
  return Error::success();
}

Error Viewer::arrange(StringRef name, const Group &group, View &view,
                      TensorRows &rows) const {
  const Piece &piece = group.pieces.front();
  const json::Object &how = *group.how;
  bool isTransposed = how.getBoolean("transposed").value_or(false);
  int64_t every = how.getInteger("every").value_or(1);
  std::optional<StringRef> heads = how.getString("heads");
  bool isBias = name.ends_with(".bias");
  if (how.get("part"))
    if (Error failure = cutMatrices(group, view))
      return failure;
  // A stack of matrices that is one tensor in the file.
  if ((isTransposed || (every > 1 && !isBias)) && view.rank() == 3 &&
      !view.isStack) {
    const uint8_t *start = view.parts.front();
    for (int64_t i = 1; i < view.shape[0]; ++i)
      view.parts.push_back(start ? start + i * view.strides[0] : start);
    view.isStack = true;
    view.shape.erase(view.shape.begin());
    view.strides.erase(view.strides.begin());
  }
  if (isTransposed && view.rank() != 2)
    return error(piece, "has " + Twine(piece.tensor->shape.size()) +
                            " dimensions, expected a stack of matrices");
  if (isTransposed) {
    std::swap(view.shape[0], view.shape[1]);
    std::swap(view.strides[0], view.strides[1]);
  }
  // What a bias has numbers for, a matrix has rows for.
  size_t outputs = view.rank() - 1;
  if (outputs && !isBias)
    --outputs;
  int64_t count = view.shape[outputs];
  if (every > 1) {
    if (count % every)
      return error(piece, "has " + Twine(count) +
                              " outputs, expected a multiple of " +
                              Twine(every));
    int64_t skipped =
        how.getInteger("from").value_or(0) * view.strides[outputs];
    for (const uint8_t *&part : view.parts)
      if (part)
        part += skipped;
    view.shape[outputs] = count / every;
    view.strides[outputs] *= every;
  }
  if (!heads || !reorders)
    return Error::success();
  double number = config.getNumber(*heads).value_or(
      config.getNumber("attention.head_count").value_or(0));
  auto headCount = static_cast<int64_t>(number);
  if (number < 1 || number > static_cast<double>(count) || count % headCount)
    return error(piece, "has " + Twine(count) +
                            " rows, expected a multiple of the number of "
                            "heads, " +
                            Twine(headCount));
  rows.headRows = count / headCount;
  double turned = config.getNumber("rope.dimension_count")
                      .value_or(static_cast<double>(rows.headRows));
  if (turned < 0 || turned > static_cast<double>(rows.headRows) ||
      std::fmod(turned, 2) != 0)
    return error(piece, "has heads of " + Twine(rows.headRows) +
                            " rows, expected an even number of them to turn");
  rows.turned = static_cast<int64_t>(turned);
  return Error::success();
}

static int64_t product(ArrayRef<int64_t> sizes) {
  int64_t product = 1;
  for (int64_t size : sizes)
    product *= size;
  return product;
}

/// A number in a float format.
static float readNumber(const WeightFormat *format, const uint8_t *from) {
  if (format == &formatF32)
    return bit_cast<float>(support::endian::read32le(from));
  return format == &formatF16 ? fromHalf(readHalf(from))
                              : fromBFloat(readHalf(from));
}

void Viewer::copyVector(double plus, const View &view, const TensorRows &rows,
                        CheckpointTensor &to) {
  std::vector<uint8_t> &copy = views.copies.emplace_back(view.shape[0] * 4);
  for (int64_t i = 0; i < view.shape[0]; ++i) {
    float number = readNumber(to.format, rows.find(i));
    support::endian::write32le(
        copy.data() + i * 4,
        bit_cast<uint32_t>(static_cast<float>(number + plus)));
  }
  to.format = &formatF32;
  to.data = copy;
}

/// Bytes between neighbours where all numbers follow each other.
static SmallVector<int64_t, 4> getStrides(ArrayRef<int64_t> shape,
                                          int64_t bytes) {
  SmallVector<int64_t, 4> strides(shape.size());
  for (size_t i = shape.size(); i-- > 0; bytes *= shape[i])
    strides[i] = bytes;
  return strides;
}

/// Blocks [experts, rows, blocks, 16] and their scales, [experts, rows,
/// blocks].
Error Viewer::addMxfp4(StringRef name, const Group &group) {
  if (group.pieces.empty() || group.scales.empty())
    return error(group.pieces.empty() ? group.scales[0] : group.pieces[0],
                 "there are no " +
                     Twine(group.pieces.empty() ? "blocks" : "scales") +
                     " of '" + name + "' beside it");
  const Piece &blocks = group.pieces[0], &scales = group.scales[0];
  ArrayRef<int64_t> shape = blocks.tensor->shape;
  int64_t every = group.how->getInteger("every").value_or(1);
  int64_t first = group.how->getInteger("from").value_or(0);
  if (group.isStack || blocks.tensor->dtype != "U8" || shape.size() != 4 ||
      shape[3] != 16 || shape[1] % every || shape[2] > INT32_MAX)
    return error(blocks, "is no U8 [experts, rows, blocks, 16], as MXFP4 is, "
                         "with a multiple of " +
                             Twine(every) + " rows");
  if (scales.tensor->dtype != "U8" ||
      ArrayRef(scales.tensor->shape) != shape.drop_back())
    return error(scales, "is no U8 with a scale for each block of '" +
                             blocks.tensor->name + "'");
  CheckpointTensor tensor{saver.save(name),
                          findWeightFormat("MXFP4"),
                          {shape[0], shape[1] / every, shape[2] * 32},
                          {}};
  if (!blocks.tensor->data.empty() && !scales.tensor->data.empty()) {
    int64_t rowBytes = shape[2] * 16, rowScales = shape[2];
    TensorRows rows;
    rows.rowsOfPart = shape[1] / every;
    rows.rowStride = rowBytes * every;
    rows.columnStride = 16;
    rows.rowBytes = tensor.getRowBytes();
    rows.blockBytes = tensor.format->blockBytes;
    rows.scaleStride = rowScales * every;
    for (int64_t i = 0; i < shape[0]; ++i) {
      int64_t row = i * shape[1] + first;
      rows.parts.push_back(blocks.tensor->data.data() + row * rowBytes);
      rows.scales.push_back(scales.tensor->data.data() + row * rowScales);
    }
    tensor.rows = std::make_shared<TensorRows>(std::move(rows));
  }
  views.tensors.push_back(std::move(tensor));
  return Error::success();
}

Error Viewer::addTensor(StringRef name, Group &group) {
  if (group.how && group.how->get("mxfp4"))
    return addMxfp4(name, group);
  if (!group.scales.empty())
    return error(group.scales[0], "is a scale of MXFP4, but '" +
                                      group.pieces[0].tensor->name +
                                      "' is not in it");
  if (group.isStack)
    if (Error failure = checkStack(name, group))
      return failure;
  const Piece &first = group.pieces.front();
  Expected<const WeightFormat *> format = getFormat(first);
  if (!format)
    return format.takeError();
  View view{{}, group.isStack, {}, {}};
  for (const Piece &piece : group.pieces)
    view.parts.push_back(piece.tensor->data.data());
  llvm::append_range(view.shape, first.tensor->shape);
  view.strides = getStrides(view.shape, (*format)->blockBytes);
  TensorRows rows;
  if (group.how)
    if (Error failure = arrange(name, group, view, rows))
      return failure;

  CheckpointTensor tensor{saver.save(name), *format, {}, {}};
  if (view.isStack)
    tensor.shape.push_back(static_cast<int64_t>(view.parts.size()));
  llvm::append_range(tensor.shape, view.shape);
  bool isVector = tensor.shape.size() == 1;
  // A name stands for weight and bias, but what is lacking lacks in weights.
  double plus = group.how && !name.ends_with(".bias")
                    ? group.how->getNumber("plus").value_or(0)
                    : 0;
  bool hasSum = plus != 0;
  if (hasSum && !isVector)
    return error(first, "has " + Twine(tensor.shape.size()) +
                            " dimensions, expected a vector");
  bool isPlain = !view.isStack && !rows.headRows && !hasSum &&
                 view.strides == getStrides(view.shape, (*format)->blockBytes);
  if (first.tensor->data.empty()) {
    // The program makes its own.
  } else if (isPlain) {
    tensor.data = first.tensor->data;
  } else {
    rows.parts = std::move(view.parts);
    // The rows of a vector are its numbers; a part that is a vector is a row.
    rows.columnStride = isVector ? (*format)->blockBytes : view.strides.back();
    rows.rowStride = isVector           ? view.strides.front()
                     : view.rank() == 1 ? 0
                                        : view.strides[view.rank() - 2];
    rows.rowsOfPart = isVector ? view.shape.front()
                               : product(ArrayRef(view.shape).drop_back());
    rows.rowBytes = tensor.getRowBytes();
    rows.blockBytes = (*format)->blockBytes;
    if (isVector)
      copyVector(plus, view, rows, tensor);
    else
      tensor.rows = std::make_shared<TensorRows>(std::move(rows));
  }
  views.tensors.push_back(std::move(tensor));
  return Error::success();
}

Error Viewer::settleTied() {
  // A spec takes another tensor where there is none; that must be meant.
  StringSet<> needed;
  const json::Value *classes = config.findOwn("architectures");
  if (const json::Array *list = classes ? classes->getAsArray() : nullptr)
    names.visit("untied", [&](StringRef kind, const json::Value &tensor) {
      for (const json::Value &name : *list)
        if (name.getAsString().value_or("").ends_with(kind))
          needed.insert(tensor.getAsString().value_or(""));
    });
  Error failure = Error::success();
  names.visit("tied", [&](StringRef key, const json::Value &value) {
    std::string tensor = value.getAsString().value_or("").str();
    const json::Value *flag = config.findOwn(key);
    std::optional<bool> isTied = flag ? flag->getAsBoolean() : std::nullopt;
    if (isTied == true)
      groups.erase(tensor);
    if (isTied == false && needed.contains(tensor) &&
        !groups.contains(tensor) && !failure)
      failure = createStringError(path + ": no tensor is '" + tensor +
                                  "', expected one, as the key '" + key +
                                  "' of config.json is false");
  });
  return failure;
}

Expected<TensorViews> Viewer::finish() {
  if (Error failure = settleTied())
    return std::move(failure);
  for (auto &[name, group] : groups)
    if (Error failure = addTensor(name, group))
      return std::move(failure);
  for (const auto &[name, numbers] : config.tensors) {
    std::vector<uint8_t> &copy = views.copies.emplace_back(numbers.size() * 4);
    for (auto [i, number] : enumerate(numbers))
      support::endian::write32le(copy.data() + i * 4,
                                 bit_cast<uint32_t>(number));
    views.tensors.push_back({saver.save(name),
                             &formatF32,
                             {static_cast<int64_t>(numbers.size())},
                             copy});
  }
  return std::move(views);
}

Expected<TensorViews>
quipu::viewTensors(ArrayRef<std::unique_ptr<SafetensorsFile>> files,
                   const Config &config, bool reorders, StringSaver &saver) {
  Viewer viewer(files.empty() ? "" : files[0]->getPath(), config, reorders,
                saver);
  for (const auto &file : files)
    for (const SafetensorsTensor &tensor : file->getTensors())
      if (Error failure = viewer.add(*file, tensor))
        return std::move(failure);
  return viewer.finish();
}

Expected<TensorViews> quipu::viewTensor(const SafetensorsFile &file,
                                        const SafetensorsTensor &tensor,
                                        const Config &config, bool reorders,
                                        StringSaver &saver) {
  Viewer viewer(file.getPath(), config, reorders, saver);
  if (Error failure = viewer.add(file, tensor))
    return std::move(failure);
  return viewer.finish();
}
