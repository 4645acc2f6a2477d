"""The system details in the person's language."""

import pytest

from agent.facts import PARTS, collect
from tray import language
from tray.details import details

_PERHAPS = {
    "serial": "PF-3KX2A",
    "user": "ann",
    "volumes": [{"target": "/", "type": "ext4", "total_bytes": 2**40, "free_percent": 40}],
    "network": [{"name": "eth0", "mac": "02:00:00:00:00:01", "addresses": ["192.0.2.7"]}],
}
"""What a computer may lack, or tell to root alone."""


def test_each_item_has_a_key_a_title_and_the_value_that_is_sent() -> None:
    told = details({"os": {"name": "Debian 12"}, "serial": "PF-3KX2A"})

    assert told == [
        {
            "key": "computer",
            "title": "Computer",
            "items": [{"key": "computer.serial", "title": "Serial number", "value": "PF-3KX2A"}],
        },
        {
            "key": "os",
            "title": "Operating system",
            "items": [{"key": "os.name", "title": "Name", "value": "Debian 12"}],
        },
    ]


def test_every_title_of_this_computers_own_facts_is_french(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A fact that is added later needs its words: a title made of its key would be English."""
    facts = _PERHAPS | collect()
    assert set(PARTS) == set(facts)
    english = details(facts)
    monkeypatch.setenv("LANG", "fr_FR.UTF-8")
    language.speak()

    french = details(facts)

    assert {"Ordinateur", "Système d'exploitation"} < {group["title"] for group in french}
    same = {"Type", "Version", "Volumes"}
    for before, after in zip(english, french, strict=True):
        assert after["title"] != before["title"] or before["title"] in same
        for item, spoken in zip(before["items"], after["items"], strict=True):
            named = item["key"].partition(".")[2] == item["title"]  # a volume, an interface
            assert named or spoken["title"] != item["title"] or item["title"] in same
