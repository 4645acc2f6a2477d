"""Reading technicians."""

from server_stub.clients.queries import most_like
from server_stub.desk.models import Technician
from server_stub.errors import NotFoundError


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
