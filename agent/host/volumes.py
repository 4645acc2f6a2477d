"""The volumes of this computer, by the means of its system."""

import sys

if sys.platform == "linux":
    from agent.host.mounts import MountTable

    read = MountTable().read
else:
    from agent.host.drives import read

__all__ = ["read"]
