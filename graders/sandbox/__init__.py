"""The sandbox: a warm process that forks jailed children for untrusted code.

The trusted side imports from here; what runs inside a jail lives in this room too, and knows
nothing of courses, tests or the store.
"""

from graders.sandbox.doctor import Diagnosis, examine, require_strict
from graders.sandbox.limits import Layers, Limits
from graders.sandbox.spec import Bind, JailSpec
from graders.sandbox.zygote import Child, Exit, Zygote

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
