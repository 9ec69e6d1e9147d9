"""Plays random calls on asyncio's loop and on hocket's, and compares what each program logs.

    python fuzz_loop.py [--seconds N] [--seed S]

A program is a list of groups of steps. After each group, the program waits until nothing happens any more. What has a defined
order is one lane of the log: the callbacks and tasks of one turn after the other, the timers of a group, the calls of each
transport, of each stream, and of each descriptor. The order of calls in different lanes is not defined, because it depends on
when the loop asks the kernel; so the program changes a lane only from outside and from the lane itself, and lanes are compared
one by one.

If the logs differ, both loops play the program again, because a busy machine may have delayed something: a difference counts if no
log of one loop is equal to one of the other. Then the seed is printed, with the shortest prefix of the program that differs.
Every fourth program is played in debug mode.

Not played, because docs/python.md says that the loops differ there: closing in resume_writing(), and closing a socket behind the
loop's back.
"""

import argparse
import asyncio
import collections
import contextlib
import contextvars
import faulthandler
import gc
import logging
import os
import random
import socket
import sys
import threading
import time
import traceback
import warnings
from asyncio import selector_events

import hocket
import transport_programs  # lets Python 3.11.2's transports pause in connection_made()

LIMIT = 30  # seconds for each program; one that takes longer hangs
ATTEMPTS = 4  # to find equal logs
logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # what it tells of slow calls and ignored writes
variable = contextvars.ContextVar("variable", default=0)


def write_joined(transport, lines):
    transport.write(b"".join(lines))


def end_once(transport, exception, end=selector_events._SelectorTransport._call_connection_lost):
    if transport._sock is not None:
        end(transport, exception)
        transport._conn_lost += 1


# Python 3.11's. Later ones write although the transport is closing.
selector_events._SelectorSocketTransport.writelines = write_joined
# asyncio may call connection_lost() again, and a write to a transport that has sent its queue and closed is an AttributeError.
selector_events._SelectorTransport._call_connection_lost = end_once


def pattern(number, size):
    return bytes((number + i) % 251 for i in range(min(size, 251))) * (size // 251 + 1)


def digest(data):
    data = bytes(data)
    return len(data), hash(data)


class Failure(Exception):
    """Raised by a callback of a lane."""


class Connection:
    """A transport on one end of a connection, and the other end, which the program reads and writes itself."""

    def __init__(self, world, number, reactions, is_tcp=False):
        self.world, self.number, self.reactions = world, number, collections.deque(reactions)
        self.transport = None
        self.is_tcp = is_tcp
        if is_tcp:
            with socket.create_server(("127.0.0.1", 0)) as listening:
                self.peer = socket.create_connection(listening.getsockname())
                self.ours, _ = listening.accept()
        else:
            self.ours, self.peer = socket.socketpair()
        self.ours.setblocking(False)
        self.peer.setblocking(False)

    def log(self, *words):
        self.world.log(f"connection {self.number}", *words)

    def react(self, name):
        """What the program does within a call of the protocol."""
        if not self.reactions:
            return None
        action = self.reactions.popleft()
        if action == "raise":
            raise Failure(f"connection {self.number}")
        if action == "keep open":
            return True
        if name == "resume_writing" and action in ("close", "abort"):
            return None
        if action == "call_soon":
            asyncio.get_running_loop().call_soon(self.log, "called", variable.get())
        elif action != "nothing":
            self.call(action, "within")
        return None

    def call(self, action, *words):
        """A call of the transport, and what it answers."""
        transport = self.transport
        if transport is None:
            return
        if self.is_tcp:
            # How much TCP takes at once changes with time.
            action = action.replace("write much", "write").replace("writelines of much", "writelines")
        calls = {
            "write": lambda: transport.write(b"some"),
            "write bytearray": lambda: transport.write(bytearray(b"bytes")),
            "write nothing": lambda: transport.write(b""),
            "write text": lambda: transport.write("text"),
            "write much": lambda: transport.write(pattern(self.number, 1_000_000)),
            "writelines": lambda: transport.writelines([b"a" * 100, bytearray(b"b" * 100), memoryview(b"c" * 100)]),
            "writelines of nothing": lambda: transport.writelines([]),
            "writelines of much": lambda: transport.writelines([pattern(i, 200_000) for i in range(5)]),
            "low limits": lambda: transport.set_write_buffer_limits(0),
            "high limits": lambda: transport.set_write_buffer_limits(high=3_000_000),
            "wrong limits": lambda: transport.set_write_buffer_limits(high=1, low=2),
            "limits": lambda: transport.get_write_buffer_limits(),
            "set_protocol": lambda: transport.set_protocol(self.protocol()),
            "set buffered": lambda: transport.set_protocol(self.buffered_protocol()),
            "name": lambda: type(transport.get_extra_info("peername")).__name__,
        }
        try:
            answer = calls[action]() if action in calls else getattr(transport, action)()
        except (RuntimeError, TypeError, ValueError, OSError) as error:
            # asyncio's writelines() calls write().
            self.log(*words, action, type(error).__name__, str(error).replace("writelines()", "write()"))
        else:
            self.log(*words, action, answer)

    def protocol(self):
        return Recorder(self)

    def buffered_protocol(self):
        return BufferedRecorder(self)

    def state(self):
        transport = self.transport
        if transport is not None and not isinstance(transport, str):
            self.log("state", transport.is_closing(), transport.is_reading(), transport.get_write_buffer_size() > 0)

    def close(self):
        self.peer.close()


class Recorder(asyncio.Protocol):
    def __init__(self, connection):
        self.connection = connection

    def called(self, name, *words):
        self.connection.log(name, *words, variable.get())
        return self.connection.react(name)

    def connection_made(self, transport):
        self.connection.transport = transport
        self.called("connection_made")

    def data_received(self, data):
        self.called("data_received", *digest(data))

    def eof_received(self):
        return self.called("eof_received")

    def pause_writing(self):
        self.called("pause_writing")

    def resume_writing(self):
        self.called("resume_writing")

    def connection_lost(self, exc):
        self.called("connection_lost", type(exc).__name__)


class BufferedRecorder(Recorder, asyncio.BufferedProtocol):
    room = None

    def get_buffer(self, sizehint):
        self.called("get_buffer", sizehint)
        self.room = bytearray(1000)
        return self.room

    def buffer_updated(self, count):
        self.called("buffer_updated", *digest(self.room[:count]))


class Stream(Connection):
    """The same with asyncio's streams."""

    async def open(self):
        self.reader, self.writer = await asyncio.open_connection(sock=self.ours, limit=2000)
        self.transport = self.writer.transport
        self.work = asyncio.Queue()
        self.task = asyncio.create_task(self.run())

    async def run(self):
        reader, writer = self.reader, self.writer
        calls = {
            "read": lambda: reader.read(100),
            "read all": lambda: reader.read(),
            "readline": reader.readline,
            "readexactly": lambda: reader.readexactly(50),
            "readuntil": lambda: reader.readuntil(b"\7"),
            "drain": writer.drain,
            "wait_closed": writer.wait_closed,
        }
        while (name := await self.work.get()) is not None:
            try:
                answer = await calls[name]()
            except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError, ValueError, RuntimeError) as error:
                self.log(name, type(error).__name__, str(error))
            else:
                self.log(name, answer if answer is None else digest(answer))

    def close(self):
        super().close()
        self.task.cancel()


class Watched:
    """A socketpair whose one end the loop watches for the program."""

    def __init__(self, world, number):
        self.world, self.number = world, number
        self.ours, self.peer = socket.socketpair()
        self.ours.setblocking(False)
        self.peer.setblocking(False)
        self.reactions = collections.deque()
        self.writes = 0

    def log(self, *words):
        self.world.log(f"descriptor {self.number}", *words)

    def readable(self, *words):
        try:
            data = self.ours.recv(100_000)
        except OSError as error:
            data = type(error).__name__.encode()
        self.log("readable", *words, *digest(data), variable.get())
        if not data or data == b"ConnectionResetError":
            self.log("remove_reader", self.world.loop.remove_reader(self.ours))
        self.react()

    def writable(self, *words):
        self.log("writable", *words, variable.get())
        self.writes -= 1
        if self.writes <= 0:
            self.log("remove_writer", self.world.loop.remove_writer(self.ours))
        self.react()

    def react(self):
        action = self.reactions.popleft() if self.reactions else "nothing"
        if action == "raise":
            raise Failure(f"descriptor {self.number}")
        if action != "nothing":
            self.call(action)

    def call(self, action):
        loop = self.world.loop
        if action == "add_reader":
            loop.add_reader(self.ours, self.readable)
        elif action == "add_reader with arguments":
            loop.add_reader(self.ours.fileno(), self.readable, 1, 2, 3, 4, 5)
        elif action == "add_writer":
            self.writes = 3
            loop.add_writer(self.ours, self.writable, "as object")
        elif action == "remove_reader":
            self.log(action, loop.remove_reader(self.ours.fileno()))
        elif action == "remove_writer":
            self.log(action, loop.remove_writer(self.ours))

    def close(self):
        self.world.loop.remove_reader(self.ours)
        self.world.loop.remove_writer(self.ours)
        self.ours.close()
        self.peer.close()


class World:
    """A loop with what a program has made on it."""

    def __init__(self, loop):
        self.loop = loop
        self.lanes = collections.defaultdict(list)
        self.entries = 0
        self.handles, self.futures, self.tasks, self.far_timers = [], [], [], []
        self.connections, self.streams, self.watched = [], [], []
        self.group = 0
        loop.set_exception_handler(self.failed)

    def log(self, lane, *words):
        self.entries += 1
        self.lanes[lane].append(words)

    def failed(self, loop, context):
        message = context["message"].replace("_SelectorSocketTransport", "SocketTransport")
        if message.startswith("Exception in callback"):
            message = "Exception in callback"  # asyncio's handle forgets its callback if that cancels it
        exception = context.get("exception")
        lane = str(exception) if isinstance(exception, Failure) else "failures"
        self.log(lane, "reported", message, repr(exception), *sorted(set(context) & {"transport", "protocol", "handle"}))

    def pick(self, things, number):
        return things[number % len(things)] if things else None

    # --- Callbacks of the lane "turns"

    def called(self, name, *words, then=()):
        self.log("turns", name, *words, variable.get())
        for action, number in then:
            if action == "raise":
                raise Failure("turns")
            if action == "call_soon":
                self.handles.append(self.loop.call_soon(self.called, f"{name}.{number}"))
            elif action == "cancel":
                self.cancel(number)
            elif action == "set":
                variable.set(number)
            elif action == "result":
                self.set_result(number)

    def cancel(self, number):
        if handle := self.pick(self.handles, number):
            handle.cancel()
            self.log("turns", "cancelled", handle.cancelled())

    def set_result(self, number):
        future = self.pick(self.futures, number)
        if future is not None and not future.done():
            future.set_result(number)

    async def task(self, name, turns, waits_for, ends):
        try:
            for turn in range(turns):
                self.log("turns", name, turn, variable.get())
                await asyncio.sleep(0)
            if future := self.pick(self.futures, waits_for):
                self.log("turns", name, "got", await (asyncio.shield(future) if ends == "shield" else future))
        except asyncio.CancelledError:
            self.log("turns", name, "cancelled")
            if ends != "stay":
                raise
        if ends == "raise":
            raise Failure("turns")
        return name

    # --- Timers

    def expired(self, lane, number, cancels):
        self.log(lane, "expired", number, variable.get())
        if cancels is not None:
            cancels.cancel()


async def quiet(world):
    """Waits until nothing happens any more."""
    calm, former = 0, None
    while calm < 3:
        await asyncio.sleep(0.0005)
        waiting = [c.transport.get_write_buffer_size() for c in world.connections + world.streams if c.transport is not None]
        state = world.entries, waiting
        calm = calm + 1 if state == former else 0
        former = state


# --- Steps. Each is made of a random generator, before the program runs, and is a function of the world and a text.

REACTIONS = [
    *["nothing"] * 6,
    *["write"] * 3,
    "raise",
    "keep open",
    "close",
    "abort",
    "pause_reading",
    "resume_reading",
    "write_eof",
    "write much",
    "writelines",
    "set_protocol",
    "set buffered",
    "call_soon",
    "is_closing",
    "low limits",
]
CALLS = [
    *["write"] * 4,
    *["write much"] * 2,
    *["pause_reading", "resume_reading"] * 3,
    "write bytearray",
    "write nothing",
    "write text",
    "writelines",
    "writelines of nothing",
    "writelines of much",
    "low limits",
    "high limits",
    "wrong limits",
    "limits",
    "set_protocol",
    "set buffered",
    "name",
    "is_closing",
    "is_reading",
    "get_write_buffer_limits",
    "can_write_eof",
    "write_eof",
    "close",
    "abort",
]


def step_call_soon(rng):
    name, kind = rng.randrange(10**6), rng.choice(["plain", "plain", "thread", "context", "arguments"])
    then = [
        (rng.choice(["call_soon", "call_soon", "cancel", "set", "result", "raise"]), rng.randrange(1000))
        for _ in range(rng.choice([0, 0, 1, 2, 4]))
    ]

    def step(world):
        loop = world.loop

        def callback(*words):
            world.called(name, *words, then=then)

        if kind == "thread":
            thread = threading.Thread(target=loop.call_soon_threadsafe, args=(callback, 1))
            thread.start()
            thread.join()
        elif kind == "context":
            context = contextvars.copy_context()
            context.run(variable.set, name)
            world.handles.append(loop.call_soon(callback, context=context))
        elif kind == "arguments":
            world.handles.append(loop.call_soon(callback, *range(name % 7)))
        else:
            world.handles.append(loop.call_soon(callback))

    return step, f"call_soon {kind} {name} {then}"


def step_cancel(rng):
    number = rng.randrange(1000)
    return (lambda world: world.cancel(number)), f"cancel {number}"


def step_future(rng):
    kind, number = rng.choice(["make", "make", "callback", "result", "exception", "cancel"]), rng.randrange(1000)

    def step(world):
        future = world.pick(world.futures, number)
        if kind == "make" or future is None:
            world.futures.append(world.loop.create_future())
        elif kind == "callback":
            future.add_done_callback(lambda f: world.called("done", number, then=[("raise", 0)] * (number % 10 == 0)))
        elif kind == "cancel":
            world.log("turns", "cancel", future.cancel())
        elif kind == "result":
            world.set_result(number)
        elif not future.done():
            future.set_exception(Failure("turns"))
            future.exception()

    return step, f"future {kind} {number}"


def step_task(rng):
    name, turns, waits_for = rng.randrange(10**6), rng.randrange(4), rng.randrange(1000)
    ends = rng.choice(["normal", "normal", "raise", "stay", "shield"])
    cancels = rng.randrange(1000) if rng.random() < 0.3 else None

    def step(world):
        if cancels is not None and world.tasks:
            world.log("turns", "cancel task", world.pick(world.tasks, cancels).cancel())
        else:
            task = world.loop.create_task(world.task(name, turns, waits_for, ends))
            task.add_done_callback(lambda t: world.called("task done", name, t.cancelled() or repr(t.exception())))
            world.tasks.append(task)

    return step, f"task {name} {turns} {waits_for} {ends} cancels {cancels}"


def step_timers(rng):
    """A number of timers, some of which cancel others."""
    count = rng.choice([1, 2, 5, 50])
    delays = [rng.randrange(-20, 60) / 20_000 + i * 1e-6 for i in range(count)]
    cancels = [rng.randrange(1000) if rng.random() < 0.2 else None for _ in delays]
    at_once = [i for i in range(count) if rng.random() < 0.1]
    step_number = rng.randrange(10**6)

    def step(world):
        lane = f"timers {world.group}, {step_number}"
        base = world.loop.time()
        world.wait_until = max(world.wait_until, base + 0.005)
        timers = {}
        # The last first: each then knows the later ones, which it may cancel.
        for i in sorted(range(count), key=lambda i: -delays[i]):
            later = world.pick(list(timers.values()), cancels[i]) if cancels[i] is not None else None
            timers[i] = world.loop.call_at(base + delays[i], world.expired, lane, i, later)
        for i in at_once:
            timers[i].cancel()

    return step, f"timers {step_number} {delays} {cancels} {at_once}"


def step_timer(rng):
    """One timer, alone in its lane, or one that is too late for the program."""
    delay, number = rng.choice([-1, 0, 0, 1e-9, 0.0001, 0.003, 60, 1e5, 1e300]), rng.randrange(10**6)
    cancels = rng.random() < 0.3

    def step(world):
        timer = world.loop.call_later(delay, world.expired, f"timer {number} of group {world.group}", number, None)
        if delay > 1:
            world.far_timers.append(timer)
        else:
            world.wait_until = max(world.wait_until, world.loop.time() + delay + 0.001)
        if cancels and delay > 1:
            world.pick(world.far_timers, number).cancel()
        elif cancels:
            timer.cancel()

    return step, f"timer {number} {delay} cancels {cancels}"


def step_connection(rng):
    number, kind = rng.randrange(10**6), rng.choice(["plain", "plain", "buffered"])
    reactions = [rng.choice(REACTIONS) for _ in range(rng.choice([0, 5, 20]))]
    is_tcp = rng.random() < 0.3

    async def step(world):
        connection = Connection(world, number, reactions, is_tcp)
        world.connections.append(connection)
        factory = connection.buffered_protocol if kind == "buffered" else connection.protocol
        await world.loop.create_connection(factory, sock=connection.ours)

    return step, f"connection {number} {kind} {'TCP' if is_tcp else 'Unix'} {reactions}"


def step_transport(rng):
    number, action = rng.randrange(1000), rng.choice(CALLS)

    def step(world):
        if connection := world.pick(world.connections, number):
            connection.call(action)

    return step, f"transport {number} {action}"


def peer_step(rng, things):
    number = rng.randrange(1000)
    action = rng.choice(["send", "send", "send", "send much", "receive", "receive all", "receive all", "shut down", "close", "reset"])
    size = rng.choice([1, 10, 1000])

    def step(world):
        one = world.pick(getattr(world, things), number)
        if one is None or one.peer.fileno() < 0:
            return
        with contextlib.suppress(OSError):
            if action == "send":
                one.peer.send(pattern(number, 1000)[:size])
            elif action == "send much":
                one.peer.send(pattern(number, 100_000))
            elif action == "receive":
                one.log("peer received", *digest(one.peer.recv(1000)))
            elif action == "receive all":
                one.receives = True
            elif action == "shut down":
                one.peer.shutdown(socket.SHUT_WR)
            elif action == "reset" and getattr(one, "is_tcp", False):
                transport_programs.reset(one.peer)
            else:
                one.peer.close()

    return step, f"peer of {things} {number} {action} {size}"


def step_peer(rng):
    return peer_step(rng, "connections")


def step_open_stream(rng):
    number = rng.randrange(10**6)

    async def step(world):
        stream = Stream(world, number, [])
        await stream.open()
        world.streams.append(stream)

    return step, f"stream {number}"


def step_stream(rng):
    number = rng.randrange(1000)
    action = rng.choice(
        ["read", "read", "readline", "readexactly", "readuntil", "read all", "drain", "drain", "wait_closed", *CALLS[:10], "write_eof", "close"]
    )

    def step(world):
        if stream := world.pick(world.streams, number):
            if action in ("read", "readline", "readexactly", "readuntil", "read all", "drain", "wait_closed"):
                stream.work.put_nowait(action)
            else:
                stream.call(action)

    return step, f"stream {number} {action}"


def step_peer_of_stream(rng):
    return peer_step(rng, "streams")


def step_watch(rng):
    return (lambda world: world.watched.append(Watched(world, len(world.watched)))), "watched socket"


def step_descriptor(rng):
    number = rng.randrange(1000)
    action = rng.choice(["add_reader", "add_reader", "add_reader with arguments", "add_writer", "remove_reader", "remove_writer"])
    reactions = [
        rng.choice(["nothing", "nothing", "raise", "add_reader", "add_writer", "remove_reader", "remove_writer"])
        for _ in range(rng.choice([0, 0, 3]))
    ]

    def step(world):
        if watched := world.pick(world.watched, number):
            watched.reactions.extend(reactions)
            watched.call(action)

    return step, f"descriptor {number} {action} {reactions}"


def step_peer_of_descriptor(rng):
    return peer_step(rng, "watched")


def step_stop(rng):
    """Only outside of a run: a run of one turn."""

    def step(world):
        world.loop.stop()
        world.loop.run_forever()

    return step, "one turn"


WITHIN = [
    *[step_call_soon] * 4,
    step_cancel,
    *[step_future] * 2,
    *[step_task] * 2,
    step_timers,
    step_timer,
    *[step_transport] * 8,
    *[step_peer] * 6,
    *[step_stream] * 5,
    *[step_peer_of_stream] * 4,
    step_watch,
    *[step_descriptor] * 3,
    *[step_peer_of_descriptor] * 2,
]
OUTSIDE = [step_call_soon, step_timers, step_timer, step_transport, step_peer, step_descriptor, step_cancel]
ALONE = [step_connection, step_connection, step_open_stream]


def is_debugging(seed):
    return seed % 4 == 0


def groups_of(seed):
    """[(kind, [(step, text)])]"""
    rng = random.Random(seed)
    groups = [("alone", [make(rng)]) for make in (step_connection, step_connection, step_open_stream, step_watch)]
    for _ in range(rng.randrange(5, 40)):
        kind = rng.choice(["within"] * 5 + ["alone"] * 2 + ["outside"])
        if kind == "alone":
            steps = [rng.choice(ALONE)(rng)]
        else:
            steps = [rng.choice(WITHIN if kind == "within" else OUTSIDE)(rng) for _ in range(rng.randrange(1, 9))]
            if kind == "outside" and rng.random() < 0.3:
                steps.append(step_stop(rng))
        groups.append((kind, steps))
    return groups


def prefix_of(groups, count):
    """The first `count` steps."""
    result = []
    for kind, steps in groups:
        if count > 0:
            result.append((kind, steps[:count]))
        count -= len(steps)
    return result


async def receive_all(world):
    """Lets the peers receive until their transports have nothing to send."""
    for one in world.connections + world.streams + world.watched:
        if not getattr(one, "receives", False) or one.peer.fileno() < 0:
            continue
        one.receives = False
        received = bytearray()
        while True:
            before = len(received)
            with contextlib.suppress(OSError):
                while data := one.peer.recv(1 << 20):
                    received += data
            if len(received) == before:
                break
            await quiet(world)
        one.log("peer received all", *digest(received))


async def play_group(world, kind, steps):
    for step, _ in steps if kind != "outside" else ():
        answer = step(world)
        if answer is not None:
            await answer
    await quiet(world)
    while world.loop.time() < world.wait_until:
        await asyncio.sleep(0.001)
    await receive_all(world)
    await quiet(world)
    for connection in world.connections + world.streams:
        connection.state()


async def finish(world):
    for task in world.tasks:
        task.cancel()
    for one in world.connections + world.streams + world.watched:
        one.close()
    await quiet(world)
    for timer in world.far_timers:
        timer.cancel()


def play(factory, groups, debug):
    """The lanes of the program's log."""
    loop = factory()
    loop.set_debug(debug)
    world = World(loop)
    limited = lambda coroutine: loop.run_until_complete(asyncio.wait_for(coroutine, LIMIT))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            for world.group, (kind, steps) in enumerate(groups):
                world.wait_until = 0
                if kind == "outside":
                    for step, _ in steps:
                        step(world)
                limited(play_group(world, kind, steps))
            limited(finish(world))
            gc.collect()
            limited(quiet(world))
        except TimeoutError:
            world.log("end", "hangs")
        except Exception:
            world.log("end", "failed", traceback.format_exc(limit=-1))
        finally:
            loop.close()
        lanes = world.lanes
        del world, loop, limited
        gc.collect()
    # What else is told of, sockets and streams, depends on the order in which the collector finds them.
    lanes["unclosed transports"] = [("unclosed",) for warning in caught if str(warning.message).startswith("unclosed transport")]
    return dict(lanes)


LOOPS = {"asyncio": asyncio.SelectorEventLoop, "hocket": hocket.new_event_loop}


def difference(groups, debug):
    """None, or a pair of logs, of asyncio and hocket."""
    logs = {name: [] for name in LOOPS}
    for _ in range(ATTEMPTS):
        for name, factory in LOOPS.items():
            logs[name].append(play(factory, groups, debug))
            if any(a == b for a in logs["asyncio"] for b in logs["hocket"]):
                return None
    return logs["asyncio"][-1], logs["hocket"][-1]


def shortest(groups, debug):
    """The number of steps of a prefix that differs, while the one without its last step does not."""
    equal, different = 0, sum(len(steps) for _, steps in groups)
    while different - equal > 1:
        middle = (equal + different) // 2
        if difference(prefix_of(groups, middle), debug):
            different = middle
        else:
            equal = middle
    return different


def check(seed):
    """Plays the seed's program. Returns what is to be said about a difference, or None."""
    groups, debug = groups_of(seed), is_debugging(seed)
    found = difference(groups, debug)
    if found is None:
        return None
    prefix = prefix_of(groups, shortest(groups, debug))
    asyncio_log, hocket_log = difference(prefix, debug) or found
    lines = [f"seed {seed}: the loops differ in this program{', in debug mode' if debug else ''}"]
    lines += [f"    {kind}: {text}" for kind, steps in prefix for _, text in steps]
    for lane in sorted(asyncio_log.keys() | hocket_log.keys()):
        a, b = asyncio_log.get(lane, []), hocket_log.get(lane, [])
        if a != b:
            same = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))
            lines += [f"  {lane}, after {same} equal calls: {a[max(0, same - 3) : same]}"]
            lines += [f"    asyncio: {a[same : same + 5]}", f"    hocket:  {b[same : same + 5]}"]
    return "\n".join(lines)


def check_in_child(seed):
    """In a process of its own, which may crash. Returns whether the loops agree."""
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        status = 2
        try:
            faulthandler.enable()
            text = check(seed)
            if text is not None:
                print(text, flush=True)
            status = 0 if text is None else 1
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if status not in (0, 1):
        print(f"seed {seed}: the process ended with {status}", flush=True)
    return status == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--seed", type=int, help="the first; without --seconds, the only one")
    arguments = parser.parse_args()
    once = arguments.seed is not None and "--seconds" not in " ".join(sys.argv)
    first = arguments.seed if arguments.seed is not None else random.randrange(10**9)
    end = time.monotonic() + arguments.seconds
    seed, failed = first, 0
    while seed == first or (not once and time.monotonic() < end):
        failed += not check_in_child(seed)
        seed += 1
    print(f"{seed - first} programs from seed {first} on, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
