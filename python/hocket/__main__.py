"""`python -m hocket`: versions, what is in use, and a comparison with other event loops; `python -m hocket choose`: that tool."""

import sys

from .command import main

if __name__ == "__main__":
    sys.exit(main(default="compare"))
