#!/usr/bin/env python3
"""Runs the tests of tests/cluster/on_cluster_*.cpp with one engine.

usage: run.py ray|dask PYTHON PROGRAM [OPTION OF THE PROGRAM...]

First the program runs without a cluster: its executors start their own. Then it runs on a cluster of two nodes, each in a
network namespace, if this machine allows that: the owner is on the first one. All that was started is ended by its
number.
"""

import os
import subprocess
import sys

sys.dont_write_bytecode = True
from two_nodes import TwoNodes  # noqa: E402


def run(program, options, environment, title):
    print(f"=== {title}", flush=True)
    return subprocess.run([program, *options], env=dict(os.environ, **environment)).returncode


def main():
    engine, python, program, *options = sys.argv[1:]
    environment = {"HOCKET_TEST_ENGINE": engine, "HOCKET_TEST_PYTHON": python}
    status = 0
    if os.environ.get("HOCKET_TEST_ONLY") != "two":
        status |= run(program, options, environment, f"{engine}: a cluster of the executor's own")
    if os.geteuid() != 0:
        print("=== Two nodes are left out: only root may make network namespaces")
    elif os.environ.get("HOCKET_TEST_ONLY") != "local":
        with TwoNodes(engine, python) as nodes:
            faults = ["--gtest_filter=-ClusterFaults.*"] if not options else options
            status |= run(program, faults, dict(environment, **nodes.environment()), f"{engine}: two nodes")
    return status


sys.exit(main())
