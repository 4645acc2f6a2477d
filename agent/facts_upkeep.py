"""Keeps the server's facts of this computer true: sent when they changed, and once a day.

They are looked at every hour in a thread of their own, so that a volume that hangs holds
nothing up. What only facts need (hashing, the patterns of secrets, the network's interfaces)
would stay in memory for ever, 0.8 MB of it (measured): a short-lived child has it. Volumes are
asked here, for here it is known which of them hang.
"""

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

from agent.clock import Now
from agent.errors import AgentError
from agent.facts import volume_facts
from agent.protocol import strict
from agent.protocol.device import Facts
from agent.protocol.human import human
from agent.protocol.ids import uuid7
from agent.protocol.words import Unit
from agent.settings import child_command
from agent.store import Envelope, Importance, Store

log = logging.getLogger(__name__)

LOOK_EVERY_S = 3600.0
SEND_EVERY_S = 86_400.0
CHILD_S = 60.0
"""How long the child may take; it has nothing to ask that can hang."""
HASH_NAME = "facts_hash"
"""The name under which the store remembers what was sent last."""

TEXT_NAME = "facts"
"""The same for the facts themselves, which people may look at."""

CHANGES_NAME = "facts_changes"
"""The same for what changed lately: when it was seen (Unix seconds), and a line."""
_MOST_CHANGES = 20
_LATELY_S = 3 * 86_400.0

Look = Callable[[dict[str, Any]], tuple[str, dict[str, Any], list[str]]]
"""Returns the hash of the facts, the facts, and what differs from those of before."""


def needed(last_hash: str, last_sent_boot_s: float | None, now: Now, new_hash: str) -> bool:
    """Tell whether facts must be sent: they changed, or the last ones are a day old.

    ``last_sent_boot_s`` is None when this run of the agent has sent none yet: what an earlier
    run sent counts as long as it is the same.
    """
    if new_hash != last_hash:
        return True
    return last_sent_boot_s is not None and now.boot_s - last_sent_boot_s >= SEND_EVERY_S


def look(before: dict[str, Any]) -> tuple[str, dict[str, Any], list[str]]:
    """Return the hash of this computer's facts, the facts, and how they differ from ``before``.

    Raises AgentError, ProtocolError, OSError or TimeoutExpired when the child does not tell.
    """
    done = subprocess.run(
        facts_command(),
        input=strict.text_of({"volumes": volume_facts(), "before": before}).encode(),
        capture_output=True,
        timeout=CHILD_S,
        check=False,
        cwd=os.sep,
        env={name: os.environ[name] for name in _KEPT if name in os.environ},
        start_new_session=True,
    )
    if done.returncode:
        last_words = done.stderr[-2000:].decode(errors="replace").strip()
        raise AgentError(f"its child ended with {done.returncode}: {last_words}")
    told = strict.parse(done.stdout)
    changes = [str(line) for line in strict.need(told, "changes", list)]
    return strict.need(told, "hash", str), strict.need(told, "facts", dict), changes


def facts_command() -> list[str]:
    """Return the child's argument list; a frozen agent's own program takes the one word."""
    if getattr(sys, "frozen", False):
        return [sys.executable, "facts"]
    return child_command("agent.facts_child")


_KEPT = ("SYSTEMROOT", "WINDIR")
"""What Windows' sockets need; nothing else of the agent's environment goes along."""


class FactsUpkeep:
    """Looks at the facts when ``tick`` says that it is time."""

    def __init__(
        self,
        store: Store,
        clock: Callable[[], Now],
        sent: Callable[[], None],
        look: Look = look,
    ) -> None:
        """Take where envelopes go, whom to tell that one waits, and how to look."""
        self._store = store
        self._clock = clock
        self._sent = sent
        self._look = look
        self._hash = store.text(HASH_NAME) or ""
        self._due_boot_s = 0.0
        self._sent_boot_s: float | None = None
        self._thread: threading.Thread | None = None

    def hash(self) -> str:
        """Return the hash of the facts that events go with."""
        return self._hash

    def facts(self) -> dict[str, Any]:
        """Return the facts that were sent last; empty when none were."""
        text = self._store.text(TEXT_NAME)
        tree = strict.parse(text.encode()) if text else {}
        return tree if isinstance(tree, dict) else {}

    def changed(self, now: Now) -> list[str]:
        """Return what changed of them lately, the latest first, one line each."""
        now_s = now.wall.timestamp()
        return [
            f"{line} (seen {human(now_s - at_s, Unit.SECONDS)} before)"
            for at_s, line in self._changes()
            if 0 <= now_s - at_s < _LATELY_S
        ]

    def _changes(self) -> list[tuple[float, str]]:
        try:
            told = json.loads(self._store.text(CHANGES_NAME) or "[]")
            return [(float(at_s), str(line)) for at_s, line in told]
        except (ValueError, TypeError):
            return []

    def due_at(self) -> float:
        """Return when to look next, in seconds since boot."""
        return self._due_boot_s

    def tick(self) -> None:
        """Look when it is time; a look that still hangs is not joined by another."""
        now = self._clock()
        if now.boot_s < self._due_boot_s:
            return
        self._due_boot_s = now.boot_s + LOOK_EVERY_S
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._keep_up, name="facts", daemon=True)
            self._thread.start()

    def _keep_up(self) -> None:
        try:
            new_hash, facts, changes = self._look(self.facts())
        except Exception:
            log.exception("the facts could not be collected; the next look is in an hour")
            return
        now = self._clock()
        first = self._sent_boot_s is None
        if needed(self._hash, self._sent_boot_s, now, new_hash):
            message = Facts(uuid7(), now.label(), new_hash, facts)
            envelope = Envelope(message.id, "facts", Importance.LOW, message.to_text(), message.at)
            texts = {HASH_NAME: new_hash, TEXT_NAME: strict.text_of(facts)}
            if changes:
                at_s = now.wall.timestamp()
                kept = [*((at_s, line) for line in changes), *self._changes()][:_MOST_CHANGES]
                texts[CHANGES_NAME] = json.dumps(kept)
            self._store.record({}, [envelope], texts)
            self._hash = new_hash
            self._sent_boot_s = now.boot_s
            self._sent()
        elif first:
            self._sent_boot_s = now.boot_s
