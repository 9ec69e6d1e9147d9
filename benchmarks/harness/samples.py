"""The numbers measured, and what is made of them."""

import statistics

from harness.rows import BY_HAND, OURS, PEERS, ROWS


class Samples:
    def __init__(self):
        self._values = {}

    def add(self, key, column, round_number, value):
        self._values.setdefault((key, column), {})[round_number] = value

    def __contains__(self, key):
        return any(key == measured for measured, _ in self._values)

    def value(self, key, column):
        """The row's summary of one column, or None when it was not measured."""
        values = self._values.get((key, column))
        if not values:
            return None
        summary = min if ROWS[key].summary == "best" else statistics.median
        return summary(values.values())

    def ratio(self, key):
        """(ours over the peer, the peer), or None: the bar's peer, else the hand-written floor, else
        the best there is.

        Where the median counts, each round's ratio is taken first: both ran within the same second,
        so that what slowed the machine down slowed down both.
        """
        row = ROWS[key]
        peer = row.bar.against if row.bar and row.bar.against else self._best_peer(key)
        ours, theirs = self._values.get((key, OURS)), self._values.get((key, peer))
        if not ours or not theirs:
            return None
        shared = ours.keys() & theirs.keys()
        if row.summary == "median" and shared:
            return statistics.median(ours[number] / theirs[number] for number in shared), peer
        return self.value(key, OURS) / self.value(key, peer), peer

    def passes(self, key):
        """Whether the bar is reached; None when there is none or it was not measured."""
        bar = ROWS[key].bar
        ours = self.value(key, OURS)
        if bar is None or ours is None:
            return None
        if bar.against is None:
            return ours <= bar.limit
        ratio = self.ratio(key)
        return ratio and ratio[0] <= bar.limit

    def _best_peer(self, key):
        if self.value(key, BY_HAND):
            return BY_HAND
        measured = {peer: self.value(key, peer) for peer in PEERS if self.value(key, peer)}
        return min(measured, key=measured.get, default=None)
