"""Imported by the fork server of a measuring process, before it starts workers: it is killed when that process ends.

Left to itself, it would wait for its workers, and they would wait for items.
"""

from . import _native

_native.die_with_parent()
