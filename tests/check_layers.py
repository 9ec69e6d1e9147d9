#!/usr/bin/env python3
"""Checks that the files of each folder include only files of that folder and of the folders below it.

The table of docs/architecture.md defines the order, lowest first, and the folder of each public header.
"""

import pathlib
import re
import sys

root = pathlib.Path(__file__).resolve().parent.parent
rows = re.findall(r"^\| `src/(\w+)/` \|.*\| ([^|]*) \|$", (root / "docs/architecture.md").read_text(), re.M)
order = [folder for folder, _ in rows]
folder_of = {header: folder for folder, headers in rows for header in re.findall(r"`(\w+)`", headers)}


def owner(path):
    """The folder that a path below include/hocket or src belongs to; None for hocket.hpp, which includes all."""
    parts = pathlib.PurePath(path).parts
    if parts[0] == "detail":
        return parts[1]
    if len(parts) > 1:
        return parts[0]
    return None if path == "hocket.hpp" else folder_of.get(path.removesuffix(".hpp"), path)


files = [(p, owner(str(p.relative_to(root / base)))) for base in ("include/hocket", "src") for p in (root / base).rglob("*.?pp")]
public = {p.stem for p, _ in files if p.parent == root / "include/hocket" and p.stem != "hocket"}
wrong = [f"docs/architecture.md assigns no folder to {name}.hpp" for name in sorted(public - folder_of.keys())]
wrong += [f"docs/architecture.md names {name}.hpp, which does not exist" for name in sorted(folder_of.keys() - public)]
arrows = set()
for path, folder in files:
    if folder not in order:
        continue
    for number, line in enumerate(path.read_text().splitlines(), 1):
        included = re.match(r'#include (?:<hocket/([\w/]+\.hpp)>|"([\w/]+\.hpp)")', line)
        if included and (other := owner(included[1] or included[2])) != folder:
            arrows.add((folder, other))
            if other not in order or order.index(other) > order.index(folder):
                wrong.append(f"{path.relative_to(root)}:{number}: src/{folder}/ must not include {other}: {line}")
print("\n".join(wrong) or f"{len(files)} files in {len(order)} folders, {len(arrows)} arrows, all downwards")
sys.exit(bool(wrong) or not arrows)
