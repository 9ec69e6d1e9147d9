import os
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, os.path.dirname(__file__))

import sample_workloads  # noqa: E402

from hocket.choose import inspection  # noqa: E402
from hocket.choose.cpus import cgroup_quota  # noqa: E402
from hocket.choose.durations import format_duration, parse_duration, parse_objective  # noqa: E402
from hocket.choose.equality import first_difference, same  # noqa: E402
from hocket.choose.errors import InputError  # noqa: E402
from hocket.choose.workload import ItemsFile, parse_items, parse_reference, reference_of  # noqa: E402


class References(unittest.TestCase):
    def test_a_module_and_a_function(self):
        reference = parse_reference("os.path:join")
        self.assertEqual((reference.module, reference.name), ("os.path", "join"))
        self.assertIs(reference.load(), os.path.join)

    def test_a_method_of_a_class(self):
        self.assertIs(parse_reference("pathlib:Path.exists").load(), Path.exists)

    def test_what_is_not_a_reference(self):
        for text in ("module", "module:", ":function", "a b:c", "module:f()", ""):
            with self.assertRaises(InputError, msg=text):
                parse_reference(text)

    def test_a_module_that_is_absent_differs_from_one_that_cannot_import_another(self):
        with self.assertRaisesRegex(InputError, "there is no module 'absent_module'"):
            parse_reference("absent_module:f").load()

    def test_a_lambda_cannot_be_pickled(self):
        with self.assertRaisesRegex(InputError, "cannot be pickled"):
            reference_of(lambda item: item)


class Items(unittest.TestCase):
    def file(self, name, text):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        path = os.path.join(folder, name)
        Path(path).write_text(text)
        return ItemsFile(path)

    def test_lines_of_a_text_file(self):
        self.assertEqual(self.file("items.txt", "one\ntwo\n\n").load(), ["one", "two"])

    def test_a_list_in_json(self):
        self.assertEqual(self.file("items.json", '[1, {"a": 2}]').load(), [1, {"a": 2}])

    def test_json_that_is_not_a_list(self):
        with self.assertRaisesRegex(InputError, "must contain a list, not a dict"):
            self.file("items.json", "{}").load()

    def test_json_that_is_not_json(self):
        with self.assertRaisesRegex(InputError, "is not JSON"):
            self.file("items.json", "[1,").load()

    def test_a_function_that_returns_the_items(self):
        self.assertEqual(parse_items("sample_workloads:few").load(), [1, 2, 3])

    def test_a_function_that_does_not_return_items(self):
        with self.assertRaisesRegex(InputError, r"sample_workloads:compute\(\) raised TypeError"):
            parse_items("sample_workloads:compute").load()

    def test_what_does_not_name_items(self):
        with self.assertRaisesRegex(InputError, "'items.csv' does not name items; give a .json file, a .txt file or module:items"):
            parse_items("items.csv")

    def test_items_of_a_module(self):
        self.assertEqual(parse_items("sample_workloads:numbers").load(), sample_workloads.numbers)


class Durations(unittest.TestCase):
    def test_units(self):
        self.assertEqual([parse_duration(text) for text in ("30s", "500ms", "2m", "1.5", ".5s")], [30, 0.5, 120, 1.5, 0.5])

    def test_what_is_not_a_duration(self):
        for text in ("", "s", "0s", "-1s", "5 parsecs", "nan"):
            with self.assertRaises(InputError, msg=text):
                parse_duration(text)

    def test_an_objective(self):
        self.assertEqual(parse_objective("p99=50ms"), (0.99, 0.05))

    def test_formatting(self):
        self.assertEqual([format_duration(x) for x in (1.5, 0.0123, 4.2e-5, 3e-8)], ["1.5 s", "12.3 ms", "42 µs", "30 ns"])


class Inspection(unittest.TestCase):
    def test_a_lock_is_found(self):
        self.assertEqual(inspection.find_locks(sample_workloads.locked), ["LOCK"])

    def test_a_change_of_a_global_is_found(self):
        before = inspection.snapshot(sample_workloads.counts)
        sample_workloads.counts(1)
        self.assertEqual(inspection.changed(before, inspection.snapshot(sample_workloads.counts)), [("calls", True)])

    def test_reading_a_global_is_not_a_change(self):
        before = inspection.snapshot(sample_workloads.compute)
        sample_workloads.compute(1)
        self.assertEqual(inspection.changed(before, inspection.snapshot(sample_workloads.compute)), [])


class Equality(unittest.TestCase):
    def test_values(self):
        self.assertTrue(same([1, "a"], [1, "a"]))
        self.assertFalse(same(1, 2))

    def test_nan_is_the_same_as_nan(self):
        self.assertTrue(same(float("nan"), float("nan")))

    def test_objects_without_equality_are_compared_by_their_contents(self):
        self.assertTrue(same(SomeObject(1), SomeObject(1)))
        self.assertFalse(same(SomeObject(1), SomeObject(2)))

    def test_functions_cannot_be_compared(self):
        self.assertTrue(same(lambda: 1, lambda: 1))
        self.assertFalse(same(lambda: 1, 1))

    def test_the_first_difference(self):
        self.assertEqual(first_difference([1, 2, 3], [1, 5, 6]), 1)
        self.assertIsNone(first_difference([1, 2], [1, 2]))


class SomeObject:
    def __init__(self, value):
        self.value = value


class Quotas(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def cgroup(self, line, path, files):
        (self.folder / "root" / path).mkdir(parents=True)
        for name, text in files.items():
            (self.folder / "root" / path / name).write_text(text)
        (self.folder / "cgroup").write_text(line)
        return cgroup_quota(self.folder / "cgroup", self.folder / "root")

    def test_version_two(self):
        self.assertEqual(self.cgroup("0::/a/b\n", "a/b", {"cpu.max": "150000 100000\n"}), 1.5)

    def test_version_one(self):
        files = {"cpu.cfs_quota_us": "200000", "cpu.cfs_period_us": "100000"}
        self.assertEqual(self.cgroup("3:cpu:/a\n", "cpu/a", files), 2)

    def test_an_ancestor_limits_its_descendants(self):
        (self.folder / "root" / "a").mkdir(parents=True)
        (self.folder / "root" / "a" / "cpu.max").write_text("50000 100000")
        self.assertEqual(self.cgroup("0::/a/b\n", "a/b", {"cpu.max": "max 100000"}), 0.5)

    def test_no_limit(self):
        self.assertIsNone(self.cgroup("0::/a\n", "a", {"cpu.max": "max 100000"}))


if __name__ == "__main__":
    unittest.main()
