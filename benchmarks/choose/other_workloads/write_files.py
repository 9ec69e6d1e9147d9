"""A small file written and removed."""

import os
import tempfile
import threading

FOLDER = tempfile.gettempdir()
items = list(range(100))


def work(item):
    path = os.path.join(FOLDER, f"hocket-choose-{os.getpid()}-{threading.get_ident()}-{item}")
    with open(path, "wb") as file:
        file.write(b"x" * 1000)
    os.unlink(path)
    return item
