"""The agent with a sender that leaves at once, so that every ticket has to start one anew."""

import sys
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from agent import app
from agent.cli import main

WARM_S = 0.2

if __name__ == "__main__":
    app.Courier = partial(app.Courier, warm_s=WARM_S)  # type: ignore[assignment, misc]
    sys.exit(main())
