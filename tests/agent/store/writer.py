"""A program that records as fast as it can and says what is durable: to be killed.

``writer.py FOLDER FIRST [COUNT]``: from number FIRST on, COUNT records or for ever.

Each record holds an alert state and an envelope with the same number; every fifth one settles the
oldest envelope. Lines on stdout: ``recorded ID NUMBER`` after ``record`` returned True,
``settled ID`` before it asks for that.
"""

import sys
from pathlib import Path

from agent.store import Store
from tests.agent.store.samples import accepted, envelope


def main(folder: Path, first: int, count: int | None = None) -> None:
    store = Store(folder)
    number = first
    while count is None or number < first + count:
        one = envelope(str(number))
        if store.record({"alert": str(number)}, [one]):
            sys.stdout.write(f"recorded {one.id} {number}\n")
            sys.stdout.flush()
        if number % 5 == 0:
            oldest = store.pending(1, 0)[0]
            sys.stdout.write(f"settled {oldest.id}\n")
            sys.stdout.flush()
            store.settle([accepted(oldest.id)])
        number += 1
    store.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
