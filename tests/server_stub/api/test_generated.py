"""Requests that schemathesis makes of our own OpenAPI document, right ones and wrong ones.

Every answer is one that the document tells of: its status, its media type, its headers, its shape;
none is a failure, every error is a problem document. Through the device routes and Django as a
served process has them.
"""

from collections import Counter
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.core.result import Ok

from agent.protocol.ids import uuid7
from server_stub.api.interface import operations as documented
from server_stub.intake.application import DeviceRoutes
from tests.server_stub.api.caller import a_caller
from tests.server_stub.api.mutations import Request
from tests.server_stub.api.test_fuzz import complaint
from tests.server_stub.isolation.conftest import routes
from tests.server_stub.isolation.worlds import World, a_world
from tests.support import desk_rows, seeds

__all__ = ["routes"]

_EACH = 350 if seeds.long_run() else 15
"""Of each operation, right ones and as many wrong ones."""
_CHECKS = [
    content_type_conformance,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_every_answer_is_one_that_the_document_tells_of(routes: DeviceRoutes) -> None:
    world = a_world("made", 1, desk_rows.policy())
    token = a_caller().token
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", routes)
    seen: Counter[int] = Counter()

    operations = [one.ok() for one in schema.get_all_operations() if isinstance(one, Ok)]
    for operation in operations:
        for mode in GenerationMode:
            seen += asked(operation, mode, token, world)

    seeds.tell(f"{seen.total()} requests: {dict(sorted(seen.items()))}")
    assert {200, 201, 404, 422} <= set(seen)
    assert seen.total() > len(operations) * _EACH
    assert len(operations) == len(list(documented()))


def asked(
    operation: APIOperation[Any, Any, Any, Any], mode: GenerationMode, token: str, world: World
) -> Counter[int]:
    """Send requests to one operation; return how often which status came back."""
    seen: Counter[int] = Counter()
    there = {
        "number": world.ticket.id,
        "device_id": world.device.id,
        "client_id": world.client.id,
        "attachment": world.attachment.id,
        "window": int(world.names["window"]),
        "agreement": int(world.names["agreement"]),
        "contact": world.report.contact.pk,
    }

    @seed(seeds.seed())
    @settings(
        max_examples=_EACH,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), of_ours=st.booleans())
    def send(case: Case[Any], of_ours: bool) -> None:  # noqa: FBT001 - hypothesis gives it
        headers = {"Authorization": f"Bearer {token}"}
        if of_ours:
            case.path_parameters = {name: there[name] for name in case.path_parameters}
            headers |= {"Idempotency-Key": uuid7()} if case.method == "POST" else {}
            headers |= {"If-Match": "*"} if case.method == "PATCH" else {}
            if isinstance(case.body, dict) and operation.label == "POST /api/v1/tickets":
                case.body |= {"client": world.client.id, "site": None, "device": None}
        response = case.call(headers=headers)
        seen[response.status_code] += 1
        case.validate_response(response, checks=_CHECKS)
        told = {name.lower(): values[0] for name, values in response.headers.items()}
        request = Request(case.method, case.formatted_path, "", {}, b"")
        assert not complaint(request, response.status_code, told, response.content)

    send()
    return seen
