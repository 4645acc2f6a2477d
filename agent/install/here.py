"""``install`` and ``uninstall`` of the system this runs on."""

from agent.install.linux import install, uninstall

__all__ = ["install", "uninstall"]
