import hashlib
import time
import unittest

from hocket.choose import _native


def use_cpu(seconds, step):
    end = time.process_time() + seconds
    while time.process_time() < end:
        step()


def count():
    total = 0
    for i in range(10_000):
        total += i


class Sampler(unittest.TestCase):
    def share(self, step, source):
        _native.start_sampling(1_000_000, source)
        # The timer fires at the kernel's ticks only: on a busy machine, not even twenty times in a second of CPU time.
        use_cpu(3.0 if source == "timer" else 0.4, step)
        held, total = _native.stop_sampling()
        self.assertGreater(total, 20)
        return held / total

    def test_python_code_holds_the_gil(self):
        for source in ("any", "timer"):
            self.assertGreater(self.share(count, source), 0.9, source)

    def test_openssl_does_not_hold_the_gil(self):
        data = bytes(1 << 20)
        for source in ("any", "timer"):
            self.assertLess(self.share(lambda: hashlib.sha256(data), source), 0.1, source)

    def test_a_period_must_be_sensible(self):
        with self.assertRaises(ValueError):
            _native.start_sampling(0)

    def test_nothing_is_sampled_after_the_end(self):
        _native.start_sampling(1_000_000)
        _native.stop_sampling()
        use_cpu(0.05, count)
        self.assertLessEqual(_native.stop_sampling()[1], 1)


if __name__ == "__main__":
    unittest.main()
