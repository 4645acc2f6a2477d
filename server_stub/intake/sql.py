"""The texts of the intake's statements: sets of rows, never row by row.

A group of requests costs the same number of statements however many events it holds. SQLite is
handed lists as JSON text (``json_each``), PostgreSQL as arrays: the statements' texts are
constant, so both prepare them once. SQLite must never be asked for ``(a, b) IN (VALUES …)``:
it scans the table for it (measured: 51 events/s at 80,000 tickets).
"""

from collections.abc import Mapping, Sequence
from typing import Any

Row = tuple[Any, ...]
Change = tuple[str, Sequence[Row]]
"""A statement to be executed once for each row of values."""

_KNOWN_DEVICE = """
    SELECT d.id, d.client_id, d.site_id, s.time_zone, coalesce(
        (SELECT max(v.id) FROM sla_policyversion v WHERE v.name = c.policy),
        (SELECT max(v.id) FROM sla_policyversion v WHERE v.name = 'default')),
        coalesce(n.version, 0), coalesce(n.reports, 0), d.kind, c.notes_version,
        c.importance, d.importance, (
        SELECT rows_of(row_of(coalesce(
            (SELECT 2 FROM clients_covered v WHERE v.agreement_id = a.id AND v.device_id = d.id),
            (SELECT 1 FROM clients_covered v WHERE v.agreement_id = a.id AND v.site_id = d.site_id),
            CASE WHEN a.whole THEN 0 END), a.starts, a.ends, a.name, a.id))
        FROM clients_agreement a WHERE a.client_id = d.client_id)
    FROM clients_device d
    JOIN clients_client c ON c.id = d.client_id
    LEFT JOIN clients_site s ON s.id = d.site_id
    LEFT JOIN tickets_devicenews n ON n.device_id = d.id
    WHERE d.token_hash = %s AND d.retired_at IS NULL"""
_IN_USE_BY_HASH = "d.token_hash = %s AND d.retired_at IS NULL"
KNOWN_DEVICE = {
    "sqlite": _KNOWN_DEVICE.replace("rows_of", "json_group_array").replace("row_of", "json_array"),
    "postgresql": _KNOWN_DEVICE.replace("rows_of", "json_agg").replace(
        "row_of", "json_build_array"
    ),
}
"""By one token's hash, of a device in use; the newest version of the client's policy, else of the
default one.

Last the client's agreements as a JSON list: narrowness (NULL: it does not cover the device), first
and last day, name, number. Which of them holds is a matter of the day at the device's site.
"""

KNOWN_DEVICES = {
    "sqlite": KNOWN_DEVICE["sqlite"].replace(
        _IN_USE_BY_HASH, "d.id IN (SELECT value FROM json_each(%s))"
    ),
    "postgresql": KNOWN_DEVICE["postgresql"].replace(
        _IN_USE_BY_HASH, "d.id IN (SELECT jsonb_array_elements_text(%s::jsonb))"
    ),
}
"""The same by the ids of devices, retired ones too, given as a JSON list."""

NUMBER_OF_KEY = """(
        SELECT coalesce(max(a.id) FILTER (WHERE a.resolved_at IS NULL), max(a.id))
        FROM tickets_ticket a WHERE a.alert_key = k.value)"""
"""Of one alert's tickets (one more a day at the most) the unresolved one, else the latest.

Asked for by ``resolved_at IS NULL``, PostgreSQL may take an index of the queue instead and read
it from end to end: while it has no statistics of a young table it believes nothing is unresolved.
"""
TICKETS_OF = """
    SELECT k.value, t.id, t.status, t.priority, t.title, t.evaluation, t.alert_id, t.sequence,
        t.occurrences, t.touched, t.facts_hash, t.created_at, t.resolved_at, t.accepted_until,
        t.accepted, t.next_due_at,
        t.source, t.type, t.level, coalesce(t.policy_version,
        (SELECT max(c.policy_version_id) FROM sla_clock c WHERE c.ticket_id = t.id))"""

INSERTS: Mapping[str, tuple[str, ...]] = {
    "tickets_ticket": (
        *("id", "client_id", "site_id", "device_id", "title", "status", "priority"),
        *("fingerprint", "alert_key", "alert_id", "sequence", "evaluation", "occurrences"),
        *("facts_hash", "created_at", "updated_at", "resolved_at", "next_due_at", "stage"),
        *("type", "level", "policy_version"),
    ),
    "tickets_timelineentry": (
        *("ticket_id", "at", "device_at", "kind", "actor", "channel", "body", "payload"),
    ),
    "sla_clock": (
        *("ticket_id", "policy_version_id", "name", "state", "started_at", "due_at"),
        *("stopped_at", "breached_at"),
    ),
    "work_duework": ("kind", "key", "due_at", "payload"),
    "intake_seenenvelope": ("device_id", "envelope_id", "body_sha256", "ticket_number", "at"),
}
"""Tables that get sets of new rows, and the columns a row is given in."""

UPDATE_TICKETS = """
    UPDATE tickets_ticket SET status = %s, priority = %s, title = %s, evaluation = %s,
        alert_id = %s, sequence = %s, occurrences = %s, facts_hash = %s, updated_at = %s,
        resolved_at = %s, next_due_at = %s, accepted_until = %s, accepted = %s,
        stage = CASE WHEN status = %s THEN stage ELSE %s END,
        close_reason = CASE WHEN status = %s THEN close_reason ELSE '' END
    WHERE id = %s"""
"""A status the monitor changes is at the stage that is called like it."""
DELETE_CLOCKS = "DELETE FROM sla_clock WHERE ticket_id = %s"
DELETE_WORK = "DELETE FROM work_duework WHERE kind = %s AND key = %s"
PUT_FACTS = """
    INSERT INTO intake_factsrecord (device_id, hash, text, at) VALUES (%s, %s, %s, %s)
    ON CONFLICT (device_id, hash) DO NOTHING"""
UPDATE_FACTS = "UPDATE clients_device SET facts = %s, facts_hash = %s, facts_at = %s WHERE id = %s"
UPDATE_SEEN = """
    UPDATE clients_device SET last_seen_at = %s WHERE id = %s AND last_seen_at < %s"""
UPDATE_HEARTBEATS = """
    UPDATE clients_device SET last_seen_at = %s, heartbeat = %s, boot_at = %s, agent_version = %s
    WHERE id = %s AND last_seen_at < %s"""
"""Another process may have written a later one meanwhile; that one stays."""
PUT_LAST_WORDS = """
    INSERT INTO intake_lastword (device_id, word, at)
    SELECT id, %s, %s FROM clients_device WHERE id = %s
    ON CONFLICT (device_id) DO UPDATE
    SET word = excluded.word, at = excluded.at, taken_back_at = NULL"""
"""Of a device that is not there any more nothing is kept: it must not keep the others' back."""
TAKE_BACK_WORDS = """
    UPDATE intake_lastword SET taken_back_at = %s
    WHERE taken_back_at IS NULL AND at < %s AND device_id IN (SELECT value FROM {}(%s{}))"""

HOLD_BACK = """
    INSERT INTO quiet_heldback (client_id, device_id, fingerprint, title, evaluation, priority,
        because, window_id, who, at, last_at, event)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (device_id, fingerprint) WHERE released_at IS NULL DO UPDATE
    SET title = excluded.title, evaluation = excluded.evaluation, priority = excluded.priority,
        last_at = excluded.last_at, event = excluded.event, times = quiet_heldback.times + 1"""
