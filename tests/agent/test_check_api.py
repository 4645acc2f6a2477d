"""How a check is looked at, by whoever does."""

from collections.abc import Iterator

import pytest

from agent.check_api import Check, Measured, Metric, TargetFilter, Unit, UnsupportedCheckError


def remembering(_targets: TargetFilter, memory: dict[str, str]) -> Iterator[Measured]:
    memory["looks"] = str(int(memory.get("looks", "0")) + 1)
    yield Measured("it", {"looks": int(memory["looks"])})


CHECK = Check(
    "test", "a test", (Metric("looks", Unit.COUNT, "how many"),), remembering, remembers=True
)


def test_one_that_remembers_goes_on_or_begins() -> None:
    memory = {"looks": "4"}

    assert CHECK.look(TargetFilter(), memory)[0] == Measured("it", {"looks": 5})
    assert memory == {"looks": "5"}
    assert CHECK.look(TargetFilter())[0] == Measured("it", {"looks": 1})


def test_one_of_another_system_is_not_tried() -> None:
    """Under Wine a file of Linux can be opened, and some never end."""
    other = Check("test", "a test", CHECK.metrics, remembering, platforms=("plan9",))

    with pytest.raises(UnsupportedCheckError, match="cannot be told on this system"):
        other.look(TargetFilter())
