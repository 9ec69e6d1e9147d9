"""The measured numbers, and the results computed from them."""

import statistics

from harness.model import BY_HAND, OURS, Row


class Samples:
    def __init__(self):
        self._values = {}  # {row: {column: {round: value}}}

    def add(self, row, column, round_number, value):
        self._values.setdefault(row, {}).setdefault(column, {})[round_number] = value

    def __contains__(self, row):
        return row in self._values

    def value(self, row, column):
        """The row's summary of one column, or None if it was not measured."""
        values = self._values.get(row, {}).get(column)
        return _summary(row)(values.values()) if values else None

    def ratio(self, row):
        """(our result divided by the other, the other's name), or None. The other is the one that the
        bar names, else the code written by hand, else the best peer.

        Where the median counts, it is the median of the rounds' ratios. Both ran within the same
        second, so that a slowdown of the machine affected both.
        """
        column, other_row = self._best_peer(row), row
        name = column
        if row.bar and row.bar.against:
            column, name = row.bar.against, row.bar.other
            if isinstance(row.bar.against, Row):
                column, other_row = OURS, row.bar.against
        ours = self._values.get(row, {}).get(OURS)
        theirs = self._values.get(other_row, {}).get(column)
        if not ours or not theirs:
            return None
        shared = ours.keys() & theirs.keys()
        if row.summary == "median" and shared:
            return statistics.median(ours[number] / theirs[number] for number in shared), name
        return self.value(row, OURS) / self.value(other_row, column), name

    def passes(self, row):
        """Whether the bar is reached; None if there is no bar or the row was not measured."""
        bar = row.bar
        if bar is None:
            return None
        limit = bar.limit
        if bar.against is None:
            reached = self.value(row, OURS)
        else:
            ratio = self.ratio(row)
            reached = ratio and ratio[0]
        if reached is None:
            return None
        if bar.offset:
            limit += bar.offset / self.value(row, bar.against)
        return reached >= limit if row.more_is_better else reached <= limit

    def _best_peer(self, row):
        peers = [column for column in self._values.get(row, {}) if column != OURS]
        if BY_HAND in peers:
            return BY_HAND
        best = max if row.more_is_better else min
        return best(peers, key=lambda peer: self.value(row, peer), default=None)


def _summary(row):
    if row.summary == "median":
        return statistics.median
    return max if row.more_is_better else min
