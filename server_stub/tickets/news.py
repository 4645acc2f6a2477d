"""Which devices have something new to fetch about their tickets."""

from django.db import connection

from agent.protocol.words import Source
from server_stub.tickets.models import Ticket

_TELL = """
    INSERT INTO tickets_devicenews (device_id, version, reports)
    VALUES (%s, 1, (
        SELECT count(*) FROM tickets_ticket
        WHERE device_id = %s AND source = %s AND resolved_at IS NULL))
    ON CONFLICT (device_id) DO UPDATE
    SET version = tickets_devicenews.version + 1, reports = excluded.reports"""


def tell_device(ticket: Ticket) -> None:
    """Note, in the caller's transaction, that the ticket's device has something to fetch."""
    if ticket.device_id is None:
        return
    with connection.cursor() as cursor:
        cursor.execute(_TELL, [ticket.device_id, ticket.device_id, Source.TRAY.value])
