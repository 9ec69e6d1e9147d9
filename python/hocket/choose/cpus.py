"""How many CPUs this process may use: the cgroup's quota and the affinity, which the number of CPUs in the machine hides."""

import os
from pathlib import Path


def quota_v2(directory):
    """CPUs that cpu.max of a cgroup allows, or None."""
    try:
        quota, period = (directory / "cpu.max").read_text().split()
    except (OSError, ValueError):
        return None
    return None if quota == "max" else int(quota) / int(period)


def quota_v1(directory):
    try:
        quota = int((directory / "cpu.cfs_quota_us").read_text())
        period = int((directory / "cpu.cfs_period_us").read_text())
    except (OSError, ValueError):
        return None
    return None if quota <= 0 else quota / period


def cgroup_quota(cgroups="/proc/self/cgroup", root="/sys/fs/cgroup"):
    """The smallest quota on the way from this process's cgroup to the root, or None. Each ancestor limits its descendants."""
    quotas = []
    try:
        lines = Path(cgroups).read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            mounts, read = [Path(root), Path(root, "unified")], quota_v2
        elif "cpu" in controllers.split(","):
            mounts, read = [Path(root, "cpu"), Path(root, controllers)], quota_v1
        else:
            continue
        for mount in mounts:
            directory = mount / path.lstrip("/")
            while directory.is_relative_to(mount):
                quotas.append(read(directory))
                directory = directory.parent
    return min((quota for quota in quotas if quota), default=None)


def usable_cpus():
    """CPUs that this process may keep busy; a fraction if the cgroup's quota is one."""
    count = len(os.sched_getaffinity(0))
    quota = cgroup_quota()
    return count if quota is None else min(count, quota)


def count_of_cpus(count):
    """Such as "1 CPU" and "1.5 CPUs"."""
    return f"{count:g} CPU" if count == 1 else f"{count:g} CPUs"
