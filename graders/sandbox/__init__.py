"""The sandbox: a warm process that forks jailed children for untrusted code.

The trusted side imports from here; what runs inside a jail lives in this room too, and knows
nothing of courses, tests or the store. Names are loaded when they are first used, for the room's
light parts (`graders.sandbox.warm`, `graders.sandbox.doctor`) work on systems that have no jail.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from graders.sandbox.doctor import Diagnosis, examine, require_strict
    from graders.sandbox.limits import Layers, Limits
    from graders.sandbox.spec import Bind, JailSpec
    from graders.sandbox.zygote import Child, Exit, Zygote

_HOMES = {
    "Bind": "spec",
    "Child": "zygote",
    "Diagnosis": "doctor",
    "Exit": "zygote",
    "JailSpec": "spec",
    "Layers": "limits",
    "Limits": "limits",
    "Zygote": "zygote",
    "examine": "doctor",
    "require_strict": "doctor",
}

__all__ = [
    "Bind",
    "Child",
    "Diagnosis",
    "Exit",
    "JailSpec",
    "Layers",
    "Limits",
    "Zygote",
    "examine",
    "require_strict",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
