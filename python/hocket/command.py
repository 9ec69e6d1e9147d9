"""The command `hocket`: its first argument names the tool to run. `python -m hocket` is the same, and compares without one."""

import signal
import sys

USAGE = """\
usage: hocket choose module:function --items ITEMS [options]; see hocket choose --help
       hocket compare [options]; see hocket compare --help"""


def main(default=None):
    arguments = sys.argv[1:]
    if arguments and arguments[0] in ("choose", "compare"):
        tool, *arguments = arguments
    else:
        tool = default
    if tool == "choose":
        from hocket.choose.command_line import main as choose

        return choose(arguments)
    if tool == "compare":
        try:
            from hocket.compare.command_line import main as compare

            return compare(arguments)
        except KeyboardInterrupt:
            return 128 + signal.SIGINT
    print(USAGE, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
