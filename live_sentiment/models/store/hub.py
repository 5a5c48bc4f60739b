"""Models from a model hub, by huggingface_hub, at a pinned revision."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

from live_sentiment.core.errors import RunError
from live_sentiment.models.store import downloader
from live_sentiment.models.store.manifest import Model

_CONNECT_TIMEOUT_S = 10
_BESIDE_BYTES = 16_000_000
"""The hub's own records."""

_DOWNLOAD = f"""
import sys
from huggingface_hub import constants, get_session, hf_hub_download
from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError
repository, revision, folder, *names = sys.argv[1:]
# Without a network the download would retry for half a minute; this fails at once, with the cause.
get_session().head(constants.ENDPOINT, timeout={_CONNECT_TIMEOUT_S})
try:
    for name in names:
        hf_hub_download(repository, name, revision=revision, local_dir=folder)
except (EntryNotFoundError, HfHubHTTPError) as error:
    sys.exit(" ".join(str(error).split()))
"""


def fetch(model: Model, work: Path, advance: Callable[[int], None]) -> Path:
    """Download the model's files into `work` and return their folder, not yet verified.

    The hub's own settings (HF_ENDPOINT, HF_TOKEN, proxies) are honoured.

    Raises:
        RunError: the manifest names no repository, or there is no such repository or file, or no network.
        OSError: `work` cannot be written.
    """
    if model.hub is None:
        raise RunError("the manifest names no repository")
    folder = work / "hub"
    folder.mkdir()
    command = [
        *(sys.executable, "-P", "-c", _DOWNLOAD, model.hub.repository, model.hub.revision, str(folder)),
        *(file.name for file in model.files),
    ]
    environment = {**os.environ, "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    # A file is there twice while it is put in its place.
    outcome = downloader.run(
        command, folder, environment, advance, most_bytes=2 * model.bytes + _BESIDE_BYTES
    )
    if not outcome.succeeded:
        raise RunError(outcome.lines[-1] if outcome.lines else "the download ended without a word")
    # The hub keeps its own records among the files.
    files = work / "hub-files"
    files.mkdir()
    for file in model.files:
        (folder / file.name).rename(files / file.name)
    return files
