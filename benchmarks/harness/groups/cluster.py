"""Calls on clusters, beside the engines' own Python API."""

from harness.micro import Micro
from harness.model import OURS, Bar, Group, Python, Row

_RAY = "Ray"
_DASK = "Dask"

GROUP = Group(
    name="cluster",
    title="Clusters (Ray, Dask)",
    peers=[_RAY, _DASK],
    subjects=[
        Micro(
            "ray",
            {OURS: "hocket_cluster_ray", _RAY: Python("clusters.py", ("ray",))},
            {
                "sync": Row("RayExecutor: a call, synchronous", "ns", Bar(1.3, _RAY)),
                "pipelined": Row("RayExecutor: one of many calls", "ns", Bar(0.2, _RAY)),
                "argument": Row("RayExecutor: argument of 100 MiB", "ms", Bar(2, _RAY)),
                "result": Row("RayExecutor: result of 100 MiB", "ms", Bar(2, _RAY)),
                "speedup": Row(
                    "RayExecutor: 400 calls of 10 ms, by two workers rather than one",
                    "times",
                    Bar(1.9),
                    more_is_better=True,
                ),
                "start": Row("RayExecutor: first result, and starting the cluster", "ms"),
            },
            rounds=3,
            python_rounds=3,
        ),
        Micro(
            "dask",
            {OURS: "hocket_cluster_dask", _DASK: Python("clusters.py", ("dask",))},
            {
                "sync": Row("DaskExecutor: a call, synchronous", "ns"),
                "pipelined": Row("DaskExecutor: one of many calls", "ns", Bar(0.1, _DASK)),
                "speedup": Row(
                    "DaskExecutor: 400 calls of 10 ms, by two workers rather than one",
                    "times",
                    Bar(1.9),
                    more_is_better=True,
                ),
                "start": Row("DaskExecutor: first result, and starting the cluster", "ms"),
            },
            rounds=3,
            python_rounds=3,
        ),
    ],
    notes="""\
- Wall time, the best batch of three rounds, after one warm-up batch in each round; two workers on this
  machine. `make cluster-test` installs both engines below `build/cluster/`; without them, this table is empty.
- Ray: calls of actors, one for each worker; many calls alternate between them. 100 MiB: `put`, and a call that takes
  the length of the object; a call that returns bytes.
- Dask: `Client.submit` and `Client.map`.
""",
)
