"""macOS: the agent as a launchd daemon, by Apple's documents; never run on a real macOS yet."""

import plistlib
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from agent.errors import AgentError, CheckError
from agent.host import program
from agent.install import trust
from agent.install.order import Order, keep, looked_at, with_authority_in
from agent.install.state import purge
from agent.store.folder import private_folder

LABEL = "watchdesk.agent"
DAEMON = Path("/Library/LaunchDaemons") / f"{LABEL}.plist"
LOG = "/var/log/watchdesk-agent.log"
_LAUNCHCTL = "/bin/launchctl"
_TOOL_S = 60.0
_WAITS_S = (1.0, 2.0, 4.0, 8.0)


def install(order: Order) -> Iterator[str]:
    """Make the daemon, or make it anew, and start it; yield what was done, a sentence each.

    Raises AgentError or ConfigError.
    """
    trust.need_root("install")
    trust.refuse_what_others_can_write()
    order = looked_at(order)
    private_folder(order.state)
    yield keep(with_authority_in(order, order.state))
    _stop()
    _write(daemon(order.command()))
    _start()
    yield f"The daemon {LABEL} runs; watchdesk-agent status tells what it sees."


def uninstall(state: Path, *, everything: bool) -> Iterator[str]:
    """Stop the daemon and take it away; yield what was done. Raises AgentError."""
    trust.need_root("uninstall")
    if DAEMON.exists():
        _stop()
        DAEMON.unlink()
        yield f"The daemon {LABEL} is stopped and gone."
    else:
        yield f"There is no daemon {LABEL}."
    if everything:
        yield purge(state)
    elif state.exists():
        yield f"What the agent knows stays in {state}; --purge deletes it, too."


def daemon(command: Sequence[str]) -> bytes:
    """Return the property list of a daemon that runs this command (``launchd.plist(5)``)."""
    return plistlib.dumps(
        {
            "Label": LABEL,
            "ProgramArguments": list(command),
            "RunAtLoad": True,
            "KeepAlive": {"SuccessfulExit": False},
            "ThrottleInterval": 10,
            "ExitTimeOut": 15,
            "Umask": 0o077,
            "WorkingDirectory": "/",
            # Nobody shortens this file, so only what is wrong goes there.
            "EnvironmentVariables": {"WATCHDESK_LOG": "WARNING"},
            "StandardErrorPath": LOG,
        }
    )


def _write(content: bytes) -> None:
    draft = DAEMON.with_name(f".{DAEMON.name}.new")
    try:
        draft.write_bytes(content)
        draft.chmod(0o644)
        draft.replace(DAEMON)
    except OSError as error:
        raise AgentError(f"{DAEMON} cannot be written: {error.strerror}") from error


def _stop() -> None:
    """Stop the daemon when launchd knows it; it is no mistake when it does not."""
    try:
        program.run([_LAUNCHCTL, "bootout", f"system/{LABEL}"], _TOOL_S)
    except CheckError as error:
        raise AgentError(error.reason) from error


def _start() -> None:
    """Start the daemon; while launchd still ends the one before, it refuses another."""
    for wait_s in (*_WAITS_S, None):
        try:
            ended = program.run([_LAUNCHCTL, "bootstrap", "system", str(DAEMON)], _TOOL_S)
        except CheckError as error:
            raise AgentError(error.reason) from error
        if not ended.code:
            return
        if wait_s is None:
            said = " ".join((ended.err or ended.out).decode(errors="replace").split())
            raise AgentError(f"launchd does not take {DAEMON}: {said or ended.code}")
        time.sleep(wait_s)
