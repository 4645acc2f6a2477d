"""A check inside a container, in one process, so that it remembers from look to look."""

import contextlib
import json
from collections.abc import Callable, Iterator
from typing import Any

from tests.support.nspawn import Container

_CODE = """
import importlib, json, sys
from agent.check_api import Measured, TargetFilter
from agent.errors import CheckError
check = importlib.import_module(MODULE).CHECK
for line in sys.stdin:
    include, exclude, absent_ignored = json.loads(line)
    try:
        found = {r.target: dict(r.values) if isinstance(r, Measured) else r.reason
                 for r in check.probe(TargetFilter(tuple(include), tuple(exclude), absent_ignored))}
    except CheckError as error:
        found = {"error": error.reason}
    print(json.dumps(found), flush=True)
"""

Probe = Callable[..., dict[str, Any]]


@contextlib.contextmanager
def probing(container: Container, module: str) -> Iterator[Probe]:
    """Give ``probe(*include, exclude=(), absent_ignored=False)``: values or reason by target."""
    with container.python(f"MODULE = {module!r}\n{_CODE}") as process:
        assert process.stdin
        assert process.stdout
        to, answers = process.stdin, process.stdout

        def probe(
            *include: str, exclude: tuple[str, ...] = (), absent_ignored: bool = False
        ) -> dict[str, Any]:
            to.write(json.dumps([include, exclude, absent_ignored]) + "\n")
            to.flush()
            found = json.loads(answers.readline())
            assert isinstance(found, dict)
            return found

        yield probe
        to.close()
