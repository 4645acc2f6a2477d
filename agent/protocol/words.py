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


class LastWord(StrEnum):
    """Why a device will not be heard for a while, as its agent announces with a heartbeat.

    ``SLEEP`` and ``SHUTDOWN`` are of the computer: not being heard from then on is no silence.
    ``STOPPED`` is of the agent alone, while the computer goes on unwatched.
    """

    SLEEP = "sleep"
    SHUTDOWN = "shutdown"
    STOPPED = "stopped"


class Outcome(StrEnum):
    """How an attempt to heal ended.

    ``FAILED``: the action could not be done. ``REFUSED``: a guard forbade it. ``WOULD_HAVE``:
    the rule only says what it would do.
    """

    HEALED = "healed"
    NOT_HEALED = "not_healed"
    FAILED = "failed"
    REFUSED = "refused"
    WOULD_HAVE = "would_have"


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


class Urgency(StrEnum):
    """How bad it is, in the words of who reports it; a policy makes a priority of it."""

    CAN_WAIT = "can_wait"
    SLOWS_ME = "slows_me"
    CANNOT_WORK = "cannot_work"


class ReportKind(StrEnum):
    """What a report is about, which chooses the questions that are asked."""

    PRINTER = "printer"
    EMAIL = "email"
    INTERNET = "internet"
    SLOW = "slow"
    PROGRAM = "program"
    OTHER = "other"


class Prefer(StrEnum):
    """How who reports would like to be answered; ``here`` is in the tray."""

    PHONE = "phone"
    EMAIL = "email"
    HERE = "here"


class ReplyKind(StrEnum):
    """What a person says later: words, whether it works, how content, which note helped."""

    REPLY = "reply"
    CONFIRM = "confirm"
    RATE = "rate"
    SOLVED = "solved"
