"""A pipeline of programs that compute for some milliseconds."""

import subprocess

items = list(range(30))


def work(item):
    return subprocess.run(f"seq {item} 60000 | sort -n | tail -1", shell=True, capture_output=True).stdout
