"""The child's side of ``facts_upkeep``: all facts as one line of JSON, then it leaves.

Run as ``python -I -B -m agent.facts_child`` with the parts that the agent has read itself on its
standard input.
"""

import sys

from agent.facts import collect, facts_hash
from agent.protocol import strict


def main() -> None:
    """Read the known parts as JSON, print the members ``hash`` and ``facts``."""
    facts = collect(strict.parse(sys.stdin.buffer.read()))
    line = strict.text_of({"hash": facts_hash(facts), "facts": facts})
    sys.stdout.buffer.write(line.encode() + b"\n")


if __name__ == "__main__":
    main()
