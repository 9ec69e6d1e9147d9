import json
import signal
import time
import unittest

from command import processes_of_measurements, start, wait_until


class Interruption(unittest.TestCase):
    def interrupted(self, after, signal_number=signal.SIGINT):
        process = start("slow", "sample_workloads:numbers", "--json", budget="60s")
        wait_until(processes_of_measurements)
        time.sleep(after)
        process.send_signal(signal_number)
        out, err = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 0, err)
        self.assertEqual(processes_of_measurements(), [])
        return json.loads(out)

    def test_control_c_at_once_gives_no_answer(self):
        answer = self.interrupted(0)
        self.assertTrue(answer["interrupted"])
        self.assertEqual(answer["answer"], "none")

    def test_control_c_later_gives_what_is_known(self):
        answer = self.interrupted(12)
        self.assertTrue(answer["interrupted"])
        self.assertIsNotNone(answer["models"][0]["items_per_s"])

    def test_a_request_to_terminate_leaves_nothing(self):
        self.interrupted(3, signal.SIGTERM)

    def test_a_kill_leaves_nothing(self):
        process = start("slow", "sample_workloads:numbers", budget="60s")
        wait_until(processes_of_measurements)
        time.sleep(1)
        process.kill()
        process.communicate()
        wait_until(lambda: not processes_of_measurements(), seconds=10)
        self.assertEqual(processes_of_measurements(), [])


if __name__ == "__main__":
    unittest.main()
