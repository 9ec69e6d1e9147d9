import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, os.path.dirname(__file__))

import sample_workloads  # noqa: E402

import hocket  # noqa: E402

SCRIPT = '''
import time
import hocket

@hocket.choose.mapped(budget=6)
def nap(item):
    time.sleep(0.005)
    return item * 2

if __name__ == "__main__":
    print(nap(4), nap.map(range(50)) == [2 * i for i in range(50)], nap.answer.choice)
'''


class InCode(unittest.TestCase):
    def test_the_module_is_called(self):
        answer = hocket.choose(sample_workloads.add_one, [1, 2, 3], budget=6)
        self.assertEqual(answer.choice, "sequential")

    def test_a_lambda_is_refused(self):
        with self.assertRaisesRegex(hocket.choose.InputError, "cannot be pickled"):
            hocket.choose(lambda item: item, [1])

    def test_empty_items_are_refused(self):
        with self.assertRaisesRegex(hocket.choose.InputError, "the list is empty"):
            hocket.choose(sample_workloads.add_one, [])

    def test_a_script_without_the_guard_is_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "script.py")
            path.write_text("import hocket\ndef work(item): return item\nhocket.choose(work, [1])\n")
            done = subprocess.run([sys.executable, path], capture_output=True, text=True, timeout=60)
        last = done.stderr.strip().splitlines()[-1]
        self.assertTrue(last.startswith("hocket.choose.errors.InputError: choose was called while the module was imported"), last)

    def test_a_decorated_function_of_a_script_maps_by_the_model_that_fits(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "script.py")
            path.write_text(SCRIPT)
            done = subprocess.run([sys.executable, path], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.stdout, "8 True threads\n", done.stderr)


if __name__ == "__main__":
    unittest.main()
