#!/usr/bin/env python3
"""Checks that a small program that is linked with the static library contains only what it uses.

usage: check_hello_size.py PROGRAM LIMIT_IN_BYTES
"""

import pathlib
import subprocess
import sys

program, limit = sys.argv[1], int(sys.argv[2])
size = pathlib.Path(program).stat().st_size
symbols = subprocess.run(["nm", "-C", program], check=True, capture_output=True, text=True).stdout
assert "hocket::EventLoop::run_forever()" in symbols, "the program has no symbols"
unwanted = ["msgpack::", "ForkServer", "ProcessPool", "PoolWorker", "ChildProcess", "SSL_"]
found = [name for name in unwanted if name in symbols]
print(f"{program}: {size:,} bytes, at most {limit:,}; unused but included: {', '.join(found) or 'nothing'}")
sys.exit(size > limit or bool(found))
