import signal
import unittest

from command import processes_of_measurements, semaphores, start, wait_until


class Semaphores(unittest.TestCase):
    """Pools of processes create named semaphores, which outlive processes that are killed."""

    def start(self, function, **options):
        process = start(function, **options)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        wait_until(semaphores)
        self.assertNotEqual(semaphores(), [])
        return process

    def ended(self, process):
        process.communicate(timeout=120)
        self.assertEqual(semaphores(), [])
        self.assertEqual(processes_of_measurements(), [])

    def test_none_remain_at_the_end(self):
        self.ended(self.start("compute", budget="4s"))

    def test_none_remain_after_control_c(self):
        process = self.start("compute", budget="60s")
        process.send_signal(signal.SIGINT)
        self.ended(process)

    def test_none_remain_after_a_worker_hung(self):
        self.ended(self.start("hangs_in_a_worker", budget="6s"))

    def test_none_remain_after_the_command_was_killed(self):
        process = self.start("compute", budget="60s")
        process.kill()
        wait_until(lambda: not semaphores() and not processes_of_measurements())
        self.ended(process)


if __name__ == "__main__":
    unittest.main()
