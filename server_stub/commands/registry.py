"""``client add``, ``site add`` and ``enroll-token``."""

from argparse import Namespace
from datetime import UTC, datetime

from server_stub.clients.actions import (
    add_client,
    add_site,
    new_enrolment_token,
    revoke_enrolment_tokens,
)
from server_stub.clients.queries import client_named, most_like, site_named
from server_stub.clients.scope import ALL
from server_stub.errors import NotFoundError
from server_stub.sla.models import PolicyVersion


def client_add(arguments: Namespace) -> None:
    """Add a client."""
    policies = set(PolicyVersion.objects.values_list("name", flat=True))
    if arguments.policy not in policies:
        raise NotFoundError("SLA policy", arguments.policy, most_like(arguments.policy, policies))
    client = add_client(arguments.name, arguments.policy)
    print(f"client {client.name} added")


def site_add(arguments: Namespace) -> None:
    """Add a site to a client."""
    client = client_named(ALL, arguments.client)
    site = add_site(client, arguments.name, arguments.time_zone)
    print(f"site {site.name} of {client.name} added, working hours in {site.time_zone}")


def enroll_token(arguments: Namespace) -> None:
    """Print a new enrolment token, and nothing else; or end those there are."""
    client = client_named(ALL, arguments.client)
    site = site_named(ALL, client, arguments.site) if arguments.site else None
    now = datetime.now(UTC)
    if arguments.revoke:
        ended = revoke_enrolment_tokens(client, site, now)
        print(f"{ended} enrolment tokens of {client.name} ended; enrolled computers stay")
        return
    print(new_enrolment_token(client, site, uses=arguments.uses, valid=arguments.expires, now=now))
