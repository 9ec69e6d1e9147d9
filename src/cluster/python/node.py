# What runs on a node of the cluster: it puts the program there and runs it as one worker.
# Ray and Dask send these functions to the nodes by value, so they need nothing but Python's library.

import os
import platform
import queue
import shutil
import socket
import subprocess
import tempfile
import threading
import time

UNUSED_PROGRAMS_ARE_KEPT = 7 * 24 * 3600  # seconds
WORKER_IS_OVER = ("ended", "failed", "unreachable")  # events after which there are no others
LONGEST_LINE = 32 * 1024
LONGEST_LAST_WORDS = 4096
LONGEST_FAREWELL_OF_A_WORKER = 2.0  # seconds


class Unreachable(Exception):
    """The owner cannot be connected to."""


def programs_folder():
    """The folder of this user's programs on this node, which nobody else can write to."""
    folder = os.path.join(tempfile.gettempdir(), f"hocket-{os.getuid()}")
    os.makedirs(folder, mode=0o700, exist_ok=True)
    status = os.lstat(folder)
    if status.st_uid != os.getuid() or status.st_mode & 0o022 or os.path.islink(folder):
        raise PermissionError(f"{folder} can be written by others: remove it")
    return folder


def program_is_here(plan):
    return bool(plan["path"]) or os.path.exists(os.path.join(programs_folder(), plan["hash"], "complete"))


def store_program(plan, files):
    """Writes the program and its libraries. Several workers of a node may do this at the same time."""
    folder = programs_folder()
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        if os.path.getmtime(path) < time.time() - UNUSED_PROGRAMS_ARE_KEPT:
            shutil.rmtree(path, ignore_errors=True)
    part = tempfile.mkdtemp(dir=folder)
    for name, content in files.items():
        with open(os.path.join(part, name), "wb") as file:
            file.write(content)
        os.chmod(os.path.join(part, name), 0o700)
    with open(os.path.join(part, "complete"), "wb"):
        pass
    try:
        os.rename(part, os.path.join(folder, plan["hash"]))
    except OSError:  # another worker was faster
        shutil.rmtree(part)


def worker_command(plan):
    """The program's file, and the folder of its libraries."""
    if plan["path"]:  # the owner runs on this machine
        return plan["path"], None
    folder = os.path.join(programs_folder(), plan["hash"])
    os.utime(folder)
    return os.path.join(folder, "program"), folder


class NodeWorker:
    """One worker process. Tells what happens to it in `events`, a queue of tuples."""

    def __init__(self, plan, get_files):
        self.plan = plan
        self.get_files = get_files
        self.events = queue.Queue()
        self.last_words = ""
        # The worker ends when the thread that starts it ends: one that lives as long as this process.
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        try:
            stream = self.connect()
            process = self.start(stream)
        except Exception as error:
            self.events.put(("unreachable" if isinstance(error, Unreachable) else "failed", self.explain(error)))
            return
        self.events.put(("started", platform.node(), process.pid))
        readers = [threading.Thread(target=self.read, args=(process.stdout, 0), daemon=True),
                   threading.Thread(target=self.read, args=(process.stderr, 1), daemon=True)]
        for reader in readers:
            reader.start()
        status = process.wait()
        self.end_stream(stream)
        for reader in readers:
            reader.join(0.5)  # a process that it has started may keep the pipe open
        self.events.put(("ended", status, self.last_words.strip()))
        self.wait_for_end(stream)

    def connect(self):
        """Connects to the owner, for the worker. This process keeps the stream, too. If only the worker had it, its death would
        reset the connection whenever the worker has not received everything, and answers on their way would be lost."""
        host, _, port = self.plan["owner"].rpartition(":")
        try:
            stream = socket.create_connection((host.strip("[]"), int(port)), timeout=self.plan["connect_timeout"])
        except OSError as error:
            raise Unreachable(f"cannot connect to the program at {self.plan['owner']} from node {platform.node()}: {error}. "
                              "The option .host names an address of the program's machine that nodes can reach") from None
        stream.settimeout(None)
        return stream

    def end_stream(self, stream):
        """Sends the end after all that the worker has written."""
        try:
            stream.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # the owner has ended

    def wait_for_end(self, stream):
        """Receives what nobody needs any more, because closing the stream before would reset it."""
        stream.settimeout(LONGEST_FAREWELL_OF_A_WORKER)
        try:
            while stream.recv(65536):
                pass
        except OSError:
            pass
        stream.close()

    def start(self, stream):
        if not program_is_here(self.plan):
            store_program(self.plan, self.get_files())
        path, libraries = worker_command(self.plan)
        environment = dict(os.environ, HOCKET_WORKER=f"stream:{stream.fileno()}",
                           HOCKET_WORKER_TOKEN=self.plan["token"], HOCKET_WORKER_PARENT=str(os.getpid()))
        if libraries:
            environment["LD_LIBRARY_PATH"] = ":".join(filter(None, [libraries, os.environ.get("LD_LIBRARY_PATH")]))
        return subprocess.Popen([self.plan["name"], "[hocket worker]"], executable=path, env=environment,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                pass_fds=[stream.fileno()])

    def explain(self, error):
        if isinstance(error, Unreachable):
            return str(error)
        text = f"cannot run the program on node {platform.node()}: {error}"
        if isinstance(error, OSError) and error.errno == 8:  # ENOEXEC
            text += (f". The program was built for {self.plan['machine']}, and the node is {platform.machine()}: "
                     "choose nodes of the program's architecture by a resource")
        return text

    def read(self, pipe, is_error):
        while line := pipe.readline(LONGEST_LINE):
            text = line.decode(errors="replace").rstrip("\n")
            if is_error:
                self.last_words = (self.last_words + text + "\n")[-LONGEST_LAST_WORDS:]
            self.events.put(("output", is_error, text))

    def watch(self):
        """Waits until something has happened; returns all events since the last call."""
        events = [self.events.get()]
        while len(events) < 100:
            try:
                events.append(self.events.get_nowait())
            except queue.Empty:
                break
        return events
