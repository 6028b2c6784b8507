"""Measures Quipu's programs, llama.cpp and OpenVINO GenAI, in turns.

Makes the peers and the models when they are missing, lets every program do the
same work with the same threads on the same file, and writes a table, a plot
and all that was measured to build/bench/. README.md says what is measured and
which rounds are discarded.
"""

import argparse
import sys
import time
from collections import namedtuple
from pathlib import Path

import machine
import models
import peers
import programs
import report

Work = namedtuple("Work", "name tokens prefill depth")
WORKS = {work.name: work for work in [
    Work("prefill", 512, True, 0),
    Work("decode", 128, False, 0),
    # Decoding with a long context: SmolLM2's is 8,192.
    Work("deep", 64, False, 7900)]}
# The other models' long contexts would take long and tell nothing more.
DEEP_MODELS = ["135M-Q4_1"]


def choice(possible, more=lambda word: False):
    """A parser of comma-separated words."""
    def parse(text):
        words = text.split(",")
        for word in words:
            if word not in possible and not more(word):
                raise argparse.ArgumentTypeError(
                    f"'{word}' is not one of {', '.join(possible)}")
        return words
    return parse


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument(
        "--models", default=models.NAMES, metavar="NAME,...",
        type=choice(models.NAMES, lambda word: word.endswith(".gguf")),
        help=f"of {', '.join(models.NAMES)},\nor GGUF files (default: all)")
    parser.add_argument(
        "--programs", default=list(programs.PROGRAMS), metavar="NAME,...",
        type=choice(list(programs.PROGRAMS)),
        help=f"of {', '.join(programs.PROGRAMS)} (default: all)")
    parser.add_argument(
        "--work", default=list(WORKS), type=choice(list(WORKS)),
        metavar="NAME,...",
        help="of prefill (512 tokens), decode (128), and deep (64 after 7,900,\n"
        f"{', '.join(DEEP_MODELS)} and files only) (default: all)")
    parser.add_argument("--threads", default=[1, 2], metavar="N,...",
                        type=lambda text: list(map(int, text.split(","))),
                        help="(default: 1,2)")
    parser.add_argument("--rounds", type=int, default=5, metavar="N",
                        help="undisturbed rounds of each; twice as many are\n"
                        "tried (default: 5)")
    parser.add_argument("--out", type=Path, default=peers.PROGRAMS / "results",
                        metavar="PATH", help="without .md, .json, .svg (default: "
                        "build/bench/results)")
    return parser.parse_args()


class Progress:
    """A bar on standard error, when that is a terminal."""

    def __init__(self, total):
        self.total, self.done, self.start = total, 0, time.monotonic()

    def show(self, text):
        if not sys.stderr.isatty():
            return
        filled = 24 * self.done // self.total
        elapsed = time.monotonic() - self.start
        left = elapsed / self.done * (self.total - self.done) if self.done else 0
        print(f"\r\033[K[{'#' * filled}{'.' * (24 - filled)}] "
              f"{self.done}/{self.total} {text}" +
              (f", {left / 60:.0f} min left" if self.done else ""),
              end="", file=sys.stderr, flush=True)

    def advance(self, by=1):
        self.done = min(self.done + by, self.total)

    def end(self):
        if sys.stderr.isatty():
            print("\r\033[K", end="", file=sys.stderr)


def measure_round(watch, running, work, threads, number, show):
    """One measurement of each program; each goes first in turn."""
    measured, disturbances = {}, []
    shift = number % len(running)
    for program in running[shift:] + running[:shift]:
        show(f"{program.model.stem}, {work.name}, {threads} thread(s): "
             f"{program.name}")
        try:
            measured[program.name], disturbance = watch.measure(
                lambda: program.measure(work, threads))
            disturbances.append(disturbance)
        except peers.Unable as refusal:
            measured[program.name] = str(refusal)
    return measured, disturbances


def measure(watch, running, size, work, args, threads, progress):
    """Rounds until enough are undisturbed."""
    rounds, good = [], 0
    while good < args.rounds and len(rounds) < 2 * args.rounds:
        ceilings = machine.ceilings(threads, size)
        measured, disturbances = measure_round(
            watch, running, work, threads, len(rounds), progress.show)
        rounds.append({"measured": measured, "disturbances": disturbances,
                       **ceilings})
        good = sum(all(map(watch.undisturbed, entry["disturbances"]))
                   for entry in rounds)
        progress.advance()
    progress.advance(2 * args.rounds - len(rounds))
    # What is undisturbed is settled when the best speed is known.
    for entry in rounds:
        entry["undisturbed"] = all(map(watch.undisturbed,
                                       entry["disturbances"]))
    return rounds


def main():
    args = parse_arguments()
    plan = [(name, WORKS[work]) for name in args.models for work in args.work
            if work != "deep" or name in DEEP_MODELS or name.endswith(".gguf")]
    watch = machine.Watch()
    progress = Progress(2 * args.rounds * len(plan) * len(args.threads))
    results, started = [], {}
    names = [programs.PROGRAMS[program].name for program in args.programs]
    for name, work in plan:
        path = models.make(name)
        sizes = models.sizes(path)
        if name not in started:
            started[name] = [programs.start(program, path)
                             for program in args.programs]
        running = [program for program in started[name]
                   if not isinstance(program, programs.Refusal)]
        refused = {program.name: program.sentence for program in started[name]
                   if isinstance(program, programs.Refusal)}
        for threads in args.threads:
            rounds = measure(watch, running, sizes.weight_bytes, work, args,
                             threads, progress)
            results.append({
                "model": name, "file": path.name, "work": work._asdict(),
                "threads": threads, "sizes": sizes._asdict(),
                "refused": refused, "rounds": rounds})
            # After each: a long run that is ended loses nothing.
            report.write(args.out, results, names)
    progress.end()
    print(Path(f"{args.out}.md").read_text())
    peers.say(f"written: {args.out}.md, .json, .svg")


if __name__ == "__main__":
    main()
