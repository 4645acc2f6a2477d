"""The wire contract between agent, tray and server, version 1.

Plain immutable values and pure functions over the standard library only, so that every
program may import it at no cost. ``server_stub`` and ``tray`` import this package and
nothing else of ``agent``.

- ``words``     the closed lists: evaluations, priorities, device kinds, event changes
- ``ids``       UUIDv7 and the credentials' prefixes
- ``strict``    JSON that refuses what must never be stored, naming the field
- ``events``    alert events
- ``receipts``  how much a request carries, and what each envelope in it earns
- ``device``    enrolment, heartbeat and facts
- ``human``     how a measured value reads
- ``problems``  RFC 9457 problem documents
- ``link``      what tray and command line say to the agent on the same computer
"""

VERSION = "0.1.0"
"""The product's version; the one place it is written."""

MEDIA_TYPE = "application/vnd.watchdesk.v1+json"
"""Content type of every successful answer to a device; an answer without it is not ours."""

PROBLEM_MEDIA_TYPE = "application/problem+json"
"""Content type of every error (RFC 9457)."""

API_PREFIX = "/api/v1/"
