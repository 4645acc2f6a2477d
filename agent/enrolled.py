"""How this computer stands with its server: not enrolled yet, enrolled by now, or enrolled anew."""

import logging
from contextlib import suppress
from pathlib import Path

from agent import identity
from agent.alert_state import unannounced
from agent.errors import AgentError
from agent.facts_upkeep import HASH_NAME
from agent.identity import Identity
from agent.store import Store
from agent.storm import NAME as STORM_NAME

log = logging.getLogger(__name__)

ENROLLED_NAME = "enrolled_at"
"""The name under which the store remembers which enrolment it has told everything."""


class Enrolled:
    """The running agent's identity; ``identity`` changes once, when a waiting enrolment is done."""

    def __init__(self, state_dir: Path, known: Identity, store: Store) -> None:
        """Take who this computer was when the agent started."""
        self.identity = known
        self._state_dir = state_dir
        self._store = store

    def begin_anew(self) -> None:
        """Tell a server that enrolled us anew everything: it may know nothing of before.

        Open alerts are announced again (a server that has their tickets joins them by the
        fingerprint) and the facts are sent again.
        """
        enrolled_at = self.identity.enrolled_at or ""
        if self._store.text(ENROLLED_NAME) == enrolled_at:
            return
        states = self._store.alert_states()
        self._store.record(
            {name: unannounced(text) for name, text in states.items()},
            (),
            {ENROLLED_NAME: enrolled_at, HASH_NAME: "", STORM_NAME: None},
        )

    def known(self) -> Identity:
        """Return who the server knows, read anew; enrols first where that waits.

        Called by the courier, for each sender; raises AgentError.
        """
        if self.identity.enrolled_at:
            return identity.load_enrolled(self._state_dir)
        from agent.delivery.waiting import enrol_by_child  # noqa: PLC0415 - once in its life

        mine = enrol_by_child(self._state_dir)
        log.info("device=%s is enrolled at %s", mine.device_id, mine.server)
        self._store.record({}, (), {ENROLLED_NAME: mine.enrolled_at})
        self.identity = mine
        return mine

    def was_just_run(self) -> bool:
        """Tell whether ``enroll`` was run since the agent started, and nothing sent since."""
        if self.identity.enrolled_at or (self._state_dir / identity.WAITING_NAME).exists():
            return False
        with suppress(AgentError):
            identity.load_enrolled(self._state_dir)
            return True
        return False

    def trouble(self) -> str | None:
        """Return a sentence for people while this computer is not enrolled."""
        if self.identity.enrolled_at:
            return None
        waits = (self._state_dir / identity.WAITING_NAME).exists()
        what = (
            "it enrols by itself when the server answers"
            if waits
            else "watchdesk-agent enroll --server URL --token-file FILE"
        )
        return f"this computer is not enrolled yet; what is found is kept for then: {what}"
