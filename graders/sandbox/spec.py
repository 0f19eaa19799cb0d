"""What the trusted side asks of the jail: mounts, limits, and the function to run inside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from graders.core.errors import InfraError
from graders.sandbox.limits import Limits


@dataclass(frozen=True, slots=True)
class Bind:
    """A host file or folder shown read-only inside the jail at an absolute path."""

    source: Path
    target: str


@dataclass(frozen=True, slots=True)
class JailSpec:
    """One jailed child.

    `entry` names a function ``module:function`` of trusted code that is called inside the jail
    as ``function(sock, args)``, where `sock` is the other end of `Child.sock`. It is the only
    door: the request loop of ordinary submissions is one entry; a notebook's runner, which
    executes cells in an in-process shell and sends their outputs back, is another one with the
    notebook's path in `args`. The module must be importable by the warm process (name it in
    `preload`), for the platform's own files do not exist inside the jail.

    Args:
        binds: What the child sees besides Python and the shared libraries.
        limits: What it may use.
        entry: The function to run, ``module:function``.
        args: Plain JSON-like data for it; visible to the student's code.
        seed: Seeds Python's, numpy's and torch's generators in the child.
    """

    binds: tuple[Bind, ...] = ()
    limits: Limits = field(default_factory=Limits)
    entry: str = "graders.sandbox.serve:serve"
    args: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0


_RESERVED = ("proc", "dev", "tmp", "etc")


def check_bind(bind: Bind) -> Bind:
    """Return the bind with its source resolved.

    Raises:
        InfraError: The source is missing, or the target is not a plain absolute path.
    """
    parts = PurePosixPath(bind.target).parts
    plain = bind.target.startswith("/") and len(parts) > 1 and ".." not in parts
    if not plain or parts[1] in _RESERVED:
        raise InfraError(
            "a bind's target must be an absolute path outside /proc, /dev, /tmp and /etc",
            where=bind.target,
            todo="Choose a path such as /submission",
        )
    try:
        return Bind(bind.source.resolve(strict=True), bind.target)
    except OSError as error:
        raise InfraError(
            f"the folder to show inside the jail cannot be read ({error.strerror})",
            where=str(bind.source),
            todo="Run the grader again; if it persists, check the cache folder",
        ) from error
