"""Faults: signals at any time, exceptions in every kind of callback, forks, too few descriptors."""

import asyncio
import contextlib
import errno
import gc
import os
import random
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest
from asyncio import selector_events

import hocket
import transport_programs  # lets Python 3.11.2's transports pause in connection_made()

LIMIT = 60


class Interrupts:
    """A thread that sends SIGINT to the process at random times. Once after each `arm()`, that raises KeyboardInterrupt."""

    def __init__(self, seconds):
        self.seconds = seconds
        self.is_armed = False
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self._run)

    def _run(self):
        rng = random.Random(1)
        while not self.stopped.is_set():
            time.sleep(rng.random() * self.seconds)
            os.kill(os.getpid(), signal.SIGINT)

    def _interrupt(self, number, frame):
        if self.is_armed:
            self.is_armed = False
            raise KeyboardInterrupt

    def arm(self):
        self.is_armed = True

    def disarm(self):
        self.is_armed = False

    def __enter__(self):
        self.former = signal.signal(signal.SIGINT, self._interrupt)
        self.thread.start()
        return self

    def __exit__(self, *error):
        self.disarm()
        self.stopped.set()
        self.thread.join()
        signal.signal(signal.SIGINT, self.former)


class KeyboardInterrupts(unittest.TestCase):
    """asyncio loses a callback that the interrupt hits. Here, callbacks in C cannot be hit: each must run once."""

    INTERRUPTS = 1000

    def setUp(self):
        self.loop = hocket.new_event_loop()
        self.addCleanup(self.loop.close)

    def run_interrupted(self, prepare):
        """Runs the loop again and again, until enough interrupts have ended a run."""
        interrupts = 0
        end = time.monotonic() + LIMIT
        with Interrupts(0.002) as thread:
            while interrupts < self.INTERRUPTS:
                self.assertLess(time.monotonic(), end, f"{interrupts} interrupts only")
                try:
                    thread.arm()
                    while thread.is_armed:
                        prepare()
                        self.loop.run_forever()
                except KeyboardInterrupt:
                    interrupts += 1
        # Until the last calls of stop() are over.
        end = time.monotonic() + 0.05
        while time.monotonic() < end:
            self.loop.call_later(0.01, self.loop.stop)
            self.loop.run_forever()

    def test_timers_run_once_and_none_is_lost(self):
        expired, armed = [], []
        rng = random.Random(2)

        def prepare():
            for _ in range(3):
                number = len(armed)
                # An interrupt between these two leaves a number that is armed twice.
                self.loop.call_later(rng.random() / 1000, expired.append, (number, object()))
                armed.append(number)
            self.loop.call_later(rng.random() / 500, self.loop.stop)

        self.run_interrupted(prepare)
        self.assertEqual({number for number, _ in expired} - {len(armed)}, set(armed))
        self.assertEqual(len({id(mark) for _, mark in expired}), len(expired))

    def test_a_busy_program_goes_on(self):
        """Tasks, timers and connections. An interrupt may end one of them, if it hits its Python code; the rest goes on."""
        loop = self.loop
        loop.set_exception_handler(lambda loop, context: None)
        counts = dict.fromkeys(("ticks", "turns", "echoes"), 0)
        running = set()

        class Echo(asyncio.Protocol):
            def connection_made(self, transport):
                self.transport = transport

            def data_received(self, data):
                self.transport.write(data)

            def connection_lost(self, exc):
                running.discard(self)

        class Client(Echo):
            def connection_made(self, transport):
                super().connection_made(transport)
                transport.write(b"x" * 5000)

            def data_received(self, data):
                counts["echoes"] += 1
                super().data_received(data)

        async def turn():
            while True:
                counts["turns"] += 1
                await asyncio.sleep(0)

        async def tick():
            while True:
                counts["ticks"] += 1
                await asyncio.sleep(0.0005)

        async def connect():
            a, b = socket.socketpair()
            for end, kind in ((a, Echo), (b, Client)):
                end.setblocking(False)
                protocol = kind()
                await loop.create_connection(lambda: protocol, sock=end)
                running.add(protocol)

        tasks = {turn: [], tick: [], connect: []}

        def prepare():
            for kind, alive in tasks.items():
                alive[:] = [task for task in alive if not task.done()]
                # Connections are busy until the end. More would only make the turns longer.
                if len(alive) < 2 and (kind is not connect or len(running) < 10):
                    alive.append(loop.create_task(kind()))

        self.run_interrupted(prepare)
        for name in counts:
            self.assertGreater(counts[name], 0, name)

        async def end():
            tasks = asyncio.all_tasks() - {asyncio.current_task()}
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks, timeout=10)
            self.assertTrue(all(task.done() for task in tasks))
            for protocol in list(running):
                protocol.transport.abort()
            while running:
                await asyncio.sleep(0.001)
            # The loop still does everything.
            a, b = socket.socketpair()
            reader, writer = await asyncio.open_connection(sock=a)
            b.sendall(b"works\n")
            self.assertEqual(await reader.readline(), b"works\n")
            writer.write(b"indeed")
            await writer.drain()
            self.assertEqual(b.recv(100), b"indeed")
            writer.close()
            b.close()
            await asyncio.to_thread(time.sleep, 0)

        loop.call_later(20, loop.stop)
        loop.run_until_complete(end())
        loop.run_until_complete(loop.shutdown_default_executor())

    def test_bytes_through_transports_arrive_once_and_in_order(self):
        """The protocols are asyncio's streams, which the loop feeds in C: no interrupt can hit them."""
        a, b = socket.socketpair()
        b.setblocking(False)

        async def connect():
            return await asyncio.open_connection(sock=a, limit=1 << 26)  # more than is sent

        reader, writer = self.loop.run_until_complete(connect())
        number, size = 0, 3000

        def prepare():
            nonlocal number
            with contextlib.suppress(BlockingIOError):
                # An interrupt between these two sends a piece twice.
                b.send(number.to_bytes(4, "little") * (size // 4))
                number += 1
            self.loop.call_later(0.0005, self.loop.stop)

        try:
            self.run_interrupted(prepare)
        finally:
            b.close()
        data = self.loop.run_until_complete(reader.read())
        self.assertEqual(len(data) % size, 0)
        pieces = [data[at : at + size] for at in range(0, len(data), size)]
        numbers = [int.from_bytes(piece[:4], "little") for piece in pieces]
        self.assertEqual(pieces, [number.to_bytes(4, "little") * (size // 4) for number in numbers])
        self.assertEqual(numbers, sorted(numbers))
        self.assertEqual(set(numbers) | {number}, set(range(number + 1)))
        self.assertLess(len(numbers) - len(set(numbers)), self.INTERRUPTS)
        writer.close()
        self.loop.run_until_complete(writer.wait_closed())


class Ending(BaseException):
    """Not an Exception, but none of those that end a run."""


# Each scene makes a loop call something that raises; `error` makes the exception, and `log` logs.


def scene_call_soon(loop, log, error):
    loop.call_soon(error)
    loop.call_soon(log, "next")


def scene_call_soon_threadsafe(loop, log, error):
    thread = threading.Thread(target=loop.call_soon_threadsafe, args=(error,))
    thread.start()
    thread.join()
    loop.call_soon(log, "next")


def scene_timer(loop, log, error):
    now = loop.time()
    loop.call_at(now - 2, error)
    loop.call_at(now - 1, log, "next")


def scene_reader(loop, log, error):
    a, b = socket.socketpair()
    loop.ends += a, b
    b.send(b"x")

    def read():
        a.recv(1)
        error()

    loop.add_reader(a, read)


def scene_writer(loop, log, error):
    a, b = socket.socketpair()
    loop.ends += a, b

    def write():
        loop.remove_writer(a)
        error()

    loop.add_writer(a, write)


def scene_done_callbacks(loop, log, error):
    future = loop.create_future()
    future.add_done_callback(lambda f: log("before"))
    future.add_done_callback(lambda f: error())
    future.add_done_callback(lambda f: log("after"))
    future.set_result(1)


def scene_task(loop, log, error):
    async def main():
        await asyncio.sleep(0)
        error()

    task = loop.create_task(main())
    task.add_done_callback(lambda t: log("done", type(t.exception()).__name__))


def scene_task_in_finally(loop, log, error):
    async def main():
        try:
            await asyncio.sleep(10)
        finally:
            error()

    task = loop.create_task(main())
    task.add_done_callback(lambda t: log("done", type(t.exception()).__name__))
    loop.call_soon(loop.call_soon, task.cancel)


def scene_signal_handler(loop, log, error):
    loop.add_signal_handler(signal.SIGUSR1, error)
    loop.call_soon(os.kill, os.getpid(), signal.SIGUSR1)


class Protocol(asyncio.Protocol):
    def __init__(self, log, error, method):
        self.log, self.error, self.method, self.left = log, error, method, 1

    def called(self, name, *words):
        self.log(name, *words)
        if name == self.method and self.left:
            self.left -= 1
            self.error()

    def connection_made(self, transport):
        self.transport = transport
        self.called("connection_made")

    def data_received(self, data):
        self.called("data_received", data)

    def eof_received(self):
        self.called("eof_received")

    def pause_writing(self):
        self.called("pause_writing")

    def resume_writing(self):
        self.called("resume_writing")

    def connection_lost(self, exc):
        self.called("connection_lost", type(exc).__name__)


class Buffered(Protocol, asyncio.BufferedProtocol):
    def get_buffer(self, sizehint):
        self.called("get_buffer")
        self.buffer = bytearray(100)
        return self.buffer

    def buffer_updated(self, count):
        self.called("buffer_updated", bytes(self.buffer[:count]))


def protocol_scene(method, kind=Protocol):
    def scene(loop, log, error):
        a, b = socket.socketpair()
        loop.ends += a, b
        a.setblocking(False)
        protocol = kind(log, error, method)
        loop.create_task(loop.create_connection(lambda: protocol, sock=a))
        yield
        if method in ("pause_writing", "resume_writing"):

            def fill():
                protocol.transport.write(bytes(5_000_000))

            loop.call_soon(fill)
            yield
            b.setblocking(False)
            while True:
                try:
                    received = len(b.recv(1 << 20))
                except BlockingIOError:
                    received = 0
                if not received and protocol.transport.get_write_buffer_size() == 0:
                    break
                yield
        else:
            b.send(b"data")
            yield
            b.shutdown(socket.SHUT_WR)
        yield
        protocol.transport.abort()
        yield
        log(protocol.transport.is_closing(), a.fileno())

    scene.__name__ = f"{kind.__name__} {method}"
    return scene


def server_scene(loop, log, error):
    """The protocol's factory raises."""

    async def serve():
        server = await loop.create_server(error, "127.0.0.1", 0)
        loop.address = server.sockets[0].getsockname()
        loop.server = server

    loop.run_until_complete(serve())
    for _ in range(2):
        loop.ends.append(socket.create_connection(loop.address))
        yield
        yield
    loop.server.close()
    yield


SCENES = [value for name, value in list(globals().items()) if name.startswith("scene_")]
SCENES += [protocol_scene(f"{name}") for name in ("connection_made", "data_received", "eof_received", "connection_lost", "pause_writing", "resume_writing")]
SCENES += [protocol_scene(name, Buffered) for name in ("get_buffer", "buffer_updated")]
SCENES += [server_scene]


def play(factory, scene, kind, handler_fails):
    """What happens, in order: the calls, the reports, and the exceptions that end a run."""
    log, unretrieved = [], []
    loop = factory()
    loop.ends = []

    def write(*words):
        log.append(words)

    def error(*arguments):
        write("raises")
        raise kind("wrong")

    def handle(loop, context):
        message = context["message"].replace("_SelectorSocketTransport", "SocketTransport").partition("(")[0]
        words = "reported", message.partition(" of ")[0].partition(" in callback")[0], repr(context.get("exception"))
        # That is told when the task is collected. A handle of asyncio's keeps it for longer.
        (unretrieved if "never retrieved" in message else log).append(words)
        if handler_fails:
            raise handler_fails("handler")

    loop.set_exception_handler(handle)
    former = signal.getsignal(signal.SIGUSR1)

    def run():
        end = time.monotonic() + 0.004
        while time.monotonic() < end:
            try:
                loop.run_until_complete(asyncio.sleep(0.001))
            except BaseException as exception:
                write("the run ends", repr(exception))

    try:
        with transport_programs.warnings.catch_warnings():
            transport_programs.warnings.simplefilter("ignore")
            steps = scene(loop, write, error)
            run()
            for _ in steps or ():
                run()
            run()
            loop.call_soon(write, "works")
            run()
            gc.collect()
    finally:
        signal.signal(signal.SIGUSR1, former)
        for end in loop.ends:
            if end.fileno() >= 0:
                loop.remove_reader(end)
                loop.remove_writer(end)
            end.close()
        loop.close()
        gc.collect()
    return log + unretrieved


class Exceptions(unittest.TestCase):
    maxDiff = None

    def test_exceptions_of_every_kind_in_every_callback(self):
        logging = transport_programs.asyncio.log.logger
        logging.disabled = True
        self.addCleanup(setattr, logging, "disabled", False)
        for scene in SCENES:
            kinds = [ValueError, OSError, asyncio.CancelledError, GeneratorExit, Ending]
            if not scene.__name__.endswith("resume_writing"):  # see below
                kinds += [SystemExit, KeyboardInterrupt]
            for kind in kinds:
                handlers = [None]
                if kind is ValueError:
                    handlers += [error for error in (ValueError, Ending, SystemExit, KeyboardInterrupt) if error in kinds]
                for handler_fails in handlers:
                    with self.subTest(scene=scene.__name__, kind=kind.__name__, handler_fails=handler_fails):
                        expected = play(asyncio.SelectorEventLoop, scene, kind, handler_fails)
                        self.assertEqual(play(hocket.new_event_loop, scene, kind, handler_fails), expected)
                        self.assertIn(("works",), expected)


    def test_a_transport_goes_on_after_an_exception_in_resume_writing_that_ends_the_run(self):
        """asyncio's transport never closes then, and fails in every turn."""
        for kind in (SystemExit, KeyboardInterrupt):
            loop = hocket.new_event_loop()
            log, contexts = [], []
            loop.set_exception_handler(lambda loop, context: contexts.append(context))

            def error():
                raise kind

            a, b = socket.socketpair()
            a.setblocking(False)
            transport, protocol = loop.run_until_complete(
                loop.create_connection(lambda: Protocol(lambda *words: log.append(words), error, "resume_writing"), sock=a)
            )
            transport.write(bytes(1_000_000))
            transport.close()
            with self.assertRaises(kind):
                while True:
                    b.recv(1 << 20)
                    loop.run_until_complete(asyncio.sleep(0))
            self.assertEqual(transport.get_write_buffer_size(), 0)
            loop.call_later(0.01, loop.stop)
            loop.run_forever()
            self.assertEqual(log[1:], [("pause_writing",), ("resume_writing",), ("connection_lost", "NoneType")])
            self.assertEqual((a.fileno(), contexts), (-1, []))
            b.close()
            loop.close()


class Forks(unittest.TestCase):
    def test_both_go_on_after_a_fork_within_the_loop(self):
        """With timers, tasks and a connection in the parent, whose loop the child leaves alone."""
        done = subprocess.run([sys.executable, "-c", FORKS], capture_output=True, text=True, timeout=120)
        self.assertEqual((done.stdout, done.returncode), ("20 children\n[200, 200, 200]\n", 0), done.stderr)


FORKS = """
import asyncio, os, socket, traceback
import hocket

PARENT = os.getpid()
counts = [0, 0, 0]

async def child():
    a, b = socket.socketpair()
    reader, writer = await asyncio.open_connection(sock=a)
    timer = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_later(0.001, timer.set_result, 1)
    b.send(b"x")
    assert await reader.read(1) == b"x"
    await asyncio.gather(timer, *[asyncio.sleep(0.0001) for _ in range(10)])
    await asyncio.to_thread(int)
    writer.close()

def fork():
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        # As after any fork within a loop's run, the child of CPython 3.11 has no running loop.
        assert asyncio._get_running_loop() is None
        hocket.run(child())
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)

class Echo(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        assert os.getpid() == PARENT
        counts[0] += 1
        self.transport.write(data)

async def ping(reader, writer):
    for _ in range(200):
        writer.write(b"ping")
        assert await reader.readexactly(4) == b"ping"
        await asyncio.sleep(0.0002)

async def ticks():
    for _ in range(200):
        await asyncio.sleep(0.0003)
        counts[1] += 1

async def turns():
    for _ in range(200):
        await asyncio.sleep(0)
        counts[2] += 1

async def main():
    loop = asyncio.get_running_loop()
    a, b = socket.socketpair()
    await loop.create_connection(Echo, sock=a)
    work = [asyncio.create_task(one) for one in (ping(*await asyncio.open_connection(sock=b)), ticks(), turns())]
    children = []
    for _ in range(10):
        children.append(fork()) # in a task
        forked = loop.create_future()
        loop.call_later(0.0005, lambda: forked.set_result(fork())) # in a callback
        children.append(await forked)
    for pid in children:
        assert os.waitstatus_to_exitcode((await asyncio.to_thread(os.waitpid, pid, 0))[1]) == 0
    print(len(children), "children")
    await asyncio.gather(*work)
    print(counts)

hocket.run(main())
"""


class Descriptors(unittest.TestCase):
    """The process may open no more descriptors."""

    def setUp(self):
        former = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, former)
        self.loop = hocket.new_event_loop()
        self.addCleanup(self.loop.close)
        self.contexts = []
        self.loop.set_exception_handler(lambda loop, context: self.contexts.append(context))

    @contextlib.contextmanager
    def all_in_use(self):
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)
        taken = []
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (256, limit[1]))
            with contextlib.suppress(OSError):
                while True:
                    taken.append(os.open("/dev/null", os.O_RDONLY))
            yield
        finally:
            for descriptor in taken:
                os.close(descriptor)
            resource.setrlimit(resource.RLIMIT_NOFILE, limit)

    def test_connect_fails_and_works_later(self):
        async def main():
            server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
            address = server.sockets[0].getsockname()
            with self.all_in_use():
                with self.assertRaises(OSError) as caught:
                    await asyncio.open_connection(*address)
                self.assertEqual(caught.exception.errno, errno.EMFILE)
            reader, writer = await asyncio.open_connection(*address)
            self.assertEqual(await reader.read(), b"")
            writer.close()
            server.close()

        self.loop.run_until_complete(asyncio.wait_for(main(), LIMIT))
        self.assertEqual(self.contexts, [])

    def test_a_server_pauses_and_accepts_later(self):
        async def serve(reader, writer):
            writer.write(b"hello")
            writer.close()

        async def main():
            server = await asyncio.start_server(serve, "127.0.0.1", 0)
            client = socket.socket()
            client.setblocking(False)
            with self.all_in_use():
                await self.loop.sock_connect(client, server.sockets[0].getsockname())
                while not self.contexts:
                    await asyncio.sleep(0.001)
                reports = len(self.contexts)
                await asyncio.sleep(0.3)
            # asyncio tries again after a second. Until then, nothing is tried.
            self.assertEqual(len(self.contexts), reports)
            for context in self.contexts:
                self.assertEqual(context["exception"].errno, errno.EMFILE)
                self.assertEqual(context["message"], "socket.accept() out of system resource")
            self.assertEqual(await self.loop.sock_recv(client, 100), b"hello")
            client.close()
            server.close()

        self.loop.run_until_complete(asyncio.wait_for(main(), LIMIT))

    def test_a_loop_that_cannot_be_made(self):
        self.loop.run_until_complete(asyncio.sleep(0))
        with self.all_in_use():
            with self.assertRaises(OSError) as caught:
                hocket.run(asyncio.sleep(0))
        self.assertEqual(caught.exception.errno, errno.EMFILE)
        hocket.run(asyncio.sleep(0))
        self.loop.run_until_complete(asyncio.sleep(0))

    def test_reading_goes_on(self):
        async def main():
            a, b = socket.socketpair()
            reader, writer = await asyncio.open_connection(sock=a)
            with self.all_in_use():
                b.send(b"x")
                self.assertEqual(await reader.read(1), b"x")
                writer.write(bytes(1_000_000))
                writer.close()
                await asyncio.sleep(0)
                while writer.transport.get_write_buffer_size():
                    b.recv(1 << 20)
                    await asyncio.sleep(0.0001)
                await writer.wait_closed()
            b.close()

        self.loop.run_until_complete(asyncio.wait_for(main(), LIMIT))


if __name__ == "__main__":
    unittest.main()
