"""Reading technicians."""

from django.db.models import QuerySet

from server_stub.clients.queries import most_like
from server_stub.desk.models import Technician
from server_stub.desk.rights import Right, may
from server_stub.errors import InvalidError, NotFoundError
from server_stub.tickets.acts import NOT_ASSIGNABLE, Assignee


def technician_of(email: str) -> Technician:
    """Return the active technician with this address in any case of letters.

    Raises NotFoundError.
    """
    active = Technician.objects.filter(is_active=True)
    row = active.filter(email__iexact=email.strip()).first()
    if row is None:
        addresses = active.values_list("email", flat=True)
        raise NotFoundError("technician", email, most_like(email, addresses))
    return row


def technicians() -> QuerySet[Technician]:
    """Return every account by address, those who left too, with clients and keys."""
    return Technician.objects.order_by("email").prefetch_related("clients", "api_keys", "teams")


def assignee_of(email: str) -> Assignee:
    """Return the technician with this address as tickets know them; raises InvalidError.

    Told as one who does not see the ticket would be: nobody learns here who has an account.
    """
    try:
        technician = technician_of(email)
    except NotFoundError as error:
        raise InvalidError("assignee", NOT_ASSIGNABLE) from error
    if not may(technician.role, Right.REPLY):
        raise InvalidError("assignee", NOT_ASSIGNABLE)
    return Assignee(technician.id, technician.email, technician.scope)
