"""The checks, one per file; the folder holds checks only."""

import importlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from agent.check_api import Check


class Checks(Mapping[str, Check]):
    """Every check by its name; its module is loaded when it is asked for.

    So a computer carries no more than what its rules look at (measured: all together 1 MB). The
    module of ``disk.space`` is ``disk_space``.
    """

    def __init__(self) -> None:
        """See which there are: in a folder, a zip or frozen."""
        self._modules = {name.replace("_", "."): name for name in sorted(_modules())}

    def __getitem__(self, name: str) -> Check:
        """Return a check; raises KeyError, and TypeError for a module that holds another one."""
        module = f"{__name__}.{self._modules[name]}"
        check = getattr(importlib.import_module(module), "CHECK", None)
        if not isinstance(check, Check) or check.name != name:
            raise TypeError(f"{module} must hold one CHECK of the name {name}")
        return check

    def __iter__(self) -> Iterator[str]:
        """Yield the names in their order; nothing is loaded."""
        return iter(self._modules)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._modules)

    def __contains__(self, name: object) -> bool:
        """Tell whether there is such a check; nothing is loaded."""
        return name in self._modules


def discover() -> Checks:
    """Return the checks of this agent."""
    return Checks()


def _modules() -> list[str]:
    """Return the modules' names.

    A folder is read without pkgutil, which would bring inspect along (0.9 MB, measured).
    """
    folders = [Path(place) for place in __path__]
    if all(folder.is_dir() for folder in folders):
        files = (file for folder in folders for file in folder.glob("*.py"))
        return [file.stem for file in files if file.stem != "__init__"]
    import pkgutil  # noqa: PLC0415 - see above

    return [module.name for module in pkgutil.iter_modules(__path__)]
