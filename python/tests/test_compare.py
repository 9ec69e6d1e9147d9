"""`python -m hocket`: what it prints, to a terminal and to a pipe; bad options; Ctrl-C."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
import unittest

COMMAND = [sys.executable, "-m", "hocket"]
PROGRAMS = ["call_soon", "call_later + cancel", "create_task + await", "future + await", "Protocol echo, 1 KiB", "streams echo, 1 KiB"]


def run(*options, **variables):
    return subprocess.run(
        [*COMMAND, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | variables, timeout=60
    )


def complaints(err):
    """Without what is said of other packages' loops: that they fail is not our fault."""
    return "".join(line for line in err.splitlines(True) if not line.startswith(("rloop has", "uvloop has")))


def run_in_terminal(*options, **variables):
    """(exit status, everything that was written)"""
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"} | {"TERM": "xterm"} | variables
    parent, child = pty.openpty()
    with subprocess.Popen([*COMMAND, *options], stdin=child, stdout=child, stderr=child, env=environment) as process:
        os.close(child)
        written = b""
        while True:
            try:
                data = os.read(parent, 65536)
            except OSError:  # Linux's way to say that the terminal has no program any more
                break
            written += data
    os.close(parent)
    return process.returncode, written.decode()


class Compare(unittest.TestCase):
    def test_json_has_versions_parts_and_times_of_every_loop(self):
        done = run("--quick", "--json")
        self.assertEqual((done.returncode, complaints(done.stderr)), (0, ""))
        answer = json.loads(done.stdout)
        self.assertIn("hocket", answer["versions"])
        self.assertIn(answer["versions"]["python_pgo"], (True, False, None))
        self.assertEqual(answer["in_use"]["callbacks and timers"], "C++")
        self.assertEqual(list(answer["comparison"]), PROGRAMS)
        loops = {"asyncio", "hocket"} | {"uvloop", "rloop"} & set(answer["versions"])
        for times in answer["comparison"].values():
            self.assertLessEqual(set(times), loops)
            self.assertLessEqual(loops - set(times), set(answer["failed"]) & {"uvloop", "rloop"})
            self.assertTrue(all(time > 0 for time in times.values()))
        self.assertFalse(answer["interrupted"])

    def test_a_pipe_gets_a_table_without_colours(self):
        done = run("--quick")
        self.assertEqual((done.returncode, complaints(done.stderr)), (0, ""))
        self.assertNotIn("\x1b", done.stdout)
        for program in PROGRAMS:
            self.assertRegex(done.stdout, rf"(?m)^{re.escape(program)} +asyncio +[\d,]+ .*█")
        self.assertRegex(done.stdout, r"(?m)^ +hocket +[\d,]+ +[\d.]+× (faster|slower) ")

    def test_a_pipe_that_knows_only_ascii_gets_ascii(self):
        done = run("--quick", PYTHONIOENCODING="ascii")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(done.stdout.isascii())
        self.assertIn("####", done.stdout)

    def test_a_terminal_gets_colours(self):
        status, written = run_in_terminal("--quick")
        self.assertEqual(status, 0)
        self.assertIn("\x1b[1mVersions\x1b[0m", written)
        self.assertIn("\x1b[32m█", written)

    def test_a_terminal_gets_none_with_no_color(self):
        status, written = run_in_terminal("--quick", NO_COLOR="1")
        self.assertEqual(status, 0)
        self.assertNotRegex(written, r"\x1b\[\d*m")

    def test_bad_options_are_named(self):
        for options in (["--fast"], ["echo"], ["--quick=3"]):
            with self.subTest(options=options):
                done = run(*options)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertIn(options[0].split("=")[0].lstrip("-"), done.stderr)
                self.assertEqual(done.stderr.count("\n"), 1)

    def test_help_is_shown(self):
        done = run("--help")
        self.assertEqual((done.returncode, complaints(done.stderr)), (0, ""))
        self.assertIn("--quick", done.stdout)

    def test_choose_is_the_other_tool(self):
        done = run("choose", "--help")
        self.assertEqual(done.returncode, 0)
        self.assertIn("hocket choose", done.stdout)

    def test_a_reader_that_leaves_is_no_error(self):
        with subprocess.Popen([*COMMAND, "--quick"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            process.stdout.readline()
            process.stdout.close()
            self.assertEqual(complaints(process.stderr.read()), "")

    def test_control_c_prints_what_is_known_and_no_traceback(self):
        for seconds in (0.1, 0.6, 2.5, 5):
            with self.subTest(seconds=seconds):
                with subprocess.Popen(
                    [*COMMAND, "--json"],
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                    # A shell starts what runs in the background with SIGINT ignored.
                    preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
                ) as process:
                    self.wait_for_handler(process)
                    time.sleep(seconds)
                    process.send_signal(signal.SIGINT)
                    out, err = process.communicate(timeout=30)
                self.assertEqual((process.returncode, complaints(err)), (128 + signal.SIGINT, ""))
                if out:
                    self.assertTrue(json.loads(out)["interrupted"])

    def wait_for_handler(self, process):
        """Until Python has its handler for SIGINT and the command has been imported."""
        while process.poll() is None:
            with open(f"/proc/{process.pid}/status") as status, open(f"/proc/{process.pid}/maps") as maps:
                caught = int(next(line for line in status if line.startswith("SigCgt")).split()[1], 16)
                if caught & 1 << (signal.SIGINT - 1) and "_hocket." in maps.read():
                    return
            select.select([], [], [], 0.01)


if __name__ == "__main__":
    unittest.main()
