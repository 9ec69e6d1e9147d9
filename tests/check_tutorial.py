#!/usr/bin/env python3
"""Checks that docs/tutorial.md quotes the programs of examples/tutorial as they are, each once and in order.

With --write it copies the programs into the tutorial instead. A quotation is a link to the program on a line of its
own, and the code block below it.
"""

import pathlib
import re
import sys

root = pathlib.Path(__file__).resolve().parent.parent
page = root / "docs/tutorial.md"
programs = {path.name: path.read_text() for path in sorted((root / "examples/tutorial").glob("*.cpp"))}
quotation = re.compile(r"^(\[[^]\n]*\]\(\.\./examples/tutorial/(\w+\.cpp)\)\n\n```cpp\n)(.*?)(^```$)", re.M | re.S)
text = page.read_text()

if "--write" in sys.argv[1:]:
    page.write_text(quotation.sub(lambda found: found[1] + programs[found[2]] + found[4], text))
    sys.exit()

quoted = [(found[2], found[3]) for found in quotation.finditer(text)]
wrong = [f"docs/tutorial.md does not quote examples/tutorial/{name} as it is: run tests/check_tutorial.py --write"
         for name, code in quoted if programs.get(name) != code]
if [name for name, _ in quoted] != list(programs):
    wrong.append("docs/tutorial.md must quote each program of examples/tutorial once, in the order of their names")
print("\n".join(wrong) or f"{len(quoted)} programs quoted")
sys.exit(bool(wrong) or not quoted)
