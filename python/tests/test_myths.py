import contextlib
import io
import json
import unittest
from unittest import mock

from hocket.choose import command_line, myths
from hocket.choose.errors import ModelFailed
from hocket.choose.myths import claims
from hocket.choose.myths.bench import Bench


def fails(bench):
    raise ModelFailed("timeout", "a run did not end")


def printed(*arguments, some_claims):
    out = io.StringIO()
    with mock.patch.object(myths, "CLAIMS", some_claims), contextlib.redirect_stdout(out):
        status = command_line.main(["--myths", *arguments])
    assert status == 0
    return out.getvalue()


class Myths(unittest.TestCase):
    CLAIMS = (("Pipes | are pipes", lambda bench: ("a | b", "true")), ("It runs", fails))

    def test_a_claim_that_cannot_be_measured_does_not_end_the_list(self):
        rows = json.loads(printed("--json", some_claims=self.CLAIMS))
        self.assertEqual([row["verdict"] for row in rows], ["true", "not measured"])
        self.assertEqual(rows[1]["measurement"], "a run did not end")

    def test_a_table_in_markdown(self):
        lines = printed("--markdown", some_claims=self.CLAIMS).splitlines()
        self.assertRegex(lines[0], r"^Measured on \d{4}-\d\d-\d\d with Python 3\.")
        table = ["| claim | measured | verdict |", "|---|---|---|", r"| Pipes \| are pipes | a \| b | true |"]
        self.assertEqual(lines[2:5], table)

    def test_text(self):
        self.assertIn("“Pipes | are pipes”\n    measured: a | b\n    verdict:  true\n", printed(some_claims=self.CLAIMS))

    def test_claims_about_the_library(self):
        for measure, found in (
            (claims.threads_have_memory_of_their_own, "finds 1 element"),
            (claims.executor_takes_a_pool, "'Pool' object has no attribute 'submit'"),
            (claims.executor_takes_an_async_function, "is a coroutine"),
        ):
            measurement, verdict = measure(None)
            self.assertIn(found, measurement)
            self.assertTrue(verdict.startswith("false"), verdict)

    def test_waits_overlap_in_threads_and_tasks(self):
        with Bench() as bench:
            self.assertGreater(bench.speedup("wait", "threads", 8), 4)
            self.assertGreater(bench.speedup("wait", "asyncio", 8), 4)


if __name__ == "__main__":
    unittest.main()
