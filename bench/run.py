"""Measures Quipu's program and llama.cpp on the same model, in turns.

usage: run.py [--model FILE.gguf] [--program P] [--threads 1,2] [--rounds 5]
              [--prefill 512] [--decode 128] [--json OUT.json] [--peers-only]

Prints a table of tokens per second. What is measured, and which rounds are
discarded, is said in README.md.
"""

import argparse
import json
import multiprocessing
import os
import platform
import statistics
import subprocess
import time
from pathlib import Path

import numpy as np

import accuracy
import peers

# A round counts when both calibrations around it reach this share of the best
# speed of the run, and had this share of their cores' time.
UNDISTURBED_SPEED = 0.85
UNDISTURBED_TIME = 0.95
FEATURES = ["avx2", "fma", "f16c", "avx512f", "avx512_vnni", "avx512_bf16",
            "avx_vnni", "amx_int8", "amx_bf16", "asimddp", "i8mm", "sve"]
# A program that agrees less than this with llama.cpp computes something else.
SANE_KL = 0.1


def machine():
    info = {}
    with open("/proc/cpuinfo") as lines:
        for line in lines:
            key, _, value = line.partition(":")
            info.setdefault(key.strip(), value.strip())
    flags = (info.get("flags") or info.get("Features", "")).split()
    cache = Path("/sys/devices/system/cpu/cpu0/cache/index3/size")
    return {
        "processor": info.get("model name", platform.machine()),
        "family_model": f"{info.get('cpu family', '?')}/{info.get('model', '?')}",
        "cores": len(os.sched_getaffinity(0)),
        "features": [name for name in FEATURES if name in flags],
        "last_level_cache": cache.read_text().strip() if cache.exists() else "?",
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") *
                            os.sysconf("SC_PHYS_PAGES") / 2**30),
        "system": f"{platform.system()} {platform.release()}",
    }


def work(core, together, results):
    """A fixed amount of scalar and vector work on one core: its speed, and the
    share of the core's time that it was given."""
    os.sched_setaffinity(0, {core})
    a, b = np.ones(8192, np.float32), np.ones(8192, np.float32)
    together.wait()
    start, used = time.perf_counter(), time.process_time()
    for _ in range(40000):
        np.add(a, b, out=b)
    elapsed = time.perf_counter() - start
    results.put((1 / elapsed, (time.process_time() - used) / elapsed))


def calibrate():
    """The lowest speed and the lowest share of time of a core, working alone or
    all at once. The speed falls when a core is slowed or shares its units with
    another, the share when other processes run."""
    fork = multiprocessing.get_context("fork")
    cores = sorted(os.sched_getaffinity(0))
    results = []
    for group in [[core] for core in cores] + [cores]:
        together, queue = fork.Barrier(len(group)), fork.Queue()
        processes = [fork.Process(target=work, args=(core, together, queue))
                     for core in group]
        for process in processes:
            process.start()
        results += [queue.get() for _ in group]
        for process in processes:
            process.join()
    return tuple(map(min, zip(*results)))


def output_of(command):
    command = [str(part) for part in command]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        peers.fail(f"'{' '.join(command)}' failed with exit code "
                   f"{result.returncode}: {result.stderr.strip()[-500:]}")
    return json.loads(result.stdout)


def measure_llama(args, threads):
    """The median of three runs after one to warm up, as --bench does."""
    tests = output_of([peers.llama_cpp() / "llama-bench", "-m", args.model,
                       "-p", args.prefill, "-n", args.decode, "-r", 3,
                       "-t", threads, "-o", "json"])
    return {"prefill" if test["n_prompt"] else "decode":
            statistics.median(test["samples_ts"]) for test in tests}


def measure_quipu(args, threads):
    result = output_of([args.program, "--bench", "--json", "--prefill",
                        args.prefill, "--decode", args.decode, "--threads",
                        threads])
    return {phase: result[f"{phase}_tokens_per_second"]
            for phase in ("prefill", "decode")}


def check_sane(args):
    """Fast nonsense is not worth measuring."""
    text = Path(__file__).parent / "text.txt"
    tokens = accuracy.tokenize(args.model, text)[:64]
    llama = accuracy.llama_logits(args.model, tokens, "default", 1,
                                  peers.PEERS / "sane-llama.npy")
    if args.peers_only:
        return
    quipu = accuracy.quipu_logits(args.program, tokens, 1,
                                  peers.PEERS / "sane-quipu.npy")
    divergence = accuracy.distance(llama, quipu)["mean_kl"]
    if not divergence < SANE_KL:
        peers.fail(f"{args.program}: its logits are far from llama.cpp's (mean "
                   f"KL divergence {divergence:.3g}), so its speed means nothing")


def measure(args):
    """[{threads, speed, share, undisturbed, llama.cpp: {prefill, decode}, Quipu:
    {...}}]; `speed` and `share` are the lower ones of the calibrations before
    and after."""
    programs = {"llama.cpp": measure_llama}
    if not args.peers_only:
        programs["Quipu"] = measure_quipu
    rounds = []
    before = calibrate()
    for number in range(args.rounds):
        for threads in args.threads:
            peers.say(f"round {number + 1} of {args.rounds}, {threads} thread(s)")
            # Each goes first every other time.
            order = list(programs.items())[::1 if number % 2 == 0 else -1]
            measured = {name: program(args, threads) for name, program in order}
            after = calibrate()
            speed, share = map(min, zip(before, after))
            rounds.append({"threads": threads, "speed": speed, "share": share,
                           **measured})
            before = after
    best = max(entry["speed"] for entry in rounds)
    for entry in rounds:
        entry["undisturbed"] = (entry["speed"] >= UNDISTURBED_SPEED * best and
                                entry["share"] >= UNDISTURBED_TIME)
    return rounds


def cell(values):
    return (f"{statistics.median(values):,.0f} "
            f"({min(values):,.0f}–{max(values):,.0f})")


def print_table(args, rounds):
    names = ["llama.cpp"] + ([] if args.peers_only else ["Quipu"])
    print(f"| tokens per second | {' | '.join(names)} | Quipu / llama.cpp | "
          f"rounds |\n|{'---|' * (len(names) + 3)}")
    for phase, count in [("prefill", args.prefill), ("decode", args.decode)]:
        for threads in args.threads:
            every = [entry for entry in rounds if entry["threads"] == threads]
            kept = [entry for entry in every if entry["undisturbed"]]
            note = f"{len(kept)} of {len(every)}"
            if not kept:
                kept, note = every, f"all {len(every)}, disturbed"
            cells = [cell([entry[name][phase] for entry in kept])
                     for name in names]
            ratio = "" if args.peers_only else "{:.2f}".format(
                statistics.median(entry["Quipu"][phase] /
                                  entry["llama.cpp"][phase] for entry in kept))
            plural = "s" if threads > 1 else ""
            print(f"| {phase} {count}, {threads} thread{plural} | "
                  f"{' | '.join(cells)} | {ratio} | {note} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", type=Path, default=peers.MODEL)
    parser.add_argument("--program", type=Path, default=peers.PROGRAM)
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--prefill", type=int, default=512)
    parser.add_argument("--decode", type=int, default=128)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--peers-only", action="store_true")
    args = parser.parse_args()
    args.threads = [int(count) for count in args.threads.split(",")]
    args.model = peers.model(args.model)
    peers.llama_cpp()
    if not args.peers_only:
        args.program = peers.quipu_program(args.program, args.model)
    check_sane(args)

    host = machine()
    print(f"{host['processor']} (family/model {host['family_model']}), "
          f"{host['cores']} cores, {host['last_level_cache']} last-level cache, "
          f"{host['memory_gib']} GiB; {' '.join(host['features'])}; "
          f"{host['system']}\n{peers.LLAMA_VERSION}; {args.model.name}\n")
    rounds = measure(args)
    print_table(args, rounds)
    if args.json:
        args.json.write_text(json.dumps(
            {"machine": host, "peer": peers.LLAMA_VERSION,
             "model": args.model.name, "prefill": args.prefill,
             "decode": args.decode, "rounds": rounds}, indent=1))


if __name__ == "__main__":
    main()
