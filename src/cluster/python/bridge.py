# The process between a program and a cluster: it joins the cluster as an ordinary driver, starts the program's workers
# on the nodes, and tells the program what becomes of them. The calls do not go through it.
#
# Both ends of the control socket send messages, each a list of strings: a name and what belongs to it.

import asyncio
import hashlib
import importlib
import os
import socket
import struct
import sys
import time

LONGEST_MESSAGE = 256 * 1024
NODES_OF_A_MESSAGE = 100
LOOK_AT_NODES_EVERY = 1.0  # seconds
LONGEST_FAREWELL = 6.0  # seconds
LONGEST_SILENCE = 15.0  # of the cluster's head


class Refused(Exception):
    """An error whose text is for the user."""


def import_module(name):
    try:
        return importlib.import_module(name)
    except ImportError as error:
        package = {"ray": "ray", "distributed": "dask[distributed]"}[name]
        raise Refused(f"{sys.executable} cannot import {name} ({error}): install it with "
                      f"'{sys.executable} -m pip install \"{package}\"', or choose the cluster's interpreter with "
                      "the option .python") from None


def host_and_port(address):
    host, _, port = address.split("://")[-1].split("/")[0].rpartition(":")
    return host.strip("[]"), int(port) if port.isdigit() else 0


def check_that_something_answers(address):
    """The libraries themselves try for minutes."""
    host, port = host_and_port(address)
    if address == "auto" or not host or not port:
        return
    try:
        socket.create_connection((host, port), timeout=4).close()
    except OSError as error:
        raise Refused(f"nothing answers at {address}: {error}") from None


def address_towards(address):
    """This machine's address on the way to another one."""
    host, port = host_and_port(address)
    family, kind, protocol, _, target = socket.getaddrinfo(host, port or 1, type=socket.SOCK_DGRAM)[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.connect(target)
        return probe.getsockname()[0]


def slots_of(available, needed, otherwise=0):
    """How many workers fit into a node's resources."""
    return int(min((available.get(name, 0) // amount for name, amount in needed.items() if amount > 0),
                   default=otherwise))


def one_line(error):
    text = str(error).strip() or type(error).__name__
    return " ".join(text.split())[:2000]


def in_thread(function):
    return asyncio.get_running_loop().run_in_executor(None, function)


class Program:
    """The owner's program and its libraries."""

    def __init__(self, executable, libraries):
        self.paths = {"program": executable, **{os.path.basename(path): path for path in libraries}}

    def files(self):
        content = {}
        for name, path in self.paths.items():
            with open(path, "rb") as file:
                content[name] = file.read()
        return content

    def hash(self):
        digest = hashlib.sha256()
        for name, content in sorted(self.files().items()):
            digest.update(f"{name} {len(content)} ".encode())
            digest.update(content)
        return digest.hexdigest()


class Control:
    """The program's end of the control socket."""

    def __init__(self, descriptor):
        self.socket = socket.socket(fileno=descriptor)

    def send(self, *fields):
        encoded = [str(field).encode(errors="replace") for field in fields]
        message = b"".join(struct.pack("<I", len(field)) + field for field in encoded)
        try:
            self.socket.send(message)
        except OSError:
            pass  # the program has ended; the watching thread sees it

    @staticmethod
    def decode(message):
        fields = []
        while message:
            size = struct.unpack_from("<I", message)[0]
            fields.append(message[4:4 + size].decode(errors="replace"))
            message = message[4 + size:]
        return fields

    def receive(self):
        """Waits for a message; empty at the end."""
        return self.decode(self.socket.recv(LONGEST_MESSAGE))


class Bridge:
    def __init__(self, control, make_cluster, options):
        self.control = control
        self.options = options
        self.program = Program(options["executable"], options["files"])
        self.cluster = make_cluster(options, self.program)
        self.workers = {}
        self.owner = os.getppid()
        self.has_joined = False
        self.hash = None
        self.is_leaving = asyncio.Event()

    async def run(self):
        # What the program says is received by a thread, so that its end is seen whatever the library waits for.
        loop = asyncio.get_running_loop()
        threading.Thread(target=self.receive, args=(loop,), daemon=True).start()
        try:
            await self.cluster.join()
            self.has_joined = True
            self.control.send("joined", self.options["host"] or self.cluster.owner_host())
            while not self.is_leaving.is_set():
                await self.look_at_nodes()
        except Refused as error:
            self.control.send("broken", error)
        except BaseException as error:
            self.control.send("broken", f"{type(error).__name__}: {one_line(error)}")
        await self.is_leaving.wait()
        await asyncio.wait_for(self.cluster.leave(), LONGEST_FAREWELL)

    async def look_at_nodes(self):
        try:
            nodes = await asyncio.wait_for(self.cluster.nodes(), LONGEST_SILENCE)
        except asyncio.TimeoutError:
            raise Refused(f"it has not answered for {LONGEST_SILENCE:.0f} s") from None
        for first in range(0, max(len(nodes), 1), NODES_OF_A_MESSAGE):
            fields = []
            for node in nodes[first:first + NODES_OF_A_MESSAGE]:
                fields += [node["address"], node["name"], node["slots"], len(node["resources"])]
                for name, amount in node["resources"].items():
                    fields += [name, amount]
            self.control.send("nodes", int(first + NODES_OF_A_MESSAGE >= len(nodes)), *fields)
        if os.getppid() != self.owner:  # another process of it holds the control socket
            os._exit(1)
        try:
            await asyncio.wait_for(self.is_leaving.wait(), LOOK_AT_NODES_EVERY)
        except asyncio.TimeoutError:
            pass

    def receive(self, loop):
        is_told_to_leave = False
        while message := self.control.receive():
            is_told_to_leave = message[0] == "leave"
            if not is_told_to_leave:
                loop.call_soon_threadsafe(self.on_message, *message)
        if not self.has_joined or not is_told_to_leave:
            # Nobody waits for an orderly end. Clusters end the workers of a driver that has ended.
            os._exit(0)
        loop.call_soon_threadsafe(self.is_leaving.set)
        time.sleep(LONGEST_FAREWELL + 1)  # the library may wait for a network that is down
        os._exit(1)

    def on_message(self, name, *fields):
        if name == "start":
            number, owner, token = fields
            if self.hash is None:
                self.hash = "" if self.cluster.is_local else self.program.hash()
            plan = {"number": int(number), "owner": owner, "token": token, "name": self.options["name"],
                    "path": self.options["executable"] if self.cluster.is_local else "", "hash": self.hash,
                    "machine": platform.machine(), "connect_timeout": self.options["connect_timeout"]}
            self.workers[number] = asyncio.ensure_future(self.run_worker(plan))
        elif name == "end":
            self.cluster.end_worker(int(fields[0]))

    async def run_worker(self, plan):
        number = plan["number"]
        try:
            await self.cluster.run_worker(plan, lambda event, *rest: self.control.send(event, number, *rest))
        except Exception as error:
            self.control.send("lost", number, f"cannot be started: {type(error).__name__}: {one_line(error)}")
        finally:
            self.workers.pop(str(number), None)


async def serve(control, options):
    clusters = {"ray": RayCluster, "dask": DaskCluster}
    await Bridge(control, clusters[options["engine"]], options).run()


def main():
    control = Control(int(sys.argv[1]))
    options = {"resources": {}, "files": []}
    for field in control.receive():
        name, _, value = field.partition("=")
        if name == "resource":
            resource, _, amount = value.rpartition("=")
            options["resources"][resource] = float(amount)
        elif name == "file":
            options["files"].append(value)
        elif name in ("max_workers", "connect_timeout"):
            options[name] = float(value) if name == "connect_timeout" else int(value)
        else:
            options[name] = value
    if not options["address"]:
        guard_local_cluster(control)
    asyncio.run(serve(control, options))


if __name__ == "__main__":
    main()
