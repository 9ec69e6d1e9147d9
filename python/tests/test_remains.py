import os
import signal
import tempfile
import unittest

from command import processes_of_measurements, semaphores, start, wait_until


class Remains(unittest.TestCase):
    """Pools of processes create named semaphores and temporary files, which outlive processes that are killed."""

    def start(self, function, **options):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())
        process = start(function, variables={"TMPDIR": self.folder}, **options)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        # The pool's semaphores are there once its processes are.
        wait_until(lambda: any(b"forkserver" in line for line in processes_of_measurements()))
        self.assertNotEqual(semaphores(), [])
        self.assertNotEqual(os.listdir(self.folder), [])
        return process

    def ended(self, process):
        process.communicate(timeout=120)
        self.assertEqual(os.listdir(self.folder), [])
        self.no_process_remains()

    def no_process_remains(self):
        self.assertEqual(semaphores(), [])
        self.assertEqual(processes_of_measurements(), [])

    def test_nothing_remains_at_the_end(self):
        self.ended(self.start("compute", budget="4s"))

    def test_nothing_remains_after_control_c(self):
        process = self.start("compute", budget="60s")
        process.send_signal(signal.SIGINT)
        self.ended(process)

    def test_nothing_remains_after_a_worker_hung(self):
        self.ended(self.start("hangs_in_a_worker", budget="6s"))

    def test_no_process_remains_after_the_command_was_killed(self):
        process = self.start("compute", budget="60s")
        process.kill()
        wait_until(lambda: not semaphores() and not processes_of_measurements())
        self.no_process_remains()


if __name__ == "__main__":
    unittest.main()
