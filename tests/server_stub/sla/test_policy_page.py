"""What the page on policies shows can be used as it stands there."""

import re
from pathlib import Path

from server_stub.sla.policy import SHIPPED, load
from server_stub.sla.procedure import ClockName
from server_stub.sla.targets import CONDITIONS, Kind

PAGE = (Path(__file__).parents[3] / "docs" / "policy.md").read_text(encoding="utf-8")
HEAD = """\
version: 1
title: The page
approved_by: A
release_date: 2026-01-05
next_review: 2027-01-05
"""


def test_the_examples_of_the_page_make_a_policy() -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    policy = load(HEAD + "".join(blocks))
    assert policy.levels
    assert policy.matrix.cells
    assert policy.stated


def test_the_page_names_every_clock_condition_kind_of_target_and_shipped_file() -> None:
    shipped = (path.stem for path in SHIPPED.glob("*.yaml"))
    kinds = ("end_of_day", "calendar_days", "set_by")
    assert set(Kind) == {"time", "set", *kinds[:2]}
    for word in (*ClockName, *CONDITIONS, *kinds, *shipped):
        assert word in PAGE
