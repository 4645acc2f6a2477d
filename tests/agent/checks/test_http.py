"""Web pages, asked for in a real child."""

import pytest

from agent.check_api import Measured, TargetFilter, Unreadable
from agent.checks.http import CHECK, question_of, values
from tests.support.canned_server import canned_server

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nwelcome"


@pytest.mark.parametrize(
    ("target", "question"),
    [
        ("http://example.com", "example.com\n80\n\n/"),
        ("HTTPS://example.com/", "example.com\n443\ntls\n/"),
        ("https://example.com:8443/a/b?c=d&e", "example.com\n8443\ntls\n/a/b?c=d&e"),
        ("http://example.com?q", "example.com\n80\n\n/?q"),
        ("http://[::1]:8080/x", "::1\n8080\n\n/x"),
        ("http://[fe80::1%eth0]/", "fe80::1%eth0\n80\n\n/"),
        ("ftp://example.com/", ""),
        ("example.com", ""),
        ("http://", ""),
        ("http://host:0/", ""),
        ("http://host:65536/", ""),
        ("http://user:secret@example.com/", ""),
        ("http://example.com/a b", ""),
        ("http://example.com/\nHost: other", ""),
        ("http://example.com/#part", ""),
    ],
)
def test_a_target_is_a_url(target: str, question: str) -> None:
    assert question_of(target) == question


def test_texts_and_trust_are_part_of_the_question() -> None:
    texts = ("wel come", "two\nlines")
    asked = question_of("https://h/", texts, unverified=True)
    assert asked == "h\n443\nunverified\n/\nwel come\ntwo lines"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("answered 200 0.25 -", {"state": "answered", "status": 200, "answer_s": 0.25}),
        (
            "answered 404 1.5 no",
            {"state": "answered", "status": 404, "answer_s": 1.5, "text": "no"},
        ),
        (
            "answered 404 1.5 no Not Found",
            {"state": "answered", "status": 404, "answer_s": 1.5, "text": "no"},
        ),
        ("refused", {"state": "refused"}),
    ],
)
def test_an_answer_becomes_metrics(answer: str, expected: dict[str, object]) -> None:
    assert values(answer) == expected


def test_pages_are_asked_for_and_a_wrong_target_hides_none() -> None:
    with canned_server(OK) as server:
        there = f"http://127.0.0.1:{server.port}/"
        again = f"http://127.0.0.1:{server.port}"
        targets = TargetFilter(
            (there, "nonsense", again, "http://127.0.0.1:1/"), options={"text": ("welcome",)}
        )
        found = {one.target: one for one in CHECK.probe(targets)}
    assert isinstance(found["nonsense"], Unreadable)
    for target in (there, again):
        one = found[target]
        assert isinstance(one, Measured)
        assert (one.values["status"], one.values["text"]) == (200, "yes")
        assert one.about == "HTTP 200 OK"
    assert found["http://127.0.0.1:1/"] == Measured("http://127.0.0.1:1/", {"state": "refused"})
