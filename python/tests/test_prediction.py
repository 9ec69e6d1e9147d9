import unittest

from hocket.choose import prediction
from hocket.choose.prediction import Demands, ScalabilityLaw, fit_scalability, smallest_good_width


class Predictions(unittest.TestCase):
    def test_python_code_gains_nothing_from_threads(self):
        demands = Demands(cpu=0.001, wait=0, gil_share=1)
        self.assertLess(prediction.threads(demands, 8, 8), prediction.sequential(demands))

    def test_python_code_gains_from_processes_as_many_as_there_are_cores(self):
        demands = Demands(cpu=0.01, wait=0, gil_share=1)
        self.assertAlmostEqual(prediction.processes(demands, 4, 4) / prediction.sequential(demands), 4, delta=0.15)
        self.assertLess(prediction.processes(demands, 4, 2) / prediction.sequential(demands), 2)

    def test_code_without_the_gil_gains_from_threads(self):
        demands = Demands(cpu=0.01, wait=0, gil_share=0)
        self.assertAlmostEqual(prediction.threads(demands, 4, 4) / prediction.sequential(demands), 4, delta=0.05)

    def test_waits_overlap_in_every_model_but_the_sequential_one(self):
        demands = Demands(cpu=0.00001, wait=0.05)
        for model in ("asyncio", "threads", "processes"):
            self.assertGreater(prediction.FORMULAS[model](demands, 32, 2) / prediction.sequential(demands), 30)

    def test_the_gil_bounds_threads_that_mostly_wait(self):
        demands = Demands(cpu=0.005, wait=0.045, gil_share=1, thread_overhead=0)
        self.assertAlmostEqual(prediction.threads(demands, 64, 8), 200)

    def test_a_lock_bounds_threads(self):
        demands = Demands(cpu=0.0001, wait=0.003, gil_share=0, serial=0.003)
        self.assertAlmostEqual(prediction.threads(demands, 64, 8), 1 / 0.003)

    def test_the_parent_bounds_processes(self):
        demands = Demands(cpu=0.0001, wait=0, parent_overhead=0.0002)
        self.assertAlmostEqual(prediction.processes(demands, 64, 64), 5000)

    def test_asyncio_uses_one_core(self):
        demands = Demands(cpu=0.01, wait=0, task_overhead=0)
        self.assertAlmostEqual(prediction.asyncio(demands, 64, 8), 100)

    def test_a_quota_below_one_core_bounds_asyncio(self):
        demands = Demands(cpu=0.01, wait=0, task_overhead=0)
        self.assertAlmostEqual(prediction.asyncio(demands, 64, 0.5), 50)

    def test_the_smallest_width_near_the_best_is_enough(self):
        self.assertEqual(smallest_good_width({1: 50, 2: 96, 4: 100, 8: 99}), 2)
        self.assertEqual(smallest_good_width({1: 50, 2: 90, 4: 100}), 4)


class Scalability(unittest.TestCase):
    def test_the_fit_finds_the_parameters(self):
        law = ScalabilityLaw(100, 0.05, 0.002)
        fit = fit_scalability([(n, law(n)) for n in (1, 2, 4, 8, 16)])
        self.assertAlmostEqual(fit.contention, 0.05)
        self.assertAlmostEqual(fit.coherency, 0.002)

    def test_costs_are_not_negative(self):
        fit = fit_scalability([(1, 100), (2, 210), (4, 430), (8, 870)])
        self.assertEqual((fit.contention, fit.coherency), (0, 0))

    def test_three_points_are_not_enough(self):
        self.assertIsNone(fit_scalability([(1, 100), (2, 190), (4, 350)]))


if __name__ == "__main__":
    unittest.main()
