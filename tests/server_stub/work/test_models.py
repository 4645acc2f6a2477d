import pytest
from django.db import IntegrityError, transaction

from server_stub.work.models import DueWork
from tests.support.databases import ServerDatabase
from tests.support.rows import NOW


def test_work_of_one_kind_and_key_exists_once(database: ServerDatabase) -> None:
    DueWork.objects.create(kind="clock", key="7:response", due_at=NOW)

    with pytest.raises(IntegrityError), transaction.atomic():
        DueWork.objects.create(kind="clock", key="7:response", due_at=NOW)
    DueWork.objects.create(kind="mail", key="7:response", due_at=NOW)


def test_new_work_is_unclaimed(database: ServerDatabase) -> None:
    DueWork.objects.create(kind="clock", key="7:response", due_at=NOW)

    work = DueWork.objects.get()
    assert (work.fence, work.attempts, work.lease_until, work.last_error) == (0, 0, None, "")
