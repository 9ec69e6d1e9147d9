#!/usr/bin/env python3
"""Runs the tests of tests/cluster/on_cluster_*.cpp with one engine.

usage: run.py ray|dask PYTHON PROGRAM [OPTION OF THE PROGRAM...]

First the program runs without a cluster: its executors start their own. Then it runs on a cluster of two nodes, each in a
network namespace, if this machine allows that: the owner is on the first one. The tests after which a cluster is useless
have one each. Last, it runs on a cluster with TLS (Dask's). All that was started is ended by its number.
"""

import os
import subprocess
import sys

sys.dont_write_bytecode = True
from tls_cluster import TlsCluster  # noqa: E402
from two_nodes import TwoNodes  # noqa: E402

STORE = 100_000_000  # the bytes of a node's object store, so that it is full soon
ENDS = ["ClusterEnds.EveryNodeIsKilled", "ClusterEnds.TheHeadIsKilled"]

def run(program, options, environment, title):
    print(f"=== {title}", flush=True)
    return subprocess.run([program, *options], env=dict(os.environ, **environment), timeout=1800).returncode


def main():
    engine, python, program, *options = sys.argv[1:]
    environment = {"HOCKET_TEST_ENGINE": engine, "HOCKET_TEST_PYTHON": python}
    has_two_nodes = os.geteuid() == 0 and os.environ.get("HOCKET_TEST_ONLY") != "local"
    status = 0
    if os.environ.get("HOCKET_TEST_ONLY") != "two":
        # The tests of all executors have clusters of their own only if there is no other one: each starts one.
        chosen = options or (["--gtest_filter=-With/Remote*"] if has_two_nodes else [])
        status |= run(program, chosen, environment, f"{engine}: a cluster of the executor's own")
    if os.geteuid() != 0:
        print("=== Two nodes are left out: only root may make network namespaces")
    if has_two_nodes:
        for chosen in [options] if options else [["--gtest_filter=-ClusterEnds.*:ClusterTls.*"]] + [
                ["--gtest_filter=" + test] for test in ENDS]:
            with TwoNodes(engine, python, store=STORE) as nodes:
                status |= run(program, chosen, dict(environment, **nodes.environment()), f"{engine}: two nodes")
    if engine == "dask" and os.environ.get("HOCKET_TEST_ONLY") != "two":
        with TlsCluster(python) as cluster:
            status |= run(program, ["--gtest_filter=ClusterTls.*"], dict(environment, **cluster.environment()),
                          "dask: a cluster with TLS")
    return status


sys.exit(main())
