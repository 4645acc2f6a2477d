"""``client agreement`` and ``client importance``; on both databases."""

import pkgutil
from datetime import UTC, date, datetime

import pytest

from server_stub import arguments
from server_stub.clients.models import Agreement
from server_stub.errors import InvalidError, NotFoundError
from server_stub.sla.models import PolicyVersion
from server_stub.sla.policy import DEFAULT, load
from tests.server_stub.intake.test_standing import POLICY
from tests.support.databases import ServerDatabase
from tests.support.filed_reports import a_filed_report
from tests.support.rows import a_client, a_device, a_policy_version, a_site, a_ticket


def run(*words: str) -> None:
    """Run a command as its process does once Django is set up."""
    given = arguments.parser().parse_args(["client", *words])
    pkgutil.resolve_name(f"server_stub.{given.run}")(given)


def told(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    run(*words)
    return capsys.readouterr().out


def test_agreements_are_added_listed_and_ended(
    database: ServerDatabase, capsys: pytest.CaptureFixture[str]
) -> None:
    a_policy_version("default", text=POLICY)
    client = a_client("Acme Ltd")
    a_site(client, "Lyon")
    a_device(client, "pc-1")

    added = told(
        *(capsys, "agreement", "add", "acme ltd", "premium", "--from", "2026-01-01"),
        *("--to", "2030-12-31", "--minutes", "300", "--site", "lyon", "--device", "PC-1"),
    )
    whole = told(capsys, "agreement", "add", "Acme Ltd", "odd")
    first, second = Agreement.objects.order_by("id")

    assert added == (
        f"agreement {first.id} of Acme Ltd added: premium from 2026-01-01 to 2030-12-31, "
        "Lyon, pc-1\n"
    )
    assert "odd from " in whole
    assert "the whole client\nno target of the policy default asks for the agreement odd" in whole
    assert (second.starts, second.ends) == (datetime.now(UTC).date(), None)
    listed = told(capsys, "agreement", "list", "Acme Ltd").splitlines()
    assert [line.split()[0] for line in listed] == [str(second.id), str(first.id)]
    assert listed[1].endswith("; 0 of 300 min used this month")

    ended = told(capsys, "agreement", "end", "Acme Ltd", str(first.id), "--to", "2029-06-30")

    assert ended.startswith(f"agreement {first.id} of Acme Ltd ends on 2029-06-30")
    first.refresh_from_db()
    assert first.ends == date(2029, 6, 30)


def test_importance_is_said_of_a_client_a_device_or_a_person(
    database: ServerDatabase, capsys: pytest.CaptureFixture[str]
) -> None:
    found = load(DEFAULT)
    PolicyVersion.objects.create(name="default", hash=found.hash, text=found.text)
    client = a_client("Acme Ltd")
    device = a_device(client, "pc-1")
    contact = a_filed_report(a_ticket(client, device=device), "Rui").contact

    told(capsys, "importance", "acme ltd", "key")
    told(capsys, "importance", "Acme Ltd", "vip", "--device", "PC-1")
    name = contact.email or contact.name or contact.account_name
    told(capsys, "importance", "Acme Ltd", "vip", "--contact", name.upper())

    for row, word in ((client, "key"), (device, "vip"), (contact, "vip")):
        row.refresh_from_db()
        assert row.importance == word
    with pytest.raises(NotFoundError, match=r"no device of Acme Ltd 'pc-2'.*'pc-1'"):
        run("importance", "Acme Ltd", "vip", "--device", "pc-2")
    with pytest.raises(NotFoundError, match="no contact of Acme Ltd 'nobody at all'"):
        run("importance", "Acme Ltd", "vip", "--contact", "nobody at all")


def test_of_two_of_the_same_name_neither_is_meant(sqlite: ServerDatabase) -> None:
    client = a_client("Acme Ltd")
    one, _ = a_device(client, "pc-1"), a_device(client, "pc-1")

    with pytest.raises(InvalidError, match="several are called 'pc-1': give the id"):
        run("importance", "Acme Ltd", "vip", "--device", "pc-1")
    run("importance", "Acme Ltd", "vip", "--device", one.id)

    one.refresh_from_db()
    assert one.importance == "vip"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("agreement", "add", "Acme", "gold", "--from", "soon"), "'soon' is not a day such as"),
        (("importance", "Acme", "urgent"), "invalid choice: 'urgent'"),
    ],
)
def test_nonsense_is_refused(
    words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        run(*words)

    assert said in capsys.readouterr().err
