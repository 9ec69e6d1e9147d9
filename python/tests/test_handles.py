"""Handles of callbacks and timers: what they show, when they let go, and that nothing leaks."""

import asyncio
import contextvars
import gc
import sys
import unittest
import weakref

import hocket


class Counted:
    def __call__(self, *arguments):
        self.arguments = arguments


class Handles(unittest.TestCase):
    def setUp(self):
        self.loop = hocket.new_event_loop()
        self.addCleanup(self.loop.close)

    def turn(self):
        self.loop.call_soon(self.loop.stop)
        self.loop.run_forever()

    def test_any_number_of_arguments_arrives(self):
        for count in range(8):
            target = Counted()
            self.loop.call_soon(target, *range(count))
            self.loop.call_later(0, target, *range(count))
            self.turn()
            self.assertEqual(target.arguments, tuple(range(count)))

    def test_a_handle_looks_like_asyncios(self):
        def callback():
            pass

        stock = asyncio.new_event_loop()
        self.addCleanup(stock.close)
        for debug in (False, True):
            self.loop.set_debug(debug)
            stock.set_debug(debug)
            pairs = [(loop.call_soon(callback, 1, "a"), loop.call_at(5, callback)) for loop in (self.loop, stock)]
            for ours, theirs in zip(*pairs):
                self.assertEqual(repr(ours).replace("when=5.0", "when=5"), repr(theirs))
                ours.cancel()
                theirs.cancel()
                self.assertEqual(repr(ours).replace("when=5.0", "when=5"), repr(theirs))

    def test_call_later_without_delay_is_a_timer_handle(self):
        handle = self.loop.call_later(0, print)
        self.assertEqual(type(handle).__name__, "TimerHandle")
        self.assertLessEqual(handle.when(), self.loop.time())
        handle.cancel()

    def test_timers_compare_by_time(self):
        early, late = self.loop.call_at(1e9, print), self.loop.call_at(2e9, print)
        self.assertLess(early, late)
        self.assertGreaterEqual(late, early)
        self.assertEqual(early, self.loop.call_at(1e9, print))
        self.assertNotEqual(early, late)
        self.assertEqual(hash(early), hash(1e9))

    def test_timers_expire_by_time_and_those_of_one_time_in_order(self):
        order = []
        now = self.loop.time()
        for number, when in enumerate([3, 1, 2, 1, 3]):
            self.loop.call_at(now + when / 1000, order.append, (when, number))
        self.loop.call_at(now + 0.01, self.loop.stop)
        self.loop.run_forever()
        self.assertEqual(order, sorted(order))

    def test_a_callback_runs_in_its_context(self):
        variable = contextvars.ContextVar("variable", default=0)
        seen = []
        variable.set(1)
        self.loop.call_soon(lambda: seen.append(variable.get()))
        variable.set(2)
        self.loop.call_soon(lambda: seen.append(variable.get()), context=contextvars.Context())
        self.turn()
        self.assertEqual(seen, [1, 0])

    def test_a_handle_may_be_cancelled_by_its_own_callback(self):
        arguments = [[object()] for _ in range(3)]
        handles = []

        def callback(*arguments):
            handles[0].cancel()
            gc.collect()
            handles.append(arguments)

        handles.append(self.loop.call_soon(callback, *arguments))
        del arguments
        self.turn()
        self.assertEqual([len(argument) for argument in handles[1]], [1, 1, 1])
        self.assertTrue(handles[0].cancelled())

    def test_a_cancelled_callback_does_not_run_and_is_let_go(self):
        target = Counted()
        reference = weakref.ref(target)
        handles = [self.loop.call_soon(target), self.loop.call_later(0, target), self.loop.call_later(100, target)]
        for handle in handles:
            handle.cancel()
            handle.cancel()
        del target
        self.assertIsNone(reference())
        self.turn()

    def test_a_callback_that_has_run_is_let_go(self):
        target = Counted()
        target.handle = self.loop.call_soon(target)
        reference = weakref.ref(target)
        del target
        self.turn()
        self.assertIsNone(reference())

    def test_closing_lets_go_of_what_waits(self):
        target = Counted()
        target.handles = [self.loop.call_soon(target), self.loop.call_later(100, target)]
        reference = weakref.ref(target)
        del target
        self.loop.close()
        self.assertIsNone(reference())

    def test_a_loop_in_a_cycle_with_its_callbacks_is_collected(self):
        loop = hocket.new_event_loop()
        reference = weakref.ref(loop)
        loop.call_soon(loop.stop)
        loop.call_later(100, loop.stop)
        with self.assertWarns(ResourceWarning):
            del loop
            gc.collect()
        self.assertIsNone(reference())

    def test_what_somebody_else_uses_is_not_collected_with_the_loop(self):
        loop = hocket.new_event_loop()
        target = []
        handle = loop.call_later(100, target.append, target)
        target.append(loop)
        gc.collect()
        self.assertEqual(handle._args, (target,))
        loop.close()
        self.assertIsNone(handle._args)

    def test_a_handle_survives_its_loop(self):
        loop = hocket.new_event_loop()
        handles = [loop.call_soon(print), loop.call_later(100, print)]
        loop.close()
        del loop
        gc.collect()
        for handle in handles:
            repr(handle)
            handle.cancel()
            handle.cancel()

    def test_references_stay_flat_over_a_million_calls(self):
        target, context = Counted(), contextvars.copy_context()

        def calls(count):
            for _ in range(count // 1000):
                for i in range(250):
                    self.loop.call_soon(target, i)
                    self.loop.call_soon(target, 1, 2, 3, 4, context=context)
                    self.loop.call_later(100, target, i).cancel()
                    self.loop.call_later(0, target, context=context)
                self.turn()

        calls(10_000)
        watched = (target, context, type(self.loop.call_soon(print)), None)
        before = [sys.getrefcount(object) for object in watched], sys.getallocatedblocks()
        calls(1_000_000)
        after = [sys.getrefcount(object) for object in watched], sys.getallocatedblocks()
        for first, last in zip(before[0], after[0]):
            self.assertLess(abs(last - first), 1000)
        self.assertLess(after[1] - before[1], 1000)

    def test_wrong_arguments_are_type_errors(self):
        for call in (
            lambda: self.loop.call_soon(),
            lambda: self.loop.call_later(1),
            lambda: self.loop.call_later(None, print),
            lambda: self.loop.call_at(None, print),
            lambda: self.loop.call_later("1", print),
            lambda: self.loop.call_soon(print, contex=None),
        ):
            with self.assertRaises(TypeError):
                call()
        self.loop.call_soon(callback=print).cancel()
        self.loop.call_later(delay=1, callback=print).cancel()


if __name__ == "__main__":
    unittest.main()
