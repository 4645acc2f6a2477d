"""Runs on the packaged Python for Windows: the agent's command line, where Wine's user is trusted.

Under Wine every file belongs to the one user there is; on Windows what an administrator installs
belongs to the administrators.
"""

import sys

from agent.cli import main
from agent.host import access

if sys.platform == "win32":
    from agent.install import windows_files
    from agent.protocol.pipe import own_sid

    access.TRUSTED = windows_files.TRUSTED = access.TRUSTED | {own_sid()}

    if __name__ == "__main__":
        sys.exit(main())
