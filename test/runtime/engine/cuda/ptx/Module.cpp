//===- Module.cpp - PTX, read for the fake driver -------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Module.h"
#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <cstring>

using namespace quipu::ptx;

static std::string_view trim(std::string_view text) {
  auto isSpace = [](char c) { return isspace(static_cast<unsigned char>(c)); };
  while (!text.empty() && isSpace(text.front()))
    text.remove_prefix(1);
  while (!text.empty() && isSpace(text.back()))
    text.remove_suffix(1);
  return text;
}

/// Splits at commas that are in no brackets.
static std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  size_t begin = 0;
  int depth = 0;
  for (size_t i = 0; i <= text.size(); ++i) {
    if (i == text.size() || (text[i] == ',' && depth == 0)) {
      if (std::string_view part = trim(text.substr(begin, i - begin));
          !part.empty())
        parts.push_back(part);
      begin = i + 1;
    } else if (strchr("{[(", text[i])) {
      ++depth;
    } else if (strchr("}])", text[i])) {
      --depth;
    }
  }
  return parts;
}

/// Bits of a type at the end of an instruction's name: "b32", "u16", "f64".
static unsigned getBits(std::string_view name) {
  size_t dot = name.rfind('.');
  std::string_view type = dot == name.npos ? name : name.substr(dot + 1);
  return type.size() < 2 ? 0
                         : unsigned(atoi(std::string(type.substr(1)).c_str()));
}

namespace quipu::ptx {
class Parser {
public:
  Parser(Module &module, std::string_view source) : module(module) {
    // Without comments.
    for (size_t i = 0; i < source.size(); ++i) {
      if (source.substr(i, 2) == "//")
        i = std::min(source.find('\n', i), source.size() - 1);
      text += source[i];
    }
  }

  void parse() {
    size_t at = 0;
    while ((at = text.find_first_of(".{", at)) != text.npos) {
      std::string_view rest = std::string_view(text).substr(at);
      if (rest.starts_with(".entry")) {
        at = parseKernel(at + 6);
      } else if (rest.starts_with(".global")) {
        size_t end = text.find(';', at);
        parseTable(rest.substr(0, end - at));
        at = end;
      } else {
        ++at;
      }
    }
  }

private:
  /// .global .align 4 .b8 NAME[32] = {0, 1, ...}, zeros at the end left out
  void parseTable(std::string_view text) {
    size_t bracket = text.find('['), space = text.rfind(' ', bracket);
    size_t open = text.find('{');
    if (bracket == text.npos || open == text.npos)
      throw Error("a table is not understood: " + std::string(text));
    size_t type = text.rfind(" .", space - 1);
    unsigned bytes = getBits(text.substr(type, space - type)) / 8;
    std::vector<uint8_t> numbers;
    for (std::string_view part :
         split(text.substr(open + 1, text.rfind('}') - open - 1))) {
      uint64_t number = parseConstant(part);
      for (unsigned i = 0; i < bytes; ++i)
        numbers.push_back(uint8_t(number >> 8 * i));
    }
    numbers.resize(bytes * parseConstant(text.substr(
                               bracket + 1, text.find(']') - bracket - 1)));
    module.tables[std::string(text.substr(space + 1, bracket - space - 1))] =
        numbers;
  }

  size_t parseKernel(size_t at) {
    kernel = Kernel();
    names.clear();
    labels.clear();
    constants.clear();
    size_t open = text.find('(', at), close = text.find(')', open);
    kernel.name = trim(std::string_view(text).substr(at, open - at));
    for (std::string_view param :
         split(std::string_view(text).substr(open + 1, close - open - 1))) {
      // .param .u64 .ptr .global .align 1 NAME
      std::string type(param.substr(param.find('.', 1)));
      kernel.paramBytes.push_back(
          getBits(std::string_view(type).substr(0, type.find(' '))) / 8);
      std::string name(param.substr(param.rfind(' ') + 1));
      kernel.params.push_back(getRegister(name));
    }
    size_t body = text.find('{', close);
    std::string_view head = std::string_view(text).substr(close, body - close);
    if (size_t threads = head.find(".maxntid"); threads != head.npos)
      kernel.maxThreads =
          unsigned(atoi(std::string(head.substr(threads + 8)).c_str()));
    size_t end = parseBody(body + 1);
    for (auto [index, label] : branches) {
      auto found = labels.find(label);
      if (found == labels.end())
        throw Error("there is no label " + label);
      kernel.code[index].target = found->second;
    }
    branches.clear();
    kernel.registers = unsigned(names.size() + constants.size());
    for (auto [number, index] : constants)
      kernel.constants[index] = number;
    for (auto &[name, index] : names)
      if (name[0] == '%' && name.find_first_of("<>") == name.npos &&
          isSpecial(name))
        kernel.specials[name] = index;
    module.kernels[kernel.name] = std::move(kernel);
    return end;
  }

  static bool isSpecial(std::string_view name) {
    return name.starts_with("%tid") || name.starts_with("%ntid") ||
           name.starts_with("%ctaid") || name.starts_with("%nctaid") ||
           name == "%laneid" || name == "%warpid";
  }

  /// Statements up to the brace that closes the kernel's.
  size_t parseBody(size_t at) {
    std::vector<unsigned> scopes = {0};
    unsigned lastScope = 0;
    scope = 0;
    size_t begin = at;
    for (int brackets = 0; at < text.size(); ++at) {
      std::string_view before =
          trim(std::string_view(text).substr(begin, at - begin));
      char c = text[at];
      if (before.empty() && c == '{') {
        scopes.push_back(scope = ++lastScope);
        begin = at + 1;
      } else if (before.empty() && c == '}') {
        scopes.pop_back();
        if (scopes.empty())
          return at + 1;
        scope = scopes.back();
        begin = at + 1;
      } else if (c == '{' || c == '}') {
        brackets += c == '{' ? 1 : -1;
      } else if (c == ';' && brackets == 0) {
        parseStatement(before);
        begin = at + 1;
      } else if (c == ':' && text[at + 1] == ':') {
        ++at;
      } else if (c == ':') {
        labels[localName(before)] = uint32_t(kernel.code.size());
        begin = at + 1;
      } else {
        // The next character that matters.
        at = text.find_first_of(";:{}", at + 1) - 1;
      }
    }
    throw Error("kernel " + kernel.name + " does not end");
  }

  /// Names that inline assembly declares belong to its braces.
  std::string localName(std::string_view name) const {
    std::string text(name);
    bool isLocal = scope && name[0] != '%' && name[0] != '$';
    return isLocal ? text + "@" + std::to_string(scope) : text;
  }

  uint32_t getRegister(const std::string &name) {
    auto next = uint32_t(names.size() + constants.size());
    return names.try_emplace(name, next).first->second;
  }

  static uint64_t parseConstant(std::string_view text) {
    std::string number(text);
    if (text.starts_with("0f") || text.starts_with("0F") ||
        text.starts_with("0d") || text.starts_with("0D"))
      return strtoull(number.c_str() + 2, nullptr, 16);
    return text[0] == '-' ? uint64_t(strtoll(number.c_str(), nullptr, 0))
                          : strtoull(number.c_str(), nullptr, 0);
  }

  uint32_t getConstant(uint64_t number) {
    auto next = uint32_t(names.size() + constants.size());
    return constants.try_emplace(number, next).first->second;
  }

  uint32_t parseValue(std::string_view text) {
    if (isdigit(static_cast<unsigned char>(text[0])) || text[0] == '-')
      return getConstant(parseConstant(text));
    if (text == "shared_memory")
      return getConstant(sharedBase);
    if (auto table = module.tables.find(text); table != module.tables.end())
      return getConstant(reinterpret_cast<uint64_t>(table->second.data()));
    bool isParam = text.find("_param_") != text.npos;
    return getRegister(isParam ? std::string(text) : localName(text));
  }

  Operand parseOperand(std::string_view text) {
    Operand operand;
    if (text[0] == '{') {
      for (std::string_view part : split(text.substr(1, text.size() - 2)))
        operand.registers.push_back(parseValue(part));
      return operand;
    }
    if (text[0] == '[') {
      text = trim(text.substr(1, text.size() - 2));
      if (size_t plus = text.find('+'); plus != text.npos) {
        operand.offset = int64_t(parseConstant(trim(text.substr(plus + 1))));
        text = trim(text.substr(0, plus));
      }
    }
    // Two results: %r1|%p1.
    if (size_t bar = text.find('|'); bar != text.npos) {
      operand.registers.push_back(parseValue(text.substr(0, bar)));
      text = text.substr(bar + 1);
    }
    operand.registers.push_back(parseValue(text));
    return operand;
  }

  void parseStatement(std::string_view text) {
    if (text.empty() || text[0] == '.') // declarations
      return;
    Instruction instruction;
    instruction.text = text;
    if (text[0] == '@') {
      instruction.isNegated = text[1] == '!';
      text.remove_prefix(instruction.isNegated ? 2 : 1);
      size_t space = text.find_first_of(" \t");
      instruction.guard = int(parseValue(text.substr(0, space)));
      text = trim(text.substr(space));
    }
    size_t space = std::min(text.find_first_of(" \t\n"), text.size());
    instruction.name = text.substr(0, space);
    text = trim(text.substr(space));
    std::string_view name = instruction.name;
    if (name == "bra" || name == "bra.uni") {
      instruction.kind = Kind::Branch;
      branches.push_back({kernel.code.size(), localName(text)});
    } else {
      for (std::string_view operand : split(text))
        instruction.operands.push_back(parseOperand(operand));
      complete(instruction);
    }
    kernel.code.push_back(std::move(instruction));
  }

  static void complete(Instruction &instruction) {
    std::string_view name = instruction.name;
    if (name == "ret" || name == "exit") {
      instruction.kind = Kind::Return;
      return;
    }
    instruction.bytes = getBits(name) / 8;
    size_t dot = name.rfind('.');
    instruction.isSigned = dot != name.npos && name[dot + 1] == 's';
    if ((instruction.execute = findTogether(name)))
      instruction.kind = Kind::Together;
    else if (!(instruction.execute = findInstruction(name)))
      instruction.execute = [](Warp &, const Instruction &, Lanes) {
        throw Error("unknown instruction");
      };
  }

  Module &module;
  std::string text;
  Kernel kernel;
  std::map<std::string, uint32_t> names, labels;
  std::map<uint64_t, uint32_t> constants;
  std::vector<std::pair<size_t, std::string>> branches;
  unsigned scope = 0;
};
} // namespace quipu::ptx

Module::Module(std::string_view text) { Parser(*this, text).parse(); }

const Kernel *Module::find(std::string_view name) const {
  auto found = kernels.find(name);
  return found == kernels.end() ? nullptr : &found->second;
}

bool Module::hasTable(uint64_t address, size_t bytes) const {
  return std::any_of(tables.begin(), tables.end(), [&](const auto &table) {
    auto start = reinterpret_cast<uint64_t>(table.second.data());
    return address >= start && address + bytes <= start + table.second.size();
  });
}
