import types
import unittest

from hocket.choose.accounting import Usage
from hocket.choose.measured import Arm

LOCKED = types.SimpleNamespace(cpu=0.00003, wait=0.003, item_seconds=0.00303, gil_share=1.0)


def arm_of_threads(profile, rates, cpu=0.06):
    """Runs of a thousand items each on two idle CPUs; `rates` maps workers to items a second."""
    arm = Arm("threads", profile, 2)
    for width, rate in rates.items():
        usage = Usage(wall=1000 / rate, parent_cpu=cpu, cpu=cpu, reaped_cpu=0, delay=0, others=0, cpus=2)
        arm.add(arm.run_of(width, 1, 1000, usage, 0))
    arm.settle()
    return arm


PYTHON = types.SimpleNamespace(cpu=0.00002, wait=0.0, item_seconds=0.00002, gil_share=1.0)
ADDITION = types.SimpleNamespace(cpu=5e-8, wait=0.0, item_seconds=5e-8, gil_share=1.0)


class Threads(unittest.TestCase):
    def test_a_lock_is_not_predicted_to_be_faster_on_more_cpus(self):
        arm = arm_of_threads(LOCKED, {2: 330, 4: 330, 32: 330})
        self.assertAlmostEqual(arm.best_on(16)[0], 330, delta=10)
        self.assertEqual(arm.reason(), "something is serialised: more threads do not help")

    def test_the_gil_is_named_also_if_threads_cost_nearly_as_much_as_the_work(self):
        self.assertIn("the GIL is held in 100% of the CPU time", arm_of_threads(PYTHON, {2: 27_000}, cpu=0.036).reason())

    def test_small_items_are_named(self):
        self.assertIn("handing items to threads costs more", arm_of_threads(ADDITION, {2: 90_000}, cpu=0.011).reason())

    def test_waits_are_predicted_to_overlap(self):
        arm = arm_of_threads(LOCKED, {2: 660, 4: 1320, 32: 10_500})
        self.assertGreater(arm.best_on(2)[0], 10_000)

    def test_a_run_with_more_workers_is_not_planned_to_be_faster_if_four_were_not_faster_than_two(self):
        self.assertAlmostEqual(arm_of_threads(LOCKED, {2: 330, 4: 330}).expected_rate(64), 330)
        self.assertAlmostEqual(arm_of_threads(LOCKED, {2: 330, 4: 660}).expected_rate(64), 64 * 165, delta=1)


if __name__ == "__main__":
    unittest.main()
