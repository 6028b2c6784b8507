//===- ParseStatements.cpp - Statements of a template ---------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "support/jinja/Parser.h"
#include <algorithm>

using namespace quipu::jinja;

//===----------------------------------------------------------------------===//
// Tokens
//===----------------------------------------------------------------------===//

void Parser::fail(uint32_t line, std::string message) {
  if (!hasFailed())
    mistake = {line, std::move(message)};
}

static std::string describe(const Token &token) {
  switch (token.type) {
  case Token::Type::Data:
    return "text";
  case Token::Type::VariableBegin:
    return "'{{'";
  case Token::Type::VariableEnd:
    return "'}}'";
  case Token::Type::BlockBegin:
    return "'{%'";
  case Token::Type::BlockEnd:
    return "'%}'";
  case Token::Type::String:
    return "a string";
  case Token::Type::End:
    return "the template's end";
  default:
    return "'" + token.text + "'";
  }
}

void Parser::failUnexpected(std::string_view expected) {
  fail("expected " + std::string(expected) + ", not " + describe(current()));
}

void Parser::expectSign(std::string_view sign) {
  if (!takeSign(sign))
    failUnexpected("'" + std::string(sign) + "'");
}

void Parser::expectWord(std::string_view word) {
  if (!takeWord(word))
    failUnexpected("'" + std::string(word) + "'");
}

std::string Parser::expectName() {
  std::string name = current().text;
  if (current().type != Type::Name)
    failUnexpected("a name");
  next();
  return name;
}

void Parser::expectBlockEnd() {
  if (current().type != Type::BlockEnd)
    failUnexpected("'%}'");
  next();
}

NameId Parser::nameOf(const std::string &name) {
  auto [found, isNew] =
      ids.try_emplace(name, static_cast<NameId>(syntax.names.size()));
  if (isNew)
    syntax.names.push_back(name);
  return found->second;
}

//===----------------------------------------------------------------------===//
// Statements
//===----------------------------------------------------------------------===//

void Parser::run() {
  for (const char *known : {"loop", "caller", "varargs", "kwargs"})
    nameOf(known);
  syntax.body = parseBody({});
}

Statement *Parser::makeStatement(Statement::Kind kind, uint32_t line) {
  Statement &statement = syntax.statements.emplace_back();
  statement.kind = kind;
  statement.line = line;
  return &statement;
}

Body Parser::parseBody(std::initializer_list<std::string_view> ends) {
  Level level(*this);
  Body body;
  while (!hasFailed()) {
    const Token &token = current();
    switch (token.type) {
    case Type::Data: {
      Statement *data = makeStatement(Statement::Kind::Data, token.line);
      data->data = Text(token.text);
      body.push_back(data);
      next();
      break;
    }
    case Type::VariableBegin: {
      Statement *print = makeStatement(Statement::Kind::Print, token.line);
      next();
      print->values.push_back(parseTuple());
      if (current().type != Type::VariableEnd)
        failUnexpected("'}}'");
      next();
      body.push_back(print);
      break;
    }
    case Type::BlockBegin:
      next();
      if (std::ranges::any_of(
              ends, [&](std::string_view end) { return isWord(end); }))
        return body;
      body.push_back(parseStatement());
      expectBlockEnd();
      break;
    default:
      if (ends.size() != 0)
        failUnexpected("'{% " + std::string(*(ends.end() - 1)) + " %}'");
      return body;
    }
  }
  return body;
}

Body Parser::parseBlock(std::string_view end) {
  takeSign(":");
  expectBlockEnd();
  Body body = parseBody({end});
  expectWord(end);
  return body;
}

const Statement *Parser::parseStatement() {
  using Kind = Statement::Kind;
  uint32_t line = current().line;
  std::string tag = expectName();
  Statement *statement = makeStatement(Kind::Data, line);
  if (tag == "if") {
    parseIf(*statement);
  } else if (tag == "for") {
    parseFor(*statement);
  } else if (tag == "break" || tag == "continue") {
    statement->kind = tag == "break" ? Kind::Break : Kind::Continue;
    if (loops == 0)
      fail(line, "'" + tag + "' stands outside of a loop");
  } else if (tag == "set") {
    parseSet(*statement);
  } else if (tag == "macro") {
    statement->kind = Kind::Macro;
    parseMacro(statement->macro);
    statement->targets.emplace_back().name = nameOf(statement->macro.name);
  } else if (tag == "call") {
    parseCallBlock(*statement);
  } else if (tag == "filter") {
    statement->kind = Kind::FilterBlock;
    statement->values.push_back(parseFilters(nullptr, /*isFirst=*/true));
    statement->bodies.push_back(parseBlock("endfilter"));
  } else if (tag == "with") {
    parseWith(*statement);
  } else if (tag == "generation") {
    statement->kind = Kind::Generation;
    statement->bodies.push_back(parseBlock("endgeneration"));
  } else if (tag == "print") {
    parsePrint(*statement);
  } else {
    fail(line, "the tag '" + tag + "' is not supported");
  }
  return statement;
}

void Parser::parseIf(Statement &statement) {
  statement.kind = Statement::Kind::If;
  for (;;) {
    statement.values.push_back(parseTuple(/*withChoice=*/false));
    takeSign(":");
    expectBlockEnd();
    statement.bodies.push_back(parseBody({"elif", "else", "endif"}));
    if (hasFailed() || !takeWord("elif"))
      break;
  }
  if (takeWord("else"))
    statement.bodies.push_back(parseBlock("endif"));
  else
    expectWord("endif");
}

void Parser::parseFor(Statement &statement) {
  statement.kind = Statement::Kind::For;
  statement.targets.push_back(parseTarget(/*withAttribute=*/false, "in"));
  expectWord("in");
  statement.values.push_back(parseTuple(/*withChoice=*/false, "recursive"));
  if (takeWord("if"))
    statement.condition = parseExpression();
  statement.isRecursive = takeWord("recursive");
  takeSign(":");
  expectBlockEnd();
  ++loops;
  statement.bodies.push_back(parseBody({"else", "endfor"}));
  --loops;
  if (takeWord("else"))
    statement.bodies.push_back(parseBlock("endfor"));
  else
    expectWord("endfor");
}

void Parser::parseSet(Statement &statement) {
  statement.targets.push_back(parseTarget(/*withAttribute=*/true));
  if (takeSign("=")) {
    statement.kind = Statement::Kind::Set;
    statement.values.push_back(parseTuple());
    return;
  }
  statement.kind = Statement::Kind::SetBlock;
  statement.values.push_back(isSign("|") ? parseFilters(nullptr) : nullptr);
  statement.bodies.push_back(parseBlock("endset"));
}

Target Parser::parseOneTarget(bool withAttribute) {
  Level level(*this);
  Target target;
  target.line = current().line;
  if (hasFailed())
    return target;
  if (takeSign("(")) {
    target = parseTarget(withAttribute);
    expectSign(")");
    return target;
  }
  std::string name = expectName();
  for (std::string_view constant :
       {"true", "false", "none", "True", "False", "None"})
    if (name == constant)
      fail(target.line, "'" + name + "' cannot be assigned to");
  target.name = nameOf(name);
  if (withAttribute && takeSign("."))
    target.attribute = expectName();
  return target;
}

Target Parser::parseTarget(bool withAttribute, std::string_view end) {
  Target tuple;
  tuple.line = current().line;
  tuple.parts.push_back(parseOneTarget(withAttribute));
  while (!hasFailed() && takeSign(",")) {
    tuple.isTuple = true;
    if (isSign("=") || isSign(")") || (!end.empty() && isWord(end)))
      break;
    tuple.parts.push_back(parseOneTarget(withAttribute));
  }
  if (tuple.isTuple)
    return tuple;
  Target only = std::move(tuple.parts[0]);
  return only;
}

void Parser::parseMacro(Macro &macro) {
  macro.name = expectName();
  parseParameters(macro);
  parseMacroBody(macro, "endmacro");
}

void Parser::parseParameters(Macro &macro) {
  expectSign("(");
  while (!hasFailed() && !isSign(")")) {
    if (!macro.parameters.empty())
      expectSign(",");
    Parameter parameter = {.name = nameOf(expectName()), .standard = nullptr};
    if (takeSign("="))
      parameter.standard = parseExpression();
    else if (!macro.parameters.empty() && macro.parameters.back().standard)
      fail("a parameter without a default stands behind one that has one");
    macro.parameters.push_back(parameter);
  }
  expectSign(")");
}

void Parser::parseMacroBody(Macro &macro, std::string_view end) {
  macros.push_back(&macro);
  unsigned around = std::exchange(loops, 0);
  macro.body = parseBlock(end);
  loops = around;
  macros.pop_back();
}

void Parser::parseCallBlock(Statement &statement) {
  statement.kind = Statement::Kind::CallBlock;
  statement.macro.name = "caller";
  if (isSign("("))
    parseParameters(statement.macro);
  const Expression *call = parseExpression();
  if (!hasFailed() && call->op != Op::Call)
    fail(statement.line, "'{% call %}' needs a call");
  statement.values.push_back(call);
  parseMacroBody(statement.macro, "endcall");
}

void Parser::parseWith(Statement &statement) {
  statement.kind = Statement::Kind::With;
  while (!hasFailed() && current().type != Type::BlockEnd) {
    if (!statement.targets.empty())
      expectSign(",");
    statement.targets.push_back(parseTarget(/*withAttribute=*/false));
    expectSign("=");
    statement.values.push_back(parseExpression());
  }
  statement.bodies.push_back(parseBlock("endwith"));
}

void Parser::parsePrint(Statement &statement) {
  statement.kind = Statement::Kind::Print;
  while (!hasFailed() && current().type != Type::BlockEnd) {
    if (!statement.values.empty())
      expectSign(",");
    statement.values.push_back(parseExpression());
  }
}
