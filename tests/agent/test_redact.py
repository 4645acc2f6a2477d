"""Secrets go, everything else stays: a technician must still be able to read what is left."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agent.protocol.credentials import CredentialPrefix, new_credential
from agent.redact import HIDDEN, redact, redact_tree

SECRET = "Xy7-Planted.Secret42"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N"
HEX = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

HIDES = [
    (f"password={SECRET}", "password=[redacted]"),
    (f"Password = {SECRET}", "Password = [redacted]"),
    (f"DB_PASSWORD={SECRET} HOME=/root", "DB_PASSWORD=[redacted] HOME=/root"),
    (f"PGPASSWORD={SECRET}", "PGPASSWORD=[redacted]"),
    (f"password: {SECRET}", "password: [redacted]"),
    (f'password: "{SECRET}"', 'password: "[redacted]"'),
    (f'{{"password": "{SECRET}", "user": "ann"}}', '{"password": "[redacted]", "user": "ann"}'),
    (f"{{'api_key': '{SECRET}'}}", "{'api_key': '[redacted]'}"),
    (f'"{{\\"token\\": \\"{SECRET}\\"}}"', '"{\\"token\\": \\"[redacted]\\"}"'),
    (f'password="{SECRET} and more', 'password="[redacted] and more'),
    (f'password="quoted \\" {SECRET}"', 'password="[redacted]"'),
    (f"Server=db;Password={SECRET};Port=1", "Server=db;Password=[redacted];Port=1"),
    (f"{{token: {SECRET}}}", "{token: [redacted]}"),
    (f"https://x/y?token={SECRET}&page=2", "https://x/y?token=[redacted]&page=2"),
    (f"AccountKey={SECRET}==;EndpointSuffix=x", "AccountKey=[redacted];EndpointSuffix=x"),
    (f"client_secret:{SECRET}", "client_secret:[redacted]"),
    (f"Kennwort: {SECRET}", "Kennwort: [redacted]"),
    (f"wpa-psk={SECRET}", "wpa-psk=[redacted]"),
    (f"backup --password {SECRET} /srv", "backup --password [redacted] /srv"),
    (f"tool --api-token={SECRET} run", "tool --api-token=[redacted] run"),
    (f"tool --secret-key {SECRET} run", "tool --secret-key [redacted] run"),
    (f"sshpass -p {SECRET} ssh ann@host", "sshpass -p [redacted] ssh ann@host"),
    (f"mysql -u root -p{SECRET} shop", "mysql -u root -p[redacted] shop"),
    (f"curl -s -u ann:{SECRET} https://x/", "curl -s -u ann:[redacted] https://x/"),
    (f"smbclient //s/share -U ann%{SECRET}", "smbclient //s/share -U ann%[redacted]"),
    (rf"net use z: \\s\share {SECRET}", r"net use z: \\s\share [redacted]"),
    (rf"net use \\s\x /user:dom\ann {SECRET}", r"net use \\s\x /user:dom\ann [redacted]"),
    (f"postgresql://ann:{SECRET}@db/x", "postgresql://ann:[redacted]@db/x"),
    (f"http://ann:p@ss{SECRET}@proxy:3128/", "http://ann:[redacted]@proxy:3128/"),
    (f"Authorization: Bearer {SECRET}", "Authorization: Bearer [redacted]"),
    (f"Authorization: Basic {SECRET}==\nHost: x", "Authorization: Basic [redacted]\nHost: x"),
    (f'Authorization: Digest username="ann", response="{SECRET}"', None),
    (f"curl -H 'Authorization: {SECRET}' x", "curl -H 'Authorization: [redacted]' x"),
    (f"Cookie: session={SECRET}; theme=dark", "Cookie: [redacted]"),
    (f"got Bearer {SECRET}abcdef from it", "got Bearer [redacted] from it"),
    (f"my password is {SECRET}, thanks", "my password is [redacted] thanks"),
    (f"the key is {HEX}", "the key is [redacted]"),
    (f'signature: "{HEX}"', 'signature: "[redacted]"'),
    (f"id_token {JWT}", "id_token [redacted]"),
    (f"see {JWT} there", "see [redacted] there"),
    ("push with ghp_0123456789abcdefghijABCDEFGHIJ456789", "push with [redacted]"),
    ("xoxb-123456789012-abcdefABCDEF", "[redacted]"),
    ("key 111111-222222-333333-444444-555555-666666-777777-888888 ok", "key [redacted] ok"),
    (
        "a\n-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc=\n-----END RSA PRIVATE KEY-----\nb",
        "a\n[redacted]\nb",
    ),
    ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA", "[redacted]"),
]

KEEPS = [
    "I forgot my password and cannot sign in",
    "Your password expires in 3 days",
    "password: expired",
    "password=",
    'password=""',
    "Enter password: ",
    "PasswordAuthentication no",
    "password_file=/etc/watchdesk/pw",
    "PWD=/home/ann/work",
    r"pwd: C:\Users\ann",
    "max_tokens: 4096, tokens=5",
    "the token ring driver 4.1 failed",
    "secretary: Ann Müller",
    "compass: north, bypass: enabled, passport control",
    "tests pass: 3, fail: 0",
    "keyboard: de-latin1",
    "primary key: id",
    "Windows registry key HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft",
    "key /etc/ssl/certs/mail-2024.example.com.pem is readable",
    "serial PF3XK9ZT, model 20XW004TGE",
    "mac 52:54:00:12:34:56, uuid 4c4c4544-0037-5910-8053-c7c04f4e4b32",
    f"sha256 {HEX} setup.exe",
    f"commit {HEX[:40]}",
    "https://desk.example.com:8443/tickets/12?from=ann@example.com",
    "ssh://git@host:22/repo.git",
    "mysql --protocol=tcp -P3306 -u root shop",
    "Basic troubleshooting was done, bearer of bad news",
    "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
    "192.168.1.17/24 via 192.168.1.1",
    "spooler stopped at 2026-03-01T10:00:00Z, 012345-678901",
    "the PIN pad is broken",
    "net use z: \\\\server\\share",
]


@pytest.mark.parametrize(("text", "expected"), HIDES)
def test_a_secret_is_hidden_and_its_name_stays(text: str, expected: str | None) -> None:
    redacted = redact(text)
    assert SECRET not in redacted
    assert HIDDEN in redacted
    if expected is not None:
        assert redacted == expected


@pytest.mark.parametrize("text", KEEPS)
def test_what_is_no_secret_stays_as_it_is(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize("prefix", list(CredentialPrefix))
def test_our_own_credentials_are_hidden_wherever_they_stand(prefix: CredentialPrefix) -> None:
    credential = new_credential(prefix)
    redacted = redact(f"enrolled with {credential}.")
    assert credential[4:] not in redacted
    assert redacted == f"enrolled with {prefix}{HIDDEN}."


@pytest.mark.parametrize(
    "random",
    [
        "hf_ypr3TLM1CY6gdcKkIfPVrQIcvqeQ2oyfhkLnFDuh",  # chance, seen in a test run
        "ynm_hf_5bQXISWaDQqCzIEwSFg27Iex5_VVV9_CnvFO",
    ],
)
def test_another_makers_prefix_within_our_credential_changes_nothing(random: str) -> None:
    assert redact(f"enrolled with wdd_{random}.") == f"enrolled with wdd_{HIDDEN}."


def test_the_full_stop_after_a_token_stays() -> None:
    assert redact("It was sk-4MEecYuIJ8lzkAvOZFIC8r.") == f"It was {HIDDEN}."


def test_members_with_a_secret_name_are_hidden_in_a_tree() -> None:
    tree = {
        "user": "ann",
        "Password": "x",
        "pin": 1234,
        "token": {"kind": "bearer"},
        "argv": ["run", f"--token={SECRET}"],
        "token_count": 7,
        "size": 5,
        "none": None,
    }
    assert redact_tree(tree) == {
        "user": "ann",
        "Password": HIDDEN,
        "pin": HIDDEN,
        "token": {"kind": "bearer"},
        "argv": ["run", f"--token={HIDDEN}"],
        "token_count": 7,
        "size": 5,
        "none": None,
    }


_PIECES = st.sampled_from(
    [*(text for text, _ in HIDES), *KEEPS, "\n", " ", '"', "'", "\\", "password", "=", ":", HIDDEN]
)


@given(st.one_of(st.text(), st.lists(_PIECES, max_size=6).map("".join)))
@example("password=[redacted]],")
def test_what_is_redacted_once_is_not_changed_again(text: str) -> None:
    once = redact(text)
    assert redact(once) == once


@pytest.mark.parametrize(
    "hostile",
    [
        "a" * 200_000,
        "password" * 25_000,
        'password="' * 20_000,
        "a-" * 100_000,
        "http://" * 30_000,
        "-----BEGIN PRIVATE KEY-----" * 5_000,
        "mysql " * 30_000,
        "curl -u " * 25_000,
        "password=" + ")" * 200_000,
        "--a-" * 50_000,
        "key " * 50_000,
        " " * 200_000,
        "\\" * 200_000,
    ],
)
def test_long_hostile_texts_end(hostile: str) -> None:
    """One of these took minutes with a pattern that goes back over what it has read."""
    redact(hostile)
