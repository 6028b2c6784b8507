//===- SchemaTypes.cpp - What values of a type may be ---------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/generate/grammar/Grammar.h"
#include "runtime/generate/grammar/SchemaCompiler.h"
#include <cmath>

using namespace quipu;
using jinja::Kind;
using jinja::Mapping;
using jinja::Value;
using Placed = SchemaMerger::Placed;

std::string SchemaCompiler::visitString(const Placed &schema) {
  const Value *pattern = schema.schema->find("pattern"),
              *format = schema.schema->find("format");
  std::optional<int64_t> least = findCount(schema, "minLength"),
                         most = findCount(schema, "maxLength");
  if (int(pattern != nullptr) + int(format != nullptr) + int(least || most) > 1)
    fail(schema.place, "of 'pattern', 'format' and lengths of a string only "
                       "one is supported");
  if (pattern) {
    std::string inside, reason = "it is no text";
    if (pattern->isText())
      reason = gbnfOfPattern(pattern->text->bytes, inside);
    if (!reason.empty())
      fail(schema.place, "the 'pattern' " + printJson(*pattern) +
                             " is not supported: " + reason);
    use("char");
    return R"("\"" )" + inside + R"( "\"")";
  }
  if (format) {
    std::string name = format->isText() ? format->text->bytes : "";
    static constexpr std::string_view supported[] = {
        "date", "time", "date-time", "uuid", "ipv4", "hostname", "email"};
    if (name.size() == 5 && name.starts_with("uuid") && name[4] >= '1' &&
        name[4] <= '5')
      name = "uuid";
    if (std::ranges::find(supported, name) == std::end(supported))
      fail(schema.place,
           "the 'format' " + printJson(*format) + " is not supported");
    return R"("\"" )" + use(name) + R"( "\"")";
  }
  if (!least && !most)
    return use("string");
  if (most && *most < least.value_or(0))
    fail(schema.place, "'minLength' is more than 'maxLength'");
  return R"("\"" )" + use("char") + "{" + std::to_string(least.value_or(0)) +
         "," + (most ? std::to_string(*most) : "") + R"(} "\"")";
}

/// The lowest or highest integer, or none.
std::optional<int64_t> SchemaCompiler::findBound(const Placed &schema,
                                                 bool isLower) {
  std::optional<int64_t> bound;
  for (bool isExclusive : {false, true}) {
    const char *name = isExclusive
                           ? (isLower ? "exclusiveMinimum" : "exclusiveMaximum")
                           : (isLower ? "minimum" : "maximum");
    const Value *value = schema.schema->find(name);
    if (!value)
      continue;
    constexpr double most = 9e18; // below 2^63
    if (!value->isNumber() || value->kind == Kind::Boolean ||
        std::fabs(value->number()) > most) {
      fail(schema.place,
           std::string("'") + name + "' must be a number of at most 18 digits");
      continue;
    }
    int64_t number =
        value->kind == Kind::Integer
            ? value->integer
            : int64_t(isLower != isExclusive ? std::ceil(value->real)
                                             : std::floor(value->real));
    if (isExclusive)
      number += isLower ? 1 : -1;
    bound = !bound    ? number
            : isLower ? std::max(*bound, number)
                      : std::min(*bound, number);
  }
  return bound;
}

std::string SchemaCompiler::visitInteger(const Placed &schema) {
  std::optional<int64_t> low = findBound(schema, true),
                         high = findBound(schema, false);
  if (!low && !high)
    return use("integer");
  if (low && high && *low > *high) {
    fail(schema.place, "there is no integer from " + std::to_string(*low) +
                           " to " + std::to_string(*high));
    return "";
  }
  return "(" + gbnfOfIntegers(low, high) + ")";
}

std::string SchemaCompiler::visitArray(const Placed &schema) {
  const Value *prefix = schema.schema->find("prefixItems"),
              *rest = schema.schema->find("items");
  // Before 2020 a list of schemas stood there.
  if (rest && rest->kind == Kind::Sequence && !prefix)
    std::swap(prefix, rest);
  if (prefix && prefix->kind != Kind::Sequence) {
    fail(schema.place, "'prefixItems' must be a list of schemas");
    return "";
  }
  std::optional<int64_t> minimum = findCount(schema, "minItems"),
                         maximum = findCount(schema, "maxItems");
  if (!prefix && !minimum && !maximum &&
      (!rest ||
       (rest->kind == Kind::Mapping && rest->mapping->entries.empty())))
    return use("array");
  auto fixed = prefix ? int64_t(prefix->sequence->items.size()) : 0;
  bool isClosed = rest && rest->kind == Kind::Boolean && !rest->boolean;
  bool isEndless = !isClosed && (!prefix || rest);
  int64_t least = minimum.value_or(fixed);
  int64_t most =
      std::min(maximum.value_or(INT64_MAX), isEndless ? INT64_MAX : fixed);
  if (least > most) {
    fail(schema.place, "there is no list of at least " + std::to_string(least) +
                           " and at most " + std::to_string(most) + " items");
    return "";
  }
  use("space");
  std::vector<std::string> items;
  items.reserve(size_t(std::min(fixed, most)));
  for (int64_t i = 0; i < std::min(fixed, most); ++i)
    items.push_back(
        addRule(schema.place + "/item-" + std::to_string(i),
                visit(prefix->sequence->items[size_t(i)],
                      schema.place + "/prefixItems/" + std::to_string(i))));
  // From the end: what follows behind each item, which begins with a comma but
  // for the first.
  std::string text;
  if (most > fixed) {
    std::string item =
        addRule(schema.place + "/item",
                rest ? visit(*rest, schema.place + "/items") : use("value"));
    int64_t needed = std::max<int64_t>(least - fixed, 0);
    int64_t comma = fixed == 0; // the first one has none
    std::string low = std::to_string(std::max<int64_t>(needed - comma, 0)),
                high = most == INT64_MAX ? ""
                                         : std::to_string(most - fixed - comma);
    text = "(\",\" space " + item + "){" + low + "," + high + "}";
    if (comma) {
      text = item + " " + text;
      if (needed == 0)
        text = "(" + text + ")?";
    }
  }
  for (auto i = int64_t(items.size()) - 1; i >= 0; --i) {
    text = (i > 0 ? "\",\" space " : "") + items[size_t(i)] + " " + text;
    if (i >= least)
      text = addRule(schema.place + "/rest", text) + "?";
  }
  return "\"[\" space " + text + " space \"]\"";
}

/// Members of an object: all of the required ones, then any of the others in
/// their order; with `hasOthers` the last may repeat.
std::string
SchemaCompiler::writeMembers(const std::vector<std::string> &required,
                             const std::vector<std::string> &optional,
                             bool hasOthers, const std::string &place) {
  std::string text, choices, rest;
  for (const std::string &member : required)
    text += (text.empty() ? "" : " \",\" space ") + member;
  // From the end: the last rule has what may follow behind a member.
  for (size_t i = optional.size(); i-- > 0;) {
    bool repeats = hasOthers && i + 1 == optional.size();
    std::string more = "(\",\" space " + optional[i] + ")";
    choices = optional[i] + (repeats ? " " + more + "*" : " " + rest) +
              (choices.empty() ? "" : " | ") + choices;
    if (i > 0)
      rest =
          addRule(place + "/rest", repeats ? more + "*" : more + "? " + rest);
  }
  if (optional.empty())
    return text;
  return text + (text.empty() ? " (" : " (\",\" space (") + choices +
         (text.empty() ? ")?" : "))?");
}

std::string SchemaCompiler::visitObject(const Placed &schema) {
  const Mapping &keywords = *schema.schema;
  const Value *properties = keywords.find("properties"),
              *needed = keywords.find("required"),
              *others = keywords.find("additionalProperties");
  if ((properties && properties->kind != Kind::Mapping) ||
      (needed && needed->kind != Kind::Sequence)) {
    fail(schema.place, "'properties' must be an object and 'required' a list");
    return "";
  }
  Mapping all = properties ? *properties->mapping : Mapping();
  std::set<std::string> names;
  for (const Value &name :
       needed ? needed->sequence->items : std::vector<Value>()) {
    if (!name.isText()) {
      fail(schema.place,
           "'required' has " + printJson(name) + ", which is no name");
      return "";
    }
    names.insert(name.text->bytes);
    // What is only required has the value of any other property.
    if (!all.find(name))
      all.entries.emplace_back(name, others ? *others : Value(true));
  }
  bool hasOthers = others ? !(others->kind == Kind::Boolean && !others->boolean)
                          : !properties;
  if (hasOthers && all.entries.empty() &&
      (!others || others->kind == Kind::Boolean))
    return use("object");

  use("space");
  std::vector<std::string> required, optional, known;
  for (const auto &[name, value] : all.entries) {
    std::string place = schema.place + "/properties/" + name.text->bytes;
    std::string member = addRule(
        place, gbnfOfValue(name) + " space \":\" space " + visit(value, place));
    bool isRequired = names.contains(name.text->bytes);
    (isRequired ? required : optional).push_back(member);
    // As it is written, without quotes.
    std::string key = printJson(name);
    known.push_back(key.substr(1, key.size() - 2));
    constexpr size_t maxBytesOfKey = 1000;
    if (hasOthers && key.size() > maxBytesOfKey)
      fail(schema.place, "beside 'additionalProperties' names have at most " +
                             std::to_string(maxBytesOfKey) + " bytes");
  }
  if (hasOthers && error.empty()) {
    std::string key = use("string");
    if (!known.empty()) {
      key = freeName(schema.place + "/other-keys");
      rules += gbnfRulesOfOtherKeys(key, known);
      use("char");
    }
    std::string value =
        others && others->kind != Kind::Boolean
            ? visit(*others, schema.place + "/additionalProperties")
            : use("value");
    optional.push_back(
        addRule(schema.place + "/other", key + " \":\" space " + value));
  }
  return "\"{\" space " +
         writeMembers(required, optional, hasOthers, schema.place) +
         " space \"}\"";
}

std::string SchemaCompiler::visitType(const std::string &type,
                                      const Placed &schema) {
  if (type == "object")
    return visitObject(schema);
  if (type == "array")
    return visitArray(schema);
  if (type == "string")
    return visitString(schema);
  if (type == "integer")
    return visitInteger(schema);
  if (type == "number" && hasAny(*schema.schema, numberKeywords))
    fail(schema.place, "bounds are supported for 'integer', not for 'number'");
  return use(type);
}

/// The values of enum and const that have one of the types.
std::string SchemaCompiler::visitValues(const Mapping &schema,
                                        const std::string &place) {
  const Value *list = schema.find("enum"), *only = schema.find("const");
  std::vector<Value> values;
  if (list && list->kind != Kind::Sequence)
    fail(place, "'enum' must be a list");
  else if (list)
    values = list->sequence->items;
  if (only && list)
    std::erase_if(values, [&](const Value &value) {
      return printJson(value) != printJson(*only);
    });
  else if (only)
    values = {*only};
  if (hasAny(schema, objectKeywords) || hasAny(schema, arrayKeywords) ||
      hasAny(schema, stringKeywords) || hasAny(schema, numberKeywords))
    fail(place, "beside 'enum' and 'const' only 'type' is supported");
  std::vector<std::string> types = findTypes({&schema, place});
  auto hasType = [&](const Value &value) {
    auto is = [&](const char *name) {
      return std::ranges::find(types, name) != types.end();
    };
    switch (value.kind) {
    case Kind::Boolean:
      return is("boolean");
    case Kind::Integer:
      return is("integer") || is("number");
    case Kind::Real:
      return is("number");
    case Kind::Text:
      return is("string");
    case Kind::Sequence:
      return is("array");
    case Kind::Mapping:
      return is("object");
    default:
      return is("null");
    }
  };
  std::string text;
  for (const Value &value : values)
    if (types.empty() || hasType(value))
      text += (text.empty() ? "" : " | ") + gbnfOfValue(value);
  if (text.empty())
    fail(place, "no value fits what is asked for");
  return "(" + text + ")";
}
