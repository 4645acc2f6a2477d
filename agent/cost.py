"""What a rule costs this computer, and how a rule that costs too much is slowed. Pure."""

from typing import NamedTuple

SHARE = 0.005
"""A rule may take this share of one processor: half a percent, 300 ms in a minute."""
MOST = 10.0
"""So many times its interval a rule is slowed at most: a rare look is still a look."""
LEAST_LOOKS = 3
"""A first look loads modules and finds caches cold; so few say nothing."""
_WEIGHT = 0.3


class Cost(NamedTuple):
    """The processor time of a rule's looks, the programs that they run included.

    ``look_s`` is what one look takes, the latest counting most; ``looks`` how many were measured.
    """

    looks: int = 0
    look_s: float = 0.0

    def after(self, spent_s: float) -> "Cost":
        """Return the cost after one more look that took so much."""
        if self.looks < LEAST_LOOKS:
            return Cost(self.looks + 1, spent_s)
        return Cost(self.looks + 1, self.look_s + _WEIGHT * (spent_s - self.look_s))

    def pace_s(self, every_s: float) -> float:
        """Return how often a rule is looked at that wants to be every ``every_s`` seconds."""
        if self.looks < LEAST_LOOKS:
            return every_s
        return min(max(every_s, self.look_s / SHARE), every_s * MOST)


UNMEASURED = Cost()
