"""Making this device known to a server, once; repeating it is harmless.

The device makes its id and token itself and stores both before it asks: an answer that is lost
on the way leaves nothing behind that a second try would not find again.
"""

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
from agent.protocol.problems import ProblemType
from agent.protocol.words import DeviceKind

_LONGEST_TOKEN_FILE = 4096
_ELSEWHERE = {
    CredentialPrefix.DEVICE: "the token of a device",
    CredentialPrefix.STAFF_KEY: "the API key of a technician",
}
_WHY = {
    ProblemType.TOKEN_SPENT: "the enrolment token is used up or expired: ask for a new one "
    "(watchdesk-server enroll-token CLIENT)",
    ProblemType.UNAUTHENTICATED: "the server does not know this enrolment token: it was copied "
    "incompletely, withdrawn, or is of another server",
    ProblemType.WRONG_CREDENTIAL: "the server says this is no enrolment token",
    ProblemType.CONFLICT: "the server knows this device id already and will not take it over: "
    "the state folder was copied from another computer, or the device belongs to another client",
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
    if not token.startswith(CredentialPrefix.ENROLMENT) or len(token.split()) != 1:
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

    A device that has an identity keeps its id and token, and CA file and proxy unless others are
    given. Raises AddressError, StateError or
    EnrolmentError; whatever was stored stays, and the same call may be repeated.
    """
    mine = _own_identity(state_dir, server_address(server))
    tried = replace(
        mine,
        ca_file=str(ca_file.resolve()) if ca_file else mine.ca_file,
        proxy=proxy_address(proxy) if proxy else mine.proxy,
    )
    if mine.enrolled_at is None:  # else what works stays until something else has worked
        identity.save(state_dir, tried)
    answer = _ask(tried, device, token, start_sender)
    if answer.outcome is not Outcome.DELIVERED:
        raise EnrolmentError(_why(answer))
    enrolled = replace(tried, enrolled_at=now.label())
    identity.save(state_dir, enrolled)
    return enrolled


def _own_identity(state_dir: Path, server: str) -> Identity:
    """Return what is stored, or a new identity.

    A token that may have gone to a mistyped address is not used again.
    """
    stored = identity.load(state_dir) if identity.exists(state_dir) else None
    if stored and stored.server == server:
        return stored
    if stored and stored.enrolled_at:
        raise EnrolmentError(
            f"this device is enrolled at {stored.server} since {stored.enrolled_at}. If that "
            "server only got another address, change it in "
            f"{state_dir / identity.FILE_NAME}; to enrol as a new device elsewhere, move that "
            "file away first"
        )
    return Identity(
        device_id=stored.device_id if stored else uuid7(),
        device_token=new_credential(CredentialPrefix.DEVICE),
        server=server,
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


def _why(answer: Answer) -> str:
    return next((why for kind, why in _WHY.items() if kind == answer.problem), answer.says)
