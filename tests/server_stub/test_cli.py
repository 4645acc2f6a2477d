"""The commands as an operator runs them: real processes, real databases."""

import os
import pkgutil
import stat
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.protocol.credentials import credential_hash
from server_stub import arguments, cli
from server_stub.audit.models import AuditEntry
from server_stub.clients.models import Client, EnrolmentToken, Site
from server_stub.desk.models import ApiKey, Technician
from server_stub.sla.models import PolicyVersion
from tests.support.databases import VENDORS, Databases, ServerDatabase, connect
from tests.support.rows import a_client, a_policy_version, a_technician
from tests.support.server_process import PROJECT, server_command, server_environment

PASSWORD = "correct horse battery"


def run(
    database: ServerDatabase | None, *arguments: str, says: str = ""
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        server_command(*arguments),
        cwd=PROJECT,
        env=server_environment(database),
        input=says,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def in_use(key: str) -> bool:
    return ApiKey.objects.filter(key_hash=credential_hash(key), revoked_at=None).exists()


def refused(ended: subprocess.CompletedProcess[str], code: int) -> str:
    """Return what a command said that failed as it should: one line, no traceback."""
    assert ended.returncode == code, ended
    assert ended.stdout == ""
    assert "Traceback" not in ended.stderr
    return ended.stderr.removeprefix("watchdesk-server: ").strip()


@pytest.mark.parametrize("vendor", VENDORS)
def test_init_makes_everything_and_twice_changes_nothing(
    databases: Databases, tmp_path: Path, vendor: str
) -> None:
    empty = databases.empty(vendor, tmp_path / "not" / "there" / "yet")

    first = run(empty, "init")
    key = (empty.data / "secret-key").read_text()
    second = run(empty, "init")

    assert first.returncode == second.returncode == 0, (first, second)
    assert first.stdout.startswith("ready: ")
    assert "staff add" in first.stdout
    assert "watchdesk-server serve" in first.stdout
    assert second.stdout.startswith("was ready already: ")
    assert stat.S_IMODE(empty.data.stat().st_mode) == 0o700
    assert (empty.data / "secret-key").read_text() == key
    for file in empty.data.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    connect(empty.data, empty.url)
    assert list(PolicyVersion.objects.values_list("name", flat=True)) == ["default"]
    assert list(AuditEntry.objects.values_list("act", flat=True)) == ["init"]
    databases.drop(empty)


@pytest.mark.parametrize(
    "arguments",
    [
        ("client", "add", "Acme"),
        ("enroll-token", "Acme"),
        ("api-key", "kim@example.org"),
        ("staff", "add", "kim@example.org", "--role", "admin", "--password-file", "-"),
        ("serve", "--listen", "127.0.0.1:0"),
    ],
)
def test_before_init_each_command_says_to_run_it(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    nowhere = ServerDatabase("sqlite", tmp_path / "nothing", "")

    said = refused(run(nowhere, *arguments, says=PASSWORD), 1)

    assert said == f"nothing is set up in {nowhere.data} yet: run watchdesk-server init first"
    assert not nowhere.data.exists()


def test_the_data_folder_is_taken_before_and_after_the_command(tmp_path: Path) -> None:
    before, after = str(tmp_path / "before"), str(tmp_path / "after")

    assert run(None, "--data", before, "init").returncode == 0
    assert run(None, "init", "--data", after).returncode == 0
    assert run(None, "--data", before, "client", "add", "Acme").returncode == 0

    assert run(None, "client", "add", "Acme", "--data", before).returncode == 1
    assert run(None, "client", "add", "Acme", "--data", after).returncode == 0


def test_a_data_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()

    said = refused(run(None, "init", "--data", str(file / "below")), 1)

    assert said == f"the data folder {file / 'below'} cannot be used: Not a directory"


def test_a_key_that_cannot_be_read_is_told(sqlite: ServerDatabase) -> None:
    """As when another user than the one that ran init tries a command."""
    key = sqlite.data / "secret-key"
    key.unlink()
    key.mkdir()

    said = refused(run(sqlite, "client", "add", "Acme"), 1)

    assert said == (f"{key} cannot be read (Is a directory): run this as the user that ran init")


def test_an_unreachable_database_is_told_without_a_traceback(tmp_path: Path) -> None:
    url = f"postgresql:///desk?host={tmp_path}"

    said = refused(run(None, "init", "--data", str(tmp_path / "d"), "--database-url", url), 1)

    assert said.startswith("the database does not answer; nothing was changed: ")


def test_a_password_on_the_command_line_is_refused_and_not_repeated(tmp_path: Path) -> None:
    url = "postgresql://kim:hunter2@db.example/desk"

    said = refused(run(None, "init", "--data", str(tmp_path), "--database-url", url), 2)

    assert "PGPASSFILE" in said
    assert "hunter2" not in said


def test_clients_and_sites_are_added_by_name(database: ServerDatabase) -> None:
    a_policy_version()

    added = run(database, "client", "add", "Acme Ltd")
    sited = run(database, "site", "add", "acme ltd", "Lyon", "--time-zone", "Europe/Paris")

    assert (added.stdout, added.returncode) == ("client Acme Ltd added\n", 0)
    assert sited.stdout == "site Lyon of Acme Ltd added, working hours in Europe/Paris\n"
    assert Site.objects.get().client == Client.objects.get()


def test_a_taken_or_mistyped_name_is_told_with_the_likely_one(sqlite: ServerDatabase) -> None:
    a_client("Acme Ltd")
    a_policy_version()

    taken = refused(run(sqlite, "client", "add", "ACME LTD"), 1)
    mistyped = refused(run(sqlite, "site", "add", "Amce Ltd", "Lyon"), 1)
    policy = refused(run(sqlite, "client", "add", "Other", "--policy", "defualt"), 1)

    assert taken == "there is a client 'ACME LTD' already; nothing was changed"
    assert mistyped == "there is no client 'Amce Ltd': did you mean 'Acme Ltd'?"
    assert policy == "there is no SLA policy 'defualt': did you mean 'default'?"
    assert Client.objects.count() == 1


def test_the_enrolment_token_is_printed_alone(database: ServerDatabase) -> None:
    a_client("Acme")

    printed = run(database, "enroll-token", "acme", "--uses", "3", "--expires", "7d")

    assert printed.returncode == 0, printed
    assert printed.stderr == ""
    token = printed.stdout.removesuffix("\n")
    row = EnrolmentToken.objects.get()
    assert row.token_hash == credential_hash(token)
    assert row.uses == 3
    assert (row.expires_at - row.created_at).total_seconds() == pytest.approx(7 * 86400, abs=60)


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--expires", "tomorrow", "is not a duration such as 30m, 24h or 7d"),
        ("--expires", "0h", "validity: it must be above 0"),
        ("--uses", "0", "uses: 0 is not between 1 and"),
        ("--uses", "many", "invalid int value"),
    ],
)
def test_a_token_with_nonsense_limits_is_refused(
    sqlite: ServerDatabase, option: str, value: str, said: str
) -> None:
    a_client("Acme")

    assert said in refused(run(sqlite, "enroll-token", "Acme", option, value), 2)
    assert EnrolmentToken.objects.count() == 0


def test_staff_and_their_keys(database: ServerDatabase, tmp_path: Path) -> None:
    a_client("Acme")
    a_client("Other")
    password = tmp_path / "password"
    password.write_text(f"{PASSWORD}\nsecond line\n")
    staff = ("staff", "add", "Kim@example.org", "--role", "technician")

    added = run(database, *staff, "--client", "Acme", "Other", "--password-file", str(password))
    key = run(database, "api-key", "kim@example.org", "--client", "Acme")

    assert added.stdout == "technician kim@example.org added, sees Acme, Other\n"
    kim = Technician.objects.get()
    assert kim.check_password(PASSWORD)
    assert kim.clients.count() == 2
    row = ApiKey.objects.get()
    assert row.key_hash == credential_hash(key.stdout.removesuffix("\n"))
    assert (row.limited, [client.name for client in row.clients.all()]) == (True, ["Acme"])


def test_a_lost_password_is_renewed_and_the_old_one_is_out(database: ServerDatabase) -> None:
    a_technician("kim@example.org")

    renewed = run(
        database, "staff", "password", "KIM@example.org", "--password-file", "-", says=PASSWORD
    )
    guessable = refused(
        run(database, "staff", "password", "kim@example.org", "--password-file", "-", says="x"), 2
    )

    assert renewed.stdout == "kim@example.org has a new password and is signed out everywhere\n"
    assert "too short" in guessable
    assert Technician.objects.get().check_password(PASSWORD)


def test_one_who_left_has_neither_account_nor_keys_and_stays_on_record(
    database: ServerDatabase,
) -> None:
    kim = a_technician("kim@example.org")
    key = run(database, "api-key", "kim@example.org").stdout

    gone = run(database, "staff", "remove", "kim@example.org")
    listed = run(database, "staff", "list").stdout

    assert gone.stdout == "kim@example.org cannot sign in any more; 1 keys were revoked with it\n"
    kim.refresh_from_db()
    assert (kim.is_active, kim.has_usable_password()) == (False, False)
    assert not in_use(key.strip())
    assert listed == "kim@example.org  technician  clients: all  keys: none  left\n"
    assert "there is no technician" in refused(
        run(database, "staff", "password", "kim@example.org", "--password-file", "-", says="x"), 1
    )


def test_a_key_is_revoked_by_its_beginning_and_the_others_stay(database: ServerDatabase) -> None:
    a_technician("kim@example.org")
    first, second = (run(database, "api-key", "kim@example.org").stdout.strip() for _ in range(2))

    listed = run(database, "staff", "list").stdout
    revoked = run(database, "api-key", "kim@example.org", "--revoke", first[:12])
    again = refused(run(database, "api-key", "kim@example.org", "--revoke", first[:12]), 1)

    assert first[:12] in listed
    assert second[:12] in listed
    assert revoked.stdout == "1 keys of kim@example.org were revoked\n"
    assert "there is no key of kim@example.org that begins with" in again
    assert (in_use(first), in_use(second)) == (False, True)


def test_enrolment_tokens_that_leaked_are_ended(database: ServerDatabase) -> None:
    a_client("Acme")
    a_client("Other")
    for name in ("Acme", "Acme", "Other"):
        run(database, "enroll-token", name)

    ended = run(database, "enroll-token", "Acme", "--revoke")

    assert ended.stdout == "2 enrolment tokens of Acme ended; enrolled computers stay\n"
    left = EnrolmentToken.objects.filter(expires_at__gt=datetime.now(UTC))
    assert [token.client.name for token in left] == ["Other"]


@pytest.mark.parametrize(
    ("says", "reason"),
    [
        ("", "its first line is empty"),
        ("\nsecond", "its first line is empty"),
        ("short", "too short"),
        ("x" * 2000, "longer than 1000"),
    ],
)
def test_an_unusable_password_adds_nobody(sqlite: ServerDatabase, says: str, reason: str) -> None:
    staff = ("staff", "add", "kim@example.org", "--role", "admin", "--password-file", "-")

    assert reason in refused(run(sqlite, *staff, says=says), 2)
    assert Technician.objects.count() == 0


def test_a_password_file_that_is_not_there_is_told(sqlite: ServerDatabase) -> None:
    staff = ("staff", "add", "kim@example.org", "--role", "admin", "--password-file", "/nowhere")

    said = refused(run(sqlite, *staff), 2)

    assert said == "--password-file: /nowhere: No such file or directory"


def test_a_key_for_nobody_is_refused_with_the_likely_address(sqlite: ServerDatabase) -> None:
    a_technician("kim@example.org")

    said = refused(run(sqlite, "api-key", "kin@example.org"), 1)

    assert said == "there is no technician 'kin@example.org': did you mean 'kim@example.org'?"


def test_policy_files_are_checked_all_at_once(tmp_path: Path) -> None:
    sound = PROJECT / "server_stub" / "sla" / "policies" / "default.yaml"
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("version: 1\nnonsense: yes\n")

    assert run(None, "policy", "check", str(sound)).returncode == 0
    told = run(None, "policy", "check", str(wrong), str(sound), str(tmp_path / "missing.yaml"))

    assert told.returncode == 2
    assert f"{wrong}:2:1: " in told.stderr
    assert "missing.yaml" in told.stderr
    assert str(sound) in told.stdout
    assert "Traceback" not in told.stderr


def test_a_sound_policy_is_told_by_examples_calendars_and_contradictions(tmp_path: Path) -> None:
    default = PROJECT / "server_stub" / "sla" / "policies" / "default.yaml"
    unused = tmp_path / "unused.yaml"
    unused.write_text(
        default.read_text().replace(
            "\ncalendars:\n", '\ncalendars:\n  never: {zone: UTC, hours: {mon: ["09:00-17:00"]}}\n'
        )
    )

    told = run(None, "policy", "check", str(default)).stdout
    warned = run(None, "policy", "check", str(unused))

    assert "An urgent alert raised Friday 15:45 is due: response Friday 16:45" in told
    assert "office: Monday 09:00–17:00" in told
    assert "warning" not in told
    assert warned.returncode == 0, warned
    assert "warning: nothing uses the calendar 'never'" in warned.stdout


def test_a_changed_policy_becomes_a_new_version(sqlite: ServerDatabase, tmp_path: Path) -> None:
    shipped = PROJECT / "server_stub" / "sla" / "policies" / "default.yaml"
    changed = tmp_path / "gold.yaml"
    changed.write_text(shipped.read_text().replace("2026-01-01", "2026-02-01", 1))

    added = run(sqlite, "policy", "add", str(changed))
    again = refused(run(sqlite, "policy", "add", str(changed)), 2)

    assert added.returncode == 0, added
    assert PolicyVersion.objects.get().name == "gold"
    assert "stored already" in again
    assert run(sqlite, "client", "add", "Acme", "--policy", "gold").returncode == 0


def test_doctor_tells_versions_and_that_nothing_is_amiss(database: ServerDatabase) -> None:
    told = run(database, "doctor")

    assert told.returncode == 0, told
    assert str(database.data) in told.stdout
    assert database.vendor in told.stdout.lower()
    assert "nothing is amiss" in told.stdout


def test_doctor_tells_everything_that_is_amiss(sqlite: ServerDatabase) -> None:
    (sqlite.data / "secret-key").chmod(0o644)
    sqlite.data.chmod(0o755)

    told = run(sqlite, "doctor")

    assert told.returncode == 1
    assert "other users can read" in told.stdout
    assert "other users can look into" in told.stdout


def test_doctor_on_nothing_says_to_begin_with_init(tmp_path: Path) -> None:
    told = run(None, "doctor", "--data", str(tmp_path / "nothing"))

    assert told.returncode == 1
    assert "run watchdesk-server init" in told.stdout
    assert not (tmp_path / "nothing").exists()


@pytest.mark.parametrize("arguments", [(), ("client",), ("bogus",), ("staff", "add", "x")])
def test_a_wrong_command_line_ends_with_2_and_the_usage(arguments: tuple[str, ...]) -> None:
    assert "usage: watchdesk-server" in refused(run(None, *arguments), 2)


@pytest.mark.parametrize(
    "command",
    ["init", "serve", "unit", "backup", "restore", "doctor", "client add", "site add",
     "enroll-token", "staff add", "staff list", "staff team", "staff password", "staff remove",
     "staff reset-second-factor", "api-key", "policy check", "policy add",
     "client importance", "client agreement add", "client agreement list",
     "client agreement end"],
)  # fmt: skip
def test_every_command_has_help_with_an_example(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        cli.main([*command.split(), "--help"])

    assert left.value.code == 0
    told = capsys.readouterr().out
    assert f"example:\n  watchdesk-server {command} " in told
    assert "--data DIR" in told
    assert "--database-url URL" in told


def test_every_command_names_a_function_that_exists() -> None:
    parser = arguments.parser()
    lines = ["init", "serve", "unit", "backup f", "restore f", "doctor", "client add x",
             "site add x y", "enroll-token x", "staff add x --role admin --password-file f",
             "staff list", "staff team x y", "staff password x --password-file f", "staff remove x",
             "staff reset-second-factor x", "api-key x", "policy check x",
             "policy add x", "client importance x vip", "client agreement add x y",
             "client agreement list x", "client agreement end x 1"]  # fmt: skip

    for line in lines:
        run_by = parser.parse_args(line.split()).run
        assert callable(pkgutil.resolve_name(f"server_stub.{run_by}"))


def test_files_a_command_makes_are_private_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        run(None, "init", "--data", str(tmp_path / "d"))
    finally:
        os.umask(before)

    assert stat.S_IMODE((tmp_path / "d").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "d" / "watchdesk.db").stat().st_mode) == 0o600
