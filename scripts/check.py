"""Runs the tests of build folders; the last line counts them all.

usage: check.py BUILD... [-- LIT ARGUMENT...]

A test that two builds run counts twice. One is skipped if no build runs it.
"""

import json
import os
import subprocess
import sys
import tempfile

arguments = sys.argv[1:]
end = arguments.index("--") if "--" in arguments else len(arguments)
builds, arguments = arguments[:end], arguments[end + 1 :]
lit = os.path.join(os.path.dirname(sys.executable), "lit")


def run(build):
    """Returns lit's status, and the result of each test by name."""
    with tempfile.TemporaryDirectory() as folder:
        results = os.path.join(folder, "results.json")
        status = subprocess.run(
            [lit, "-sv", "-j2", "--no-progress-bar", "--output", results]
            + arguments
            + [os.path.join(build, "test"), os.path.join(build, "docs")]
        ).returncode
        try:
            with open(results) as file:
                tests = json.load(file)["tests"]
        except OSError:
            sys.exit(f"check: error: lit stopped with status {status} before it ran "
                     f"the tests of {build}")
    return status, {test["name"]: test["code"] for test in tests}


passed, failed, status = 0, 0, 0
ran, skipped = set(), set()
for build in builds:
    build_status, codes = run(build)
    status = status or build_status
    for name, code in codes.items():
        if code in ("UNSUPPORTED", "SKIPPED", "EXCLUDED"):
            skipped.add(name)
            continue
        ran.add(name)
        if code in ("PASS", "XFAIL", "FLAKYPASS"):
            passed += 1
        else:
            failed += 1

summary = f"{passed} passed, {failed} failed"
if skipped - ran:
    summary += f", {len(skipped - ran)} skipped"
with open(os.path.join(builds[0], "test", "summary.txt"), "w") as file:
    print(summary, file=file)
print(summary)
sys.exit(1 if failed or status or not passed else 0)
