"""Random programs log the same calls on asyncio's loop and on hocket's: see fuzz_loop.py, which can run for longer."""

import unittest

import fuzz_loop


class Fuzz(unittest.TestCase):
    def test_programs_of_fixed_seeds(self):
        for seed in range(1, 16):
            with self.subTest(seed=seed):
                self.assertTrue(fuzz_loop.check_in_child(seed), "what differs was printed above")

    def test_the_comparison_finds_a_difference(self):
        class Broken(fuzz_loop.hocket.Loop):
            """Forgets the second argument of a callback."""

            def call_soon(self, callback, *args, context=None):
                return super().call_soon(callback, *args[:1], *args[2:], context=context)

        loops = dict(fuzz_loop.LOOPS)
        self.addCleanup(fuzz_loop.LOOPS.update, loops)
        fuzz_loop.LOOPS["hocket"] = Broken
        for seed in range(1, 10):
            if text := fuzz_loop.check(seed):
                self.assertIn(f"seed {seed}: the loops differ in this program", text)
                break
        else:
            self.fail("no program finds it")


if __name__ == "__main__":
    unittest.main()
