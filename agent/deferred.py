"""Standard modules that others import and the agent has no use for: loaded at first use, if ever.

To be imported before anything else. Measured with CPython 3.11 on x86-64, memory at rest:

- ``inspect`` is for ``dataclasses``, which asks it about classes without a docstring alone:
  with what it imports in turn (ast, dis) 0.9 MB
- ``locale`` is for ``subprocess``, for text, where we take bytes; ``traceback`` for ``logging``,
  for exceptions: with what they import 0.3 MB
- ``ipaddress`` is for ``urllib.parse``, which is for ``pathlib``'s URIs: 0.2 MB
"""

import importlib
import sys
from collections.abc import Callable
from types import ModuleType

DEFERRED = ("inspect", "ipaddress", "locale", "traceback")


class _Deferred(ModuleType):
    """Stands in for a module until somebody asks something of it.

    importlib's LazyLoader does not do: in 3.11 a second ``import`` of the module loads it.
    """

    def __getattr__(self, attribute: str) -> object:
        if attribute.startswith("__"):  # what the import system asks of every module
            raise AttributeError(attribute)
        return getattr(_loaded(self), attribute)


def _loaded(stand_in: _Deferred) -> ModuleType:
    if sys.modules.get(stand_in.__name__) is stand_in:
        sys.modules.pop(stand_in.__name__, None)  # another thread may be as far
    module = importlib.import_module(stand_in.__name__)
    vars(stand_in).update(vars(module))
    return module


def defer(*names: str) -> None:
    """Let modules that are not loaded yet be loaded when something is first asked of them."""
    for name in names:
        if name not in sys.modules:
            _stand_in(name)


def defer_names(name: str, *functions: str, **others: object) -> None:
    """Defer a module of which others import names: until one of these functions is called.

    ``others`` are names that are only mentioned, with what stands for them meanwhile.
    """
    stand_in = sys.modules.get(name) or _stand_in(name)
    if isinstance(stand_in, _Deferred):
        vars(stand_in).update(others)
        vars(stand_in).update({function: _caller(stand_in, function) for function in functions})


def _caller(stand_in: _Deferred, function: str) -> Callable[..., object]:
    def call(*given: object, **named: object) -> object:
        return getattr(_loaded(stand_in), function)(*given, **named)

    return call


def _stand_in(name: str) -> _Deferred:
    stand_in = sys.modules[name] = _Deferred(name)
    package, _, own_name = name.rpartition(".")
    if package:
        setattr(importlib.import_module(package), own_name, stand_in)
    return stand_in


defer(*DEFERRED)
