#!/usr/bin/env python3
"""Runs commands on a cluster of two nodes with one processor each, which are network namespaces of this machine.

usage: two_nodes.py [--pinned] ray|dask PYTHON COMMAND... [-- COMMAND...]...

The commands run one after the other on the first node, with the cluster's address in HOCKET_CLUSTER_ADDRESS and in place of the
argument "{address}". With --pinned, each node has one processor of this machine for itself; the commands share that of the first
one. Needs root. All that was started is ended by its number. What tests do to the nodes are commands of this file, too.
"""

import ctypes
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

CLONE_NEWNET = 0x40000000
TOKEN = "0123456789abcdef0123456789abcdef"  # of the Ray cluster
FIRST, SECOND = "10.77.0.1", "10.77.0.2"
SECOND_NAME = "second-node"


def in_namespace(namespace):
    """The processes in a network namespace, but not this one."""
    for entry in pathlib.Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and int(entry.name) != os.getpid() and os.readlink(entry / "ns/net") == namespace:
                yield int(entry.name)
        except OSError:
            pass


def kill_all_in(namespace, spared=()):
    if namespace == os.environ["HOCKET_TEST_OUTER_NAMESPACE"]:
        raise ValueError("this is the namespace of the machine")
    for pid in in_namespace(namespace):
        if pid not in spared:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass


def kill_here(is_meant):
    """Kills those processes of this namespace whose command is meant."""
    for pid in in_namespace(os.readlink("/proc/self/ns/net")):
        try:
            if is_meant(pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")):
                os.kill(pid, signal.SIGKILL)
        except OSError:
            pass


def is_head(command):
    return command[0].endswith(b"gcs_server") or (b"scheduler" in command and any(b"dask" in part for part in command))


def is_first_node(command):
    return command[0].endswith(b"raylet") or (b"worker" in command and any(b"dask" in part for part in command))


def wait_for_nodes(address):
    """Waits until the cluster has both nodes."""
    if address.startswith("tcp"):
        import distributed
        with distributed.Client(address) as client:
            client.wait_for_workers(2)
        return
    import ray
    ray.init(address=address, log_to_driver=False, logging_level="error")
    while sum(node["Alive"] for node in ray.nodes()) < 2:
        time.sleep(0.1)


def fill_store(address, size, sign):
    """Keeps the object store of this node full until the file `sign`, which it makes then, is removed."""
    import ray
    ray.init(address=address, log_to_driver=False, logging_level="error")
    kept = [ray.put(os.urandom(10_000_000)) for _ in range(int(size) // 10_000_000 + 2)]
    pathlib.Path(sign).touch()
    while os.path.exists(sign):
        time.sleep(0.1)
    del kept


class TwoNodes:
    """A cluster of two nodes with one processor each. This process moves to the first node's namespace."""

    def __init__(self, engine, python, is_pinned=False, store=None):
        """`store` is the size of each node's object store, if the engine has one."""
        self.store = [f"--object-store-memory={store}"] if store else []
        self.store_size = store
        processors = sorted(os.sched_getaffinity(0))
        self.processors = processors[:2] if is_pinned and len(processors) > 1 else None
        self.engine = engine
        self.bin = pathlib.Path(python).parent
        self.folder = tempfile.mkdtemp(prefix="hkt-")
        self.holder = None
        os.environ.setdefault("HOCKET_TEST_OUTER_NAMESPACE", os.readlink("/proc/self/ns/net"))
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))

    def __enter__(self):
        try:
            self.start_all()
        except BaseException:
            self.__exit__()
            raise
        return self

    def start_all(self):
        if self.processors:
            os.sched_setaffinity(0, self.processors[:1])  # and those of the processes started from now on
        if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "unshare(CLONE_NEWNET)")
        self.holder = subprocess.Popen(["unshare", "--net", "--uts", "sh", "-c",
                                        f"hostname {SECOND_NAME}; exec sleep infinity"],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.second = self.wait_for_namespace()
        here, there = ["ip"], ["nsenter", f"--net=/proc/{self.holder.pid}/ns/net", "ip"]
        for command in (here + ["link", "set", "lo", "up"], there + ["link", "set", "lo", "up"],
                        here + ["link", "add", "here", "type", "veth", "peer", "name", "there", "netns",
                                str(self.holder.pid)],
                        here + ["addr", "add", FIRST + "/24", "dev", "here"], here + ["link", "set", "here", "up"],
                        there + ["addr", "add", SECOND + "/24", "dev", "there"],
                        there + ["link", "set", "there", "up"]):
            subprocess.run(command, check=True)
        self.log = open(os.path.join(self.folder, "log"), "ab")
        if self.engine == "ray":
            self.address = FIRST + ":6379"
            self.start("ray", "start", "--head", "--port=6379", "--node-ip-address=" + FIRST, "--num-cpus=1",
                       "--include-dashboard=false", *self.store,
                       "--temp-dir=" + self.folder + "/r", "--block")
        else:
            self.address = f"tcp://{FIRST}:8786"
            self.start("dask", "scheduler", "--host", FIRST, "--port", "8786", "--no-dashboard")
            self.start("dask", "worker", self.address, "--nthreads", "1", "--host", FIRST, "--no-nanny",
                       "--no-dashboard", "--local-directory", self.folder + "/1")
        self.wait_for_head()
        subprocess.Popen(self.second_node(), stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
                         env=self.node_environment(), start_new_session=True)
        subprocess.run([self.bin / "python", __file__, "--wait-for-nodes", self.address], check=True, timeout=120,
                       stdout=self.log, stderr=self.log, env=self.node_environment())

    def wait_for_head(self):
        host, _, port = self.address.split("://")[-1].rpartition(":")
        for _ in range(600):
            try:
                socket.create_connection((host, int(port)), timeout=1).close()
                return
            except OSError:
                time.sleep(0.1)
        raise TimeoutError(f"the head at {self.address} has not started within a minute")

    def wait_for_namespace(self):
        own = os.readlink("/proc/self/ns/net")
        while (namespace := os.readlink(f"/proc/{self.holder.pid}/ns/net")) == own:
            time.sleep(0.01)
        return namespace

    @staticmethod
    def node_environment():
        return dict(os.environ, RAY_AUTH_MODE="token", RAY_AUTH_TOKEN=TOKEN)

    def start(self, name, *arguments):
        return subprocess.Popen([str(self.bin / name), *arguments], stdin=subprocess.DEVNULL, stdout=self.log,
                                stderr=self.log, env=self.node_environment(), start_new_session=True)

    def second_node(self):
        """The command of the second node."""
        enter = ["nsenter", f"--net=/proc/{self.holder.pid}/ns/net", f"--uts=/proc/{self.holder.pid}/ns/uts"]
        if self.processors:
            enter += ["taskset", "--cpu-list", str(self.processors[1])]
        if self.engine == "ray":
            return [*enter, str(self.bin / "ray"), "start", "--address=" + self.address, "--node-ip-address=" + SECOND,
                    "--num-cpus=1", "--num-gpus=1", *self.store, "--block"]
        return [*enter, str(self.bin / "dask"), "worker", self.address, "--nthreads", "1", "--host", SECOND,
                "--resources", "GPU=1", "--no-nanny", "--no-dashboard", "--local-directory", self.folder + "/2"]

    def environment(self):
        """What tests do to the second node."""
        script = f"{sys.executable} {os.path.abspath(__file__)}"
        command = " ".join(self.second_node())
        return {"HOCKET_TEST_ADDRESS": self.address, "HOCKET_TEST_SECOND_NODE": SECOND, "HOCKET_TEST_TOKEN": TOKEN,
                "HOCKET_TEST_KILL_NODE": f"{script} --kill '{self.second}' {self.holder.pid}",
                "HOCKET_TEST_START_NODE": f"RAY_AUTH_MODE=token RAY_AUTH_TOKEN={TOKEN} setsid {command} </dev/null >>{self.folder}/log 2>&1 &",
                "HOCKET_TEST_KILL_HEAD": f"{script} --kill-head",
                "HOCKET_TEST_KILL_FIRST_NODE": f"{script} --kill-first-node",
                "HOCKET_TEST_FILL_STORE": f"RAY_AUTH_MODE=token RAY_AUTH_TOKEN={TOKEN} {self.bin}/python "
                                          f"{os.path.abspath(__file__)} --fill-store {self.address} {self.store_size}",
                "HOCKET_TEST_CABLE": "ip link set here"}

    def __exit__(self, *_):
        if self.holder is not None:
            own = os.readlink("/proc/self/ns/net")
            for _ in range(3):
                kill_all_in(self.second, spared=[self.holder.pid])
                kill_all_in(own)
                time.sleep(0.3)
            self.holder.kill()
            self.holder.wait()
        if os.environ.get("HOCKET_TEST_KEEP_LOG"):
            print(pathlib.Path(self.folder, "log").read_text(errors="replace"))
        shutil.rmtree(self.folder, ignore_errors=True)


def split(arguments):
    """The commands, which are separated by "--"."""
    commands = [[]]
    for argument in arguments:
        if argument == "--":
            commands.append([])
        else:
            commands[-1].append(argument)
    return commands


def run_commands(engine, python, *arguments, is_pinned=False):
    print(f"Starting two nodes of {engine.capitalize()} in network namespaces (15 s) ...", file=sys.stderr, flush=True)
    with TwoNodes(engine, python, is_pinned) as nodes:
        environment = dict(nodes.node_environment(), HOCKET_CLUSTER_ADDRESS=nodes.address,
                           HOCKET_CLUSTER_PYTHON=python)
        commands = split([nodes.address if each == "{address}" else each for each in arguments])
        return max(subprocess.run(command, env=environment).returncode for command in commands)


def main(first, *rest):
    commands = {"--kill": lambda namespace, holder: kill_all_in(namespace, spared=[int(holder)]),
                "--kill-head": lambda: kill_here(is_head), "--kill-first-node": lambda: kill_here(is_first_node),
                "--wait-for-nodes": wait_for_nodes, "--fill-store": fill_store,
                "--pinned": lambda *arguments: run_commands(*arguments, is_pinned=True)}
    return commands[first](*rest) if first in commands else run_commands(first, *rest)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
