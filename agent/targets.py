"""Which of the things a check found a rule is about, and which it names in vain."""

from collections.abc import Collection

from agent.check_api import CheckError, TargetFilter
from agent.host import volumes
from agent.host.room import Volume

_WILD = frozenset("*?")


def missing(targets: TargetFilter, there: Collection[str]) -> list[str]:
    """Return the targets that a rule names outright and this computer does not have."""
    if targets.absent_ignored:
        return []
    return [
        name
        for name in targets.include
        if name not in there and _WILD.isdisjoint(name) and targets.named(name)
    ]


def chosen_volumes(targets: TargetFilter) -> list[Volume]:
    """Return the volumes a rule is about: the real ones, or whichever it names.

    Raises CheckError.
    """
    try:
        real, every = volumes.read()
    except OSError as error:
        # Passing by itself, as a want of descriptors does: unknown, and asked again next time.
        raise CheckError(f"the list of volumes cannot be read: {error.strerror}") from error
    if targets.include:
        return [volume for volume in every if targets.named(volume.target)]
    return [volume for volume in real if targets.wants(volume.target)]
