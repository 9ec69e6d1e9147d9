"""Calls on clusters, beside the engines' own Python API."""

import pathlib
import subprocess

from harness.micro import Micro
from harness.model import OURS, Bar, Group, Python, Row
from harness.nodes import Nodes

_RAY = "Ray"
_DASK = "Dask"


def _nodes(engine, peer, executor):
    return Nodes(
        f"{engine} nodes",
        engine,
        peer,
        {
            "speedup": Row(
                f"{executor}: 400 calls of 10 ms, by two nodes rather than one",
                "times",
                Bar(1.9),
                more_is_better=True,
            ),
            "first": Row(f"{executor}: joining a cluster that runs, and the first result", "ms"),
        },
    )


def _versions():
    root = pathlib.Path(__file__).resolve().parents[3]
    for name, module in ((_RAY, "ray"), (_DASK, "distributed")):
        python = root / "build" / "cluster" / name.lower() / "bin" / "python"
        if python.exists():
            probe = f"import importlib.metadata as m; print(m.version('{module}'))"
            yield name, subprocess.run([python, "-c", probe], stdout=subprocess.PIPE, text=True).stdout.strip()


GROUP = Group(
    name="cluster",
    title="Clusters (Ray, Dask)",
    peers=[_RAY, _DASK],
    on_request=True,
    versions=_versions,
    subjects=[
        Micro(
            "ray",
            {OURS: "hocket_cluster_ray", _RAY: Python("clusters.py", ("ray",))},
            {
                "sync": Row("RayExecutor: a call, synchronous", "ns", Bar(1.3, _RAY)),
                "pipelined": (
                    Row("RayExecutor: one of many calls", "ns", Bar(0.2, _RAY)),
                    Row("RayExecutor: the same, 15,000 a second", "ns", Bar(66_666)),
                ),
                "argument": Row(
                    "RayExecutor: argument of 100 MiB; Ray: put and get", "ms", Bar(2, _RAY)
                ),
                "argument_of_actor": Row("the same; Ray: put, and argument of an actor", "ms"),
                "result": Row(
                    "RayExecutor: result of 100 MiB; Ray: put and get", "ms", Bar(2, _RAY)
                ),
                "result_of_actor": Row("the same; Ray: result of an actor", "ms"),
                "start": Row("RayExecutor: starting a cluster, and the first result", "ms"),
            },
            rounds=3,
            python_rounds=3,
            timeout=300,
        ),
        _nodes("ray", _RAY, "RayExecutor"),
        Micro(
            "dask",
            {OURS: "hocket_cluster_dask", _DASK: Python("clusters.py", ("dask",))},
            {
                "sync": Row("DaskExecutor: a call, synchronous", "ns"),
                "pipelined": Row("DaskExecutor: one of many calls", "ns", Bar(0.1, _DASK)),
                "start": Row("DaskExecutor: starting a cluster, and the first result", "ms"),
            },
            rounds=3,
            python_rounds=3,
            timeout=300,
        ),
        _nodes("dask", _DASK, "DaskExecutor"),
    ],
    notes="""\
- Wall time, the best batch of three rounds; two workers on this machine, on a cluster that the executor starts.
- Ray: calls of actors, one for each worker; many calls alternate between them. Dask: `Client.submit` and `Client.map`.
- Two nodes: network namespaces of this machine, each with one processor of its own. The processor of the first one also has
  the cluster's head and the program. The peers' speedup is that of their own calls.
""",
)
