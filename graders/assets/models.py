"""The base model: a GGUF out of a package, converted once to safetensors in fp32."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from graders.assets import hub
from graders.assets.cache import Say, cache_root, disk_full, once, quiet
from graders.assets.sources import MINILM, MINILM_FOLDER, MODELS, Source
from graders.assets.wheels import require_member, take_folder, take_member
from graders.core.errors import CourseError, InfraError


def ensure_model(spec: str, say: Say = quiet, near: Path | None = None) -> Path:
    """Return the folder of a base model, brought into the cache when it is not there.

    Args:
        spec: `package:NAME==VERSION` (one that is pinned here) or `hub:OWNER/NAME[@REVISION]`.
        say: Receives one line per step.
        near: An unpacked bundle; the GGUF in its `model/` is taken instead of a download.

    Raises:
        CourseError: There is no such model.
        InfraError: It cannot be brought here.
    """
    if (remote := hub.parse(spec)) is not None:
        return once(
            cache_root() / "models" / remote.folder, lambda part: _from_hub(remote, part, say), say
        )
    source = pinned(spec)

    def make(part: Path) -> Mapping[str, Any]:
        _convert(_source_file(source, say, near), part, say)
        return describe(source)

    slug = re.sub(r"[^\w.-]+", "-", spec)
    return once(cache_root() / "models" / slug, make, say, room_mb=source.room_mb)


def ensure_embedder(say: Say = quiet) -> Path:
    """Return the folder of the sentence embedder, brought into the cache when it is not there.

    It is MiniLM (384 dimensions, English) as `transformers` loads it without a network. Its
    authors' pooling is the mean over the tokens that the mask keeps, then length 1; that is the
    caller's to do.

    Args:
        say: Receives one line per step.

    Raises:
        InfraError: It cannot be brought here, or is not what was pinned.
    """

    def make(part: Path) -> Mapping[str, Any]:
        take_folder(MINILM, MINILM_FOLDER, part, say)
        return {
            "package": MINILM.package,
            "version": MINILM.version,
            "wheel_sha256": MINILM.sha256,
            "licence": MINILM.licence,
        }

    slug = f"package-{MINILM.package}-{MINILM.version}"
    return once(cache_root() / "models" / slug, make, say, room_mb=3 * MINILM.size_mb)


def model_source(spec: str, say: Say = quiet, near: Path | None = None) -> Path:
    """Return the file that a packaged model is converted from, for a bundle's `model/`.

    Raises:
        CourseError: There is no such model.
        InfraError: It cannot be brought here.
    """
    return _source_file(pinned(spec), say, near)


def pinned(spec: str) -> Source:
    """Return what a model's name stands for.

    Raises:
        CourseError: No package of that name and version is pinned.
    """
    if spec not in MODELS:
        raise CourseError(
            "no such model is pinned",
            where=spec,
            todo=f"Use one of {', '.join(sorted(MODELS))}, or hub:OWNER/NAME@REVISION",
        )
    return MODELS[spec]


def describe(source: Source) -> dict[str, Any]:
    """Return what a manifest says of a source."""
    return {
        "package": source.package,
        "version": source.version,
        "wheel_sha256": source.wheel_sha256,
        "member": source.member,
        "member_sha256": source.member_sha256,
        "licence": source.licence,
    }


def _source_file(source: Source, say: Say, near: Path | None) -> Path:
    """Return the pinned file: the bundle's, the cache's, or freshly downloaded."""
    beside = near / "model" / source.file if near else None
    if beside is not None and beside.is_file():
        say(f"{source.file}: from the bundle")
        require_member(beside, source)
        return beside

    def make(part: Path) -> Mapping[str, Any]:
        take_member(source, part / source.file, say)
        return describe(source)

    # Named by content: an interrupted conversion need not download again.
    folder = cache_root() / "sources" / source.member_sha256[:16]
    return once(folder, make, say, room_mb=3 * source.size_mb) / source.file


def _convert(gguf: Path, target: Path, say: Say) -> None:
    """Convert in a process of its own, so that the caller never imports torch."""
    say(f"{gguf.name}: converting to safetensors (once, about 20 s)")
    done = subprocess.run(
        [sys.executable, "-m", "graders.assets.convert", str(gguf), str(target)],
        env={
            **os.environ,
            "HF_HUB_OFFLINE": "1",
            "TOKENIZERS_PARALLELISM": "false",
            "TQDM_DISABLE": "1",
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode == 0:
        return
    if "No space left on device" in done.stdout:
        raise disk_full(target)
    if "No module named" in done.stdout:
        raise InfraError(
            f"a library is missing ({done.stdout.strip().splitlines()[-1]})",
            where=sys.executable,
            todo="Run: python -m pip install 'zachetka[ml]'",
        )
    raise InfraError(
        f"the conversion ended with status {done.returncode}: {done.stdout.strip()[-300:]}",
        where=gguf.name,
        todo="Install the tested versions: python -m pip install -c constraints.txt 'zachetka[ml]'",
    )


def _from_hub(spec: hub.HubSpec, part: Path, say: Say) -> Mapping[str, Any]:
    say(f"{spec.repo}: downloading from the hub")
    hub.download(spec, part)
    if not any(part.glob("*.safetensors")):
        raise CourseError(
            "the repository has no safetensors",
            where=f"hub:{spec.repo}@{spec.revision}",
            todo="Choose a model that is published as safetensors",
        )
    return {"hub": spec.repo, "revision": spec.revision}
