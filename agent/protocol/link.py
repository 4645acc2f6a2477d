"""The local link: what the tray and the command line say to the agent on the same computer.

JSON lines over a Unix socket in the state folder (a named pipe on Windows): one request
object with a ``verb``, one answer object with ``ok``.

- ``status``            what the agent sees, what waits to be sent, what is wrong
- ``parked``            what the server refused
- ``requeue``, ``drop`` with an ``id``: send a refused envelope again, or delete it
"""

SOCKET_NAME = "agent.sock"
MAX_LINE_BYTES = 64 * 1024
"""Longest request; an answer may be longer."""
VERBS = ("status", "parked", "requeue", "drop")
