"""``python -m tests.faults.tapped_agent``: the real agent, tapped where messages become durable.

Before the store is told to record an envelope, a line says what is meant to be sent; after the
store said that it is durable, a line says so. A line is one write to a file opened for
appending, so a kill at any moment leaves whole lines.
"""

import json
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from agent import app, cli
from agent.store import Envelope, Store

TAP = "WATCHDESK_TEST_TAP"


class TappedStore(Store):
    """Tells what it was given."""

    def __init__(self, state_dir: Path) -> None:
        """Open the tap as well."""
        self._tap = os.open(os.environ[TAP], os.O_WRONLY | os.O_APPEND)
        super().__init__(state_dir)

    def record(
        self,
        states: Mapping[str, str | None],
        envelopes: Iterable[Envelope],
        texts: Mapping[str, str | None] | None = None,
    ) -> bool:
        """Record, and tell it to the tap."""
        given = list(envelopes)
        for envelope in given:
            self._tell("meant", envelope)
        durable = super().record(states, given, texts)
        for envelope in given:
            if durable:
                self._tell("durable", envelope)
        return durable

    def _tell(self, word: str, envelope: Envelope) -> None:
        body = json.loads(envelope.body)
        line = [word, envelope.id, body.get("alert_id"), body.get("sequence")]
        os.write(self._tap, json.dumps(line).encode() + b"\n")


if __name__ == "__main__":
    vars(app)["Store"] = TappedStore
    sys.exit(cli.main())
