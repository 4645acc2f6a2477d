"""Reading who reported what and which files came with it, always within a scope."""

from django.db.models import QuerySet

from server_stub.clients.scope import Scope
from server_stub.contacts.models import Attachment, Contact, Report
from server_stub.errors import NotFoundError


def reports(scope: Scope, number: int) -> QuerySet[Report]:
    """Return the reports that went to a ticket, with who filed them; oldest first."""
    rows = Report.objects.filter(ticket=number).select_related("contact").order_by("id")
    return scope.filter(rows, "ticket__client")


def attachments(scope: Scope, number: int) -> QuerySet[Attachment]:
    """Return the files that came with a ticket's reports, oldest first."""
    rows = Attachment.objects.filter(ticket=number).order_by("id")
    return scope.filter(rows, "ticket__client")


def contacts(scope: Scope, client_id: int) -> QuerySet[Contact]:
    """Return a client's contacts with their computers, in the order they were first heard of."""
    rows = Contact.objects.filter(client=client_id).select_related("device").order_by("id")
    return scope.filter(rows.defer("device__facts", "device__heartbeat"))


def contact(scope: Scope, client_id: int, number: int) -> Contact:
    """Return the client's contact of this number; raises NotFoundError."""
    row = contacts(scope, client_id).filter(id=number).first()
    if row is None:
        raise NotFoundError("contact", number)
    return row
