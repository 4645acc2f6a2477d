"""``policy check`` and ``policy add``."""

import sys
from argparse import Namespace
from datetime import UTC, datetime
from pathlib import Path

from server_stub.commands.audit import recording
from server_stub.errors import InvalidError
from server_stub.sla import policy
from server_stub.sla.check import assumptions, calendars, desk, duties, examples, stages
from server_stub.sla.contradictions import contradictions
from server_stub.sla.models import PolicyVersion

_LONGEST_NAME = 100


def check(arguments: Namespace) -> int:
    """Tell every mistake of every file with its place; 2 when there is one, 0 otherwise."""
    wrong = 0
    for name in arguments.files:
        try:
            found = policy.load(_path(name))
        except policy.PolicyError as error:
            wrong = 2
            print(error, file=sys.stderr)
        else:
            print(f"{name}: {found.title}: sound")
            _explain(name, found)
    return wrong


def _path(name: str) -> Path:
    """Return a file's path; where there is no such file, that of a policy we ship by this name."""
    shipped = policy.SHIPPED / f"{name}.yaml"
    is_ours = "/" not in name and not Path(name).exists() and shipped.is_file()
    return shipped if is_ours else Path(name)


def _explain(name: str, found: policy.Policy) -> None:
    """Print what a sound policy promises in practice."""
    for line, column, message in contradictions(found):
        print(f"{name}:{line}:{column}: warning: {message}")
    for heading, lines in (
        ("for a site in UTC", examples(found)),
        ("calendars", calendars(found, datetime.now(UTC).year)),
        ("statuses, and what they do to the clocks", stages(found)),
        ("duties beside the clocks", duties(found)),
        ("decided here, not in the written text", assumptions(found)),
        ("what people see of the desk", desk(found)),
    ):
        print(f"  {heading}:")
        for one in lines:
            print(f"    {one}")


def add(arguments: Namespace) -> None:
    """Make a file the newest version of a policy: tickets from now on follow it."""
    path = _path(arguments.file)
    name = arguments.name or path.stem
    if not name.isprintable() or not 0 < len(name) <= _LONGEST_NAME:
        raise InvalidError("--name", f"{name!r} is not a name of 1 to {_LONGEST_NAME} characters")
    found = policy.load(path)
    with recording(arguments):
        kept = _store(name, path, found)
    print(f"policy {name} is now version {kept.hash[:8]}: new tickets follow it")


def keep(name: str, path: Path) -> PolicyVersion:
    """Store a policy file as the newest version of a name.

    Raises PolicyError, or InvalidError when a version has exactly this text: tickets name the
    version they rely on by the hash of its text.
    """
    return _store(name, path, policy.load(path))


def _store(name: str, path: Path, found: policy.Policy) -> PolicyVersion:
    if PolicyVersion.objects.filter(hash=found.hash).exists():
        raise InvalidError(str(path), "this very text is stored already: give it a release_date")
    text = path.read_text(encoding="utf-8")
    return PolicyVersion.objects.create(hash=found.hash, name=name, text=text)
