"""The check of crashes, with files as they are left."""

import os
import time
from pathlib import Path

import pytest

from agent.check_api import Measured, TargetFilter
from agent.checks.crash import CHECK, probe
from agent.host import crash_traces


def test_a_crash_after_the_first_look_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crash_traces, "_TRACES", {"linux": ((str(tmp_path), "dmesg-*"),)})
    memory: dict[str, str] = {}
    (tmp_path / "dmesg-efi-1").write_text("before")
    os.utime(tmp_path / "dmesg-efi-1", (0, 0))
    assert list(probe(TargetFilter(), memory)) == [Measured("system", {"crashes_total": 0})]
    memory["latest"] = str(time.time_ns() / 1e9 - 7200)
    (tmp_path / "dmesg-efi-2").write_text("<0>[1.0] Kernel panic - not syncing: it was a test\n")
    os.utime(tmp_path / "dmesg-efi-2", (float(memory["latest"]) + 60,) * 2)
    [found] = probe(TargetFilter(), memory)
    assert isinstance(found, Measured)
    assert found.values == {"crashes_total": 1}
    assert found.about.endswith("UTC: Kernel panic - not syncing: it was a test")
    assert CHECK.remembers
