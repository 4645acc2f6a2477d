"""Making this device known to a server, once; repeating it is harmless.

The device makes its id and token itself and stores both before it asks: an answer that is lost
on the way leaves nothing behind that a second try would not find again.
"""

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from agent import identity
from agent.clock import Now
from agent.delivery.address import proxy_address, server_address
from agent.delivery.child import SenderProcess
from agent.delivery.messages import Answer, Job, Outcome, Settings
from agent.errors import AgentError
from agent.identity import Identity
from agent.protocol import VERSION
from agent.protocol.credentials import CredentialPrefix, new_credential
from agent.protocol.device import Enrolment
from agent.protocol.ids import uuid7
from agent.protocol.words import DeviceKind

_LONGEST_TOKEN_FILE = 4096
_TOKEN = re.compile(r"wde_[A-Za-z0-9_-]{20,200}")
_ELSEWHERE = {
    CredentialPrefix.DEVICE: "the token of a device",
    CredentialPrefix.STAFF_KEY: "the API key of a technician",
}


class EnrolmentError(AgentError):
    """The device could not be enrolled; the text says why, and what to do."""


@dataclass(frozen=True, slots=True)
class DeviceDescription:
    """What the server is told of this computer: its name, kind, and os (linux, windows, macos)."""

    name: str
    kind: DeviceKind
    os: str


def read_token(source: str) -> str:
    """Return the enrolment token in the file ``source``, from stdin when it is ``-``.

    Raises EnrolmentError, without the token, when there is none.
    """
    try:
        if source == "-":
            text = sys.stdin.read(_LONGEST_TOKEN_FILE)
        else:
            with Path(source).open(encoding="utf-8") as file:
                text = file.read(_LONGEST_TOKEN_FILE)
    except OSError as error:
        raise EnrolmentError(f"the token file {source} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise EnrolmentError(f"the token file {source} holds no token") from error
    token = text.strip()
    for prefix, what in _ELSEWHERE.items():
        if token.startswith(prefix):
            raise EnrolmentError(f"this is {what}, not an enrolment token (wde_…)")
    if not _TOKEN.fullmatch(token):
        where = "stdin" if source == "-" else source
        raise EnrolmentError(
            f"{where} holds no enrolment token: one line that begins with wde_ "
            "(watchdesk-server enroll-token CLIENT prints it)"
        )
    return token


def enrol(
    state_dir: Path,
    device: DeviceDescription,
    *,
    server: str,
    token: str,
    now: Now,
    ca_file: Path | None = None,
    proxy: str | None = None,
    start_sender: Callable[[Settings], SenderProcess] = SenderProcess,
) -> Identity:
    """Make this device known to ``server`` and return its identity, stored in the state folder.

    A device that has an identity keeps its id, its token at the same address, and CA file and
    proxy unless others are given. Raises AddressError, StateError or EnrolmentError; whatever
    was stored stays, and the same call may be repeated.
    """
    stored = identity.load(state_dir) if identity.exists(state_dir) else None
    mine = _own_identity(stored, server_address(server))
    mine = replace(
        mine,
        ca_file=str(ca_file.resolve()) if ca_file else mine.ca_file,
        proxy=proxy_address(proxy) if proxy else mine.proxy,
        kind=device.kind.value,
    )
    if stored is None or stored.enrolled_at is None:
        identity.save(state_dir, mine)  # else what works stays until something else has worked
    answer = _ask(mine, device, token, start_sender)
    if answer.outcome is not Outcome.DELIVERED:
        raise EnrolmentError(answer.says)
    if answer.document.get("device_id") != mine.device_id:
        raise EnrolmentError(f"{mine.server} answered for another device; try again")
    enrolled = replace(mine, enrolled_at=now.label())
    identity.save(state_dir, enrolled)
    return enrolled


def _own_identity(stored: Identity | None, server: str) -> Identity:
    """Return what is stored; for another address the same id with a new token.

    What an address was told, mistyped or given up, is no secret for the next one.
    """
    if stored and stored.server == server:
        return stored
    return Identity(
        device_id=stored.device_id if stored else uuid7(),
        device_token=new_credential(CredentialPrefix.DEVICE),
        server=server,
        ca_file=stored.ca_file if stored else None,
        proxy=stored.proxy if stored else None,
    )


def _ask(
    mine: Identity,
    device: DeviceDescription,
    token: str,
    start_sender: Callable[[Settings], SenderProcess],
) -> Answer:
    request = Enrolment(
        device_id=mine.device_id,
        device_token=mine.device_token,
        name=device.name,
        kind=device.kind,
        os=device.os,
        agent_version=VERSION,
    )
    settings = Settings(
        server=mine.server,
        token=mine.device_token,
        agent_version=VERSION,
        ca_file=mine.ca_file,
        proxy=mine.proxy,
    )
    with start_sender(settings) as sender:
        return sender.ask(Job("enroll", "enroll", items=(request.to_text(),), token=token))
