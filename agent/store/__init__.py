"""agent.db: alert states and the outbox, changed together in one transaction, lost never.

- ``envelope``  what waits to be sent, how important it is, and the counts of it
- ``folder``    the private state folder and its lock: one agent per computer
- ``schema``    the tables; how a connection is set up and a file is judged sound
- ``salvage``   what can still be read of a damaged file
- ``opening``   the ladder: open, check, salvage, set aside, start afresh
- ``outbox``    the SQL of the outbox, with its bounds
- ``unsaved``   what is not in the file yet because the file cannot be written
- ``file``      the file on a disk that may fail; opens itself anew
- ``store``     ``Store``: the one owner of the file, safe to call from any thread
"""

from agent.store.envelope import Counts, Envelope, Importance, Parked, event_envelope
from agent.store.opening import Damage
from agent.store.store import Store
from agent.store.unsaved import Trouble

__all__ = [
    "Counts",
    "Damage",
    "Envelope",
    "Importance",
    "Parked",
    "Store",
    "Trouble",
    "event_envelope",
]
