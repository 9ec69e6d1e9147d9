"""CPU time, run delay and memory of a session of processes, and what the rest of the machine used meanwhile.

Wall time says little on a busy machine. The kernel counts for each thread how long it ran and how long it was ready but had no
CPU; the rest of the time it was blocked.
"""

import os
import time
from dataclasses import dataclass

from .cpus import usable_cpus

TICK = 1 / os.sysconf("SC_CLK_TCK")


def process_cpu_clock(pid):
    """The clock of a process's CPU time; clock_getcpuclockid(3) computes the same number."""
    return (~pid << 3) | 2


def session_members(session):
    """(pid, CPU seconds of its children that have ended) for each process of the session."""
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as file:
                # The name of the program may contain spaces and parentheses.
                fields = file.read().rpartition(b")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session and fields[0] != b"Z":
            yield int(name), (int(fields[13]) + int(fields[14])) * TICK


def thread_run_delay(path="/proc/thread-self"):
    """Seconds that a thread was ready to run but had no CPU."""
    with open(f"{path}/schedstat") as file:
        return int(file.read().split()[1]) * 1e-9


def run_delay(pid):
    """The same for all threads of a process. Threads that have ended are not counted."""
    total = 0.0
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            total += thread_run_delay(f"/proc/{pid}/task/{task}")
    except OSError:
        pass
    return total


def busy_cpu_seconds(cpus):
    """CPU time that anything used on these CPUs since the machine started, including what the hypervisor took."""
    total = 0
    with open("/proc/stat") as file:
        for line in file:
            name, *values = line.split()
            if name.startswith("cpu") and name != "cpu" and int(name[3:]) in cpus:
                user, nice, system, _idle, _iowait, irq, softirq, steal = (int(value) for value in values[:8])
                total += user + nice + system + irq + softirq + steal
    return total * TICK


def proportional_memory(pid):
    """Bytes of memory of a process; pages that it shares with others count in part (PSS)."""
    try:
        with open(f"/proc/{pid}/smaps_rollup") as file:
            for line in file:
                if line.startswith("Pss:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def session_memory(session):
    return sum(proportional_memory(pid) for pid, _ in session_members(session))


def available_memory():
    with open("/proc/meminfo") as file:
        for line in file:
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return 1 << 62


@dataclass(frozen=True)
class Usage:
    """What a run used."""

    wall: float
    parent_cpu: float  # of the process that called the model
    cpu: float  # of all its processes
    reaped_cpu: float  # part of `cpu` that belongs to child processes which have ended
    delay: float
    others: float  # part of the CPUs that the rest of the machine used, 0 to 1
    cpus: float  # that the run could keep busy


class Meter:
    """Measures what this process and its session use from its creation to `stop`."""

    def __init__(self):
        self.cpus = os.sched_getaffinity(0)
        self.before = self._counters_of_others()
        # Last, and first in `stop`: on a busy machine this process may lose the CPU while it reads the counters of others.
        self.own_delay = run_delay(os.getpid())
        self.own_cpu = time.process_time()
        self.start = time.perf_counter()

    def _counters_of_others(self):
        """CPU time of the session's other processes, of ended children, run delay, and CPU time of the machine."""
        cpu = reaped = delay = 0.0
        own_pid = os.getpid()
        for pid, children in session_members(os.getsid(0)):
            reaped += children
            if pid == own_pid:
                continue
            try:
                cpu += time.clock_gettime(process_cpu_clock(pid))
            except OSError:
                continue
            delay += run_delay(pid)
        return cpu, reaped, delay, busy_cpu_seconds(self.cpus)

    def stop(self):
        wall = time.perf_counter() - self.start
        own = time.process_time() - self.own_cpu
        own_delay = run_delay(os.getpid()) - self.own_delay
        cpu, reaped, delay, machine = (max(b - a, 0.0) for a, b in zip(self.before, self._counters_of_others()))
        return Usage(
            wall=wall,
            parent_cpu=own,
            cpu=own + cpu + reaped,
            reaped_cpu=reaped,
            delay=max(own_delay, 0.0) + delay,
            others=max(machine - own - cpu - reaped, 0.0) / (wall * len(self.cpus)),
            cpus=usable_cpus(),
        )
