"""Models from a model hub, by huggingface_hub, at a pinned revision."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from live_sentiment.errors import RunError
from live_sentiment.weights import downloader
from live_sentiment.weights.manifest import Model

_DOWNLOAD = """
import sys
from huggingface_hub import hf_hub_download
from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError, LocalEntryNotFoundError
repository, revision, folder, *names = sys.argv[1:]
try:
    for name in names:
        hf_hub_download(repository, name, revision=revision, local_dir=folder)
except LocalEntryNotFoundError:
    sys.exit("the hub cannot be reached")
except (EntryNotFoundError, HfHubHTTPError) as error:
    sys.exit(" ".join(str(error).split()))
"""


def fetch(model: Model, work: Path, advance: Callable[[int], None]) -> Path:
    """Download the model's files into `work` and return their folder, not yet verified.

    The hub's own settings (HF_ENDPOINT, HF_TOKEN, proxies) are honoured.

    Raises:
        RunError: no hub in the manifest, no such repository or file, or no network.
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
    outcome = downloader.run(command, folder, {"HF_HUB_DISABLE_PROGRESS_BARS": "1"}, advance)
    if not outcome.succeeded:
        raise RunError(outcome.lines[-1] if outcome.lines else "the download ended without a word")
    return folder
