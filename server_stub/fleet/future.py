"""What was written with a clock that ran ahead: it counts as of now, else nobody is missed."""

from datetime import datetime

from server_stub.clients.models import Device
from server_stub.database import CLOCKS_DIFFER, clock
from server_stub.fleet.models import Watch
from server_stub.fleet.watching import LATEST_LOOK
from server_stub.intake.models import LastWord


def pull_back(now: datetime) -> None:
    """Let what is later than any clock shows be of now: signs of life, last words, looks.

    The database's clock counts where that is later: ours may be the one that is wrong.
    """
    now = max(now, clock())
    Device.objects.filter(last_seen_at__gt=now + CLOCKS_DIFFER).update(last_seen_at=now)
    LastWord.objects.filter(at__gt=now + CLOCKS_DIFFER).update(at=now)
    Watch.objects.filter(look_at__gt=now + LATEST_LOOK + CLOCKS_DIFFER).update(look_at=now)
    Watch.objects.filter(missing_since__gt=now + CLOCKS_DIFFER).update(missing_since=now)
