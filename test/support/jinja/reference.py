"""Templates as Hugging Face's transformers run them, by PyPI's jinja2."""

import datetime
import json
import subprocess

import jinja2
from jinja2 import nodes
from jinja2.ext import Extension, loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment


class Generation(Extension):
    """The text between the tags: transformers remember where it stands."""

    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return nodes.CallBlock(self.call_method("_keep"), [], [], body).set_lineno(line)

    def _keep(self, caller):
        return caller()


def raise_exception(message):
    raise jinja2.exceptions.TemplateError(message)


def tojson(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(
        value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys
    )


environment = ImmutableSandboxedEnvironment(
    trim_blocks=True, lstrip_blocks=True, extensions=[Generation, loopcontrols]
)
environment.filters["tojson"] = tojson
# Templates of llama.cpp ask for it, transformers have none.
environment.filters["from_json"] = json.loads
environment.globals["raise_exception"] = raise_exception
environment.globals["strftime_now"] = lambda form: datetime.datetime.now().strftime(form)


def variables(messages, tools=None, **others):
    """What transformers give a template."""
    standard = {"messages": messages, "tools": tools, "documents": None}
    return standard | {"add_generation_prompt": True} | others


def expect(template, **given):
    """The text that jinja2 makes, or the exception that it raises."""
    try:
        return environment.from_string(template).render(**given)
    except Exception as error:
        return error


def render(tool, cases):
    """What template-test says of (template, variables): texts are its own, but
    those of messages and tools."""
    lines = []
    for template, given in cases:
        line = {"template": template}
        for name in ("messages", "tools"):
            if given.get(name) is not None:
                line[name] = json.dumps(given[name])
        others = {k: v for k, v in given.items() if k not in ("messages", "tools")}
        line["variables"] = json.dumps(others)
        lines.append(json.dumps(line))
    result = subprocess.run(
        [tool], input="\n".join(lines) + "\n", capture_output=True, text=True, check=True
    )
    return [json.loads(line) for line in result.stdout.splitlines()]


def differences(tool, cases):
    """Counts cases that are equal, and those that both refuse; lists others."""
    equal, refused, others = 0, 0, []
    for (template, given), result in zip(cases, render(tool, cases), strict=True):
        expected = expect(template, **given)
        if isinstance(expected, Exception) and "error" in result:
            refused += 1
        elif result.get("text") == expected:
            equal += 1
        else:
            others.append((template, given, expected, result))
    return equal, refused, others
