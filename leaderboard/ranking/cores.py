"""Work spread over processors: one part of it per thread, and one thread per matrix product.

The parts here are small arrays that fit a processor's cache. A product of such arrays that
OpenBLAS splits itself costs more in waiting than it saves, a hundred times more when the machine
is busy; so products are left whole and the parts run side by side (NumPy lets go of the
interpreter's lock while it computes). What a part returns does not depend on the threads.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

Part = TypeVar("Part")
Found = TypeVar("Found")


@contextmanager
def whole_products() -> Iterator[None]:
    """Keep OpenBLAS from splitting products while this is open."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # has no stubs

    with threadpool_limits(1, "blas"):
        yield


def spread(work: Callable[[Part], Found], parts: Iterable[Part]) -> list[Found]:
    """Do `work` for every part, and return the results in the order of the parts."""
    with whole_products(), ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return list(pool.map(work, parts))
