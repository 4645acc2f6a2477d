"""Which of the things a check found a rule is about, and which it names in vain."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from agent.check_api import CheckError, TargetFilter
from agent.host import volumes
from agent.host.room import Volume

if TYPE_CHECKING:
    import re
    from typing import Protocol

    class Services(Protocol):
        """The services of any system."""

        def found(self, patterns: tuple[str, ...], *, automatic: bool) -> list[str]:
            """Return the names of services that match, or of all that should run always."""
            ...


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


def chosen_services(
    targets: TargetFilter, services: "Services", form: "re.Pattern[str]", *, automatic: bool
) -> tuple[list[str], list[str]]:
    """Return the services a rule is about, and what it names that cannot be one (``form``).

    Without ``include`` all that should run always. Raises CheckError.
    """
    named = list(filter(targets.named, targets.include))
    patterns = tuple(name for name in named if not _WILD.isdisjoint(name))
    names = [name for name in named if name not in patterns and form.fullmatch(name)]
    impossible = [name for name in named if name not in patterns and name not in names]
    if patterns or not targets.include:
        found = services.found(patterns, automatic=automatic)
        names += [name for name in found if targets.wants(name) and name not in names]
    return names, impossible
