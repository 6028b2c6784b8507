"""Runs the tests of a build folder; the last line counts them.

usage: check.py BUILD [lit argument...]
"""

import json
import os
import subprocess
import sys
import tempfile

build, *arguments = sys.argv[1:]
lit = os.path.join(os.path.dirname(sys.executable), "lit")
with tempfile.TemporaryDirectory() as folder:
    results = os.path.join(folder, "results.json")
    status = subprocess.run(
        [lit, "-sv", "-j2", "--no-progress-bar", "--output", results]
        + arguments
        + [os.path.join(build, "test"), os.path.join(build, "docs", "passes")]
    ).returncode
    try:
        with open(results) as file:
            codes = [test["code"] for test in json.load(file)["tests"]]
    except OSError:
        sys.exit(f"check: error: lit stopped with status {status} before it ran the tests")

passed = sum(code in ("PASS", "XFAIL", "FLAKYPASS") for code in codes)
skipped = sum(code in ("UNSUPPORTED", "SKIPPED", "EXCLUDED") for code in codes)
failed = len(codes) - passed - skipped
summary = f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else "")
with open(os.path.join(build, "test", "summary.txt"), "w") as file:
    print(summary, file=file)
print(summary)
sys.exit(1 if failed or status or not passed else 0)
