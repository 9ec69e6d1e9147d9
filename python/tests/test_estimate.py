import types
import unittest

from hocket.choose.accounting import Usage
from hocket.choose.estimate import Run, quiet_throughput

PROFILE = types.SimpleNamespace(cpu=0.01, wait=0.0, gil_share=1.0)


def run(model, width, wall, cpu, delay, others, parent=0.0, cpus=2):
    return Run(model, width, 1, 100, Usage(wall, parent, cpu, 0.0, delay, others, cpus), 0)


class Estimates(unittest.TestCase):
    def test_a_quiet_machine_is_believed(self):
        self.assertEqual(quiet_throughput(run("threads", 2, wall=1, cpu=1, delay=0, others=0.01), PROFILE, 2), 100)

    def test_a_machine_with_fewer_cpus_is_not_believed(self):
        # Sixteen workers shared two CPUs, on each of which one of them ran at a time.
        quiet = run("processes", 16, wall=0.5, cpu=1, delay=7, others=0.01)
        self.assertAlmostEqual(quiet_throughput(quiet, PROFILE, 16), 1600)

    def test_run_delay_is_taken_off_a_sequential_run(self):
        busy = run("sequential", 1, wall=2, cpu=1, delay=1, others=0.5, parent=1)
        self.assertAlmostEqual(quiet_throughput(busy, PROFILE, 2), 100)

    def test_processes_that_shared_their_cpus_are_given_both(self):
        # Two workers needed one second of CPU time in all; another program took one of the two CPUs.
        busy = run("processes", 2, wall=1, cpu=1, delay=1, others=0.5)
        self.assertAlmostEqual(quiet_throughput(busy, PROFILE, 2), 200)

    def test_the_gil_bounds_threads_whatever_the_delay(self):
        busy = run("threads", 2, wall=1.5, cpu=1, delay=1, others=0.5, parent=1)
        self.assertAlmostEqual(quiet_throughput(busy, PROFILE, 2), 100)

    def test_waiting_for_a_lock_is_not_taken_for_waiting_for_a_cpu(self):
        waiting = types.SimpleNamespace(cpu=0.0001, wait=0.003, gil_share=1.0)
        busy = run("threads", 8, wall=0.3, cpu=0.01, delay=0.001, others=0.5, parent=0.01)
        self.assertLess(quiet_throughput(busy, waiting, 2), 340)


if __name__ == "__main__":
    unittest.main()
