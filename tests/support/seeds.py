"""Chance that can be had again, and how long a test takes its time.

``WATCHDESK_SEED=N`` repeats a run that failed; ``WATCHDESK_LONG=1`` runs the full counts.
"""

import os
import random

import pytest

_SEED = 20_261_121


def long_run() -> bool:
    """Tell whether the full counts are wanted."""
    return bool(os.environ.get("WATCHDESK_LONG"))


def seed() -> int:
    """Return the seed of this run."""
    return int(os.environ.get("WATCHDESK_SEED") or _SEED)


def tell(figures: str) -> None:
    """Print figures, for ``pytest -s`` and for a test that fails."""
    print(figures)  # noqa: T201


def dice(request: pytest.FixtureRequest) -> random.Random:
    """Return the chance of one test; pytest shows how to repeat it when the test fails."""
    tell(f"to repeat: WATCHDESK_SEED={seed()} pytest -k '{request.node.name}'")
    return random.Random(f"{seed()} {request.node.name}")  # noqa: S311 - a test that repeats itself
