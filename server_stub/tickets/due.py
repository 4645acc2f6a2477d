"""What the server does to tickets by itself when its time has come."""

from collections.abc import Mapping

from server_stub.work.engine import Act

ACTS: Mapping[str, Act] = {}
"""By kind of due work."""
