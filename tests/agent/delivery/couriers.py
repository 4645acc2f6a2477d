"""Couriers that tests make."""

from collections.abc import Callable

from agent.delivery.courier import Courier

Start = Callable[..., Courier]


def rests(courier: Courier) -> bool:
    """Tell whether no sender runs."""
    return courier.due_at() != float("inf")
