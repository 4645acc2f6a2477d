"""``serve`` as systemd runs it: a real process on a real port."""

import json
import signal
import socket
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
import trustme

from agent.protocol.credentials import CredentialPrefix, credential_hash, new_credential
from agent.protocol.device import Heartbeat
from agent.protocol.ids import uuid7
from server_stub import serve
from server_stub.clients.models import Device
from server_stub.errors import InvalidError
from tests.support.databases import ServerDatabase
from tests.support.rows import a_client, a_device
from tests.support.server_process import (
    PROJECT,
    ServerProcess,
    server_command,
    server_environment,
)

Start = Callable[..., ServerProcess]


def fetch(url: str, context: ssl.SSLContext | None = None, **headers: str) -> tuple[int, bytes]:
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - loopback
    with urllib.request.urlopen(request, timeout=10, context=context) as answer:  # noqa: S310
        return answer.status, answer.read()


def ended(database: ServerDatabase, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a serve that is to end by itself."""
    return subprocess.run(
        server_command("serve", *arguments),
        cwd=PROJECT,
        env=server_environment(database),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def gone(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def wait_until(holds: Callable[[], bool], within_s: float = 20) -> None:
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def test_it_serves_on_a_free_port_and_stops_leaving_no_process(
    database: ServerDatabase, server_process: Start
) -> None:
    server = server_process(database)
    family = [psutil.Process(server.process.pid)]
    family += family[0].children(recursive=True)

    assert not server.url.endswith(":0")
    assert json.loads(fetch(f"{server.url}/health")[1])["status"] == "ok"
    assert len(family) == 2

    assert server.stop() == 0
    assert all(gone(process) for process in family)
    assert server.output() == f"listening on {server.url}\n"


def test_a_killed_parent_takes_its_worker_along(
    sqlite: ServerDatabase, server_process: Start
) -> None:
    """Else nobody could stop the worker, and it would keep the port and the database."""
    server = server_process(sqlite)
    (worker,) = psutil.Process(server.process.pid).children()

    server.kill()

    wait_until(lambda: gone(worker))


def test_a_request_under_way_is_finished_when_the_server_stops(
    sqlite: ServerDatabase, server_process: Start
) -> None:
    server = server_process(sqlite)
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), 10) as half:
        half.sendall(b"POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n")
        # The server has it once another request, made after it, was answered.
        fetch(f"{server.url}/health")
        server.process.send_signal(signal.SIGTERM)
        half.sendall(b"x")
        answer = half.recv(1000)

    assert answer.startswith(b"HTTP/1.1 403")
    assert server.stop() == 0


def test_what_a_device_told_last_is_stored_when_the_server_stops(
    database: ServerDatabase, server_process: Start
) -> None:
    """Heartbeats wait in memory for the next commit; stopping writes them."""
    device_id, token = uuid7(), new_credential(CredentialPrefix.DEVICE)
    a_device(a_client(), id=device_id, token_hash=credential_hash(token))
    beat = Heartbeat(at="2026-03-02T09:00:00Z", agent_version="9.9", boot_at="2026-03-02T08:00:00Z")
    server = server_process(database)

    request = urllib.request.Request(  # noqa: S310 - loopback
        f"{server.url}/api/v1/heartbeat",
        data=beat.to_text().encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - loopback
        assert answer.status == 200
    server.stop()

    assert Device.objects.get(id=device_id).heartbeat_tree["agent_version"] == "9.9"


def test_a_taken_port_is_told(sqlite: ServerDatabase, server_process: Start) -> None:
    server = server_process(sqlite)
    address = server.url.removeprefix("http://")

    second = ended(sqlite, "--listen", address)

    assert second.returncode == 1
    assert f"cannot listen on {address}: Address already in use" in second.stderr
    assert "--listen" in second.stderr
    assert fetch(f"{server.url}/health")[0] == 200


def test_an_unmigrated_database_is_not_served(sqlite: ServerDatabase) -> None:
    (sqlite.data / "watchdesk.db").unlink()

    refused = ended(sqlite, "--listen", "127.0.0.1:0")

    assert refused.returncode == 1
    assert "run watchdesk-server init first" in refused.stderr


@pytest.mark.parametrize("listen", ["0.0.0.0:0", "[::]:0", "192.0.2.1:8080"])
def test_other_computers_are_served_by_tls_only(sqlite: ServerDatabase, listen: str) -> None:
    refused = ended(sqlite, "--listen", listen)

    assert refused.returncode == 2
    assert "--tls-cert" in refused.stderr
    assert "--trusted-proxy" in refused.stderr


def test_with_a_certificate_it_speaks_tls(
    sqlite: ServerDatabase, server_process: Start, tmp_path: Path
) -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    cert.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(key)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)

    server = server_process(
        sqlite, "--listen", "0.0.0.0:0", "--tls-cert", str(cert), "--tls-key", str(key)
    )

    assert server.url.startswith("https://0.0.0.0:")
    url = server.url.replace("//0.0.0.0", "//127.0.0.1")
    assert fetch(f"{url}/health", trusting)[0] == 200
    request = urllib.request.Request(f"{url}/sign-in")  # noqa: S310 - loopback
    with urllib.request.urlopen(request, timeout=10, context=trusting) as answer:  # noqa: S310
        assert "Secure" in answer.headers["Set-Cookie"]
        assert "__Host-watchdesk-csrf=" in answer.headers["Set-Cookie"]
        assert "max-age=31536000" in answer.headers["Strict-Transport-Security"]


def test_a_certificate_that_is_none_is_told(sqlite: ServerDatabase, tmp_path: Path) -> None:
    file = tmp_path / "not-a-key"
    file.write_text("nothing\n")

    broken = ended(sqlite, "--tls-cert", str(file), "--tls-key", str(file))
    missing = ended(sqlite, "--tls-cert", str(tmp_path / "no"), "--tls-key", str(file))
    alone = ended(sqlite, "--tls-cert", str(file))

    assert [run.returncode for run in (broken, missing, alone)] == [2, 2, 2]
    assert "PEM" in broken.stderr
    assert "No such file" in missing.stderr
    assert "go together" in alone.stderr


def test_only_a_trusted_proxy_may_say_that_a_browser_came_by_tls(
    sqlite: ServerDatabase, server_process: Start
) -> None:
    """Django sends HSTS only on what it believes to be TLS."""
    forwarded = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}
    seen = []
    for arguments in (("--trusted-proxy", "127.0.0.1"), ("--trusted-proxy", "10.0.0.0/8")):
        server = server_process(sqlite, *arguments)
        request = urllib.request.Request(f"{server.url}/health", headers=forwarded)  # noqa: S310
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - loopback
            seen.append("Strict-Transport-Security" in answer.headers)
        server.stop()

    assert seen == [True, False]


@pytest.mark.parametrize(
    ("text", "shown", "loopback"),
    [
        ("127.0.0.1:80", "127.0.0.1:80", True),
        ("localhost:0", "127.0.0.1:0", True),
        ("[::1]:8080", "[::1]:8080", True),
        ("0.0.0.0:65535", "0.0.0.0:65535", False),
    ],
)
def test_an_address_is_read_as_it_is_written(text: str, shown: str, *, loopback: bool) -> None:
    address = serve.parse_address(text)

    assert str(address) == shown
    assert address.is_loopback is loopback


@pytest.mark.parametrize(
    "text", ["", "8080", ":8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "desk.example:80",
             "127.0.0.1:-1", "127.0.0.1:٣"]
)  # fmt: skip
def test_an_address_that_is_none_is_told(text: str) -> None:
    with pytest.raises(InvalidError, match="--listen"):
        serve.parse_address(text)
