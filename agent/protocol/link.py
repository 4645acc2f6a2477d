"""The local link: what the tray and the command line say to the agent on the same computer.

JSON lines over a Unix socket in the state folder (a named pipe on Windows): one request
object with a ``verb``, one answer object with ``ok``. Verbs of this version: ``status``.
"""

SOCKET_NAME = "agent.sock"
MAX_LINE_BYTES = 64 * 1024
"""Longest request; an answer may be longer."""
VERBS = ("status",)
