"""Signing in and out leaves a trace, and so does who was turned away; on both databases."""

from django.test import Client as Browser

from server_stub.audit.models import AuditEntry
from tests.support import desk_rows
from tests.support.databases import ServerDatabase


def test_sign_ins_are_written_down(database: ServerDatabase) -> None:
    desk_rows.technician("kim@desk.example")
    browser = Browser(REMOTE_ADDR="192.0.2.7")

    browser.post("/sign-in", {"login": "kim@desk.example", "password": "wrong"})
    browser.post("/sign-in", {"login": "kim@desk.example", "password": desk_rows.PASSWORD})
    browser.post("/sign-out")

    entries = list(AuditEntry.objects.order_by("id"))
    assert [entry.act for entry in entries] == ["sign-in refused", "sign in", "sign out"]
    assert {entry.who for entry in entries} == {"kim@desk.example"}
    assert {entry.tree["address"] for entry in entries} == {"192.0.2.7"}
    assert not any("wrong" in entry.detail for entry in entries)
