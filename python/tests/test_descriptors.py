"""Readers and writers, also of descriptors that were closed or used again behind the loop's back."""

import asyncio
import os
import resource
import socket
import time
import unittest

import hocket


class Descriptors(unittest.TestCase):
    def setUp(self):
        self.loop = hocket.new_event_loop()
        self.addCleanup(self.loop.close)
        self.events = []

    def pair(self):
        pair = socket.socketpair()
        for end in pair:
            end.setblocking(False)
            self.addCleanup(end.close)
        return pair

    def turn(self):
        self.loop.call_soon(self.loop.stop)
        self.loop.run_forever()
        self.loop.call_soon(self.loop.stop)
        self.loop.run_forever()

    def test_a_reader_and_a_writer_of_one_descriptor(self):
        a, b = self.pair()
        self.loop.add_reader(a, self.events.append, "read")
        self.loop.add_writer(a, self.events.append, "write")
        self.turn()
        self.assertEqual(set(self.events), {"write"})
        self.assertTrue(self.loop.remove_writer(a))
        self.assertFalse(self.loop.remove_writer(a))
        self.events.clear()
        b.send(b"x")
        self.turn()
        self.assertEqual(set(self.events), {"read"})
        self.assertTrue(self.loop.remove_reader(a.fileno()))
        self.assertFalse(self.loop.remove_reader(a.fileno()))
        self.events.clear()
        self.turn()
        self.assertEqual(self.events, [])

    def test_a_second_reader_replaces_the_first(self):
        a, b = self.pair()
        b.send(b"x")
        self.loop.add_reader(a, self.events.append, "first")
        self.loop.add_reader(a, self.events.append, "second")
        self.turn()
        self.assertEqual(set(self.events), {"second"})
        self.loop.remove_reader(a)

    def test_a_reader_may_remove_and_replace_itself(self):
        a, b = self.pair()
        b.send(b"x")

        def first():
            self.events.append("first")
            self.loop.remove_reader(a)
            self.loop.add_reader(a, second)

        def second():
            self.events.append("second")
            self.loop.remove_reader(a)

        self.loop.add_reader(a, first)
        self.turn()
        self.assertEqual(self.events, ["first", "second"])

    def test_what_is_not_a_descriptor_is_refused_as_by_asyncio(self):
        for wrong, error in (("x", ValueError), (-1, ValueError), (object(), ValueError), (10**9, OSError)):
            for loop in (self.loop, stock := asyncio.new_event_loop()):
                with self.assertRaises(error):
                    loop.add_reader(wrong, print)
            stock.close()
        with open(__file__, "rb") as regular, self.assertRaises(PermissionError):
            self.loop.add_reader(regular, print)

    def test_a_descriptor_that_was_closed_and_used_again_is_watched(self):
        a, b = self.pair()
        self.loop.add_reader(a.fileno(), self.events.append, "old")
        number = a.fileno()
        a.close()
        c, d = self.pair()
        if c.fileno() != number:
            os.dup2(c.fileno(), number)
            self.addCleanup(os.close, number)
        self.loop.add_reader(number, self.events.append, "new")
        d.send(b"x")
        self.turn()
        self.assertEqual(set(self.events), {"new"})
        self.assertTrue(self.loop.remove_reader(number))

    def test_a_closed_socket_can_still_be_removed(self):
        a, _ = self.pair()
        self.loop.add_reader(a, print)
        a.close()
        self.assertTrue(self.loop.remove_reader(a))

    def test_a_closed_descriptor_whose_file_is_open_elsewhere_does_not_spin(self):
        a, b = self.pair()
        copy = os.dup(a.fileno())
        self.addCleanup(os.close, copy)
        self.loop.add_reader(a.fileno(), self.events.append, "closed")
        number = a.fileno()
        a.close()
        b.send(b"x")  # nobody reads it, so the copy stays readable
        self.loop.remove_reader(number)
        c, d = self.pair()
        self.loop.add_reader(c, self.events.append, "open")
        began = time.process_time()
        self.loop.run_until_complete(asyncio.sleep(0.3))
        self.assertLess(time.process_time() - began, 0.15)
        d.send(b"x")
        self.turn()
        self.assertEqual(set(self.events), {"open"})
        self.loop.remove_reader(c)

    def test_other_peoples_descriptors_stay_as_they_are(self):
        a, b = self.pair()
        os.set_inheritable(a.fileno(), True)
        self.loop.add_reader(a, print)
        self.loop.remove_reader(a)
        self.loop.add_reader(a, print)
        self.loop.close()
        self.assertTrue(os.get_inheritable(a.fileno()))
        b.send(b"x")
        self.assertEqual(a.recv(1), b"x")

    def test_without_descriptors_a_new_loop_is_an_os_error(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        used = len(os.listdir("/proc/self/fd"))
        try:
            for spare in range(4):
                resource.setrlimit(resource.RLIMIT_NOFILE, (used + spare - 1, hard))
                try:
                    hocket.new_event_loop().close()
                except OSError:
                    pass
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        self.assertEqual(len(os.listdir("/proc/self/fd")), used)


if __name__ == "__main__":
    unittest.main()
