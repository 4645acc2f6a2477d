import pytest
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from server_stub.clients.models import Device, EnrolmentToken
from tests.support.databases import ServerDatabase
from tests.support.rows import NOW, a_client, a_device


def test_a_device_row_needs_no_more_than_its_enrolment(database: ServerDatabase) -> None:
    device = Device.objects.get(id=a_device(a_client()).id)

    assert (device.facts, device.heartbeat, device.facts_hash) == ("", "", "")
    assert (device.facts_tree, device.heartbeat_tree) == ({}, {})
    assert device.enrolled_at.tzinfo is not None


def test_a_device_token_belongs_to_one_device(database: ServerDatabase) -> None:
    first, second = a_device(a_client()), a_device(a_client())

    second.token_hash = first.token_hash
    with pytest.raises(IntegrityError), transaction.atomic():
        second.save()


def test_the_database_refuses_one_use_too_many(database: ServerDatabase) -> None:
    token = EnrolmentToken.objects.create(
        client=a_client(), token_hash="0" * 64, uses=1, used=1, expires_at=NOW
    )

    token.used = 2
    with pytest.raises(IntegrityError), transaction.atomic():
        token.save()


def test_a_client_with_devices_cannot_be_deleted(database: ServerDatabase) -> None:
    client = a_client()
    a_device(client)

    with pytest.raises(ProtectedError):
        client.delete()
