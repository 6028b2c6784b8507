//===- ParseExpressions.cpp - Expressions of a template -------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "support/jinja/Builtins.h"
#include "support/jinja/Parser.h"
#include <algorithm>
#include <charconv>

using namespace quipu::jinja;

const Expression *Parser::add(Expression expression) {
  for (const Expression *operand : expression.operands)
    if (operand)
      expression.height = std::max(expression.height, operand->height + 1);
  auto include = [&](const Expression *argument) {
    if (argument)
      expression.height = std::max(expression.height, argument->height + 1);
  };
  for (const Expression *argument : expression.arguments.positional)
    include(argument);
  for (const auto &[name, argument] : expression.arguments.keywords)
    include(argument);
  include(expression.arguments.rest);
  include(expression.arguments.restKeywords);
  if (expression.height > maxHeight)
    fail(expression.line, "an expression is nested too deep");
  return &syntax.expressions.emplace_back(std::move(expression));
}

const Expression *Parser::make(Op op, uint32_t line,
                               std::vector<const Expression *> operands) {
  Expression expression(op, line);
  expression.operands = std::move(operands);
  return add(std::move(expression));
}

const Expression *Parser::makeText(std::string text, uint32_t line) {
  Expression expression(Op::Constant, line);
  expression.constant = Value(syntax.constants.make(Text(std::move(text))));
  return add(std::move(expression));
}

const Expression *Parser::parseExpression(bool withChoice) {
  return withChoice ? parseChoice() : parseOr();
}

const Expression *Parser::parseChoice() {
  Level level(*this);
  const Expression *chosen = parseOr();
  while (!hasFailed() && isWord("if")) {
    uint32_t line = current().line;
    next();
    const Expression *condition = parseOr();
    const Expression *otherwise = takeWord("else") ? parseChoice() : nullptr;
    chosen = make(Op::Choose, line, {condition, chosen, otherwise});
  }
  return chosen;
}

const Expression *Parser::parseOr() {
  const Expression *left = parseAnd();
  while (!hasFailed() && isWord("or")) {
    uint32_t line = current().line;
    next();
    left = make(Op::Or, line, {left, parseAnd()});
  }
  return left;
}

const Expression *Parser::parseAnd() {
  const Expression *left = parseNot();
  while (!hasFailed() && isWord("and")) {
    uint32_t line = current().line;
    next();
    left = make(Op::And, line, {left, parseNot()});
  }
  return left;
}

const Expression *Parser::parseNot() {
  Level level(*this);
  uint32_t line = current().line;
  if (!hasFailed() && takeWord("not"))
    return make(Op::Not, line, {parseNot()});
  return parseComparison();
}

const Expression *Parser::parseComparison() {
  using Comparison = Expression::Comparison;
  static constexpr std::pair<std::string_view, Comparison> signs[] = {
      {"==", Comparison::Equal},  {"!=", Comparison::Unequal},
      {"<", Comparison::Less},    {"<=", Comparison::LessEqual},
      {">", Comparison::Greater}, {">=", Comparison::GreaterEqual}};
  Expression comparison(Op::Compare, current().line);
  comparison.operands.push_back(parseSum());
  while (!hasFailed()) {
    const auto *sign = std::ranges::find_if(
        signs, [&](const auto &sign) { return isSign(sign.first); });
    if (sign != std::end(signs)) {
      comparison.comparisons.push_back(sign->second);
      next();
    } else if (takeWord("in")) {
      comparison.comparisons.push_back(Comparison::In);
    } else if (isWord("not") && ahead().type == Type::Name &&
               ahead().text == "in") {
      comparison.comparisons.push_back(Comparison::NotIn);
      next();
      next();
    } else {
      break;
    }
    comparison.operands.push_back(parseSum());
  }
  return comparison.comparisons.empty() ? comparison.operands[0]
                                        : add(std::move(comparison));
}

const Expression *Parser::parseSum() {
  const Expression *left = parseConcatenation();
  while (!hasFailed() && (isSign("+") || isSign("-"))) {
    Op op = isSign("+") ? Op::Add : Op::Subtract;
    uint32_t line = current().line;
    next();
    left = make(op, line, {left, parseConcatenation()});
  }
  return left;
}

const Expression *Parser::parseConcatenation() {
  uint32_t line = current().line;
  std::vector<const Expression *> parts = {parseProduct()};
  while (!hasFailed() && takeSign("~"))
    parts.push_back(parseProduct());
  return parts.size() == 1 ? parts[0]
                           : make(Op::Concatenate, line, std::move(parts));
}

const Expression *Parser::parseProduct() {
  static constexpr std::pair<std::string_view, Op> signs[] = {
      {"*", Op::Multiply},
      {"/", Op::Divide},
      {"//", Op::FloorDivide},
      {"%", Op::Modulo}};
  const Expression *left = parsePower();
  while (!hasFailed()) {
    const auto *sign = std::ranges::find_if(
        signs, [&](const auto &sign) { return isSign(sign.first); });
    if (sign == std::end(signs))
      break;
    uint32_t line = current().line;
    next();
    left = make(sign->second, line, {left, parsePower()});
  }
  return left;
}

const Expression *Parser::parsePower() {
  const Expression *left = parseUnary();
  while (!hasFailed() && isSign("**")) {
    uint32_t line = current().line;
    next();
    left = make(Op::Power, line, {left, parseUnary()});
  }
  return left;
}

const Expression *Parser::parseUnary(bool withFilter) {
  Level level(*this);
  uint32_t line = current().line;
  const Expression *value;
  if (hasFailed())
    return make(Op::Tuple, line);
  if (takeSign("-"))
    value = make(Op::Negate, line, {parseUnary(false)});
  else if (takeSign("+"))
    value = make(Op::Plus, line, {parseUnary(false)});
  else
    value = parsePrimary();
  value = parsePostfix(value);
  return withFilter ? parseFiltersAndTests(value) : value;
}

const Expression *Parser::parsePrimary() {
  Token token = current();
  Expression expression(Op::Constant, token.line);
  switch (token.type) {
  case Type::Name:
    next();
    if (token.text == "true" || token.text == "True") {
      expression.constant = Value(true);
    } else if (token.text == "false" || token.text == "False") {
      expression.constant = Value(false);
    } else if (token.text == "none" || token.text == "None") {
      expression.constant = Value::none();
    } else {
      expression.op = Op::Name;
      expression.name = nameOf(token.text);
      expression.text = token.text;
      for (Macro *macro : macros) {
        macro->takesRest |= expression.name == RestName;
        macro->takesKeywords |= expression.name == KeywordsName;
        macro->takesCaller |= expression.name == CallerName;
      }
    }
    return add(std::move(expression));
  case Type::String: {
    std::string text;
    for (; current().type == Type::String; next())
      text += current().text;
    return makeText(std::move(text), token.line);
  }
  case Type::Integer:
  case Type::Real: {
    next();
    const char *begin = token.text.data(), *end = begin + token.text.size();
    int64_t integer = 0;
    double real = 0;
    bool isReal = token.type == Type::Real;
    auto [stop, error] = isReal ? std::from_chars(begin, end, real)
                                : std::from_chars(begin, end, integer);
    if (error != std::errc() || stop != end)
      fail(token.line, "the number " + token.text + " is too large");
    expression.constant = isReal ? Value(real) : Value(integer);
    return add(std::move(expression));
  }
  case Type::Operator:
    if (token.text == "(") {
      next();
      const Expression *inner =
          parseTuple(/*withChoice=*/true, "", /*inParentheses=*/true);
      expectSign(")");
      return inner;
    }
    if (token.text == "[")
      return parseList();
    if (token.text == "{")
      return parseDictionary();
    break;
  default:
    break;
  }
  failUnexpected("an expression");
  return add(std::move(expression));
}

const Expression *Parser::parseTuple(bool withChoice, std::string_view end,
                                     bool inParentheses) {
  Level level(*this);
  uint32_t line = current().line;
  std::vector<const Expression *> parts;
  bool isTuple = false;
  while (!hasFailed()) {
    if (!parts.empty())
      expectSign(",");
    if (current().type == Type::VariableEnd ||
        current().type == Type::BlockEnd || isSign(")") ||
        (!end.empty() && isWord(end)))
      break;
    parts.push_back(parseExpression(withChoice));
    if (!isSign(","))
      break;
    isTuple = true;
  }
  if (!isTuple && !parts.empty())
    return parts[0];
  if (!isTuple && !inParentheses)
    failUnexpected("an expression");
  return make(Op::Tuple, line, std::move(parts));
}

const Expression *Parser::parseList() {
  Level level(*this);
  uint32_t line = current().line;
  next();
  std::vector<const Expression *> items;
  while (!hasFailed() && !isSign("]")) {
    if (!items.empty())
      expectSign(",");
    if (!isSign("]"))
      items.push_back(parseExpression());
  }
  expectSign("]");
  return make(Op::List, line, std::move(items));
}

const Expression *Parser::parseDictionary() {
  Level level(*this);
  uint32_t line = current().line;
  next();
  std::vector<const Expression *> items;
  while (!hasFailed() && !isSign("}")) {
    if (!items.empty())
      expectSign(",");
    if (isSign("}"))
      break;
    items.push_back(parseExpression());
    expectSign(":");
    items.push_back(parseExpression());
  }
  expectSign("}");
  return make(Op::Dictionary, line, std::move(items));
}

const Expression *Parser::parsePostfix(const Expression *of) {
  while (!hasFailed()) {
    if (isSign(".") || isSign("["))
      of = parseMember(of);
    else if (isSign("("))
      of = parseCall(of);
    else
      break;
  }
  return of;
}

const Expression *Parser::parseFiltersAndTests(const Expression *of) {
  while (!hasFailed()) {
    if (isSign("|"))
      of = parseFilters(of);
    else if (isWord("is"))
      of = parseTest(of);
    else if (isSign("("))
      of = parseCall(of);
    else
      break;
  }
  return of;
}

const Expression *Parser::parseMember(const Expression *of) {
  Expression member(Op::Item, current().line);
  member.operands.push_back(of);
  if (takeSign(".")) {
    if (current().type == Type::Name) {
      member.op = Op::Attribute;
      member.text = current().text;
      member.constant = Value(syntax.constants.make(Text(member.text)));
      next();
    } else if (current().type == Type::Integer) {
      member.operands.push_back(parsePrimary());
    } else {
      failUnexpected("a name or number");
    }
    return add(std::move(member));
  }
  expectSign("[");
  std::vector<const Expression *> subscripts;
  while (!hasFailed() && !isSign("]")) {
    if (!subscripts.empty())
      expectSign(",");
    subscripts.push_back(parseSubscript());
  }
  expectSign("]");
  if (subscripts.size() == 1 && subscripts[0]->op == Op::Slice) {
    member.op = Op::Slice;
    member.operands.insert(member.operands.end(),
                           subscripts[0]->operands.begin(),
                           subscripts[0]->operands.end());
    return add(std::move(member));
  }
  if (!hasFailed() &&
      std::ranges::any_of(subscripts, [](const Expression *subscript) {
        return subscript->op == Op::Slice;
      }))
    fail(member.line, "a slice stands among other subscripts");
  member.operands.push_back(
      subscripts.size() == 1
          ? subscripts[0]
          : make(Op::Tuple, member.line, std::move(subscripts)));
  return add(std::move(member));
}

const Expression *Parser::parseSubscript() {
  Level level(*this);
  uint32_t line = current().line;
  const Expression *parts[3] = {};
  if (!isSign(":")) {
    parts[0] = parseExpression();
    if (!isSign(":"))
      return parts[0];
  }
  for (int part = 1; part < 3 && takeSign(":"); ++part)
    if (!isSign(":") && !isSign("]") && !isSign(","))
      parts[part] = parseExpression();
  return make(Op::Slice, line, {parts[0], parts[1], parts[2]});
}

CallArguments Parser::parseArguments() {
  Level level(*this);
  CallArguments arguments;
  expectSign("(");
  bool isFirst = true;
  while (!hasFailed() && !isSign(")")) {
    if (!isFirst) {
      expectSign(",");
      if (isSign(")"))
        break;
    }
    isFirst = false;
    bool isNamed = current().type == Type::Name &&
                   ahead().type == Type::Operator && ahead().text == "=";
    if (arguments.restKeywords ||
        (!isNamed && !isSign("**") &&
         (arguments.rest || (!isSign("*") && !arguments.keywords.empty()))))
      fail("arguments without names stand before those with names");
    if (takeSign("*")) {
      arguments.rest = parseExpression();
    } else if (takeSign("**")) {
      arguments.restKeywords = parseExpression();
    } else if (isNamed) {
      std::string name = expectName();
      expectSign("=");
      arguments.keywords.emplace_back(std::move(name), parseExpression());
    } else {
      arguments.positional.push_back(parseExpression());
    }
  }
  expectSign(")");
  return arguments;
}

/// That what is called can be something that there is.
void Parser::checkCall(const Expression &callee) {
  if (callee.op == Op::Attribute && !findTextMethod(callee.text) &&
      !findSequenceMethod(callee.text) && !findMappingMethod(callee.text) &&
      callee.text != "cycle" && callee.text != "changed" &&
      !isChangingMethod(callee.text))
    fail(callee.line, "the method '" + callee.text + "' is not supported");
  for (std::string_view name : {"lipsum", "cycler", "joiner"})
    if (callee.op == Op::Name && callee.text == name)
      fail(callee.line, "the function '" + callee.text + "' is not supported");
}

const Expression *Parser::parseCall(const Expression *callee) {
  Expression call(Op::Call, current().line);
  call.operands.push_back(callee);
  call.arguments = parseArguments();
  checkCall(*callee);
  return add(std::move(call));
}

void Parser::checkBuiltin(const Expression &call, std::string_view kind) {
  if (!call.builtin)
    fail(call.line,
         "the " + std::string(kind) + " '" + call.text + "' is not supported");
}

const Expression *Parser::parseFilters(const Expression *of, bool isFirst) {
  while (!hasFailed() && (isFirst || isSign("|"))) {
    if (!isFirst)
      next();
    isFirst = false;
    Expression filter(Op::Filter, current().line);
    filter.operands.push_back(of);
    filter.text = expectName();
    if (isSign("("))
      filter.arguments = parseArguments();
    filter.builtin = findFilter(filter.text);
    checkBuiltin(filter, "filter");
    of = add(std::move(filter));
  }
  return of;
}

const Expression *Parser::parseTest(const Expression *of) {
  expectWord("is");
  uint32_t line = current().line;
  bool isNegated = takeWord("not");
  Expression test(Op::Test, line);
  test.operands.push_back(of);
  test.text = expectName();
  bool isValue = current().type == Type::String ||
                 current().type == Type::Integer ||
                 current().type == Type::Real || isSign("[") || isSign("{") ||
                 (current().type == Type::Name && !isWord("else") &&
                  !isWord("or") && !isWord("and"));
  if (isSign("("))
    test.arguments = parseArguments();
  else if (isWord("is"))
    fail("tests cannot follow one another");
  else if (isValue)
    test.arguments.positional.push_back(parsePostfix(parsePrimary()));
  test.builtin = findTest(test.text);
  checkBuiltin(test, "test");
  const Expression *result = add(std::move(test));
  return isNegated ? make(Op::Not, line, {result}) : result;
}
