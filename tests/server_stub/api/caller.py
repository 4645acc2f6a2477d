"""Calls the REST interface as a program does."""

import json
from dataclasses import dataclass
from typing import Any

from django.test import Client as Browser

from agent.protocol import PROBLEM_MEDIA_TYPE
from agent.protocol.credentials import CredentialPrefix, credential_hash, new_credential
from agent.protocol.ids import uuid7
from agent.protocol.problems import ProblemType, problem_type
from server_stub.api.strict_requests import FILE
from server_stub.clients.models import Client
from server_stub.desk.models import ApiKey, Role
from tests.support.rows import a_technician


@dataclass(frozen=True)
class Answer:
    """What came back; an error is always a problem document."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def tree(self) -> Any:
        return json.loads(self.body)

    @property
    def etag(self) -> str:
        return self.headers["etag"]

    @property
    def problem(self) -> ProblemType | None:
        return problem_type(self.tree)


@dataclass(frozen=True)
class Caller:
    """One holder of a key; ``email`` is its owner's address."""

    token: str
    email: str

    def call(
        self, method: str, path: str, body: object = None, *, status: int, **headers: str
    ) -> Answer:
        """Call, and demand this status."""
        answer = self.ask(method, path, body, **headers)
        assert answer.status == status, answer.body
        return answer

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        """Call; header names are written with underscores; a body is JSON unless it is bytes."""
        sent = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body)
        given = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"} | {
            name.replace("_", "-").title(): value for name, value in headers.items()
        }
        answer = Browser(enforce_csrf_checks=True, raise_request_exception=False).generic(
            method,
            path if path.startswith("/") else f"/api/v1/{path}",
            sent,
            content_type=given.pop("Content-Type"),
            headers={name: value for name, value in given.items() if value},
        )
        found = {name.lower(): value for name, value in answer.items()}
        told = FILE if "/attachments/" in path else "application/json"
        kind = told if answer.status_code < 400 else PROBLEM_MEDIA_TYPE
        assert found["content-type"].split(";")[0] == kind
        if answer.status_code >= 400 and method != "HEAD":
            assert json.loads(answer.content)["status"] == answer.status_code
        return Answer(answer.status_code, found, answer.content)

    def get(self, path: str, status: int = 200, **headers: str) -> Answer:
        return self.call("GET", path, status=status, **headers)

    def post(
        self, path: str, body: object = None, status: int = 200, key: str = "", **headers: str
    ) -> Answer:
        """POST under an Idempotency-Key, a new one unless given."""
        named = {"idempotency_key": key or uuid7()} | headers
        return self.call("POST", path, body, status=status, **named)

    def patch(self, path: str, body: object, status: int = 200, match: str = "*") -> Answer:
        return self.call("PATCH", path, body, status=status, if_match=match)


def a_caller(*only: Client, role: Role = Role.TECHNICIAN, owner_sees: Any = ()) -> Caller:
    """Return the holder of a new key of a new technician; ``only`` narrows the key."""
    token = new_credential(CredentialPrefix.STAFF_KEY)
    owner = a_technician("", *owner_sees, role=role)
    key = ApiKey.objects.create(
        technician=owner, prefix=token[:12], key_hash=credential_hash(token), limited=bool(only)
    )
    key.clients.set(only)
    return Caller(token, owner.email)


def another_key(caller: Caller, *only: Client) -> Caller:
    """Return the holder of another key of the same technician."""
    other = a_caller(*only)
    key = ApiKey.objects.get(key_hash=credential_hash(other.token))
    key.technician = ApiKey.objects.get(key_hash=credential_hash(caller.token)).technician
    key.save()
    return Caller(other.token, caller.email)
