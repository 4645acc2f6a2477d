from datetime import timedelta

import pytest

from agent.protocol.credentials import credential_hash
from server_stub.clients.actions import add_client, add_site, new_enrolment_token
from server_stub.clients.models import Client, EnrolmentToken
from server_stub.errors import ExistsError, InvalidError
from tests.support.databases import ServerDatabase
from tests.support.rows import NOW, a_client, a_site


def test_a_clients_name_is_trimmed_and_unique_in_any_case_of_letters(
    database: ServerDatabase,
) -> None:
    assert add_client("  Acme Ltd ").name == "Acme Ltd"

    with pytest.raises(ExistsError, match="there is a client 'ACME LTD' already"):
        add_client("ACME LTD")
    assert Client.objects.count() == 1


@pytest.mark.parametrize("name", ["", "   ", "x" * 201, "Ac\nme", "Ac\0me", "Acme\x1b[2J"])
def test_a_name_nobody_could_read_is_refused(sqlite: ServerDatabase, name: str) -> None:
    with pytest.raises(InvalidError, match="client name"):
        add_client(name)


def test_two_clients_may_have_a_site_of_the_same_name(database: ServerDatabase) -> None:
    acme, other = a_client("Acme"), a_client("Other")

    add_site(acme, "Head office", "Europe/Paris")
    add_site(other, "Head office")

    with pytest.raises(ExistsError, match="site of Acme"):
        add_site(acme, "head OFFICE")


@pytest.mark.parametrize("zone", ["Europe/Pari", "", "/etc/passwd", "../zoneinfo/UTC", "UTC\0"])
def test_a_sites_time_zone_must_exist(sqlite: ServerDatabase, zone: str) -> None:
    with pytest.raises(InvalidError, match="time zone"):
        add_site(a_client(), "Lyon", zone)


def test_only_the_hash_of_an_enrolment_token_is_kept(database: ServerDatabase) -> None:
    client = a_client()
    site = a_site(client)

    token = new_enrolment_token(client, site, uses=3, valid=timedelta(hours=24), now=NOW)

    row = EnrolmentToken.objects.get()
    assert token.startswith("wde_")
    assert row.token_hash == credential_hash(token)
    assert (row.client, row.site, row.uses, row.used) == (client, site, 3, 0)
    assert row.expires_at == NOW + timedelta(hours=24)


@pytest.mark.parametrize(("uses", "hours"), [(0, 1), (-1, 1), (10_001, 1), (1, 0), (1, 24 * 367)])
def test_a_token_for_nobody_or_for_ever_is_refused(
    sqlite: ServerDatabase, uses: int, hours: int
) -> None:
    with pytest.raises(InvalidError):
        new_enrolment_token(a_client(), None, uses=uses, valid=timedelta(hours=hours), now=NOW)
    assert EnrolmentToken.objects.count() == 0
