"""Commands leave a trace, and the log is verified and kept by commands; on both databases."""

import argparse
import io
import sys
from argparse import Namespace
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import connection, transaction

from server_stub import arguments
from server_stub.audit import guards
from server_stub.audit.models import AuditEntry
from server_stub.audit.record import record
from server_stub.audit.sealing import seal_new
from server_stub.clients.models import Client
from server_stub.commands import audit, notes, people, policies, registry, retention
from server_stub.commands.audit import RECORDED, UNRECORDED, recorded, verified
from server_stub.errors import ExistsError
from server_stub.sla import policy
from server_stub.sla.models import PolicyVersion
from server_stub.sla.terms import Policy
from tests.support.databases import ServerDatabase
from tests.support.rows import a_policy_version, a_technician


def commands(parser: argparse.ArgumentParser) -> Iterator[Namespace]:
    """Yield what each command sets: ``run`` and ``needs_database``."""
    if parser._defaults:
        yield Namespace(**parser._defaults)
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for one in action.choices.values():
                yield from commands(one)


def parsed(*words: str) -> Namespace:
    return arguments.parser().parse_args(words)


def test_every_command_is_recorded_or_known_to_change_nothing() -> None:
    with_database = {one.run for one in commands(arguments.parser()) if one.needs_database}

    assert with_database == set(RECORDED) | UNRECORDED


def test_every_argument_that_is_told_exists_and_none_is_a_secret() -> None:
    for run, (_, named) in RECORDED.items():
        assert not [name for name in named if "password" in name], run


def test_a_command_is_written_down_with_what_it_was_told(
    database: ServerDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUDO_USER", "ana")
    a_policy_version("default")

    recorded(registry.client_add, parsed("client", "add", "Acme"))

    entry = AuditEntry.objects.get()
    assert (entry.who, entry.via, entry.act, entry.subject) == (
        "ana", "command", "client add", "Acme",
    )  # fmt: skip
    assert entry.tree == {"name": "Acme", "policy": "default"}


def test_a_command_that_fails_leaves_no_trace(database: ServerDatabase) -> None:
    a_policy_version("default")
    Client.objects.create(name="Acme")

    with pytest.raises(ExistsError):
        recorded(registry.client_add, parsed("client", "add", "Acme"))

    assert not AuditEntry.objects.exists()
    assert PolicyVersion.objects.count() == 1


class Typing:
    """Standard input at which somebody types, however long: nothing else may wait for them."""

    def __init__(self, text: str) -> None:
        """Take what will have been typed."""
        self._text = io.StringIO(text)

    def isatty(self) -> bool:
        """Tell that no terminal is there to ask at."""
        return False

    def readline(self, size: int) -> str:
        """Return the next line."""
        assert not connection.in_atomic_block
        return self._text.readline(size)

    def read(self, size: int) -> str:
        """Return what is left."""
        assert not connection.in_atomic_block
        return self._text.read(size)


def test_nobody_waits_while_a_command_is_being_told_what_to_do(
    database: ServerDatabase, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """On SQLite an open transaction would keep every other one waiting, the intake's too."""

    def loaded(path: Path) -> Policy:
        assert not connection.in_atomic_block
        return load(path)

    load = policy.load
    monkeypatch.setattr(policy, "load", loaded)
    longer = tmp_path / "longer.yaml"
    longer.write_text((policy.SHIPPED / "default.yaml").read_text() + "\n# another\n")
    email = "ana@desk.example"
    for command, *words, said in (
        (people.staff_add, "staff", "add", email, "--role", "admin", "--password-file", "-", "p"),
        (people.staff_password, "staff", "password", email, "--password-file", "-", "q"),
        (notes.add, "note", "add", "-", "# Restart it\n\nTwice."),
        (policies.add, "policy", "add", str(longer), ""),
    ):
        typed = said if said not in {"p", "q"} else f"correct horse battery {said}"
        monkeypatch.setattr(sys, "stdin", Typing(typed))
        recorded(command, parsed(*words))

    acts = list(AuditEntry.objects.order_by("id").values_list("act", flat=True))
    assert acts == ["staff add", "staff password", "note add", "policy add"]


def test_looking_is_not_written_down(database: ServerDatabase) -> None:
    recorded(people.staff_list, parsed("staff", "list"))

    assert not AuditEntry.objects.exists()


def test_keys_and_tokens_are_never_in_the_log(
    database: ServerDatabase, capsys: pytest.CaptureFixture[str]
) -> None:
    technician = a_technician()

    recorded(people.api_key, parsed("api-key", technician.email))

    key = capsys.readouterr().out.strip()
    entry = AuditEntry.objects.get()
    assert key.startswith("wds_")
    assert key not in entry.detail + entry.subject


def test_verify_says_that_all_is_well_and_what_is_not(
    database: ServerDatabase, capsys: pytest.CaptureFixture[str]
) -> None:
    record("kim@desk.example", "page", "sign in")
    with transaction.atomic():
        seal_new(datetime.now(UTC))

    assert verified(parsed("audit", "verify")) == 0
    told = capsys.readouterr().out
    assert "1 entries in 1 seals" in told
    head = told.split("the last seal: ")[1].split()[0]
    assert verified(parsed("audit", "verify", "--seal", head)) == 0
    with transaction.atomic(), guards.lifted():
        AuditEntry.objects.update(who="somebody@else.example")

    capsys.readouterr()
    assert verified(parsed("audit", "verify")) == 1
    assert "! seal 1: an entry from 1 to 1 was changed" in capsys.readouterr().out


def test_retention_is_shown_before_it_removes(
    database: ServerDatabase, capsys: pytest.CaptureFixture[str]
) -> None:
    retention.show(parsed("retention", "show"))
    assert "timeline  for ever" in capsys.readouterr().out
    recorded(retention.keep, parsed("retention", "keep", "timeline", "365"))
    retention.run(parsed("retention", "run", "--apply"))
    assert "left alone" in capsys.readouterr().out
    retention.run(parsed("retention", "run"))
    retention.run(parsed("retention", "run", "--apply"))
    told = capsys.readouterr().out

    assert "nothing was removed" in told
    assert "timeline: 0 from before" in told
    assert AuditEntry.objects.get().tree == {"what": "timeline", "days": 365}


def test_an_operator_without_a_name_has_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise KeyError

    monkeypatch.delenv("SUDO_USER", raising=False)
    monkeypatch.setattr("getpass.getuser", nobody)

    assert audit.operator().startswith("user ")
