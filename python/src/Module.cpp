//===- Module.cpp - The module _quipu -------------------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Stream.h"
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

namespace nb = nanobind;
using namespace nb::literals;
using namespace quipu::python;

using Ids = std::vector<int32_t>;
using Matrix = nb::ndarray<nb::numpy, float, nb::ndim<2>>;

/// An array that owns its numbers.
static Matrix toArray(Rows rows) {
  auto *numbers = new std::vector<float>(std::move(rows.numbers));
  nb::capsule owner(numbers, [](void *data) noexcept {
    delete static_cast<std::vector<float> *>(data);
  });
  return Matrix(numbers->data(), {rows.count, rows.width}, owner);
}

static nb::dict run(Model &model, const std::string &entry, const Ids &tokens,
                    const std::optional<Ids> &places,
                    const std::optional<Ids> &types,
                    const std::optional<Ids> &positions,
                    const std::optional<Ids> &sequences,
                    const std::optional<Ids> &selected, int32_t last) {
  auto get = [](const std::optional<Ids> &ids) {
    return ids ? &*ids : nullptr;
  };
  std::map<std::string, Rows> outputs;
  {
    nb::gil_scoped_release release;
    outputs = model.run(entry, tokens, get(places), get(types), get(positions),
                        get(sequences), get(selected), last);
  }
  nb::dict arrays;
  for (auto &[name, rows] : outputs)
    arrays[name.c_str()] = toArray(std::move(rows));
  return arrays;
}

static quipu_cache_type parseCacheType(const std::string &name) {
  if (name == "f16")
    return QUIPU_CACHE_F16;
  if (name == "f32")
    return QUIPU_CACHE_F32;
  if (name == "q8_0")
    return QUIPU_CACHE_Q8_0;
  throw Error(QUIPU_ERROR_ARGUMENT,
              "cache_type is 'f16', 'f32' or 'q8_0', not '" + name + "'");
}

NB_MODULE(_quipu, module) {
  static PyObject *failure = nb::exception<Error>(module, "Error").ptr();
  nb::register_exception_translator([](const std::exception_ptr &pointer,
                                       void *) {
    try {
      std::rethrow_exception(pointer);
    } catch (const Error &error) {
      PyErr_SetString(error.status == QUIPU_ERROR_ARGUMENT ? PyExc_ValueError
                      : error.status == QUIPU_ERROR_MEMORY ? PyExc_MemoryError
                                                           : failure,
                      error.what());
    }
  });

  nb::class_<Model>(module, "Model", "One library, running.")
      .def(
          "__init__",
          [](Model *place, const std::string &path, int32_t context,
             int32_t threads, int32_t sequences, const std::string &cacheType,
             int32_t device) {
            Options options = {context, threads, sequences, device,
                               parseCacheType(cacheType)};
            nb::gil_scoped_release release;
            new (place) Model(path, options);
          },
          "path"_a, "context"_a = 0, "threads"_a = 0, "sequences"_a = 1,
          "cache_type"_a = "f16", "device"_a = 0)
      .def_prop_ro("entries", &Model::entries)
      .def_prop_ro("vocabulary", &Model::vocabulary)
      .def_prop_ro("context", &Model::context)
      .def_prop_ro("cache_bytes", &Model::cacheBytes)
      .def("outputs", &Model::outputs, "entry"_a)
      .def("tokenize", &Model::tokenize, "text"_a, "special"_a,
           nb::call_guard<nb::gil_scoped_release>())
      .def("tokenize_pair", &Model::tokenizePair, "first"_a, "second"_a,
           "special"_a, nb::call_guard<nb::gil_scoped_release>())
      .def(
          "chat_tokens",
          [](Model &model, const std::string &messages,
             const std::string &tools, const std::string &variables,
             bool special) {
            return model.chatTokens({messages, tools, variables, special});
          },
          "messages"_a, "tools"_a, "variables"_a, "special"_a,
          nb::call_guard<nb::gil_scoped_release>())
      .def(
          "detokenize",
          [](Model &model, const Ids &tokens) {
            std::string text = model.detokenize(tokens);
            return nb::bytes(text.data(), text.size());
          },
          "tokens"_a)
      .def("is_end", &Model::isEnd, "token"_a)
      .def("run", &run, "entry"_a, "tokens"_a, "places"_a.none(),
           "types"_a.none(), "positions"_a.none(), "sequences"_a.none(),
           "selected"_a.none(), "last"_a,
           nb::sig("def run(self, entry: str, tokens: Sequence[int], places: "
                   "Sequence[int] | None, types: Sequence[int] | None, "
                   "positions: Sequence[int] | None, sequences: Sequence[int] "
                   "| None, "
                   "selected: Sequence[int] | None, last: int) -> dict[str, "
                   "numpy.ndarray]"))
      .def("reset", &Model::reset, "sequence"_a)
      .def("fork", &Model::fork, "source"_a, "target"_a)
      .def("length", &Model::length, "sequence"_a);

  nb::class_<Stream>(module, "Stream", "Tokens as they are generated.")
      .def(
          "__init__",
          [](Stream *place, std::shared_ptr<Model> model, int32_t token,
             int32_t steps, float temperature, int32_t topK, float topP,
             float minP, float repeatPenalty, uint64_t seed,
             const std::string &grammar, const std::string &schema) {
            new (place) Stream(std::move(model), token,
                               {temperature, topP, minP, repeatPenalty, topK,
                                seed, grammar, schema},
                               steps);
          },
          "model"_a, "token"_a, "steps"_a, "temperature"_a, "top_k"_a,
          "top_p"_a, "min_p"_a, "repeat_penalty"_a, "seed"_a, "grammar"_a,
          "json_schema"_a)
      .def("next",
           [](Stream &stream) -> std::optional<std::pair<int32_t, nb::bytes>> {
             std::optional<Stream::Part> part;
             {
               nb::gil_scoped_release release;
               part = stream.next();
             }
             if (!part)
               return std::nullopt;
             const std::string &text = part->second;
             return std::pair(part->first, nb::bytes(text.data(), text.size()));
           })
      .def("close", &Stream::close, nb::call_guard<nb::gil_scoped_release>());
}
