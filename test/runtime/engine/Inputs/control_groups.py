"""Makes folders with the /proc and /sys of processes in control groups.

usage: control_groups.py FOLDER

Prints what withinQuota should say of each, as "FOLDER CPUS".
"""

import os
import sys

V1 = "33 31 0:30 {top} /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct"
V2 = "33 31 0:30 {top} /sys/fs/cgroup rw shared:4 master:2 - cgroup2 cgroup2 rw"
OTHERS = "34 31 0:31 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n35 1 0:2 / /proc rw - proc proc rw\n"


def v1(quota):
    return {"cpu.cfs_quota_us": quota, "cpu.cfs_period_us": 100000}


def v2(quota):
    return {"cpu.max": f"{quota} 100000"}


# name: CPUs, mount, its top group, /proc/self/cgroup, group: files
cases = {
    "none": (8, None, "/", "0::/\n", {}),
    "v1": (1, V1, "/", "4:cpu,cpuacct:/\n3:cpuset:/\n", {"": v1(100000)}),
    "v1-unlimited": (8, V1, "/", "4:cpu,cpuacct:/a\n", {"": v1(-1), "a": v1(-1)}),
    "v1-own": (3, V1, "/", "4:cpu,cpuacct:/a/b\n", {"": v1(-1), "a": v1(700000), "a/b": v1(350000)}),
    "v1-outer": (2, V1, "/", "4:cpu,cpuacct:/a/b\n", {"a": v1(200000), "a/b": v1(350000)}),
    # Docker: the group as the host calls it, mounted as if it were the first.
    "v1-container": (2, V1, "/docker/f00", "4:cpu,cpuacct:/docker/f00\n", {"": v1(200000)}),
    "v1-container-inner": (1, V1, "/docker/f00", "4:cpu,cpuacct:/docker/f00/a\n",
                           {"": v1(200000), "a": v1(150000)}),
    # Other controllers' hierarchies are no concern.
    "v1-other": (8, V1, "/", "4:cpuset:/a\n3:cpuacct:/a\n", {"a": v1(100000)}),
    "v2": (2, V2, "/", "0::/\n", {"": v2(250000)}),
    "v2-max": (8, V2, "/", "0::/a\n", {"a": v2("max")}),
    "v2-outer": (1, V2, "/", "0::/a/b\n", {"a": v2(100000), "a/b": v2("max")}),
    "v2-inner": (4, V2, "/", "0::/a/b\n", {"a": v2(600000), "a/b": v2(400000)}),
    "v2-outside": (5, V2, "/", "0::/../../x\n", {"": v2(500000)}),
    "small": (1, V2, "/", "0::/\n", {"": v2(5000)}),
    "large": (8, V2, "/", "0::/\n", {"": v2(90000000000)}),
    "nonsense": (8, V2, "/", "0::/\n", {"": {"cpu.max": "0 0"}}),
    "empty": (8, V2, "/", "0::/\n", {"": {"cpu.max": ""}}),
}

for name, (cpus, mount, top, groups, files) in cases.items():
    root = os.path.join(sys.argv[1], name)
    os.makedirs(f"{root}/proc/self")
    with open(f"{root}/proc/self/cgroup", "w") as file:
        file.write(groups)
    with open(f"{root}/proc/self/mountinfo", "w") as file:
        file.write(OTHERS + (mount.format(top=top) + "\n" if mount else ""))
    for group, values in files.items():
        folder = os.path.join(root + (mount.split()[4] if mount else ""), group)
        os.makedirs(folder, exist_ok=True)
        for key, value in values.items():
            with open(os.path.join(folder, key), "w") as file:
                file.write(f"{value}\n")
    print(root, cpus)
