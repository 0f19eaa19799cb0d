"""Files that are published: there whole or not at all, and untouched when nothing changed."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 text atomically, making its folder; a file that says the same is left alone.

    Raises:
        OSError: The folder cannot be written, or is full; no part of the file stays.
    """
    data = text.encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_file() and path.read_bytes() == data:
        return
    handle, partial = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(partial).chmod(0o644)
        Path(partial).replace(path)
    except BaseException:  # Ctrl-C too: no half-written page is left
        Path(partial).unlink(missing_ok=True)
        raise
