"""CPython's own tests of event loops pass on hocket's as they do on asyncio's."""

import pathlib
import subprocess
import sys
import unittest

SCRIPT = pathlib.Path(__file__).with_name("conformance.py")


class Conformance(unittest.TestCase):
    def test_what_asyncio_passes_hocket_passes(self):
        done = subprocess.run([sys.executable, SCRIPT], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode == 77:
            self.skipTest(done.stdout)
        print(done.stdout)
        self.assertEqual(done.returncode, 0)
