"""Reading who reported what and which files came with it, always within a scope."""

from django.db.models import QuerySet

from server_stub.clients.scope import Scope
from server_stub.contacts.models import Attachment, Report


def reports(scope: Scope, number: int) -> QuerySet[Report]:
    """Return the reports that went to a ticket, with who filed them; oldest first."""
    rows = Report.objects.filter(ticket=number).select_related("contact").order_by("id")
    return scope.filter(rows, "ticket__client")


def attachments(scope: Scope, number: int) -> QuerySet[Attachment]:
    """Return the files that came with a ticket's reports, oldest first."""
    rows = Attachment.objects.filter(ticket=number).order_by("id")
    return scope.filter(rows, "ticket__client")
