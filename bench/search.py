"""Measures how fast an index is searched, beside the rate at which this machine reads memory.

usage: search.py [VECTORS [DIMENSIONS]]

Random vectors, a million of 384 numbers unless told otherwise; the search is exact, it
reads all of them. Exits with code 1 when it reads at less than 50 % of the rate at which
`machine.cpp` reads a buffer of that size with as many threads. See README.md.
"""

import json
import os
import sys

import machine
import peers

LEAST_SHARE = 0.5
ROUNDS = 5


def build():
    source = peers.ROOT / "bench" / "search.cpp"
    library = peers.ROOT / "build" / "release" / "lib" / "libquipu-runtime.a"
    program = peers.PEERS / "search"
    peers.PEERS.mkdir(parents=True, exist_ok=True)
    peers.run([peers.tool("clang++-22") or "clang++", "-std=c++20", "-O2", f"-I{peers.ROOT}", source,
               library, "-pthread", "-o", program], peers.PEERS / "build.log")
    return program


def main():
    vectors, dimensions = (sys.argv[1:] + ["1000000", "384"][len(sys.argv) - 1:])[:2]
    program, index = build(), peers.PEERS / "search.index"
    peers.say(f"making an index of {vectors} vectors of {dimensions} numbers")
    peers.output_of([program, "make", index, vectors, dimensions])
    print("| threads | search | reads | memory | share | first search, file opened |\n|---|---|---|---|---|---|")
    shares = []
    for threads in sorted({1, len(os.sched_getaffinity(0))}):
        searches, ceilings = [], []
        for _ in range(ROUNDS):
            searches.append(json.loads(peers.output_of([program, "time", index, threads])))
            ceilings.append(machine.ask("read", threads, searches[0]["bytes"])["bytes_per_second"])
        # Other processes only make either slower.
        search, ceiling = min(searches, key=lambda search: search["seconds"]), max(ceilings)
        rate = search["bytes"] / search["seconds"]
        share = rate / ceiling
        shares.append(share)
        print(f"| {threads} | {search['seconds'] * 1e3:.1f} ms | {rate / 1e9:.1f} GB/s | {ceiling / 1e9:.1f} GB/s "
              f"| {share:.0%} | {search['first'] * 1e3:.0f} ms |")
    index.unlink()
    if min(shares) < LEAST_SHARE:
        peers.fail(f"a search reads at {min(shares):.0%} of the memory's rate, expected {LEAST_SHARE:.0%}")


main()
