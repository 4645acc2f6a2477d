"""The agent with a sender that leaves at once, so that every ticket has to start one anew."""

import sys
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from agent import app
from agent.cli import main
from agent.delivery.courier import Courier

WARM_S = 0.2

if __name__ == "__main__":
    vars(app)["Courier"] = partial(Courier, warm_s=WARM_S)
    sys.exit(main())
