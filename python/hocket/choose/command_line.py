"""The command line: `hocket choose`, and the same as `python -m hocket.choose`."""

import argparse
import json
import os
import signal
import sys
from pathlib import Path

from .durations import parse_duration, parse_objective
from .errors import InputError
from .workload import Workload, parse_items, parse_reference


class Parser(argparse.ArgumentParser):
    """Options that cannot be used are bad input like any other."""

    def error(self, message):
        raise InputError(message)


def parser():
    result = Parser(
        prog="hocket choose", description="Measures a function under each concurrency model and says which one fits it."
    )
    result.add_argument("function", nargs="?", help="the function that handles one item, as module:function")
    result.add_argument("--items", help="a .json file with a list, a .txt file with an item a line, or module:items")
    result.add_argument("--async", dest="async_function", metavar="MODULE:FUNCTION", help="the function as a coroutine function")
    result.add_argument("--budget", default="30s", help="how long the measurement may take (default: 30s)")
    result.add_argument("--cores", type=float, help="the number of CPUs to answer for (default: those this process may use)")
    result.add_argument("--slo", metavar="p99=50ms", help="leave out models whose latency is higher at 70 %% of their throughput")
    result.add_argument("--html", metavar="FILE", help="write the report, with plots, to a file")
    result.add_argument("--json", action="store_true", help="print one JSON object instead of the report")
    result.add_argument("--no-check", action="store_true", help="do not compare the results of the models")
    result.add_argument("--myths", action="store_true", help="measure claims about concurrency in Python")
    result.add_argument("--markdown", action="store_true", help="with --myths: print a Markdown table")
    return result


def study_of(arguments):
    from .study import Options, Study

    if not arguments.function or not arguments.items:
        raise InputError("give module:function and --items; see --help")
    workload = Workload(
        parse_reference(arguments.function),
        parse_items(arguments.items),
        parse_reference(arguments.async_function) if arguments.async_function else None,
    )
    options = Options(
        budget=parse_duration(arguments.budget),
        cores=arguments.cores,
        objective=parse_objective(arguments.slo) if arguments.slo else None,
        check=not arguments.no_check,
        progress=show_progress,
    )
    return Study(workload, options)


def show_progress(text):
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text} …", end="" if text else "\n", file=sys.stderr, flush=True)


def main(argv=None):
    # The function is looked up where the command was given, as `python -m` does.
    if os.getcwd() not in sys.path and "" not in sys.path:
        sys.path.insert(0, os.getcwd())
    # A supervisor that ends the command must not leave its children either.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        arguments = parser().parse_args(argv)
        if arguments.myths:
            from . import myths

            form = myths.print_json if arguments.json else myths.print_markdown if arguments.markdown else myths.print_text
            form()
            return 0
        if arguments.html:
            write(arguments.html, "")  # better now than when everything has been measured
        answer = measure(study_of(arguments))
        if arguments.html:
            from .html_report import html_report

            write(arguments.html, html_report(answer))
    except InputError as error:
        print(f"hocket choose: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    if arguments.json:
        print(json.dumps(answer.as_json()))
    else:
        from .text_report import text_report

        print(text_report(answer), end="")
    return 0


def measure(study):
    answer = None
    try:
        with study:
            try:
                answer = study.run()
            except KeyboardInterrupt:
                answer = study.answer(interrupted=True)
    except KeyboardInterrupt:
        if answer is None:
            raise
    finally:
        if sys.stderr.isatty():
            print("\r\x1b[K", end="", file=sys.stderr)
    return answer


def write(path, text):
    try:
        Path(path).write_text(text)
    except OSError as error:
        raise InputError(f"the report cannot be written: {error}") from None
