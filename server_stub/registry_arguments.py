"""The commands of clients: their sites, their computers' tokens, what was agreed with them."""

import argparse

from server_stub.argument_parts import Groups, command, day, duration, group


def registry_commands(
    groups: "Groups[argparse.ArgumentParser]", where: argparse.ArgumentParser
) -> None:
    """Add clients, their sites, and the tokens by which computers join them."""
    clients = group(groups, "client", "The companies you support.")
    _agreement_commands(clients, where)
    client = command(
        clients,
        "add",
        where,
        "commands.registry:client_add",
        says="Add a client.",
        example='client add "Acme Ltd"',
    )
    client.add_argument("name", metavar="NAME")
    client.add_argument(
        "--policy", metavar="POLICY", default="default", help="its SLA policy (default: default)"
    )
    site = command(
        group(groups, "site", "A client's places."),
        "add",
        where,
        "commands.registry:site_add",
        says="Add a site to a client.",
        example='site add "Acme Ltd" Lyon --time-zone Europe/Paris',
    )
    site.add_argument("client", metavar="CLIENT")
    site.add_argument("name", metavar="NAME")
    site.add_argument(
        "--time-zone", metavar="ZONE", default="UTC", help="of its working hours (default: UTC)"
    )
    token = command(
        groups,
        "enroll-token",
        where,
        "commands.registry:enroll_token",
        says="Print a new token by which computers join a client, and nothing else.",
        example='enroll-token "Acme Ltd" --site Lyon --uses 20 --expires 7d > token',
    )
    token.add_argument("client", metavar="CLIENT")
    token.add_argument("--site", metavar="SITE", help="the site they belong to")
    token.add_argument(
        "--uses", metavar="N", type=int, default=1, help="how many computers (default: 1)"
    )
    token.add_argument(
        "--expires", metavar="TIME", type=duration, default="24h", help="default: 24h"
    )
    token.add_argument(
        "--revoke",
        action="store_true",
        help="make no token, but end those of the client (of the site) that are not expired",
    )


def _agreement_commands(
    clients: "Groups[argparse.ArgumentParser]", where: argparse.ArgumentParser
) -> None:
    matters = command(
        clients,
        "importance",
        where,
        "commands.agreements:importance",
        says="Say how much a client matters, or one of its devices or people. Targets may choose "
        "by it; a ticket matters as much as the greatest of the three when it was opened.",
        example='client importance "Acme Ltd" vip --contact rui@acme.example',
    )
    matters.add_argument("client", metavar="CLIENT")
    matters.add_argument("importance", choices=("normal", "key", "vip"))
    whose = matters.add_mutually_exclusive_group()
    whose.add_argument("--device", metavar="NAME", help="this device of the client")
    whose.add_argument("--contact", metavar="NAME", help="this person: e-mail, name or account")
    agreements = group(clients, "agreement", "What was agreed with a client.")
    add = command(
        agreements,
        "add",
        where,
        "commands.agreements:add",
        says="Add an agreement. Its name is the word that the policy's targets ask for; the "
        "narrowest one covers a ticket: device before site before client, then the newest.",
        example='client agreement add "Acme Ltd" premium --from 2026-01-01 --site Lyon',
    )
    add.add_argument("client", metavar="CLIENT")
    add.add_argument("name", metavar="NAME")
    add.add_argument(
        "--from", dest="starts", metavar="DAY", type=day, help="such as 2026-01-01 (else today)"
    )
    add.add_argument("--to", dest="ends", metavar="DAY", type=day, help="its last day")
    add.add_argument(
        "--minutes", metavar="N", type=int, default=0, help="of work included each month"
    )
    add.add_argument(
        "--site", metavar="SITE", nargs="+", action="extend", default=[], help="covers these"
    )
    add.add_argument(
        "--device", metavar="NAME", nargs="+", action="extend", default=[], help="covers these"
    )
    shown = command(
        agreements,
        "list",
        where,
        "commands.agreements:show",
        says="List a client's agreements, and how much of this month's minutes is used.",
        example='client agreement list "Acme Ltd"',
    )
    shown.add_argument("client", metavar="CLIENT")
    ended = command(
        agreements,
        "end",
        where,
        "commands.agreements:ended",
        says="Let an agreement end. Tickets that are open stay under it.",
        example='client agreement end "Acme Ltd" 12 --to 2026-12-31',
    )
    ended.add_argument("client", metavar="CLIENT")
    ended.add_argument("number", metavar="NUMBER", type=int, help="as list tells it")
    ended.add_argument(
        "--to", dest="last_day", metavar="DAY", type=day, help="its last day (else today)"
    )
