import random
import unittest

from hocket.choose import decision
from hocket.choose.statistics import bootstrap_interval, median, quantile, ratio_interval


class Intervals(unittest.TestCase):
    def test_quantiles_interpolate(self):
        self.assertEqual(quantile([1, 2, 3, 4, 5], 0.5), 3)
        self.assertEqual(quantile([0, 10], 0.25), 2.5)

    def test_a_single_value_is_its_own_interval(self):
        self.assertEqual(bootstrap_interval([7]), (7, 7))

    def test_the_interval_contains_the_median(self):
        low, high = bootstrap_interval([1, 2, 3, 4, 100])
        self.assertLessEqual(low, median([1, 2, 3, 4, 100]))
        self.assertGreaterEqual(high, 3)

    def test_the_interval_covers_the_true_median_most_of_the_time(self):
        generator = random.Random(5)
        covered = 0
        for _ in range(100):
            low, high = bootstrap_interval([generator.gauss(10, 1) for _ in range(15)], resamples=200)
            covered += low <= 10 <= high
        self.assertGreater(covered, 85)

    def test_what_changes_both_of_a_pair_cancels_out(self):
        speeds = [1, 0.5, 2, 0.1]
        ratio, (low, high) = ratio_interval([2 * speed for speed in speeds], speeds)
        for value in (ratio, low, high):
            self.assertAlmostEqual(value, 2)


class Decisions(unittest.TestCase):
    def test_the_cheapest_within_the_margin_is_chosen(self):
        slices = {"sequential": [50] * 5, "threads": [96] * 5, "processes": [100] * 5}
        self.assertEqual(decision.choose(slices), ("threads", True))

    def test_the_best_is_chosen_if_nothing_comes_near(self):
        slices = {"sequential": [50] * 5, "threads": [60] * 5, "processes": [100] * 5}
        self.assertEqual(decision.choose(slices), ("processes", True))

    def test_scattered_measurements_leave_doubt(self):
        slices = {"sequential": [50, 100, 70, 200, 30], "threads": [100, 50, 110, 40, 120]}
        self.assertFalse(decision.choose(slices)[1])

    def test_there_is_no_winner_if_the_interval_is_wide(self):
        slices = {"sequential": [100, 100, 100, 100, 100], "threads": [40, 300, 125, 50, 280]}
        self.assertFalse(decision.is_winner(slices, decision.choose(slices)[0]))


if __name__ == "__main__":
    unittest.main()
