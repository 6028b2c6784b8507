"""Writes measurements as tables (Markdown), as JSON and as a plot (SVG).

usage: report.py OUT RESULTS.json...    joins what several runs measured
"""

import json
import statistics
import sys
from pathlib import Path

import machine
import peers
import plot

HEADER = """{processor} (family/model {family_model}), {cores} cores, \
{last_level_cache} last-level cache, {memory_gib} GiB; {features}; {system}.
{versions}.
"""


def kept(result):
    """The undisturbed rounds; all, when there is none."""
    good = [entry for entry in result["rounds"] if entry["undisturbed"]]
    return good or result["rounds"]


def speeds(result, name):
    """Of the program `name`, tokens per second in each round that counts."""
    values = [entry["measured"].get(name) for entry in kept(result)]
    return [value for value in values if isinstance(value, float)]


def refusal(result, name):
    """The sentence with which the program `name` does not run the model."""
    sentences = [entry["measured"].get(name) for entry in result["rounds"]]
    return result["refused"].get(name) or next(
        (text for text in sentences if isinstance(text, str)), None)


def ratio(result, name, other):
    """The median of the ratios within a round, or None."""
    ratios = [entry["measured"][name] / entry["measured"][other]
              for entry in kept(result)
              if isinstance(entry["measured"].get(name), float) and
              isinstance(entry["measured"].get(other), float)]
    return statistics.median(ratios) if ratios else None


def limit(result, entry):
    """Tokens per second that the machine's measured limit allows in a round:
    8-bit operations in prefill, reading weights (and cache) in decoding."""
    work, sizes = result["work"], result["sizes"]
    if work["prefill"]:
        return entry["operations_per_second"] / sizes["operations"]
    positions = work["depth"] + work["tokens"] / 2
    cache = sizes["cache_bytes"] * positions if work["depth"] else 0
    return entry["bytes_per_second"] / (sizes["weight_bytes"] + cache)


def share(result, name):
    shares = [entry["measured"][name] / limit(result, entry)
              for entry in kept(result)
              if isinstance(entry["measured"].get(name), float)]
    return statistics.median(shares) if shares else None


def number(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def speed_cell(result, name):
    values = speeds(result, name)
    if not values:
        return "cannot" if refusal(result, name) else ""
    return (f"{number(statistics.median(values))} "
            f"({number(min(values))}–{number(max(values))})")


def title(result):
    work, threads = result["work"], result["threads"]
    depth = f" after {work['depth']:,}" if work["depth"] else ""
    phase = "prefill" if work["prefill"] else "decode"
    plural = "s" if threads > 1 else ""
    return (f"{Path(result['model']).stem}, {phase} {work['tokens']}{depth}, "
            f"{threads} thread{plural}")


def rounds_cell(result):
    every = result["rounds"]
    good = sum(entry["undisturbed"] for entry in every)
    return f"{good} of {len(every)}" if good else f"all {len(every)}, disturbed"


def row(cells):
    return f"| {' | '.join(cells)} |\n"


def head(cells):
    return row(cells) + f"|{'---|' * len(cells)}\n"


def optional(value, pattern):
    return "" if value is None else pattern.format(value)


def speed_table(results, names):
    others = [name for name in names if name != "Quipu"
              and "Quipu" in names]
    text = head(["tokens per second", *names,
                 *(f"Quipu / {name}" for name in others), "rounds"])
    for result in results:
        text += row([title(result),
                     *(speed_cell(result, name) for name in names),
                     *(optional(ratio(result, "Quipu", name), "{:.2f}")
                       for name in others), rounds_cell(result)])
    return text


def limit_table(results, names):
    text = head(["share of the machine's limit", "limit", *names])
    for result in results:
        prefill = result["work"]["prefill"]
        key = "operations_per_second" if prefill else "bytes_per_second"
        most = statistics.median(entry[key] for entry in kept(result))
        text += row([title(result),
                     f"{most / 1e9:.1f} {'GOP/s' if prefill else 'GB/s'}",
                     *(optional(share(result, name), "{:.0%}")
                       for name in names)])
    return text


def refusals(results, names):
    found = {}
    for result in results:
        for name in names:
            if sentence := refusal(result, name):
                found[f"- {name}, {result['file']}: {sentence}"] = None
    return "\n".join(found) + "\n" if found else ""


def write(out, results, names):
    """Files at `out` with .md, .json and .svg."""
    host = machine.describe()
    instruction = results[0]["rounds"][0]["instruction"]
    text = HEADER.format(versions="; ".join(
        peers.VERSIONS[name] for name in names if name in peers.VERSIONS),
        **host | {"features": " ".join(host["features"])})
    text += "\n" + speed_table(results, names)
    text += ("\nThe limit of prefill is the rate of 8-bit operations (with "
             f"{instruction}), that of decoding\nthe rate of reading as many "
             "bytes as the weights have.\n\n")
    text += limit_table(results, names)
    if sentences := refusals(results, names):
        text += "\n" + sentences
    out.parent.mkdir(parents=True, exist_ok=True)
    Path(f"{out}.md").write_text(text)
    Path(f"{out}.json").write_text(json.dumps(
        {"machine": host, "results": results}, indent=1) + "\n")
    bars = [(title(result), {name: ratio(result, name, "llama.cpp")
                             for name in names if name != "llama.cpp"})
            for result in results]
    Path(f"{out}.svg").write_text(plot.bars(
        "Speed, llama.cpp = 1", bars))


def main():
    joined = {}
    for path in sys.argv[2:]:
        for result in json.loads(Path(path).read_text())["results"]:
            same = joined.setdefault(title(result), result | {"rounds": []})
            same["rounds"] += result["rounds"]
            same["refused"] = result["refused"]
    results = list(joined.values())
    names = list(dict.fromkeys(
        name for result in results
        for name in [*result["refused"], *result["rounds"][0]["measured"]]))
    order = ["llama.cpp", "OpenVINO GenAI", "Quipu"]
    write(Path(sys.argv[1]), results, sorted(names, key=order.index))


if __name__ == "__main__":
    main()
