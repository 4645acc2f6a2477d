"""Growth of a drive's counts, also when paths change hands and the agent was away."""

from agent.host.drive_growth import totals

OLD = "WDC WD40EFRX WD-1"
NEW = "ST4000VN008 ZGY1"


def test_what_was_there_at_the_first_look_has_not_grown() -> None:
    assert totals({}, "/dev/sda", OLD, {"reallocated": 8, "verdict": "passed"}) == {
        "reallocated_grown_total": 0
    }


def test_growth_adds_up_and_a_fall_is_none() -> None:
    memory: dict[str, str] = {}
    seen = [
        totals(memory, "/dev/sda", OLD, {"pending": count})["pending_grown_total"]
        for count in (0, 0, 3, 1, 1, 2)
    ]
    assert seen == [0, 0, 3, 3, 3, 4]


def test_drives_that_change_their_letters_have_not_grown() -> None:
    memory: dict[str, str] = {}
    for sda, sdb in ((OLD, NEW), (NEW, OLD), (OLD, NEW)):
        counts = {OLD: 120, NEW: 0}
        for path, drive in (("/dev/sda", sda), ("/dev/sdb", sdb)):
            grown = totals(memory, path, drive, {"reallocated": counts[drive]})
            assert grown == {"reallocated_grown_total": 0}


def test_a_new_drive_in_place_of_an_old_one_begins_anew() -> None:
    memory: dict[str, str] = {}
    seen = [
        totals(memory, "/dev/sda", drive, {"media_errors": count})["media_errors_grown_total"]
        for drive, count in ((OLD, 0), (OLD, 5), (NEW, 40), (NEW, 41))
    ]
    assert seen == [0, 5, 5, 6]
