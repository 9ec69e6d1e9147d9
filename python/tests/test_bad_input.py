import unittest

from command import choose, choose_json, processes_of_measurements


class BadInput(unittest.TestCase):
    """Each is refused with status 2 and a sentence that says why, and leaves no process behind."""

    def tearDown(self):
        self.assertEqual(processes_of_measurements(), [])

    def refused(self, expected, *parts, **options):
        status, out, err = choose(*parts, **options)
        self.assertEqual((status, out), (2, ""), err)
        self.assertIn(expected, err)
        self.assertEqual(len(err.strip().splitlines()), 1, err)

    def test_a_function_that_raises_is_named_with_its_item(self):
        self.refused("item 3 (3) raised ValueError: three is too many", "raises")

    def test_a_function_that_hangs_is_named_with_its_item(self):
        self.refused("item 2 did not end", "hangs", budget="3s")

    def test_a_function_that_needs_two_arguments(self):
        self.refused("missing a required argument: 'other'", "needs_two")

    def test_a_function_that_ends_the_process(self):
        self.refused("exited with status 7 while item 0 ran", "exits")

    def test_an_empty_list_of_items(self):
        self.refused("the list is empty", "add_one", "sample_workloads:nothing")

    def test_a_budget_too_short_for_the_items(self):
        self.refused("the budget of 4 s is too short", "slow", budget="4s")

    def test_a_budget_that_is_no_duration(self):
        self.refused("'soon' is not a duration", "add_one", budget="soon")

    def test_a_function_that_does_not_exist(self):
        self.refused("has no 'absent'", "absent")

    def test_items_that_do_not_exist(self):
        self.refused("the items cannot be read", "add_one", "absent.json")

    def test_an_async_function_in_place_of_the_plain_one(self):
        self.refused("pass it with --async", "async_nap")

    def test_a_plain_function_in_place_of_the_async_one(self):
        self.refused("nap is not an async function", "nap", "sample_workloads:numbers", "--async", "sample_workloads:nap")

    def test_a_report_that_cannot_be_written(self):
        self.refused("the report cannot be written", "add_one", "sample_workloads:numbers", "--html", "/absent/report.html")

    def test_an_unknown_option(self):
        self.refused("unrecognized arguments: --fast", "add_one", "sample_workloads:numbers", "--fast")

    def test_an_objective_that_is_none(self):
        self.refused("write p99=50ms", "add_one", "sample_workloads:numbers", "--slo", "fast")

    def test_a_number_of_cores_below_zero(self):
        self.refused("is not a number of CPUs", "add_one", "sample_workloads:numbers", "--cores", "-1")


    def test_a_latency_on_cpus_that_are_not_there(self):
        self.refused("a latency cannot be predicted", "add_one", "sample_workloads:numbers", "--slo", "p99=1s", "--cores", "4096")


class NoRecommendation(unittest.TestCase):
    """Functions that can be measured, but not recommended to run in every model."""

    def tearDown(self):
        self.assertEqual(processes_of_measurements(), [])

    def refused(self, function, expected):
        answer = choose_json(function)
        self.assertEqual(answer["answer"], "none")
        self.assertIn(expected, answer["reason"])

    def test_results_that_differ_from_run_to_run(self):
        self.refused("returns_random", "item 0 gave different results in two sequential runs")

    def test_results_that_depend_on_earlier_calls(self):
        self.refused("returns_count", "item 0 gave different results in two sequential runs")

    def test_results_that_depend_on_the_process(self):
        self.refused("returns_process", "item 0 (0) gave")

    def test_results_that_depend_on_the_thread(self):
        self.refused("returns_thread", "threads gave a different result: item 0 (0) gave False here, and True sequentially")

    def test_the_check_can_be_left_out(self):
        answer = choose_json("returns_random", "sample_workloads:numbers", "--no-check")
        self.assertEqual(answer["answer"], "sequential")

    def reason(self, function, model):
        answer = choose_json(function)
        return next(row for row in answer["models"] if row["model"] == model), answer

    def test_a_count_in_a_global_rules_processes_out(self):
        row, answer = self.reason("counts", "processes")
        self.assertIsNone(row["items_per_s"])
        self.assertIn("a copy of the global calls", row["reason"])
        self.assertIn("The function changes the global calls", answer["notes"][0])

    def test_a_list_in_a_global_rules_processes_out(self):
        row, _ = self.reason("appends", "processes")
        self.assertIn("a copy of the global log", row["reason"])

    def test_a_lock_rules_processes_out(self):
        row, answer = self.reason("locked", "processes")
        self.assertIn("a copy of the lock LOCK", row["reason"])
        self.assertEqual(answer["answer"], "sequential")

    def test_a_result_that_cannot_be_pickled_rules_processes_out(self):
        row, answer = self.reason("returns_function", "processes")
        self.assertIn("the result of item 0 cannot be pickled", row["reason"])
        self.assertEqual(answer["answer"], "sequential")
        self.assertIn("Results were not compared", answer["notes"][0])


class LeftBehind(unittest.TestCase):
    """What the function starts ends with the measurement."""

    def tearDown(self):
        self.assertEqual(processes_of_measurements(), [])

    def test_output_of_the_function_is_not_printed(self):
        status, out, _ = choose("prints")
        self.assertEqual(status, 0)
        self.assertNotIn("noise 1\n", out)
        self.assertIn("The function prints", out)

    def test_processes_that_the_function_leaves_are_killed(self):
        choose("leaves_child", budget="3s")

    def test_threads_that_the_function_leaves_do_not_keep_a_process(self):
        choose("leaves_thread", budget="3s")


if __name__ == "__main__":
    unittest.main()
