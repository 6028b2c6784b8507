"""Checks the sentences about templates that cannot be run.

usage: check_errors.py TEMPLATE-TEST
"""

import sys

from reference import render

MISTAKES = [
    ("a\n{% include 'x' %}", "line 2: the tag 'include' is not supported"),
    ("{% do x %}", "line 1: the tag 'do' is not supported"),
    ("\n\n{{ a | pprint }}", "line 3: the filter 'pprint' is not supported"),
    ("{{ a is nice }}", "line 1: the test 'nice' is not supported"),
    ("{{ a.encode() }}", "line 1: the method 'encode' is not supported"),
    ("{{ lipsum() }}", "line 1: the function 'lipsum' is not supported"),
    ("{{ a", "line 1: a tag '{{' has no end '}}'"),
    ("{% if a %}\nx", "line 2: expected '{% endif %}', not the template's end"),
    ("{% if a %}{% endfor %}", "line 1: the tag 'endfor' is not supported"),
    ("{{ a b }}", "line 1: expected '}}', not 'b'"),
    ("{{ 'a\n }}", "line 1: a string has no end"),
    ("{{ (1] }}", "line 1: unexpected ']', expected ')'"),
    ("{{ a[1:2, 3] }}", "line 1: a slice stands among other subscripts"),
    ("{{ 0x10 }}", "line 1: the number '0' is not decimal, which is not supported"),
    ("{{ '\\N{BULLET}' }}", "line 1: the escape '\\N' is not supported; write '\\u' and the number"),
    ("{{ '\\ud800' }}", "line 1: the escape '\\ud800' is no character"),
    ("{% break %}", "line 1: 'break' stands outside of a loop"),
    ("{{ " + "(" * 200 + "1" + ")" * 200 + " }}", "line 1: nested too deep"),
    ("{{ " + "+".join("1" * 999) + " }}", "line 1: an expression is nested too deep"),
    ("{{ 1 }}{{ x.y }}", "line 1: 'x' is undefined"),
    ("\n{{ raise_exception('no') }}", "line 2: the template refuses: no"),
    ("{% for a in [1] %}\n{{ a.append(1) }}{% endfor %}", "line 2: 'a whole number's attribute append' is undefined"),
    ("{{ [].append(1) }}", "line 1: 'append' would change a list, which templates must not"),
    ("{{ 1 + 'a' }}", "line 1: '+' does not go with a whole number and a text"),
    ("{{ 9223372036854775807 + 1 }}", "line 1: a whole number becomes too large"),
    ("{{ range(100001) }}", "line 1: 'range' has more than 100000 numbers"),
    ("{{ 'a' | replace('b') }}", "line 1: 'replace' needs the argument 'new'"),
    ("{{ 'a' | trim(x=1) }}", "line 1: 'trim' takes no argument 'x'"),
    ("{% macro m(x) %}{% endmacro %}{{ m(1, 2) }}", "line 1: the macro 'm' takes 1 arguments, not 2"),
]
ENDLESS = "line 1: the template does more than a prompt needs, and is stopped"
LARGE = "line 1: the template makes more than 512 MiB of values"
DEEP = "line 1: calls are nested more than 400 deep"
LOOPS = "{% for a in range(100000) %}" * 3 + "{}" + "{% endfor %}" * 3
STOPPED = [
    (LOOPS.replace("{}", "x"), {ENDLESS, LARGE}),
    (LOOPS.replace("{}", "{% set x = [1] %}"), {ENDLESS, LARGE}),
    ("{% set ns = namespace(s='x') %}{% for a in range(99) %}{% set ns.s = ns.s + ns.s %}{% endfor %}", {ENDLESS, LARGE}),
    ("{{ 'x' * 99999999999 }}", {ENDLESS, LARGE}),
    ("{{ [1] * 9223372036854775807 }}", {ENDLESS, LARGE}),
    ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", {DEEP}),
    ("{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}", {DEEP}),
    ("{% set ns = namespace() %}{% set ns.ns = [ns] %}{{ ns.ns == [[ns]] }}{{ [ns.ns] | tojson }}", None),
    ("{% set ns = namespace(l=[]) %}{% for i in range(9999) %}{% set ns.l = [ns.l] %}{% endfor %}{{ ns.l }}", {DEEP}),
    ("{{ 'ab' | replace('', 'x' * 99999) | replace('', 'y' * 99999) }}", {ENDLESS, LARGE}),
]

results = render(sys.argv[1], [(template, {"a": 1}) for template, _ in MISTAKES])
for (template, expected), result in zip(MISTAKES, results, strict=True):
    assert result == {"error": expected}, (template[:100], result)
results = render(sys.argv[1], [(template, {}) for template, _ in STOPPED])
for (template, expected), result in zip(STOPPED, results, strict=True):
    assert "error" in result, (template, result)
    assert expected is None or result["error"] in expected, (template, result)
print(len(MISTAKES), "mistakes told,", len(STOPPED), "templates stopped")
