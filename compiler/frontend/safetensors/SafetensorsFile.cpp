//===- SafetensorsFile.cpp - Tensors of a safetensors file ----------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/safetensors/SafetensorsFile.h"
#include "compiler/frontend/ByteReader.h"
#include "compiler/frontend/Json.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/CheckedArithmetic.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;

namespace quipu {
namespace {

/// As the format's own library has it.
constexpr uint64_t maxHeaderBytes = 100'000'000;
constexpr size_t maxRank = 8;

/// What the header says about a tensor; its data's place counts from the
/// header's end.
struct Description {
  SafetensorsTensor tensor;
  uint64_t begin, end;
};

/// Of a number; 0 for a type that is none of the format's, or of parts of
/// bytes.
uint64_t getBytes(StringRef dtype) {
  return StringSwitch<uint64_t>(dtype)
      .Cases({"F64", "I64", "U64"}, 8)
      .Cases({"F32", "I32", "U32"}, 4)
      .Cases({"F16", "BF16", "I16", "U16"}, 2)
      .Cases({"I8", "U8", "BOOL", "F8_E4M3", "F8_E5M2", "F8_E8M0"}, 1)
      .Default(0);
}

/// Reads the descriptions of one file's header.
class HeaderReader {
public:
  explicit HeaderReader(StringRef path) : path(path) {}

  Expected<std::vector<Description>> read(const json::Object &header) const;

private:
  Error error(StringRef name, const Twine &what) const {
    return createStringError(path + ": tensor '" + name + "': " + what);
  }
  Expected<Description> readTensor(StringRef name,
                                   const json::Value &value) const;
  Error readShape(const json::Object &entry, SafetensorsTensor &tensor,
                  uint64_t &elements) const;
  Error readPlace(const json::Object &entry, Description &to) const;

  StringRef path;
};

std::string quote(const json::Value *value) {
  return value ? quoteJson(*value) : "missing";
}

} // namespace

Error HeaderReader::readShape(const json::Object &entry,
                              SafetensorsTensor &tensor,
                              uint64_t &elements) const {
  const json::Array *sizes = entry.getArray("shape");
  if (!sizes || sizes->size() > maxRank)
    return error(tensor.name, "the shape is " + quote(entry.get("shape")) +
                                  ", expected a list of at most " +
                                  Twine(maxRank) + " sizes");
  int64_t product = 1;
  for (const json::Value &value : *sizes) {
    std::optional<int64_t> size = value.getAsInteger();
    if (!size || *size <= 0)
      return error(tensor.name, "the shape has " + quoteJson(value) +
                                    ", expected sizes from 1");
    if (MulOverflow(product, *size, product))
      return error(tensor.name, "the product of the sizes " +
                                    quote(entry.get("shape")) +
                                    " overflows, expected a signed 64-bit "
                                    "integer");
    tensor.shape.push_back(*size);
  }
  if (tensor.shape.empty())
    tensor.shape.push_back(1);
  elements = static_cast<uint64_t>(product);
  return Error::success();
}

Error HeaderReader::readPlace(const json::Object &entry,
                              Description &to) const {
  const json::Array *offsets = entry.getArray("data_offsets");
  std::optional<int64_t> begin, end;
  if (offsets && offsets->size() == 2) {
    begin = offsets->front().getAsInteger();
    end = offsets->back().getAsInteger();
  }
  if (!begin || !end || *begin < 0 || *end < *begin)
    return error(to.tensor.name, "data_offsets is " +
                                     quote(entry.get("data_offsets")) +
                                     ", expected its data's begin and end");
  to.begin = static_cast<uint64_t>(*begin);
  to.end = static_cast<uint64_t>(*end);
  return Error::success();
}

Expected<Description> HeaderReader::readTensor(StringRef name,
                                               const json::Value &value) const {
  const json::Object *entry = value.getAsObject();
  if (!entry)
    return error(name, quoteJson(value) + ", expected an object");
  std::optional<StringRef> dtype = entry->getString("dtype");
  uint64_t width = dtype ? getBytes(*dtype) : 0;
  if (!width)
    return error(name, "the dtype is " + quote(entry->get("dtype")) +
                           ", expected one as BF16 or F32");
  Description description{{name.str(), dtype->str(), {}, {}}, 0, 0};
  uint64_t elements = 0;
  if (Error failure = readShape(*entry, description.tensor, elements))
    return std::move(failure);
  if (Error failure = readPlace(*entry, description))
    return std::move(failure);
  std::optional<uint64_t> bytes = checkedMulUnsigned(elements, width);
  if (!bytes || description.end - description.begin != *bytes)
    return error(name, "data_offsets is " + quote(entry->get("data_offsets")) +
                           ", expected " + Twine(elements) + " numbers of " +
                           Twine(width) + " bytes");
  return description;
}

Expected<std::vector<Description>>
HeaderReader::read(const json::Object &header) const {
  std::vector<Description> descriptions;
  for (const auto &[key, value] : header) {
    StringRef name = key;
    if (name == "__metadata__")
      continue;
    if (!isPrintableName(name))
      return createStringError(path + ": the tensor's name " + quoteJson(name) +
                               ", expected 1 to 512 printable bytes");
    Expected<Description> description = readTensor(name, value);
    if (!description)
      return description.takeError();
    descriptions.push_back(std::move(*description));
  }
  sort(descriptions, [](const Description &a, const Description &b) {
    return std::tie(a.begin, a.tensor.name) < std::tie(b.begin, b.tensor.name);
  });
  uint64_t end = 0;
  for (const Description &description : descriptions) {
    if (description.begin != end)
      return error(description.tensor.name,
                   "its data begins at byte " + Twine(description.begin) +
                       ", expected " + Twine(end) +
                       ", where the data before it ends");
    end = description.end;
  }
  return descriptions;
}

Expected<std::unique_ptr<SafetensorsFile>>
parseSafetensors(std::unique_ptr<MemoryBuffer> buffer, TensorData data) {
  StringRef path = buffer->getBufferIdentifier();
  ByteReader reader(path, buffer->getBuffer());
  Expected<uint64_t> bytes = reader.read<uint64_t>("header length");
  if (!bytes)
    return bytes.takeError();
  if (*bytes > maxHeaderBytes)
    return reader.error("header length", Twine(*bytes) + ", expected at most " +
                                             Twine(maxHeaderBytes));
  Expected<StringRef> text = reader.take(*bytes, "header");
  if (!text)
    return text.takeError();
  Expected<json::Object> header = parseJsonObject(path + ": header", *text);
  if (!header)
    return header.takeError();
  auto descriptions = HeaderReader(path).read(*header);
  if (!descriptions)
    return descriptions.takeError();
  uint64_t end = descriptions->empty() ? 0 : descriptions->back().end;
  if (data == TensorData::IsUsed && end != reader.getRemaining())
    return reader.error("data", Twine(reader.getRemaining()) +
                                    " bytes behind the header, expected " +
                                    Twine(end));

  StringRef rest = buffer->getBuffer().substr(reader.getPosition());
  std::unique_ptr<SafetensorsFile> file(new SafetensorsFile());
  for (Description &description : *descriptions) {
    if (data == TensorData::IsUsed)
      description.tensor.data =
          arrayRefFromStringRef(rest.slice(description.begin, description.end));
    file->tensors.push_back(std::move(description.tensor));
  }
  file->buffer = std::move(buffer);
  return file;
}

} // namespace quipu
