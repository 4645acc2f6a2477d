"""Enrolment by a real sender: ids kept, tokens not leaked, plain words when it fails."""

import io
import json
import sys
from pathlib import Path

import pytest
import trustme

from agent import identity
from agent.clock import now
from agent.delivery.address import AddressError
from agent.delivery.enrolment import DeviceDescription, EnrolmentError, enrol, read_token
from agent.identity import Identity
from agent.protocol.device import parse_enrolment
from agent.protocol.problems import ProblemType
from agent.protocol.words import DeviceKind
from tests.agent.delivery.conftest import server_context
from tests.support.lying_server import Lie, LyingServer, page, problem

TOKEN = "wde_" + "canary-enrolment-token-" * 2
DEVICE = DeviceDescription("front-desk-3", DeviceKind.WORKSTATION, "linux")


def _enrol(state: Path, server: str, ca_file: Path | None = None) -> Identity:
    return enrol(state, DEVICE, server=server, token=TOKEN, now=now(), ca_file=ca_file)


def test_the_device_makes_its_id_and_token_and_keeps_them_when_it_repeats(
    server: LyingServer, tmp_path: Path
) -> None:
    first = _enrol(tmp_path, server.url + "/")
    again = _enrol(tmp_path, server.url)
    assert (first.device_id, first.device_token) == (again.device_id, again.device_token)
    assert identity.load_enrolled(tmp_path) == again
    assert server.routes() == ["enroll", "enroll"]
    for seen in server.seen:
        request = parse_enrolment(json.loads(seen.body))
        assert seen.headers["authorization"] == f"Bearer {TOKEN}"
        assert (request.device_id, request.device_token) == (first.device_id, first.device_token)
        assert (request.name, request.kind, request.os) == ("front-desk-3", "workstation", "linux")
    assert TOKEN not in (tmp_path / "identity.json").read_text()


def test_both_are_stored_before_the_server_is_asked_so_a_lost_answer_loses_nothing(
    server: LyingServer, tmp_path: Path
) -> None:
    stored: list[Identity] = []

    def note_what_is_stored(_: object) -> Lie | None:
        stored.append(identity.load(tmp_path))
        return Lie(hang_up=True) if len(stored) == 1 else None

    server.decide = note_what_is_stored
    with pytest.raises(EnrolmentError, match="broke off"):
        _enrol(tmp_path, server.url)
    enrolled = _enrol(tmp_path, server.url)
    first, second = (parse_enrolment(json.loads(seen.body)) for seen in server.seen)
    assert first == second
    assert [one.device_token for one in stored] == [enrolled.device_token] * 2
    assert stored[0].enrolled_at is None


@pytest.mark.parametrize(
    ("lie", "words"),
    [
        (problem(ProblemType.TOKEN_SPENT, 403, detail="All 3 uses are spent."), "All 3 uses"),
        (problem(ProblemType.UNAUTHENTICATED, 401), "does not accept the token"),
        (problem(ProblemType.CONFLICT, 409, detail="A copied disk"), "A copied disk"),
        (page(), "Hotel Wi-Fi"),
        (page(404, "nginx"), "is the address right"),
        (Lie(body=b'{"device_id":"another"}'), "for another device"),
    ],
    ids=["spent", "unknown", "conflict", "portal", "wrong address", "another device"],
)
def test_a_refusal_is_told_in_plain_words_and_the_same_call_works_later(
    server: LyingServer, tmp_path: Path, lie: Lie, words: str
) -> None:
    server.next(lie)
    with pytest.raises(EnrolmentError, match=words) as caught:
        _enrol(tmp_path, server.url)
    assert "canary" not in str(caught.value)
    before = identity.load(tmp_path)
    assert before.enrolled_at is None
    assert _enrol(tmp_path, server.url).device_id == before.device_id


def test_a_server_that_is_not_there_or_not_trusted_is_told(
    authority: trustme.CA, tmp_path: Path
) -> None:
    with LyingServer(server_context(authority.issue_cert("127.0.0.1"))) as server:
        with pytest.raises(EnrolmentError, match=r"Corp Inspection Ltd.*--ca-file"):
            _enrol(tmp_path, server.url)
        ca_file = tmp_path / "ca.pem"
        authority.cert_pem.write_to_path(ca_file)
        enrolled = _enrol(tmp_path, server.url, ca_file)
        assert enrolled.ca_file == str(ca_file)
        assert _enrol(tmp_path, server.url).ca_file == str(ca_file), "kept when not named again"
    with pytest.raises(EnrolmentError, match="nothing answers"):
        _enrol(tmp_path, server.url)


def test_a_wrong_address_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(AddressError, match=r"write https://desk\.example"):
        _enrol(tmp_path, "http://desk.example")
    assert not identity.exists(tmp_path)


def test_another_address_gets_the_same_id_and_a_new_token(
    server: LyingServer, tmp_path: Path
) -> None:
    """What one server was told is no secret for another."""
    with LyingServer() as mistyped:
        mistyped.next(page(404, "parked domain"))
        with pytest.raises(EnrolmentError):
            _enrol(tmp_path, mistyped.url)
        told = parse_enrolment(json.loads(mistyped.seen[0].body))
    enrolled = _enrol(tmp_path, server.url)
    assert enrolled.device_id == told.device_id
    assert enrolled.device_token != told.device_token


def test_a_device_that_works_stays_as_it_is_until_the_new_way_has_worked(
    server: LyingServer, tmp_path: Path
) -> None:
    enrolled = _enrol(tmp_path, server.url)
    with LyingServer() as other:
        other.next(problem(ProblemType.TOKEN_SPENT, 403))
        with pytest.raises(EnrolmentError):
            _enrol(tmp_path, other.url)
        assert identity.load(tmp_path) == enrolled
        moved = _enrol(tmp_path, other.url)
    assert moved.device_id == enrolled.device_id
    assert moved.server == other.url


@pytest.mark.parametrize("content", [TOKEN, TOKEN + "\n", f"  {TOKEN}\r\n"])
def test_the_token_comes_from_a_file_or_stdin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    path = tmp_path / "token"
    path.write_text(content)
    assert read_token(str(path)) == TOKEN
    monkeypatch.setattr(sys, "stdin", io.StringIO(content))
    assert read_token("-") == TOKEN


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no enrolment token"),
        (b"wde_canary two", "no enrolment token"),
        (b"wdd_canary", "the token of a device"),
        (b"wds_canary", "the API key of a technician"),
        (b"\xff\xfe", "no token"),
        (b"canary" * 10_000, "no enrolment token"),
    ],
)
def test_what_is_no_enrolment_token_is_told_without_repeating_it(
    tmp_path: Path, content: bytes, words: str
) -> None:
    path = tmp_path / "token"
    path.write_bytes(content)
    with pytest.raises(EnrolmentError, match=words) as caught:
        read_token(str(path))
    assert "canary" not in str(caught.value)


def test_a_token_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(EnrolmentError, match="nowhere cannot be read"):
        read_token(str(tmp_path / "nowhere"))
