#!/usr/bin/env python3
"""Compiles the examples in the comments of the public headers, and those of README.md and docs/.

usage: check_doc_examples.py OUTPUT.cpp COMPILER [OPTION...]

An example in a header is the text that is indented by four spaces after "///". An example on a page is a block that
begins with "```cpp"; "```cpp excerpt" marks a block that cannot be compiled alone. (docs/tutorial.md quotes programs
that the tests build.)

All examples go into one file. Each gets a namespace with the functions and types that it defines. All its other
lines are put into a coroutine, so that they may co_await. Names that examples use without declaring them are declared
in doc_examples.hpp.
"""

import pathlib
import re
import subprocess
import sys

root = pathlib.Path(__file__).resolve().parent.parent
parameter = r"(const )?[a-z][\w:]*(<[^()]*>)?[ &*]+[a-z]\w*"
definition = re.compile(r"(struct|class|enum|using|template|namespace|MSGPACK_\w+|HOCKET_\w+)\b"
                        rf"|(?!return|co_)[\w:<>&*, ]+ [\w:]+\(({parameter}(, {parameter})*)?\)( \{{|;$)")


def in_headers():
    """The path, the number of the first line, and the lines of each example."""
    for path in sorted(p for p in (root / "include/hocket").glob("**/*.hpp") if not {"detail", "engine"} & set(p.parts)):
        lines = path.read_text().splitlines()
        yield from blocks(path, [re.sub(r"^ *///     ", "", line) if re.match(r" *///     ", line) else
                                 "" if re.match(r" *///$", line) else None for line in lines])


def in_pages():
    for path in [root / "README.md", *sorted((root / "docs").glob("*.md"))]:
        inside, lines = False, []
        for line in path.read_text().splitlines():
            inside = False if line == "```" else inside
            lines.append(line if inside else None)
            inside = True if line == "```cpp" else inside
        if path.name != "tutorial.md":
            yield from blocks(path, lines)


def blocks(path, lines):
    """The runs of lines that are not None, without those that are empty."""
    start = None
    for number, line in enumerate([*lines, None]):
        if line is not None and start is None:
            start = number
        elif line is None and start is not None:
            if any(lines[start:number]):
                yield path.relative_to(root), start + 1, lines[start:number]
            start = None


def wrapped(number, path, first, lines):
    """The example's #includes, and its text."""
    includes, outside, inside, in_definition = [], [], [], False
    for line_number, line in enumerate(lines, first):
        where = f'#line {line_number} "{path}"'
        if not line:
            continue
        if line.startswith("#include"):
            includes.append(line)
        elif in_definition or definition.match(line):
            outside += [where, line]
            in_definition = line[0] != "}" and (in_definition or line[-1] == "{")
        else:
            inside += [where, line]
    text = [f"namespace example_{number} {{", *outside]
    if inside:
        text += ["hocket::Coro<> run() {", *inside, "co_return;", "}"]
    return includes, [*text, "}"]


examples = [wrapped(number, *example) for number, example in enumerate([*in_headers(), *in_pages()])]
output, compiler, *options = sys.argv[1:]
source = pathlib.Path(output)
source.parent.mkdir(parents=True, exist_ok=True)
source.write_text("\n".join(['#include "doc_examples.hpp"', *sorted({line for includes, _ in examples for line in includes}),
                             *(line for _, text in examples for line in text), ""]))
print(f"{len(examples)} examples")
sys.exit(subprocess.run([compiler, "-std=c++20", "-fsyntax-only", "-Werror=unused-result", "-Wno-return-type", f"-I{root}/include", f"-I{root}/tests",
                         *options, source], cwd=root).returncode or not examples)
