"""Teams of technicians, which are also the roles that policies name."""

import pytest

from server_stub.errors import ForbiddenError, InvalidError, NotFoundError
from server_stub.sla.policy import SHIPPED, load
from server_stub.tickets import acts
from server_stub.tickets.amendment import Actor
from server_stub.tickets.teams import empty_roles, join_team, leave_team, members, roles_of
from tests.server_stub.tickets.desk import ANA, act, opened
from tests.support.databases import ServerDatabase
from tests.support.rows import a_technician

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def test_a_team_has_its_members_while_they_work_here(database: ServerDatabase) -> None:
    kim, ana = a_technician("kim@desk.example"), a_technician("ana@desk.example")
    assert join_team(kim.id, " Network ") == "Network"
    assert join_team(kim.id, "Network") == "Network"
    join_team(ana.id, "network")
    assert members("NETWORK") == ["ana@desk.example", "kim@desk.example"]

    ana.is_active = False
    ana.save()
    leave_team(kim.id, "network")

    assert members("network") == []
    with pytest.raises(NotFoundError):
        leave_team(kim.id, "network")
    with pytest.raises(InvalidError):
        join_team(kim.id, "x\ny")


def test_003_14_only_the_project_manager_approves_once_somebody_is_it(
    database: ServerDatabase,
) -> None:
    ticket = opened("three-line-helpdesk")
    act(ticket, acts.set_type("project"))
    boss = a_technician("boss@desk.example")
    join_team(boss.id, "project manager")

    with pytest.raises(ForbiddenError, match="for the project manager to say: boss@"):
        act(ticket, acts.decide(granted=True), by=ANA)
    after = act(ticket, acts.decide(granted=True), by=Actor(boss.email, "api"))

    assert (after.type, after.approval) == ("project", "granted")


def test_roles_that_a_policy_names_and_nobody_has_are_found(database: ServerDatabase) -> None:
    vendor = load(SHIPPED / "software-vendor.yaml")
    assert roles_of(vendor) == ["customer excellence manager", "development team"]
    assert roles_of(load(SHIPPED / "managed-provider.yaml")) == []

    kim = a_technician("kim@desk.example")
    join_team(kim.id, "Customer Excellence Manager")

    assert empty_roles(vendor) == ["development team"]
