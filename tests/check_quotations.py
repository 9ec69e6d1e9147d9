#!/usr/bin/env python3
"""Checks that the pages quote files exactly, and that docs/tutorial.md quotes each of its programs in order.

A quotation is a link to a file on a line of its own, followed by a code block. With --write this copies the files into
the pages instead.
"""

import pathlib
import re
import sys

root = pathlib.Path(__file__).resolve().parent.parent
quotation = re.compile(r"^(\[[^]\n]*\]\(([\w./-]+)\)\n\n```\w+\n)(.*?)(^```$)", re.M | re.S)
tutorial = []
wrong = []
for page in [root / "README.md", root / "examples/README.md", *sorted((root / "docs").glob("*.md"))]:
    def quote(found):
        file = page.parent / found[2]
        if page.name == "tutorial.md":
            tutorial.append(file.name)
        if found[3] != file.read_text():
            wrong.append(f"{page.relative_to(root)} does not quote {found[2]} exactly: run tests/check_quotations.py --write")
        return found[1] + file.read_text() + found[4]
    text = quotation.sub(quote, page.read_text())
    if "--write" in sys.argv[1:]:
        page.write_text(text)
        wrong.clear()

if tutorial != sorted(path.name for path in (root / "examples/tutorial").glob("*.cpp")):
    wrong.append("docs/tutorial.md must quote each program of examples/tutorial once, in the order of their names")
print("\n".join(wrong) or "all quotations are exact")
sys.exit(bool(wrong))
