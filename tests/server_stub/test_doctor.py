"""``doctor`` finds what an operator would look for by hand."""

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from django.db import connection

from server_stub.tickets.teams import join_team
from server_stub.work.models import DueWork
from tests.server_stub.tickets.desk import a_policy
from tests.support.databases import ServerDatabase
from tests.support.rows import a_client, a_technician, a_ticket
from tests.support.server_process import PROJECT, server_command, server_environment


def examined(database: ServerDatabase, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        server_command("doctor", *words),
        cwd=PROJECT,
        env=server_environment(database),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def a_certificate(folder: Path, until: datetime) -> Path:
    issued = trustme.CA().issue_cert("desk.example", not_after=until)
    path = folder / "cert.pem"
    path.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    return path


def test_a_sound_server_is_told_with_its_versions(database: ServerDatabase, tmp_path: Path) -> None:
    certificate = a_certificate(tmp_path, datetime.now(UTC) + timedelta(days=90))

    told = examined(database, "--tls-cert", str(certificate))

    assert told.returncode == 0, told
    assert told.stderr == ""
    for word in ("Python", "Django", "GB free", "clock:", "valid until", "nothing is amiss"):
        assert word in told.stdout
    assert ("SQLite 3." if database.vendor == "sqlite" else "PostgreSQL ") in told.stdout
    assert ("row-level security" in told.stdout) is (database.vendor == "postgresql")


@pytest.mark.parametrize(
    ("days", "said"), [(3, "expires in 2 days: renew it"), (-1, "has expired: no device reports")]
)
def test_a_certificate_near_its_end_is_amiss(
    sqlite: ServerDatabase, tmp_path: Path, days: int, said: str
) -> None:
    certificate = a_certificate(tmp_path, datetime.now(UTC) + timedelta(days=days))

    told = examined(sqlite, "--tls-cert", str(certificate))

    assert told.returncode == 1
    assert said in told.stdout


def test_a_file_that_is_no_certificate_is_amiss(sqlite: ServerDatabase, tmp_path: Path) -> None:
    nothing = tmp_path / "nothing.pem"
    nothing.write_text("nothing\n")

    assert "no certificate in PEM form" in examined(sqlite, "--tls-cert", str(nothing)).stdout
    assert "No such file" in examined(sqlite, "--tls-cert", str(tmp_path / "gone.pem")).stdout


def test_a_clock_that_went_back_is_amiss(database: ServerDatabase) -> None:
    a_ticket(a_client(), created_at=datetime.now(UTC) + timedelta(hours=1))

    told = examined(database)

    assert told.returncode == 1
    assert "computer's clock went back" in told.stdout


def test_migrations_not_made_and_files_others_can_read_are_amiss(sqlite: ServerDatabase) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'work'")
    (sqlite.data / "secret-key").chmod(0o644)

    told = examined(sqlite)

    assert told.returncode == 1
    assert "1 database changes of this version are not made yet" in told.stdout
    assert "secret-key: chmod 600 it" in told.stdout


def test_work_that_fails_and_work_that_nobody_does_is_amiss(sqlite: ServerDatabase) -> None:
    ago = datetime.now(UTC) - timedelta(minutes=11)
    given = {"due_at": ago, "created_at": ago}
    DueWork.objects.create(kind="clock", key="1:response", **given)
    DueWork.objects.create(
        kind="close", key="2", attempts=5, last_error="EndlessError: no day comes", **given
    )
    connection.close()

    told = examined(sqlite)

    assert told.returncode == 1
    assert "due work fails again and again (1 pieces, the last with" in told.stdout
    assert "EndlessError: no day comes" in told.stdout
    assert f"due work waits since {ago:%Y-%m-%d %H:%M:%S} UTC: no serve or worker" in told.stdout


def test_a_role_that_a_followed_policy_names_and_nobody_has_is_amiss(
    sqlite: ServerDatabase,
) -> None:
    a_policy("software-vendor")
    a_client(policy="software-vendor")
    join_team(a_technician("kim@desk.example").id, "development team")
    connection.close()

    told = examined(sqlite)

    assert "names the customer excellence manager, whom nobody is: staff team EMAIL" in told.stdout
    assert "names the development team" not in told.stdout
