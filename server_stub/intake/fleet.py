"""How large the fleet is, which tells devices how far to spread when they all come back."""

import logging
from dataclasses import dataclass

from django.db import InterfaceError, OperationalError, connection

from server_stub.clients.models import Device
from server_stub.walls import seen_by

DEVICES_PER_S = 25
"""How many should come back in a second: each brings what waited, and staff work meanwhile."""
LONGEST_S = 120.0
COUNT_EVERY_S = 300.0

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Fleet:
    """The number of devices, counted now and then: nobody needs it to the second."""

    _spread_s: float = LONGEST_S
    _count_at: float = 0.0

    def spread_s(self, now_s: float) -> float:
        """Return over how many seconds devices should come back after an outage.

        ``now_s`` is monotonic. While the database does not answer the last number stays.
        """
        if now_s >= self._count_at:
            self._count_at = now_s + COUNT_EVERY_S  # before counting: one of many threads counts
            try:
                with seen_by(None):
                    self._spread_s = min(LONGEST_S, in_use() / DEVICES_PER_S)
            except (OperationalError, InterfaceError) as error:
                _log.warning("the devices could not be counted: %s", error)
                connection.close()
        return self._spread_s


def in_use() -> int:
    """Return how many devices are not retired."""
    return Device.objects.filter(retired_at__isnull=True).count()
