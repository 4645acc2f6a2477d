"""Reading notes, always within a scope: those of its clients, and those for everybody."""

from django.db.models import Count, Q, QuerySet

from server_stub.clients.scope import Scope
from server_stub.errors import NotFoundError
from server_stub.knowledge.models import Note


def notes(scope: Scope) -> QuerySet[Note]:
    """Return the notes that a scope's people may read, by title; a scope of nobody has none."""
    rows = Note.objects.select_related("client").order_by("title", "id")
    if scope.client_ids is None:
        return rows
    if not scope.client_ids:
        return rows.none()
    return rows.filter(Q(client__isnull=True) | Q(client__in=sorted(scope.client_ids)))


def note(scope: Scope, number: int) -> Note:
    """Return one note; raises NotFoundError."""
    row = notes(scope).filter(id=number).first()
    if row is None:
        raise NotFoundError("note", number)
    return row


def notes_counted(scope: Scope) -> QuerySet[Note]:
    """Return the notes with ``solved``: how often each helped somebody of the scope's clients."""
    of_clients = Q() if scope.client_ids is None else Q(solutions__client__in=scope.client_ids)
    return notes(scope).annotate(solved=Count("solutions", filter=of_clients or None))
