"""Memory errors as the kernel counts them."""

from pathlib import Path

import pytest

from agent.check_api import Measured, TargetFilter, Unreadable, UnsupportedCheckError
from agent.checks.ecc import CHECK
from agent.host import edac
from agent.host.edac import Controller


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, corrected, uncorrected in (("mc0", "0", "0"), ("mc1", "1312", "2"), ("mc2", "", "0")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "ce_count").write_text(f"{corrected}\n")
        (tmp_path / name / "ue_count").write_text(f"{uncorrected}\n")
    (tmp_path / "power").mkdir()
    return tmp_path


def test_each_controller_that_counts_is_told(folder: Path) -> None:
    assert edac.controllers(folder) == [Controller("mc0", 0, 0), Controller("mc1", 1312, 2)]


def test_sound_and_failing_memory(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = edac.controllers(folder)
    monkeypatch.setattr(edac, "controllers", lambda: found)
    assert list(CHECK.probe(TargetFilter())) == [
        Measured("mc0", {"corrected_total": 0, "uncorrected_total": 0}),
        Measured("mc1", {"corrected_total": 1312, "uncorrected_total": 2}),
    ]
    assert list(CHECK.probe(TargetFilter(("mc7",)))) == [
        Unreadable("mc7", "there is no such memory controller")
    ]


def test_memory_that_notices_no_errors_is_unsupported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = edac.controllers(tmp_path)
    monkeypatch.setattr(edac, "controllers", lambda: found)
    with pytest.raises(UnsupportedCheckError, match="counts no errors"):
        list(CHECK.probe(TargetFilter()))
