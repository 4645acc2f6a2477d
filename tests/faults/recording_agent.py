"""The real agent, which writes every sample of its history at once.

``python -m tests.faults.recording_agent``. The real one waits five minutes, for company; here the
history is written while a fault waits for it.
"""

import sys

from agent import cli, trends

if __name__ == "__main__":
    vars(trends)["WRITE_EVERY_S"] = 0.0
    sys.exit(cli.main())
