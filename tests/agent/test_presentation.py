from typing import Any

from agent.presentation import (
    check_lines,
    delivery_sentence,
    outbox_sentence,
    parked_lines,
    status_lines,
)

WELL: dict[str, Any] = {"last_success_at": "12:00Z", "last_problem": None, "next_try_s": 3.0}
EMPTY: dict[str, Any] = {"waiting": 0, "oldest_s": 0.0, "parked": 0, "dropped": {}}
CHECK = {"rule": "disk", "target": "/", "evaluation": "critical", "summary": "free_percent 2 %"}


def test_checks_stand_in_columns_as_wide_as_needed() -> None:
    well = CHECK | {"rule": "memory-server", "target": "memory", "evaluation": "ok"}

    assert check_lines([CHECK, well]) == [
        "rule           target  evaluation  values",
        "disk           /       CRITICAL    free_percent 2 %",
        "memory-server  memory  ok          free_percent 2 %",
    ]


def test_an_empty_outbox_says_that_all_was_delivered() -> None:
    assert outbox_sentence(EMPTY) == "empty, everything was delivered"


def test_what_waits_was_refused_or_lost_is_told() -> None:
    outbox = {"waiting": 3, "oldest_s": 61.4, "parked": 1, "dropped": {"low": 2, "warning": 1}}

    assert outbox_sentence(outbox) == (
        "3 waiting, the oldest for 61 s; 1 refused by the server and kept; "
        "3 dropped for want of room"
    )


def test_delivery_tells_what_is_wrong_what_is_kept_and_what_comes() -> None:
    assert delivery_sentence(WELL) == "works; the server last answered 12:00Z"
    failing = {"last_success_at": None, "last_problem": "no route", "next_try_s": 9.6}
    assert delivery_sentence(failing) == (
        "no route (the server last answered: never yet; nothing is lost); next try in 10 s"
    )


def test_status_shows_troubles_and_a_rules_file_that_got_worse() -> None:
    lines = status_lines(
        {
            "version": "0.1.0", "since": "11:00Z", "device_id": "d", "server": "https://desk",
            "rules": {"count": 2, "file": "/etc/r.yaml", "problems": ["r.yaml:3:1: odd"]},
            "outbox": EMPTY, "delivery": WELL, "troubles": ["the disk is full"], "checks": [CHECK],
            "unsupported": {"tank": "no tank in this computer"},
            "held_back": [
                {"rule": "shop", "target": "x:1", "reason": "patch night", "since": "9Z",
                 "until": until}
                for until in ("", "10Z")
            ],
            "cost": {
                "processor_ms_a_minute": 12.5, "memory_bytes": 12 * 2**20,
                "slowed": [
                    {"rule": "updates", "look_s": 3.5, "every_s": 60.0, "instead_s": 600.0}
                ],
            },
        }
    )  # fmt: skip

    assert "rules     2 from /etc/r.yaml" in lines
    assert "trouble   the disk is full" in lines
    assert "rules     r.yaml:3:1: odd" in lines
    assert "cost      12.5 ms of one processor a minute, 12 MiB of memory" in lines
    assert "slowed    updates: a look takes 3.5 s of processor time, so it is looked at every" in (
        "\n".join(lines)
    )
    assert lines[-3].startswith("disk")
    assert lines[-2] == "not checked here: tank: no tank in this computer"
    assert lines[-1] == "held back: shop on x:1 since 9Z: patch night"


def test_refused_messages_come_with_what_to_do() -> None:
    parked = [{"id": "1", "kind": "event", "parked_at": "12:00Z", "problem": "title: empty"}]

    assert parked_lines([]) == ["Nothing was refused by the server."]
    assert parked_lines(parked)[1].split() == ["1", "event", "12:00Z", "title:", "empty"]
    assert "--requeue" in parked_lines(parked)[-1]
