//===- Parser.h - From tokens to a syntax tree ------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_SUPPORT_JINJA_PARSER_H
#define QUIPU_SUPPORT_JINJA_PARSER_H

#include "support/jinja/Lexer.h"
#include "support/jinja/Syntax.h"
#include <unordered_map>

namespace quipu::jinja {

/// Parses a template. After a mistake, which is the first, whatever is returned
/// means nothing: it is not looked for at every step.
class Parser {
public:
  Parser(std::vector<Token> tokens, Syntax &syntax, Mistake &mistake)
      : tokens(std::move(tokens)), syntax(syntax), mistake(mistake) {}

  void run();

private:
  using Op = Expression::Op;
  using Type = Token::Type;

  //===--------------------------------------------------------------------===//
  // Tokens
  //===--------------------------------------------------------------------===//

  const Token &current() const { return tokens[at]; }
  const Token &ahead() const {
    return tokens[at + 1 < tokens.size() ? at + 1 : at];
  }
  void next() { at += at + 1 < tokens.size(); }
  bool is(Type type, std::string_view text) const {
    return current().type == type && current().text == text;
  }
  bool isSign(std::string_view sign) const { return is(Type::Operator, sign); }
  bool isWord(std::string_view word) const { return is(Type::Name, word); }
  bool take(Type type, std::string_view text) {
    bool isThere = is(type, text);
    if (isThere)
      next();
    return isThere;
  }
  bool takeSign(std::string_view sign) { return take(Type::Operator, sign); }
  bool takeWord(std::string_view word) { return take(Type::Name, word); }
  void expectSign(std::string_view sign);
  void expectWord(std::string_view word);
  std::string expectName();
  void expectBlockEnd();

  void fail(std::string message) { fail(current().line, std::move(message)); }
  void fail(uint32_t line, std::string message);
  bool hasFailed() const { return mistake.line != 0; }
  void failUnexpected(std::string_view expected);

  /// Refuses what is nested so deep that recursion could not follow.
  class Level {
  public:
    explicit Level(Parser &parser) : parser(parser) {
      if (++parser.depth > maxDepth)
        parser.fail("nested too deep");
    }
    ~Level() { --parser.depth; }

  private:
    Parser &parser;
  };
  static constexpr unsigned maxDepth = 100;
  static constexpr uint32_t maxHeight = 400;

  NameId nameOf(const std::string &name);

  //===--------------------------------------------------------------------===//
  // Expressions
  //===--------------------------------------------------------------------===//

  const Expression *make(Op op, uint32_t line,
                         std::vector<const Expression *> operands = {});
  const Expression *add(Expression expression);
  const Expression *makeText(std::string text, uint32_t line);
  const Expression *parseExpression(bool withChoice = true);
  const Expression *parseChoice();
  const Expression *parseOr();
  const Expression *parseAnd();
  const Expression *parseNot();
  const Expression *parseComparison();
  const Expression *parseSum();
  const Expression *parseConcatenation();
  const Expression *parseProduct();
  const Expression *parsePower();
  const Expression *parseUnary(bool withFilter = true);
  const Expression *parsePrimary();
  const Expression *parsePostfix(const Expression *of);
  const Expression *parseFiltersAndTests(const Expression *of);
  const Expression *parseMember(const Expression *of);
  const Expression *parseSubscript();
  const Expression *parseCall(const Expression *callee);
  /// With `isFirst` a filter's name is next, otherwise '|'.
  const Expression *parseFilters(const Expression *of, bool isFirst = false);
  const Expression *parseTest(const Expression *of);
  CallArguments parseArguments();
  void checkCall(const Expression &callee);
  void checkBuiltin(const Expression &call, std::string_view kind);
  const Expression *parseTuple(bool withChoice = true,
                               std::string_view end = "",
                               bool inParentheses = false);
  const Expression *parseList();
  const Expression *parseDictionary();

  //===--------------------------------------------------------------------===//
  // Statements
  //===--------------------------------------------------------------------===//

  Statement *makeStatement(Statement::Kind kind, uint32_t line);
  /// Up to a block that begins with one of the words, which is next then.
  Body parseBody(std::initializer_list<std::string_view> ends);
  /// The end of a block's tag, and its body up to `end`, with its tag's end
  /// still to come.
  Body parseBlock(std::string_view end);
  const Statement *parseStatement();
  void parseIf(Statement &statement);
  void parseFor(Statement &statement);
  void parseSet(Statement &statement);
  void parseMacro(Macro &macro);
  void parseParameters(Macro &macro);
  void parseMacroBody(Macro &macro, std::string_view end);
  void parseCallBlock(Statement &statement);
  void parseWith(Statement &statement);
  void parsePrint(Statement &statement);
  Target parseTarget(bool withAttribute, std::string_view end = "");
  Target parseOneTarget(bool withAttribute);

  std::vector<Token> tokens;
  size_t at = 0;
  unsigned depth = 0, loops = 0;
  std::unordered_map<std::string, NameId> ids;
  std::vector<Macro *> macros; // those whose bodies are being parsed
  Syntax &syntax;
  Mistake &mistake;
};

} // namespace quipu::jinja

#endif // QUIPU_SUPPORT_JINJA_PARSER_H
