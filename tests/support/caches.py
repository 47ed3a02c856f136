"""Measuring what caches hold."""

import contextlib
import gc
import importlib
import pkgutil
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any


@contextlib.contextmanager
def memory_held() -> Iterator[Callable[[], int]]:
    """A function that returns how many bytes of memory are held more than at the start of the block."""
    gc.collect()
    tracemalloc.start()

    def held() -> int:
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    try:
        yield held
    finally:
        tracemalloc.stop()


def function_caches(package: str) -> Iterator[tuple[str, Any]]:
    """The functions of a package and its modules that are cached by functools, by their full names."""
    root = importlib.import_module(package)
    names = [package, *(module.name for module in pkgutil.walk_packages(root.__path__, f"{package}."))]
    for name in names:
        if ".migrations." in name:
            # Alembic runs these.
            continue
        module = importlib.import_module(name)
        for key, value in vars(module).items():
            if hasattr(value, "cache_parameters") and value.__module__ == name:
                yield f"{name}.{key}", value
