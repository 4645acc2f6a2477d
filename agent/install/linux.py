"""Linux: the agent as a systemd service, its sender as a user of its own."""

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from agent import settings
from agent.delivery.command import SENDER_USER, sender_command, sender_environment
from agent.errors import AgentError, CheckError
from agent.host import program
from agent.install import trust
from agent.install.order import Order, keep, looked_at, with_authority_in
from agent.install.state import purge
from agent.store.folder import private_folder

NAME = "watchdesk-agent.service"
UNIT = Path("/etc/systemd/system") / NAME
_RUNS_HERE = Path("/run/systemd/system")
_READ_ONLY = ("/boot", "/efi", "/etc", "/usr")
_START_S = 120.0
_TOOL_S = 60.0
_NO_SETTINGS = 2
"""How a sender ends that was told nothing: it could be started."""


def install(order: Order) -> Iterator[str]:
    """Make the service, or make it anew, and start it; yield what was done, a sentence each.

    Raises AgentError or ConfigError; what was there before is then as it was.
    """
    trust.need_root("install")
    trust.refuse_what_others_can_write()
    order = looked_at(order)
    _look_at_place(order.state)
    text = unit_text(order.command())
    made = _make_user()
    try:
        _try_sender()
    except AgentError:
        if made:
            _tool("userdel", SENDER_USER)
        raise
    private_folder(order.state)
    config = settings.config_dir()
    config.mkdir(parents=True, exist_ok=True)
    config.chmod(0o755)  # whatever this terminal's umask: the sender reads there
    told = keep(with_authority_in(order, config))
    if made:
        yield f"The user {SENDER_USER} is there for what touches the network."
    yield told
    _write(text)
    _systemctl("enable", "--quiet", NAME)
    if not _RUNS_HERE.is_dir():
        yield f"systemd does not run here: {NAME} starts with the next boot."
        return
    _systemctl("daemon-reload")
    _systemctl("restart", NAME)
    yield f"The service {NAME} runs; watchdesk-agent status tells what it sees."


def uninstall(state: Path, *, everything: bool) -> Iterator[str]:
    """Stop the service and take it away; yield what was done.

    What the agent knows stays, for another ``install``, unless ``everything`` is to go. Raises
    AgentError.
    """
    trust.need_root("uninstall")
    if UNIT.exists():
        now = ["--now"] if _RUNS_HERE.is_dir() else []
        _systemctl("disable", "--quiet", *now, NAME)
        UNIT.unlink()
        if _RUNS_HERE.is_dir():
            _systemctl("daemon-reload")
        yield f"The service {NAME} is stopped and gone."
    else:
        yield f"There is no service {NAME}."
    if _user_exists():
        _tool("userdel", SENDER_USER)
    if everything:
        yield purge(state)
    elif state.exists():
        yield f"What the agent knows stays in {state}; --purge deletes it, too."


def unit_text(command: Sequence[str]) -> str:
    """Return the unit that runs this command; raises AgentError for what no unit can hold."""
    template = Path(__file__).with_name(NAME).read_text(encoding="utf-8")
    look = settings.own_command("agent.install.trust")
    return template.replace("@COMMAND@", quoted(command)).replace("@LOOK@", quoted(look))


def quoted(words: Sequence[str]) -> str:
    """Return words as systemd reads them; a newline would begin another setting."""
    for word in words:
        if not word.isprintable() or "'" in word:
            raise AgentError(f"{word!r} cannot be written in a unit file")
    escaped = (word.replace("\\", "\\\\").replace("%", "%%").replace("$", "$$") for word in words)
    return " ".join(shlex.quote(word) for word in escaped)


def _look_at_place(state: Path) -> None:
    if any(state.is_relative_to(folder) for folder in _READ_ONLY):
        raise AgentError(f"{state} is read-only for the service: name a folder below /var or /srv")


def _user_exists() -> bool:
    if sys.platform == "win32":  # where this module is only looked at
        return False
    import pwd  # noqa: PLC0415 - not on Windows

    try:
        pwd.getpwnam(SENDER_USER)
    except KeyError:
        return False
    return True


def _make_user() -> bool:
    if _user_exists():
        return False
    nobody = program.find("nologin") or program.find("false") or "/bin/false"
    _tool(
        *("useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"),
        *("--shell", str(nobody), SENDER_USER),
    )
    return True


def _try_sender() -> None:
    """See that the sender's user can run it: our files may lie where only root may look."""
    try:
        done = subprocess.run(
            sender_command(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=sender_environment(),
            cwd=os.sep,
            user=SENDER_USER,
            group=SENDER_USER,
            extra_groups=[],
            timeout=_TOOL_S,
            check=False,
        )
        words = "" if done.returncode == _NO_SETTINGS else done.stderr.decode(errors="replace")
        failed = done.returncode != _NO_SETTINGS
    except (OSError, subprocess.SubprocessError) as error:
        failed, words = True, str(error)
    if failed:
        said = (words.strip().splitlines() or ["it said nothing"])[-1]
        raise AgentError(
            f"the user {SENDER_USER} cannot run {sender_command()[0]}: {said}; install watchdesk "
            "where every user may read it, such as /opt/watchdesk"
        )


def _write(text: str) -> None:
    draft = UNIT.with_name(f".{NAME}.new")
    try:
        draft.write_text(text, encoding="utf-8")
        draft.chmod(0o644)
        draft.replace(UNIT)
    except OSError as error:
        raise AgentError(f"{UNIT} cannot be written: {error.strerror}") from error


def _systemctl(*arguments: str) -> None:
    try:
        _tool("systemctl", *arguments, deadline_s=_START_S)
    except AgentError as error:
        raise AgentError(f"{error}; journalctl -u {NAME} tells why") from error


def _tool(name: str, *arguments: str, deadline_s: float = _TOOL_S) -> None:
    path = program.find(name)
    if path is None:
        raise AgentError(f"this system has no {name}, which installing needs")
    try:
        ended = program.run([str(path), *arguments], deadline_s)
    except CheckError as error:
        raise AgentError(error.reason) from error
    if ended.code:
        said = " ".join((ended.err or ended.out).decode(errors="replace").split())
        raise AgentError(f"{name} {' '.join(arguments)} failed: {said or ended.code}")
