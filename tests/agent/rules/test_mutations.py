import json
import subprocess
import sys
from pathlib import Path

import pytest

from agent.settings import shipped_rules_file
from tests.agent.rules.mutations import mutated
from tests.support.seeds import long_run, tell

SEED = 20_240_305
FILES = 2_000
PART = 500
ROOT = Path(__file__).parents[3]


def test_the_mutations_are_the_same_every_time() -> None:
    assert mutated(SEED, 7) == mutated(SEED, 7)
    assert len({mutated(SEED, number) for number in range(200)}) > 190
    assert mutated(SEED, 7) != shipped_rules_file().read_bytes()


@pytest.mark.parametrize("first", range(0, FILES, PART))
def test_a_damaged_file_is_refused_with_places_and_never_a_traceback(
    tmp_path: Path, first: int
) -> None:
    """2,000 files in all. What the loader accepts, the editors' schema accepts too."""
    print(f"seed {SEED}, files {first} to {first + PART - 1}")  # noqa: T201 - shown on failure
    program = [sys.executable, "-m", "tests.agent.rules.mutations"]
    done = subprocess.run(
        [*program, str(SEED), str(first), str(PART), str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["faults"] == {}
    assert PART / 3 < found["refused"] < PART, "some damage is of no consequence, most is"
    assert found["peak_mib"] < 64
    tell(f"refused {found['refused']}, {found['peak_mib']:.0f} MiB, {found['slowest_ms']} ms")
    if long_run():  # where nothing else disturbs; its own processor time, not the clock's
        assert found["slowest_ms"] <= 100
