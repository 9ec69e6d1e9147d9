"""Runs of the loop: threads, signals, exceptions, several loops, its own time, debug mode."""

import asyncio
import logging
import os
import random
import signal
import subprocess
import sys
import threading
import time
import unittest

import hocket


def open_descriptors():
    return sorted(os.listdir("/proc/self/fd"))


class Runs(unittest.TestCase):
    def setUp(self):
        self.loop = hocket.new_event_loop()
        self.addCleanup(self.loop.close)

    def test_run_returns_what_main_returns(self):
        async def main():
            self.assertIsInstance(asyncio.get_running_loop(), hocket.Loop)
            await asyncio.sleep(0.001)
            return 5

        self.assertEqual(hocket.run(main()), 5)

    def test_install_makes_asyncio_run_use_it(self):
        async def main():
            return type(asyncio.get_running_loop())

        hocket.install()
        try:
            self.assertIs(asyncio.run(main()), hocket.Loop)
        finally:
            asyncio.set_event_loop_policy(None)
        self.assertIsNot(asyncio.run(main()), hocket.Loop)

    def test_runs_and_loops_leave_no_descriptor_open(self):
        hocket.run(asyncio.sleep(0))  # the process's status page stays
        before = open_descriptors()
        for _ in range(20):
            hocket.run(asyncio.sleep(0))
        self.assertEqual(open_descriptors(), before)

    def test_a_turn_runs_what_was_ready_as_it_began(self):
        order = []

        def first():
            self.loop.call_soon(order.append, "next turn")
            self.loop.stop()

        self.loop.call_soon(first)
        self.loop.call_soon(order.append, "this turn")
        self.loop.run_forever()
        self.assertEqual(order, ["this turn"])
        self.loop.call_soon(self.loop.stop)
        self.loop.run_forever()
        self.assertEqual(order, ["this turn", "next turn"])

    def test_an_exception_in_a_callback_goes_to_the_handler_and_the_loop_goes_on(self):
        contexts = []
        self.loop.set_exception_handler(lambda loop, context: contexts.append(context))
        handle = self.loop.call_soon(lambda: 1 / 0)
        self.loop.call_later(0, asyncio.CancelledError("not a function's").__getattribute__, "nothing")
        self.loop.call_soon(self.loop.stop)
        self.loop.run_forever()
        self.loop.call_soon(self.loop.stop)
        self.loop.run_forever()
        self.assertEqual([type(context["exception"]) for context in contexts], [ZeroDivisionError, AttributeError])
        self.assertIs(contexts[0]["handle"], handle)
        self.assertRegex(contexts[0]["message"], "Exception in callback .*<lambda>")

    def test_an_exception_that_ends_the_run_leaves_the_rest_for_the_next_run(self):
        for error in (KeyboardInterrupt, SystemExit):
            order = []

            def end(error=error):
                raise error

            self.loop.call_soon(order.append, 1)
            self.loop.call_soon(end)
            self.loop.call_soon(order.append, 2)
            with self.assertRaises(error):
                self.loop.run_forever()
            self.assertFalse(self.loop.is_running())
            self.loop.call_soon(order.append, 3)
            self.loop.call_soon(self.loop.stop)
            self.loop.run_forever()
            self.assertEqual(order, [1, 2, 3])

    def test_keyboard_interrupts_at_random_times_lose_no_callback(self):
        seen, sent = [], []
        stopped = threading.Event()

        def interrupt():
            while not stopped.is_set():
                time.sleep(random.random() / 500)
                os.kill(os.getpid(), signal.SIGINT)

        interrupts = 0
        thread = threading.Thread(target=interrupt)
        thread.start()
        try:
            while interrupts < 1000:
                try:
                    while interrupts < 1000:
                        for _ in range(3):
                            number = len(sent)
                            self.loop.call_soon(seen.append, number)
                            sent.append(number)
                        self.loop.call_later(random.random() / 1000, self.loop.stop)
                        self.loop.run_forever()
                except KeyboardInterrupt:
                    interrupts += 1
        finally:
            while thread.is_alive():
                try:
                    stopped.set()
                    thread.join()
                except KeyboardInterrupt:
                    pass
        self.loop.call_soon(self.loop.stop)
        self.loop.run_forever()
        # An interrupt between call_soon and sent.append leaves a number that is sent twice.
        self.assertEqual(sorted(set(seen)), sent)
        self.assertEqual(seen, sorted(seen))

    def test_a_signal_ends_the_sleep(self):
        self.loop.add_signal_handler(signal.SIGUSR1, self.loop.stop)
        threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGUSR1)).start()
        self.loop.run_forever()
        self.assertTrue(self.loop.remove_signal_handler(signal.SIGUSR1))
        self.assertFalse(self.loop.remove_signal_handler(signal.SIGUSR1))
        self.assertEqual(signal.set_wakeup_fd(-1), -1)

    def test_another_wakeup_descriptor_stays(self):
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        signal.set_wakeup_fd(writing)
        try:
            self.loop.run_until_complete(asyncio.sleep(0))
            self.assertEqual(signal.set_wakeup_fd(-1), writing)
        finally:
            signal.set_wakeup_fd(-1)
            os.close(reading)
            os.close(writing)

    def test_a_closed_loop_refuses(self):
        self.loop.close()
        self.loop.close()
        for call in (
            lambda: self.loop.call_soon(print),
            lambda: self.loop.call_soon_threadsafe(print),
            lambda: self.loop.call_later(0, print),
            lambda: self.loop.call_at(0, print),
            lambda: self.loop.add_reader(0, print),
            lambda: self.loop.run_forever(),
        ):
            with self.assertRaisesRegex(RuntimeError, "Event loop is closed"):
                call()
        self.assertFalse(self.loop.remove_reader(0))

    def test_debug_mode_reports_slow_callbacks_and_wrong_threads(self):
        self.loop.set_debug(True)
        self.loop.slow_callback_duration = 0.01
        with self.assertLogs("asyncio", logging.WARNING) as logs:
            self.loop.call_soon(time.sleep, 0.02)
            self.loop.call_soon(self.loop.stop)
            self.loop.run_forever()
        self.assertRegex(logs.output[0], r"Executing <Handle sleep\(0.02\) created at .*test_loop.py:\d+> took \d+\.\d+ seconds")
        errors = []

        def call():
            try:
                self.loop.call_soon(print)
            except RuntimeError as error:
                errors.append(error)

        async def main():
            await asyncio.to_thread(call)

        self.loop.run_until_complete(main())
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.assertEqual(len(errors), 1)
        with self.assertRaisesRegex(TypeError, "coroutines cannot be used with call_soon"):
            self.loop.call_soon(call_coroutine := asyncio.sleep(0))
        call_coroutine.close()

    def test_a_replaced_time_decides_when_timers_expire(self):
        class Jumping(hocket.Loop):
            now = 1000.0

            def time(self):
                return self.now

        jumping = Jumping()
        self.addCleanup(jumping.close)
        patched = hocket.new_event_loop()
        self.addCleanup(patched.close)
        patched.now = 1000.0
        patched.time = lambda: patched.now
        for loop in (jumping, patched):
            order = []
            loop.call_later(3600, order.append, "an hour")
            loop.call_later(7200, order.append, "two hours").cancel()
            loop.call_later(7300, order.append, "more")
            for hours, expected in ((0.5, []), (1.5, ["an hour"]), (3, ["an hour", "more"])):
                loop.now = 1000 + 3600 * hours
                loop.call_soon(loop.stop)
                loop.run_forever()
                self.assertEqual(order, expected)


class Threads(unittest.TestCase):
    def test_calls_from_many_threads_arrive_each_threads_in_order(self):
        loop = hocket.new_event_loop()
        self.addCleanup(loop.close)
        seen = {number: [] for number in range(4)}
        left = [4 * 2000]

        def arrive(number, i):
            seen[number].append(i)
            left[0] -= 1
            if left[0] == 0:
                loop.stop()

        def call(number):
            for i in range(2000):
                loop.call_soon_threadsafe(arrive, number, i)

        threads = [threading.Thread(target=call, args=(number,)) for number in seen]
        for thread in threads:
            thread.start()
        loop.run_forever()
        for thread in threads:
            thread.join()
        self.assertEqual(seen, {number: list(range(2000)) for number in seen})

    def test_several_loops_run_in_threads(self):
        results = []

        async def main(number):
            await asyncio.sleep(0.01)
            return number

        threads = [threading.Thread(target=lambda i=i: results.append(hocket.run(main(i)))) for i in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(sorted(results), list(range(8)))

    def test_other_threads_run_beside_callbacks_in_c(self):
        loop = hocket.new_event_loop()
        self.addCleanup(loop.close)
        ran = threading.Event()
        numbers = [0]

        # Most callbacks are not Python code: only the loop itself can let the other thread run.
        thread = threading.Thread(target=ran.set)
        loop.call_soon(thread.start)
        for _ in range(200_000):
            loop.call_soon(numbers.count, 1)
        loop.call_soon(numbers.append, None)
        loop.call_soon(lambda: (numbers.append(ran.is_set()), loop.stop()))
        loop.run_forever()
        thread.join()
        self.assertEqual(numbers, [0, None, True])


    def test_other_threads_are_not_kept_waiting_by_tasks(self):
        loop = hocket.new_event_loop()
        self.addCleanup(loop.close)

        def sleep_often():
            for _ in range(100):
                time.sleep(0.001)
            loop.call_soon_threadsafe(loop.stop)

        async def turn():
            while True:
                await asyncio.sleep(0)

        tasks = [loop.create_task(turn()) for _ in range(3)]
        thread = threading.Thread(target=sleep_often)
        thread.start()
        # It takes some hundred milliseconds. Had the thread to take its turns by chance, it would take a minute.
        expired = []
        loop.call_later(20, lambda: (expired.append(1), loop.stop()))
        loop.run_forever()
        thread.join()
        self.assertEqual(expired, [])
        for task in tasks:
            task.cancel()
        loop.run_until_complete(asyncio.wait(tasks))


class Processes(unittest.TestCase):
    def run_script(self, text):
        return subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=60)

    def test_an_interpreter_ends_while_daemon_threads_run_loops(self):
        done = self.run_script("""
import asyncio, hocket, threading, time
async def busy():
    while True: await asyncio.sleep(0)
for main in (busy(), busy(), asyncio.sleep(1000)):
    threading.Thread(target=hocket.run, args=(main,), daemon=True).start()
time.sleep(0.2)
""")
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_subinterpreters_are_refused(self):
        done = self.run_script("""
import sys
try: import _xxsubinterpreters as interpreters
except ImportError: import _interpreters as interpreters
interpreter = interpreters.create()
interpreters.run_string(interpreter, '''
try: import hocket.loop
except ImportError as error: print(error)
else: print("imported")
''')
""")
        self.assertNotIn("imported", done.stdout)
        self.assertIn("interpreter", done.stdout + done.stderr)

    def test_a_parent_goes_on_after_a_fork_in_its_loop(self):
        done = self.run_script("""
import asyncio, hocket, os
async def main():
    pid = os.fork()
    if pid == 0:
        hocket.run(asyncio.sleep(0.01)) if asyncio._get_running_loop() is None else None
        os._exit(0)
    await asyncio.sleep(0.05)
    reader, writer = await asyncio.open_connection(sock=a)
    b.send(b"x")
    print(await reader.read(1), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    writer.close()
import socket
a, b = socket.socketpair()
hocket.run(main())
""")
        self.assertEqual(done.stdout, "b'x' 0\n", done.stderr)


if __name__ == "__main__":
    unittest.main()
