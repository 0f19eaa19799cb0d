"""A bundle's archive: the same bytes for the same files, on every machine.

Entries are sorted, stored without compression (compressed bytes depend on the zlib at hand)
and carry one fixed date and mode.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest date that a zip entry can hold
_UNIX = 3


def manifest(files: Mapping[str, bytes], about: Mapping[str, str]) -> bytes:
    """Return the manifest of `files`: their sizes and SHA-256, under the facts `about` them."""
    listing = {
        path: {"sha256": hashlib.sha256(files[path]).hexdigest(), "size": len(files[path])}
        for path in sorted(files)
    }
    body = json.dumps({**about, "files": listing}, ensure_ascii=False, indent=2, sort_keys=True)
    return body.encode() + b"\n"


def zip_bytes(files: Mapping[str, bytes], top: str = "") -> bytes:
    """Return a deterministic zip of `files`, under the folder `top` when one is given."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(files):
            entry = zipfile.ZipInfo(f"{top}/{path}" if top else path, date_time=_EPOCH)
            entry.create_system = _UNIX
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, files[path])
    return buffer.getvalue()
