"""What an install may leave as it is, what it keeps for the service, and what it refuses."""

from dataclasses import replace
from pathlib import Path

import pytest

from agent import identity
from agent.delivery import waiting
from agent.delivery.waiting import Waiting
from agent.errors import AgentError
from agent.identity import Identity
from agent.install.order import Order, keep, looked_at, with_authority_in
from agent.protocol.ids import uuid7

ORDER = Waiting("https://desk.example", "wde_" + "x" * 40)
KNOWN = Identity(uuid7(), "wdd_x", ORDER.server, enrolled_at="2026-01-01T00:00:00.000Z")


def test_an_enrolment_is_kept_for_the_service(tmp_path: Path) -> None:
    order = looked_at(Order(tmp_path, None, ORDER))
    assert keep(order) == "It enrols at https://desk.example as soon as that answers."
    assert waiting.kept(tmp_path) == ORDER
    assert "waits for the server, as before" in keep(Order(tmp_path, None, None))


def test_without_an_enrolment_it_is_told_how(tmp_path: Path) -> None:
    assert "watchdesk-agent enroll" in keep(looked_at(Order(tmp_path, None, None)))


def test_a_device_that_its_server_knows_is_left_as_it_is(tmp_path: Path) -> None:
    identity.save(tmp_path, KNOWN)
    order = looked_at(Order(tmp_path, None, ORDER))
    assert order.enrolment is None
    assert KNOWN.device_id in keep(order)
    assert identity.load(tmp_path) == KNOWN


def test_a_device_of_another_server_is_not_moved_by_an_install(tmp_path: Path) -> None:
    identity.save(tmp_path, replace(KNOWN, server="https://other.example"))
    with pytest.raises(AgentError, match=r"enrolled at https://other\.example; to move it: "):
        looked_at(Order(tmp_path, None, ORDER))


def test_an_enrolment_that_was_begun_and_not_answered_is_kept(tmp_path: Path) -> None:
    identity.save(tmp_path, replace(KNOWN, enrolled_at=None))
    assert looked_at(Order(tmp_path, None, ORDER)).enrolment == ORDER


def test_the_authority_is_copied_to_where_the_sender_may_read_it(tmp_path: Path) -> None:
    given = tmp_path / "secret-place.pem"
    given.write_text("certificate")
    given.chmod(0o600)
    order = Order(tmp_path, None, replace(ORDER, ca_file=str(given)))
    for _ in range(2):
        order = with_authority_in(order, tmp_path)
        assert order.enrolment
        assert order.enrolment.ca_file == str(tmp_path / "ca.pem")
    assert (tmp_path / "ca.pem").read_text() == "certificate"
    assert (tmp_path / "ca.pem").stat().st_mode & 0o777 == 0o644
    with pytest.raises(AgentError, match="nowhere cannot be copied"):
        with_authority_in(Order(tmp_path, None, replace(ORDER, ca_file="/nowhere")), tmp_path)
