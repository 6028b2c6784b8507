"""Searches an index of the project's pages for each question of questions.tsv.

usage: retrieval.py PROGRAM INDEX

Prints which place the right page has among the first three, and how many have one.
"""

import json
import subprocess
import sys
from pathlib import Path

PLACES = 3


def search(program, index, question):
    out = subprocess.run([program, "search", "--index", index, "--passages", str(PLACES), "--json", "--", question],
                         stdout=subprocess.PIPE, check=True).stdout
    return json.loads(out)["passages"]


def main():
    program, index = sys.argv[1:]
    found = 0
    lines = Path(__file__).with_name("questions.tsv").read_text().splitlines()
    print("| question | page | its place | score |\n|---|---|---|---|")
    for question, page in (line.split("\t") for line in lines):
        passages = search(program, index, question)
        places = [i for i, passage in enumerate(passages) if passage["path"].endswith("docs/" + page)]
        found += bool(places)
        place, score = (places[0] + 1, f"{passages[places[0]]['score']:.2f}") if places else ("-", "")
        print(f"| {question} | {page} | {place} | {score} |")
    print(f"\n{found} of {len(lines)} questions have the right page among the first {PLACES} passages.")


main()
