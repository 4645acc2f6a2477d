"""How the counts of drives grow, drive by drive: a restart may give a path to another drive."""

from collections.abc import Mapping, MutableMapping

GROWING = ("pending", "reallocated", "media_errors")
"""What a drive tells that should never grow."""


def totals(
    memory: MutableMapping[str, str],
    target: str,
    identity: str,
    told: Mapping[str, float | int | str],
) -> dict[str, int]:
    """Return by how much each count has grown at ``target`` since the first look.

    Each drive, known by its ``identity`` (model and serial), is compared with itself alone; the
    counts of all are kept in ``memory``. A count that falls has not grown.
    """
    grown = {}
    for name in GROWING:
        count = told.get(name)
        if not isinstance(count, int):
            continue
        before = int(memory.get(f"{identity} {name}", count))
        total = int(memory.get(f"{target} {name}", "0")) + max(0, count - before)
        memory[f"{identity} {name}"], memory[f"{target} {name}"] = str(count), str(total)
        grown[f"{name}_grown_total"] = total
    return grown
