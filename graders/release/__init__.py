"""What students receive: the starter cut from a reference, the leak check, archive and wheel."""

from graders.release.archive import manifest, zip_bytes
from graders.release.leaks import Leak, Secrets, find_leaks, require_no_leaks, secret_lines
from graders.release.markers import Cut, SecretLine, cut
from graders.release.notebook import has_tour, notebook
from graders.release.starter import (
    Stale,
    generate_starter,
    is_stale,
    shared_modules,
    starter_files,
)
from graders.release.wheel import Wheel, build_wheel

__all__ = [
    "Cut",
    "Leak",
    "SecretLine",
    "Secrets",
    "Stale",
    "Wheel",
    "build_wheel",
    "cut",
    "find_leaks",
    "generate_starter",
    "has_tour",
    "is_stale",
    "manifest",
    "notebook",
    "require_no_leaks",
    "secret_lines",
    "shared_modules",
    "starter_files",
    "zip_bytes",
]
