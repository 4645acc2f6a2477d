"""Who reported a ticket, as participants of it."""

from server_stub.clients.scope import Scope
from server_stub.contacts.queries import reports
from server_stub.tickets.acts import Person


def requesters(scope: Scope, number: int) -> list[Person]:
    """Return those whose reports went to a ticket, each once; nobody of a shared account."""
    found: dict[int, Person] = {}
    for report in reports(scope, number):
        if not report.shared:
            contact = report.contact
            name = contact.name or contact.account_name
            found[contact.pk] = Person(name, contact.email.lower(), contact.pk)
    return list(found.values())
