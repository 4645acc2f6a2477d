import pytest

from agent.protocol.credentials import credential_hash
from server_stub.clients.scope import ALL, Scope
from server_stub.desk.actions import add_technician, new_api_key
from server_stub.desk.models import ApiKey, Role, Technician
from server_stub.desk.queries import technician_of
from server_stub.errors import ExistsError, InvalidError, NotFoundError
from tests.support.databases import ServerDatabase
from tests.support.rows import a_client, a_technician

PASSWORD = "correct horse battery"


def test_a_password_is_kept_as_an_argon2_hash(database: ServerDatabase) -> None:
    add_technician("kim@example.org", Role.ADMIN, PASSWORD)

    kept = Technician.objects.get()
    assert kept.password.startswith("argon2$argon2id$")
    assert PASSWORD not in kept.password
    assert kept.check_password(PASSWORD)


def test_an_address_is_one_person_however_it_is_capitalised(database: ServerDatabase) -> None:
    assert add_technician(" Kim@Example.ORG ", Role.ADMIN, PASSWORD).email == "kim@example.org"

    with pytest.raises(ExistsError):
        add_technician("KIM@example.org", Role.TECHNICIAN, PASSWORD)
    assert technician_of("Kim@example.org").role == "admin"


@pytest.mark.parametrize("email", ["", "kim", "kim@", "kim@example", "k im@example.org"])
def test_an_unusable_address_is_refused(sqlite: ServerDatabase, email: str) -> None:
    with pytest.raises(InvalidError, match="email"):
        add_technician(email, Role.ADMIN, PASSWORD)


@pytest.mark.parametrize("password", ["short", "password1234", "84759372648", "kim@example.org"])
def test_a_guessable_password_is_refused(sqlite: ServerDatabase, password: str) -> None:
    with pytest.raises(InvalidError, match="password"):
        add_technician("kim@example.org", Role.ADMIN, password)
    assert Technician.objects.count() == 0


def test_a_limited_technician_sees_only_the_clients_named(database: ServerDatabase) -> None:
    acme, other = a_client(), a_client()

    limited = add_technician("l@example.org", Role.TECHNICIAN, PASSWORD, clients=[acme])

    assert limited.scope == Scope.of([acme.id])
    assert not limited.scope.allows(other.id)
    limited.clients.clear()
    assert limited.scope == Scope.of([])
    assert a_technician().scope == ALL


def test_a_key_sees_never_more_than_its_owner(database: ServerDatabase) -> None:
    acme, other = a_client(), a_client()
    owner = a_technician("owner@example.org", acme)

    whole, narrow = new_api_key(owner), new_api_key(owner, [acme])

    for key in (whole, narrow):
        assert ApiKey.objects.get(key_hash=credential_hash(key)).scope == Scope.of([acme.id])
    with pytest.raises(InvalidError, match="does not see"):
        new_api_key(owner, [other])
    owner.clients.clear()
    assert ApiKey.objects.get(key_hash=credential_hash(narrow)).scope == Scope.of([])


def test_only_the_hash_and_the_beginning_of_a_key_are_kept(database: ServerDatabase) -> None:
    key = new_api_key(a_technician())

    row = ApiKey.objects.get()
    assert key.startswith("wds_")
    assert row.key_hash == credential_hash(key)
    assert row.prefix == key[:12]
    assert len(key) == 47


def test_one_who_left_cannot_be_given_a_key(database: ServerDatabase) -> None:
    a_technician("gone@example.org", is_active=False)

    with pytest.raises(NotFoundError):
        technician_of("gone@example.org")
