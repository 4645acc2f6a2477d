"""``unit``: the systemd unit that runs the server, written for this computer."""

import shlex
import sys
from argparse import Namespace
from importlib.resources import files
from pathlib import Path

from server_stub.errors import InvalidError
from server_stub.serve import environment, parse_address

_USER = "watchdesk"
_FIRST_PORT_OF_ALL = 1024


def unit(arguments: Namespace) -> None:
    """Print a unit for ``serve`` with the options given here; it changes nothing."""
    environment(arguments)  # refuses what serve would refuse
    text = files("server_stub").joinpath("watchdesk-server.service").read_text(encoding="utf-8")
    print(
        text.replace("@PROGRAM@", _quoted(*_program()))
        .replace("@OPTIONS@", _quoted(*_options(arguments)))
        .replace("@CAPABILITIES@", _capabilities(arguments))
        .replace("@DATABASE@", _database(arguments))
        .replace("@USER@", _USER),
        end="",
    )


def _program() -> list[str]:
    script = Path(sys.executable).with_name("watchdesk-server")
    return [str(script)] if script.exists() else [sys.executable, "-m", "server_stub"]


def _options(arguments: Namespace) -> list[str]:
    words = ["--listen", arguments.listen]
    for name in ("tls_cert", "tls_key", "metrics", "log"):
        if value := getattr(arguments, name):
            path = name.startswith("tls_")
            words += [f"--{name.replace('_', '-')}", str(Path(value).absolute() if path else value)]
    for proxy in arguments.trusted_proxy:
        words += ["--trusted-proxy", proxy]
    words += ["--log-requests"] if arguments.log_requests else []
    return [*words, "--no-worker"] if arguments.no_worker else words


def _capabilities(arguments: Namespace) -> str:
    """Return what a user that is not root needs to listen where it is told to."""
    told = ((arguments.listen, "--listen"), (arguments.metrics, "--metrics"))
    ports = [parse_address(text, option).port for text, option in told if text]
    of_the_system = any(0 < port < _FIRST_PORT_OF_ALL for port in ports)
    return "CAP_NET_BIND_SERVICE" if of_the_system else ""


def _database(arguments: Namespace) -> str:
    url = getattr(arguments, "database_url", None)
    return f"Environment={_quoted(f'WATCHDESK_DATABASE_URL={url}')}\n" if url else ""


def _quoted(*words: str) -> str:
    """Return words as systemd reads them; a newline would begin another setting."""
    for word in words:
        if not word.isprintable() or "'" in word:
            raise InvalidError(word, "this cannot be written in a unit file")
    escaped = [word.replace("\\", "\\\\").replace("%", "%%").replace("$", "$$") for word in words]
    return " ".join(shlex.quote(word) for word in escaped)
