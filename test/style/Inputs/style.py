"""Rules about the files of the repository; prints what breaks them.

usage: style.py SOURCE length|passes|links|workplace|families
"""

import os
import re
import subprocess
import sys


def tracked(source, *patterns):
    output = subprocess.run(
        ["git", "-C", source, "ls-files", "-z", "--", *patterns],
        check=True, capture_output=True, text=True,
    ).stdout
    files = [name for name in output.split("\0") if name]
    return [name for name in files if os.path.isfile(os.path.join(source, name))]


def read(source, name):
    with open(os.path.join(source, name), encoding="utf-8", errors="replace") as file:
        return file.read()


def length(source):
    """No source file has more than 600 lines."""
    for name in tracked(source, "*.h", "*.cpp", "*.td", "*.py", "*.sh", "*.cmake"):
        lines = read(source, name).count("\n")
        if lines > 600:
            yield f"{name}: {lines} lines; split it, 600 is the most"


def passes(source):
    """Every pass has a page and a test that are named after it."""
    tests = [os.path.basename(name) for name in tracked(source, "test/*.mlir")]
    pages = tracked(source, "docs/passes/*.md")
    for table in tracked(source, "compiler/*Passes.td"):
        for name in re.findall(r'^def \w+\s*:\s*\w*Pass<\s*"([^"]+)"', read(source, table), re.M):
            if f"docs/passes/{name}.md" not in pages:
                yield f"{table}: pass '{name}' has no page docs/passes/{name}.md"
            if not any(test.startswith(name) for test in tests):
                yield f"{table}: pass '{name}' has no test test/**/{name}*.mlir"


def anchors(source, page):
    """What GitHub calls the headings of a page."""
    for heading in re.findall(r"^#+ (.*)", read(source, page), re.M):
        yield re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def links(source):
    """Pages link to what there is, and name files that there are."""
    for page in tracked(source, "*.md"):
        text = read(source, page)
        for path, anchor in re.findall(r"\]\(([^)#\s]*)(?:#([^)\s]*))?\)", text):
            target = os.path.normpath(os.path.join(os.path.dirname(page), path)) if path else page
            if path.startswith("https:"):
                continue
            if not os.path.exists(os.path.join(source, target)):
                yield f"{page}: links to '{path}', which is missing"
            elif anchor and anchor not in anchors(source, target):
                yield f"{page}: links to '{path}#{anchor}', which has no such heading"
        for path in re.findall(r"`((?:test|docs|scripts|bench|models)/[\w./-]+\.\w+)`", text):
            if not os.path.exists(os.path.join(source, path)):
                yield f"{page}: names '{path}', which is missing"


def workplace(source):
    """No file names a path that exists only where it was written."""
    for name in tracked(source):
        if name == "test/style/Inputs/style.py":
            continue
        for number, line in enumerate(read(source, name).split("\n"), 1):
            if re.search(r"(^|[^\w./])/(work|root)\b|\.\./shared|/tmp/venv|/tmp/wheels", line):
                yield f"{name}:{number}: names a private path: {line.strip()[:100]}"


# A tokenizer's way of splitting words goes by the family that had it first.
TOKENIZERS = "compiler/frontend/tokenizer/"


def families(source):
    """A family is a spec: no code knows one by the name that files call it."""
    names = set()
    readme = read(source, "README.md") if tracked(source, "README.md") else ""
    for spec in tracked(source, "models/*.mlir"):
        lines = len(re.findall(r"^\s*[^\s/]", read(source, spec), re.M))
        stem = os.path.basename(spec).removesuffix(".mlir")
        row = re.search(rf"^\| \[{stem}\]\({spec}\) \|.*\| (\d+) \|$", readme, re.M)
        if readme and os.path.dirname(spec) == "models" and stem != "prelude" \
                and (not row or int(row[1]) != lines):
            yield f"README.md: the table of families does not say that {spec} has {lines} lines"
        for listed in re.findall(r"^quipu.model @\w+ for \[(.*)\]", read(source, spec), re.M):
            names.update(re.findall(r'"([^"]+)"', listed))
    for name in tracked(source, *[f"{folder}/*.{kind}"
                                  for folder in ("abi", "compiler", "dialect", "runtime", "weights")
                                  for kind in ("cpp", "h", "td", "def")]):
        code = re.sub(r"//.*", "", read(source, name))
        for literal in [] if name.startswith(TOKENIZERS) else re.findall(r'"([^"\n]*)"', code):
            if literal.split(".")[0] in names:
                yield f'{name}: names the family "{literal}"; say it in a spec'


source, rule = sys.argv[1:]
rules = {"length": length, "passes": passes, "links": links, "workplace": workplace,
         "families": families}
broken = list(rules[rule](source))
print("\n".join(broken))
sys.exit(1 if broken else 0)
