"""What is known of this machine, and whether it is disturbed at the moment."""

import json
import os
import platform
import resource
import time
from pathlib import Path

import peers

# A measurement counts when both calibrations around it reach this share of the
# best speed of the run and had this share of their cores' time, and when
# foreign processes used at most this share of one core during it.
LEAST_SPEED = 0.85
LEAST_TIME = 0.95
MOST_FOREIGN = 0.1
FEATURES = ["avx2", "fma", "f16c", "avx512f", "avx512_vnni", "avx512_bf16",
            "avx_vnni", "amx_int8", "amx_bf16", "asimddp", "i8mm", "sve"]


def describe():
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


def ask(*command):
    """What bench/machine.cpp measures, see there."""
    source = Path(__file__).parent / "machine.cpp"
    program = peers.PEERS / "machine"
    if (not program.exists() or
            program.stat().st_mtime < source.stat().st_mtime):
        peers.PEERS.mkdir(parents=True, exist_ok=True)
        peers.run([peers.tool("clang++-22") or "clang++", "-std=c++20", "-O3",
                   "-march=native", "-pthread", source, "-o", program],
                  peers.PEERS / "build.log")
    return json.loads(peers.output_of([program, *command]))


def ceilings(threads, size):
    """Bytes per second of reading a buffer of `size`, 8-bit operations per
    second, and the instruction that makes them."""
    return ask("read", threads, size) | ask("peak", threads)


def used_seconds():
    """Of all cores by everybody, and by the programs started here."""
    user, nice, system, _, _, *rest = map(
        int, Path("/proc/stat").read_text().split("\n")[0].split()[1:9])
    everybody = (user + nice + system + sum(rest)) / os.sysconf("SC_CLK_TCK")
    own = sum(usage.ru_utime + usage.ru_stime for usage in (
        resource.getrusage(resource.RUSAGE_SELF),
        resource.getrusage(resource.RUSAGE_CHILDREN)))
    return everybody - own


class Watch:
    """Tells whether measurements were disturbed; they run one by one."""

    def __init__(self):
        self.best = 0
        self.last = self.calibrate()

    def calibrate(self):
        """The fastest of at most three tries: a moment tells nothing."""
        tries = []
        for _ in range(3):
            tries.append(ask("calibrate"))
            self.best = max(self.best, tries[-1]["speed"])
            if self.well(tries[-1]):
                break
        return max(tries, key=lambda result: result["speed"])

    def well(self, record):
        return (record["speed"] >= LEAST_SPEED * self.best and
                record["share"] >= LEAST_TIME)

    def measure(self, program):
        """What `program` returns, and a record of the disturbance."""
        before, foreign, start = self.last, used_seconds(), time.monotonic()
        result = program()
        foreign = (used_seconds() - foreign) / (time.monotonic() - start)
        self.last = self.calibrate()
        return result, {
            "speed": min(before["speed"], self.last["speed"]),
            "share": min(before["share"], self.last["share"]),
            "foreign": round(foreign, 3)}

    def undisturbed(self, record):
        return self.well(record) and record["foreign"] <= MOST_FOREIGN
