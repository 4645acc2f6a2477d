"""Calls the device routes as granian would, without a socket between."""

import io
import json
from dataclasses import dataclass
from typing import Any

from agent.protocol import API_PREFIX
from agent.protocol.problems import ProblemType, problem_type
from agent.protocol.receipts import Receipt, parse_receipt
from server_stub.intake.application import DeviceRoutes


@dataclass(frozen=True)
class Response:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def tree(self) -> Any:
        return json.loads(self.body)

    @property
    def receipts(self) -> list[Receipt]:
        return [parse_receipt(item) for item in self.tree["receipts"]]

    @property
    def problem(self) -> ProblemType | None:
        if self.headers["content-type"] != "application/problem+json":
            return None
        return problem_type(self.tree)


@dataclass(frozen=True)
class Caller:
    """One holder of a credential."""

    routes: DeviceRoutes
    token: str

    def post(self, route: str, body: bytes | str, **environ: str) -> Response:
        """POST a body to a device route."""
        return self.call("POST", API_PREFIX + route, body, **environ)

    def call(self, method: str, path: str, body: bytes | str = b"", **environ: str) -> Response:
        """Call with a method; ``environ`` overrides headers, an empty one leaves it out."""
        sent = body.encode() if isinstance(body, str) else body
        given: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": "",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "wsgi.url_scheme": "http",
            "HTTP_AUTHORIZATION": f"Bearer {self.token}",
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(sent)),
            "wsgi.input": io.BytesIO(sent),
        }
        started: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], *_: Any) -> Any:
            started.extend((status, headers))

        full = {name: value for name, value in (given | environ).items() if value != ""}
        parts = self.routes(full, start_response)
        status, headers = started
        return Response(
            int(status.split()[0]),
            {name.lower(): value for name, value in headers},
            b"".join(parts),
        )
