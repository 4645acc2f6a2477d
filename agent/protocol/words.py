"""The closed lists of protocol v1. Policies and pages map their own names onto these."""

from enum import StrEnum


class Evaluation(StrEnum):
    """Judgement of a target by a rule."""

    OK = "ok"
    WARNING = "warning"
    CRITICAL = "critical"
    UNKNOWN = "unknown"


class Change(StrEnum):
    """What happened to an alert."""

    OPENED = "opened"
    CHANGED = "changed"
    RESOLVED = "resolved"


class Priority(StrEnum):
    """How soon a ticket must be worked on, most pressing first."""

    URGENT = "urgent"
    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


class DeviceKind(StrEnum):
    """What a device is used as; rules choose by it (``only: {kind: […]}``)."""

    WORKSTATION = "workstation"
    LAPTOP = "laptop"
    SERVER = "server"


class Source(StrEnum):
    """Where a ticket came from."""

    MONITOR = "monitor"
    TRAY = "tray"
    PORTAL = "portal"
    EMAIL = "email"
    PHONE = "phone"
    CHAT = "chat"
    API = "api"


class Status(StrEnum):
    """Where a ticket stands."""

    NEW = "new"
    OPEN = "open"
    WAITING = "waiting"
    RESOLVED = "resolved"
    CLOSED = "closed"


class Unit(StrEnum):
    """What a reading is measured in.

    ``SHARE`` is a percentage of 0–100, ``BYTES`` a size, ``SECONDS`` a duration,
    ``CELSIUS`` a temperature, ``COUNT`` a bare number, ``WORD`` one of a metric's declared words.
    """

    SHARE = "percent"
    BYTES = "bytes"
    SECONDS = "seconds"
    CELSIUS = "celsius"
    COUNT = "count"
    WORD = "word"


class ReceiptResult(StrEnum):
    """The server's answer to one envelope."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    REFUSED = "refused"
