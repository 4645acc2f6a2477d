import subprocess
import sys
from datetime import date

import pytest

from server_stub.sla import public_holidays


def test_a_regions_own_days_are_known() -> None:
    assert date(2026, 11, 30) in public_holidays.days("GB", "SCT", 2026)
    assert date(2026, 11, 30) not in public_holidays.days("GB", "ENG", 2026)


@pytest.mark.parametrize(
    ("country", "region", "problem"),
    [
        ("GB", "", None),
        ("GB", "ENG", None),
        ("XQ", "", "no public holidays are known for the country 'XQ'"),
        ("gb", "", "ISO 3166 code in capitals"),
        ("GB", "ENF", "did you mean ENG?"),
        ("GB", "ZZZ", "known are"),
    ],
)
def test_an_unknown_place_is_told_with_what_is_known(
    country: str, region: str, problem: str | None
) -> None:
    told = public_holidays.problem_with(country, region)
    assert told == problem if problem is None else problem in (told or "")


def test_the_library_is_loaded_only_when_a_calendar_names_a_country() -> None:
    code = (
        "import sys\n"
        "from server_stub.sla import clocks, policy\n"
        "policy.load(policy.DEFAULT)\n"
        "assert 'holidays' not in sys.modules\n"
        "assert 'django' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
