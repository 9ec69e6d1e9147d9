import json
import tempfile
import unittest
from pathlib import Path

from command import choose, choose_json, processes_of_measurements


class Answers(unittest.TestCase):
    def tearDown(self):
        self.assertEqual(processes_of_measurements(), [])

    def test_the_shape_of_the_json(self):
        answer = choose_json("add_one")
        self.assertLessEqual({"answer", "workers", "speedup", "interval", "reason", "models"}, set(answer))
        self.assertEqual([row["model"] for row in answer["models"]], ["sequential", "asyncio", "threads", "interpreters", "processes"])
        columns = {"model", "workers", "items_per_s", "interval", "p99_ms", "cpu_us_per_item", "memory_mib", "reason"}
        for row in answer["models"]:
            self.assertEqual(set(row), columns)

    def test_an_addition_runs_sequentially(self):
        answer = choose_json("add_one")
        self.assertEqual((answer["answer"], answer["workers"], answer["speedup"]), ("sequential", 1, 1.0))

    def test_a_wait_runs_in_threads(self):
        answer = choose_json("nap")
        self.assertEqual(answer["answer"], "threads")
        self.assertGreater(answer["workers"], 8)
        low, high = answer["interval"]
        self.assertLessEqual(low, answer["speedup"])
        self.assertGreaterEqual(high, answer["speedup"])

    def test_one_core_needs_no_processes(self):
        answer = choose_json("compute", "sample_workloads:numbers", "--cores", "1", budget="20s")
        self.assertEqual(answer["answer"], "sequential")

    def test_many_cores_are_predicted(self):
        answer = choose_json("compute", "sample_workloads:numbers", "--cores", "16", budget="15s")
        self.assertEqual(answer["answer"], "processes")
        self.assertGreater(answer["workers"], 4)

    def test_a_latency_that_nothing_keeps_is_no_answer(self):
        answer = choose_json("nap", "sample_workloads:numbers", "--slo", "p99=1ms")
        self.assertEqual(answer["answer"], "none")
        self.assertIn("no model keeps the latency below 1 ms", answer["reason"])

    def test_the_report_shows_the_code_with_the_names_of_the_user(self):
        status, out, _ = choose("nap", "sample_workloads:numbers", "--async", "sample_workloads:async_nap")
        self.assertEqual(status, 0)
        self.assertIn("from sample_workloads import", out)
        self.assertIn("On another number of CPUs, predicted:", out)

    def test_items_come_from_files(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "items.json")
            path.write_text(json.dumps([1, 2, 3]))
            self.assertEqual(choose_json("add_one", str(path))["answer"], "sequential")

    def test_the_html_report_loads_nothing(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "report.html")
            choose_json("nap", "sample_workloads:numbers", "--html", str(path))
            text = path.read_text()
        self.assertEqual(text.count("<svg"), 2)
        self.assertNotIn("http://", text)
        self.assertNotIn("https://", text)
        self.assertNotIn("<script", text)


if __name__ == "__main__":
    unittest.main()
