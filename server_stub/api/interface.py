"""The interface as a whole: its resources and their addresses."""

from collections.abc import Iterator

from ninja import NinjaAPI
from ninja.operation import Operation

from agent.protocol import API_PREFIX, VERSION
from server_stub.api import (
    agreements,
    attachments,
    audit,
    clients,
    clocks,
    devices,
    held_back,
    importance,
    maintenance,
    outages,
    reports,
    retiring,
    ticket_accounts,
    ticket_acts,
    ticket_levels,
    ticket_links,
    ticket_talk,
    tickets,
    timeline,
    what_if,
)
from server_stub.api.access import StaffKey, forbidden
from server_stub.api.problems import register
from server_stub.api.strict_requests import StrictParser
from server_stub.errors import ForbiddenError


class _Interface(NinjaAPI):
    """Names its operations after their views."""

    def get_openapi_operation_id(self, operation: Operation) -> str:
        """Return the name that generated clients will know an operation by."""
        return operation.view_func.__name__


api = _Interface(
    title="watchdesk",
    version=VERSION,
    description=(
        "Tickets, devices and clients for staff and integrations. Every call carries a staff key: "
        "`Authorization: Bearer wds_…` (made by `watchdesk-server api-key`). Lists answer "
        "`{items, next}`; `next` is the address of the next page. Errors are problem documents "
        "(RFC 9457); what a key may not see is told like what does not exist."
    ),
    auth=StaffKey(),
    docs_url=None,
    openapi_url=None,
    urls_namespace="api",
    parser=StrictParser(),
)
_OF_TICKETS = (
    *(tickets, timeline, clocks, attachments, ticket_acts, ticket_talk, ticket_levels),
    *(ticket_links, ticket_accounts, what_if),
)
for _module in _OF_TICKETS:
    api.add_router("tickets", _module.router)
api.add_router("acceptances", what_if.acceptances)
api.add_router("devices", devices.router)
api.add_router("clients", clients.router)
api.add_router("clients", agreements.router)
api.add_router("clients", importance.router)
api.add_router("devices", importance.of_devices)
api.add_router("devices", retiring.router)
api.add_router("tickets", agreements.of_tickets)
api.add_router("tickets", outages.router)
api.add_router("maintenance", maintenance.router)
api.add_router("held-back", held_back.router)
api.add_router("reports", reports.router)
api.add_router("audit", audit.router)
register(api)
api.add_exception_handler(ForbiddenError, forbidden)


def operations() -> Iterator[tuple[str, str, Operation]]:
    """Yield method, path and operation of everything the interface offers."""
    for router in api._get_bound_routers():  # noqa: SLF001 - ninja has no public way
        for path, view in router.path_operations.items():
            for operation in view.operations:
                for method in operation.methods:
                    plain = path.replace("{int:", "{")
                    yield method, f"{API_PREFIX}{router.prefix.strip('/')}{plain}", operation
