"""Files that are there whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path


def write_whole(path: Path, content: bytes, check: Callable[[Path], None] | None = None) -> None:
    """Write a file beside its place and move it there, so that no reader sees a part of it.

    Args:
        path: The file; its folder is made when missing.
        content: All of it.
        check: Is called with the complete file before it takes its place; may raise.

    Raises:
        OSError: The folder cannot be written, or is full; no part of the file stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    partial = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if check is not None:
            check(partial)
        partial.chmod(0o644)  # mkstemp makes it the owner's alone
        partial.replace(path)
    except BaseException:  # Ctrl-C too: nothing half-written is left
        partial.unlink(missing_ok=True)
        raise
