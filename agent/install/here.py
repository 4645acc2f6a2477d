"""``install`` and ``uninstall`` of the system this runs on."""

import sys

if sys.platform == "win32":
    from agent.install.windows import install, uninstall
elif sys.platform == "darwin":
    from agent.install.macos import install, uninstall
else:
    from agent.install.linux import install, uninstall

__all__ = ["install", "uninstall"]
