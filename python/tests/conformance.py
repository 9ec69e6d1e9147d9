"""Runs CPython's own tests of event loops against asyncio's loop and hocket's, and prints a table of what passes.

    python conformance.py [--loops asyncio hocket] [--only PATTERN]

The tests are those of the interpreter that runs this (Debian: libpython3.11-testsuite). Each runs in a process of its own, with a
time limit; what fails is run once more, alone. The exit status is 1 if hocket fails what asyncio passes, and 77 if there are no
tests.
"""

import argparse
import collections
import fnmatch
import importlib
import os
import signal
import sys
import tempfile
import time
import traceback
import unittest

# Test cases that take their loop from a method. The rest of their modules is about other loops.
MIXINS = {
    "test_events": "EPollEventLoopTests",
    "test_sock_lowlevel": "EPollEventLoopTests",
    "test_sendfile": "EPollEventLoopTests",
    "test_server": "SelectorStartServerTests",
    "test_buffered_proto": "BufferedProtocolSelectorTests",
    "test_sslproto": "SelectorStartTLSTests",
}
# Modules whose loops come from the policy.
WITH_POLICY = (
    "test_streams",
    "test_subprocess",
    "test_ssl",
    "test_locks",
    "test_queues",
    "test_taskgroups",
    "test_timeouts",
    "test_runners",
    "test_waitfor",
    "test_pep492",
    "test_futures2",
    "test_threads",
    "test_staggered",
    "test_context",
    "test_eager_task_factory",
)
PASSED, FAILED, SKIPPED, TIMEOUT = "passed", "failed", "skipped", "timeout"
SKIPPED_STATUS = 77

Test = collections.namedtuple("Test", "module case name")


def load(module):
    try:
        return importlib.import_module(f"test.test_asyncio.{module}")
    except (ImportError, unittest.SkipTest):
        return None


def find_tests():
    tests = []
    for module, case in MIXINS.items():
        if loaded := load(module):
            names = unittest.defaultTestLoader.getTestCaseNames(getattr(loaded, case))
            tests += [Test(module, case, name) for name in names]
    for module in WITH_POLICY:
        if loaded := load(module):
            for suite in unittest.defaultTestLoader.loadTestsFromModule(loaded):
                tests += [Test(module, type(test).__name__, test._testMethodName) for test in suite]
    return tests


def factory_of(loop):
    """The function that makes a loop, after the policy was set to make such loops, too."""
    import asyncio
    import selectors

    if loop == "asyncio":
        return lambda: asyncio.SelectorEventLoop(selectors.EpollSelector())
    package = importlib.import_module(loop)
    asyncio.set_event_loop_policy(package.EventLoopPolicy())
    return package.new_event_loop


def run_here(test, loop):
    """Runs one test in this process and returns the exit status."""
    factory = factory_of(loop)
    module = load(test.module)
    case = getattr(module, test.case)
    if test.module in MIXINS:
        case.create_event_loop = case.new_loop = lambda self: factory()
    # A suite, because it also prepares the class and the module.
    suite = unittest.TestSuite([case(test.name)])
    result = unittest.TextTestRunner(sys.stderr, verbosity=2).run(suite)
    if result.skipped:
        return SKIPPED_STATUS
    return 0 if result.wasSuccessful() else 1


class Running:
    """A test in a process of its own, which leads a group of processes."""

    def __init__(self, test, loop, limit):
        self.test, self.loop = test, loop
        self.deadline = time.monotonic() + limit
        self.output = tempfile.TemporaryFile()
        self.pid = os.fork()
        if self.pid == 0:
            self._run()

    def _run(self):
        status = 1
        try:
            os.setsid()
            os.dup2(self.output.fileno(), 1)
            os.dup2(self.output.fileno(), 2)
            status = run_here(self.test, self.loop)
            sys.stderr.flush()
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)

    def result(self):
        """None while it runs."""
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if pid == 0 and time.monotonic() < self.deadline:
            return None
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass
        if pid == 0:
            os.waitpid(self.pid, 0)
            return TIMEOUT
        code = os.waitstatus_to_exitcode(status)
        return PASSED if code == 0 else SKIPPED if code == SKIPPED_STATUS else FAILED

    def text(self):
        self.output.seek(0)
        return self.output.read().decode(errors="replace")


def run_all(jobs, limit, at_once):
    """{(test, loop): (result, output)}"""
    waiting, running, results = list(reversed(jobs)), [], {}
    while waiting or running:
        while waiting and len(running) < at_once:
            running.append(Running(*waiting.pop(), limit))
        for one in list(running):
            if result := one.result():
                running.remove(one)
                results[one.test, one.loop] = result, one.text()
                one.output.close()
                if sys.stderr.isatty():
                    print(f"\r{len(results)} of {len(jobs)}", end="", file=sys.stderr)
        time.sleep(0.005)
    return results


def print_table(tests, loops, results):
    counts = collections.defaultdict(collections.Counter)
    for test in tests:
        for loop in loops:
            for module in (test.module, "all"):
                counts[module, loop][results[test, loop][0]] += 1
    print(f"| module | tests | {' | '.join(loops)} |")
    print(f"| --- | --: |{' --: |' * len(loops)}")
    for module in [*dict.fromkeys(test.module for test in tests), "all"]:
        cells = [str(sum(counts[module, loops[0]].values()))]
        for loop in loops:
            skipped = counts[module, loop][SKIPPED]
            cells.append(f"{counts[module, loop][PASSED]}" + (f" (+ {skipped} skipped)" if skipped else ""))
        print(f"| {module} | {' | '.join(cells)} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--loops", nargs="+", default=["asyncio", "hocket"], choices=["asyncio", "hocket"])
    parser.add_argument("--only", default="*", metavar="PATTERN", help="of module.Case.test_name")
    parser.add_argument("--limit", type=float, default=60, help="seconds for each test")
    parser.add_argument("--at-once", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    tests = [test for test in find_tests() if fnmatch.fnmatch(".".join(test), arguments.only)]
    if not tests:
        print("This Python has no tests of asyncio (Debian: libpython3.11-testsuite).")
        return SKIPPED_STATUS
    jobs = [(test, loop) for test in tests for loop in arguments.loops]
    results = run_all(jobs, arguments.limit, arguments.at_once)
    again = [job for job in jobs if results[job][0] in (FAILED, TIMEOUT)]
    results |= run_all(again, arguments.limit, 1)

    worse = 0
    for test in tests:
        outcomes = {loop: results[test, loop][0] for loop in arguments.loops}
        if set(outcomes.values()) <= {PASSED, SKIPPED}:
            continue
        print(f"{'.'.join(test)}: {', '.join(f'{loop} {outcome}' for loop, outcome in outcomes.items())}")
        if outcomes.get("hocket") in (FAILED, TIMEOUT) and outcomes.get("asyncio", PASSED) == PASSED:
            worse += 1
            print(results[test, "hocket"][1])
    print(f"\nPython {sys.version.split()[0]}, {len(again)} of {len(jobs)} were run twice\n")
    print_table(tests, arguments.loops, results)
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
