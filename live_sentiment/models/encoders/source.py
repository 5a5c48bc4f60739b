"""Where an encoder's pretrained weights come from: a model of the store, a local folder or a model hub."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from live_sentiment.core.errors import UsageError
from live_sentiment.models.store.integrity import sha256_of_all
from live_sentiment.models.store.store import ModelStore

SAFETENSORS = "model*.safetensors"
_BESIDE = ("*.json", "*.txt", "*.model")
"""What is read beside the weights: a repository often holds the same weights in five formats."""


@dataclass(frozen=True, slots=True)
class Source:
    """Pretrained weights on this machine."""

    name: str
    """As another machine finds them too: the store's or the hub's name, or the folder's full path."""
    folder: Path
    sha256: str
    """Of the file of weights; where there are several, of their hashes."""

    def settings(self, file: str) -> Mapping[str, Any]:
        """The content of one of its JSON files; empty where it has no such file.

        Raises:
            UsageError: the file is damaged.
        """
        path = self.folder / file
        if not path.is_file():
            return {}
        try:
            content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise UsageError(f"{path} is damaged: {error}") from error
        return content


def fetch_source(name: str, store: ModelStore, weights: Sequence[str] = (SAFETENSORS,)) -> Source:
    """Find pretrained weights, downloading them if need be and if the store may.

    Args:
        name: a model of the store, a folder, or a repository of the hub.
        store: knows its models, and whether the network may be asked.
        weights: patterns of the files that hold the weights; the first one counts of which there are any.

    Raises:
        UsageError: there is no such source, or it has no weights in the format that is read.
        RunError: a model of the store cannot be had.
    """
    resolved = store.resolve(name)
    folder = resolved if isinstance(resolved, Path) else _from_hub(resolved, weights, store)
    files = next((found for pattern in weights if (found := sorted(folder.glob(pattern)))), None)
    if files is None:
        raise UsageError(
            f"the encoder {name} has no {' or '.join(weights)} in {folder}; no other format is read"
        )
    local = isinstance(resolved, Path) and name not in store.manifest
    return Source(str(folder) if local else name, folder, sha256_of_all(files))


def _from_hub(name: str, weights: Sequence[str], store: ModelStore) -> Path:
    from huggingface_hub import snapshot_download

    def fetch(revision: str | None, offline: bool) -> Path:
        patterns = [*_BESIDE, *weights]
        return Path(
            snapshot_download(name, revision=revision, allow_patterns=patterns, local_files_only=offline)
        )

    try:
        return store.from_hub(name, "encoder", fetch)
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        way = "the network is off" if store.offline else reason
        raise UsageError(
            f"no encoder {name!r}: no model of the store, no folder, and not had from the hub ({way})"
        ) from error
