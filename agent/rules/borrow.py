"""Code that is needed once and would otherwise stay in memory for months."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def borrowed(*packages: str) -> Iterator[None]:
    """Forget, at the end, all modules of these packages that were not loaded before.

    Whoever uses them must not keep anything of theirs. Reading rules takes 1.0 MB of memory, and
    this way 0.3 MB of it serve what is loaded afterwards (measured).
    """
    before = set(sys.modules)
    try:
        yield
    finally:
        for name in sys.modules.keys() - before:
            if any(name == package or name.startswith(f"{package}.") for package in packages):
                del sys.modules[name]
                parent, _, child = name.rpartition(".")
                if parent in sys.modules:
                    vars(sys.modules[parent]).pop(child, None)
        gc.collect()
