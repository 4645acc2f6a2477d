"""The checks, one per file; the folder holds checks only."""

import importlib
import pkgutil

from agent.check_api import Check


def discover() -> dict[str, Check]:
    """Return every check by its name: each module's ``CHECK``, from a folder, zip or frozen.

    Raises TypeError for a module without one and for a name given twice: both are mistakes
    of this program.
    """
    checks: dict[str, Check] = {}
    for module in pkgutil.iter_modules(__path__, f"{__name__}."):
        check = getattr(importlib.import_module(module.name), "CHECK", None)
        if not isinstance(check, Check) or check.name in checks:
            raise TypeError(f"{module.name} must hold one CHECK with a name of its own")
        checks[check.name] = check
    return dict(sorted(checks.items()))
