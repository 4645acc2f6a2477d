"""The printed unit, under a real systemd."""

from pathlib import Path

import pytest

from agent.settings import default_state_dir
from server_stub.arguments import parser
from server_stub.commands.unit import unit
from server_stub.errors import InvalidError
from tests.support.nspawn import Container, booted
from tests.support.polling import until


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    unit(parser().parse_args(["unit", *words]))
    return capsys.readouterr().out


def test_options_reach_the_unit_as_systemd_reads_them(capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(
        capsys,
        *("--listen", "127.0.0.1:8099", "--metrics", "127.0.0.1:9464", "--log", "json"),
        *("--log-requests", "--database-url", "postgresql:///desk?host=/run/p%20g"),
    )

    assert (
        "serve --listen 127.0.0.1:8099 --metrics 127.0.0.1:9464 --log json --log-requests" in text
    )
    assert "Environment='WATCHDESK_DATABASE_URL=postgresql:///desk?host=/run/p%%20g'" in text
    assert "@" not in text.replace("@system-service", "").replace("~@privileged @resources", "")


@pytest.mark.parametrize("word", ["a\nExecStart=/bin/evil", "it's"])
def test_what_could_begin_another_setting_is_refused(
    capsys: pytest.CaptureFixture[str], word: str
) -> None:
    with pytest.raises(InvalidError):
        printed(capsys, "--tls-cert", word, "--tls-key", word)


def test_what_serve_would_refuse_is_refused_here() -> None:
    arguments = parser().parse_args(["unit", "--listen", "0.0.0.0:80"])

    with pytest.raises(InvalidError, match="--tls-cert"):
        unit(arguments)


def asked(container: Container, code: str) -> str:
    process = container.python(code)
    output, _ = process.communicate(timeout=60)
    return output.strip()


@pytest.mark.parametrize(
    ("words", "needed"),
    [
        (["--listen", "127.0.0.1:443"], "CAP_NET_BIND_SERVICE"),
        (["--metrics", "127.0.0.1:1023"], "CAP_NET_BIND_SERVICE"),
        (["--listen", "127.0.0.1:1024", "--metrics", "127.0.0.1:0"], ""),
        ([], ""),
    ],
)
def test_it_may_bind_a_port_of_the_systems_only_when_told_to_listen_there(
    capsys: pytest.CaptureFixture[str], words: list[str], needed: str
) -> None:
    lines = printed(capsys, *words).splitlines()

    assert f"AmbientCapabilities={needed}" in lines
    assert f"CapabilityBoundingSet={needed}" in lines


def test_its_folder_is_not_the_agents(capsys: pytest.CaptureFixture[str]) -> None:
    """Both run on the server's own computer: each would find a stranger's files in there."""
    text = printed(capsys)

    assert "StateDirectory=watchdesk-server\n" in text
    assert "WATCHDESK_DATA=/var/lib/watchdesk-server\n" in text
    assert default_state_dir() == Path("/var/lib/watchdesk")


HEALTH = """
import urllib.request
print(urllib.request.urlopen("http://127.0.0.1:443/health", timeout=10).status)
"""


@pytest.mark.needs_root
@pytest.mark.needs("systemd-nspawn", "nsenter", "pgrep")
def test_it_starts_serves_stops_and_starts_again_under_systemd(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = printed(capsys, "--listen", "127.0.0.1:443", "--metrics", "127.0.0.1:9464")
    folder = tmp_path / "unit"  # the machine's name
    folder.mkdir()
    # This interpreter and checkout may live in a home or in /tmp, which installed ones do not.
    text = text.replace("ProtectHome=yes", "ProtectHome=read-only")
    text = text.replace("PrivateTmp=yes", "PrivateTmp=no")
    with booted(folder) as container:
        container.run("chmod", "755", "/root")
        container.run("useradd", "--system", "--user-group", "watchdesk")
        container.unit("watchdesk-server.service", text)
        for _ in range(2):
            container.run("systemctl", "start", "watchdesk-server")
            until(lambda: asked(container, HEALTH) == "200", what="its answer", within_s=60)
            container.run("systemctl", "stop", "watchdesk-server")
            shown = container.run(
                *("systemctl", "show", "watchdesk-server", "--property=Result,ActiveState")
            )
            assert set(shown.splitlines()) == {"Result=success", "ActiveState=inactive"}
        owner = container.run("stat", "--format=%U %a", "/var/lib/watchdesk-server/watchdesk.db")
        assert owner == "watchdesk 600"
        assert container.run("systemd-analyze", "verify", "watchdesk-server.service") == ""
        rating = container.run(
            *("systemd-analyze", "security", "--threshold=30", "watchdesk-server.service")
        )
        assert "OK" in rating.splitlines()[-1]
