"""What any system's service is to a check."""

from typing import NamedTuple

STATES = ("running", "stopped", "failed", "starting", "missing")


class Service(NamedTuple):
    """One service: its state (one of ``STATES``), and whether it starts with the system.

    ``restarts`` counts how often the system restarted it by itself; None where none counts.
    """

    state: str
    restarts: int | None
    automatic: bool
