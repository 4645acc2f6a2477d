"""The policies we ship are accepted by ``policy check``, each by its name, and open about ours."""

from argparse import Namespace

import pytest

from server_stub.commands.policies import check
from server_stub.sla.policy import SHIPPED, load

PROCEDURES = sorted(path.stem for path in SHIPPED.glob("*.yaml") if path.stem != "default")


def test_five_procedures_are_shipped() -> None:
    assert len(PROCEDURES) == 5


@pytest.mark.parametrize("name", PROCEDURES)
def test_each_is_sound_and_tells_what_we_decided(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(Namespace(files=[name])) == 0
    told = capsys.readouterr().out
    assert f"{name}: {load(SHIPPED / f'{name}.yaml').title}: sound" in told
    assert "decided here, not in the written text:" in told
    assert "free in " in told


@pytest.mark.parametrize("name", PROCEDURES)
def test_what_we_decided_stands_beside_the_line_it_is_about(name: str) -> None:
    text = (SHIPPED / f"{name}.yaml").read_text(encoding="utf-8")
    assert text.count("[ours]") > 3
    assert len(load(text).ours) > 3


def test_a_name_that_is_no_file_and_not_shipped_is_told_so(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert check(Namespace(files=["four-line-helpdesk"])) == 2
    assert "cannot be read" in capsys.readouterr().err
