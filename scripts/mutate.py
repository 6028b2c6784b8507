"""Breaks the sources in small ways, one at a time, and says what no test notices.

usage: mutate.py [--check] [--all-tests] [NAME...]

test/mutants.txt lists the mutants; NAMEs are of those to try, without any it is all.
They are built in a copy of the sources, build/mutants, by scripts/build.sh, and each
is tried by its own tests. Prints one line a mutant; the exit status is 1 if one
survives or is no longer in the sources.

  --check      only see whether each mutant's text is in the sources, and once
  --all-tests  try each by all tests, not by its own
"""

import argparse
import dataclasses
import json
import os
import shutil
import subprocess
import sys

SOURCE = os.getcwd()
COPY = os.path.join(SOURCE, "build", "mutants")
FIELDS = {"-": "before", "+": "after", "in": "inside", "test": "tests", "note": "note"}


@dataclasses.dataclass
class Mutant:
    name: str
    path: str
    before: str = ""
    after: str = ""
    inside: str = ""  # `before` is the first one behind this text
    tests: str = ""   # a regular expression for lit's --filter
    note: str = ""

    def apply(self, text):
        """The mutated text, or None if `before` is not there, or in two places."""
        start = text.find(self.inside)
        place = text.find(self.before, start)
        if start < 0 or place < 0 or (not self.inside and text.count(self.before) > 1):
            return None
        return text[:place] + self.after + text[place + len(self.before):]


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def read_mutants(path):
    """Paragraphs: `NAME FILE`, then lines that each begin with a field's name."""
    mutants = []
    for number, line in enumerate(read(path).split("\n"), 1):
        if not line or line.startswith("#"):
            continue
        field, _, value = line.partition(" ")
        if field.rstrip(":") in FIELDS and mutants:
            setattr(mutants[-1], FIELDS[field.rstrip(":")], value)
        elif value and field.isalnum():
            mutants.append(Mutant(field, value))
        else:
            sys.exit(f"{path}:{number}: this is neither a mutant's name and file nor one of "
                     f"the fields {', '.join(FIELDS)}")
    for mutant in mutants:
        if not mutant.before or mutant.before == mutant.after:
            sys.exit(f"{path}: mutant {mutant.name} changes nothing")
    return mutants


def copy_sources():
    """What has changed since the last time, so that little is built again."""
    listed = subprocess.run(["git", "ls-files", "-z", "-co", "--exclude-standard"],
                            check=True, capture_output=True, text=True).stdout
    names = {name for name in listed.split("\0") if name and os.path.isfile(name)}
    for folder, folders, files in os.walk(COPY):
        folders[:] = [name for name in folders if os.path.join(folder, name) != f"{COPY}/build"]
        for name in files:
            path = os.path.join(folder, name)
            if os.path.relpath(path, COPY) not in names:
                os.remove(path)
    for name in names:
        path = os.path.join(COPY, name)
        with open(name, "rb") as file:
            content = file.read()
        if os.path.exists(path):
            with open(path, "rb") as file:
                if file.read() == content:
                    continue
        os.makedirs(os.path.dirname(path), exist_ok=True)
        shutil.copy(name, path)
    os.makedirs(os.path.join(COPY, "build"), exist_ok=True)
    for name in ["venv", "models"]:
        link = os.path.join(COPY, "build", name)
        if not os.path.lexists(link):
            os.symlink(os.path.join(SOURCE, "build", name), link)


def build():
    """Returns what the build says if it fails."""
    done = subprocess.run(["scripts/build.sh", "release", "all", "quipu-test-tools"], cwd=COPY,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return (done.stdout[-3000:] or "without a word") if done.returncode else ""


def run_tests(tests):
    """Returns the names of the tests that ran, and of those that failed."""
    results = os.path.join(COPY, "build", "results.json")
    if os.path.exists(results):
        os.remove(results)
    folders = [f"{COPY}/build/release/test", f"{COPY}/build/release/docs"]
    command = [f"{SOURCE}/build/venv/bin/lit", "-q", "-j2", "--timeout", "600", "--output", results,
               *(["--filter", tests] if tests else ["--filter-out", "style/|scripts/"]),
               *filter(os.path.isdir, folders)]
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if not os.path.exists(results):
        return [], []  # no test has such a name
    codes = {test["name"].split(":: ")[-1]: test["code"]
             for test in json.loads(read(results))["tests"]}
    ran = [name for name, code in codes.items() if code not in ("EXCLUDED", "UNSUPPORTED", "SKIPPED")]
    return ran, [name for name in ran if codes[name] not in ("PASS", "XFAIL")]


def try_mutant(mutant, all_tests):
    """Returns (whether all is well, what happened)."""
    path = os.path.join(COPY, mutant.path)
    text = read(path)
    write(path, mutant.apply(text))
    try:
        if build():
            return False, "does not build"
        ran, failed = run_tests("" if all_tests else mutant.tests)
        if not ran:
            return False, f"no test is named {mutant.tests}"
        if failed:
            return True, f"killed by {', '.join(failed[:3])}"
        return False, f"SURVIVED {len(ran)} tests: {mutant.note}"
    finally:
        write(path, text)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--all-tests", action="store_true")
    parser.add_argument("names", nargs="*")
    args = parser.parse_args()
    mutants = read_mutants("test/mutants.txt")
    unknown = set(args.names) - {mutant.name for mutant in mutants}
    if unknown:
        sys.exit(f"mutate: error: test/mutants.txt has no mutant {', '.join(sorted(unknown))}")
    if args.names:
        mutants = [mutant for mutant in mutants if mutant.name in args.names]

    good = True
    if not args.check:
        copy_sources()
        if complaint := build():
            sys.exit(f"mutate: error: without a mutant the build fails:\n{complaint}")
    for mutant in mutants:
        if not os.path.exists(mutant.path) or mutant.apply(read(mutant.path)) is None:
            is_good, result = False, f"not in {mutant.path}, or more than once: {mutant.before}"
        elif args.check:
            continue
        else:
            is_good, result = try_mutant(mutant, args.all_tests)
        good = good and is_good
        print(f"{mutant.name}: {result}", flush=True)
    print(f"{len(mutants)} mutants, {'all' if good else 'not all'} "
          f"{'found' if args.check else 'killed'}")
    sys.exit(0 if good else 1)


main()
