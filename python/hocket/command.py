"""The command `hocket`: its first argument names the tool to run."""

import sys

USAGE = "usage: hocket choose module:function --items ITEMS [options]; see hocket choose --help"


def main():
    if len(sys.argv) > 1 and sys.argv[1] == "choose":
        from hocket.choose.command_line import main as choose

        return choose(sys.argv[2:])
    print(USAGE, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
