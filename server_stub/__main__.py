"""``python -m server_stub``: the same as ``watchdesk-server``."""

import sys

from server_stub.cli import main

if __name__ == "__main__":
    sys.exit(main())
