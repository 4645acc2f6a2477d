"""The checks, one per file; the folder holds checks only."""

import importlib
from pathlib import Path

from agent.check_api import Check


def discover() -> dict[str, Check]:
    """Return every check by its name: each module's ``CHECK``, from a folder, zip or frozen.

    Raises TypeError for a module without one and for a name given twice: both are mistakes
    of this program.
    """
    checks: dict[str, Check] = {}
    for module in _modules():
        name = f"{__name__}.{module}"
        check = getattr(importlib.import_module(name), "CHECK", None)
        if not isinstance(check, Check) or check.name in checks:
            raise TypeError(f"{name} must hold one CHECK with a name of its own")
        checks[check.name] = check
    return dict(sorted(checks.items()))


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
