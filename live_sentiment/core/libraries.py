"""Libraries that are loaded where they are used, and one that does not fit every other.

The compiled part of torchaudio calls into torch's and takes only the torch that it was built with. Only
encoders that start from its mel spectrogram and the contrasts of `live_sentiment.explain` need it; where it
does not load, everything else goes on without.
"""

from __future__ import annotations

import sys
from importlib import import_module, metadata
from types import ModuleType

from live_sentiment.core.errors import RunError

TRIED = {"torch": "2.14.1", "torchaudio": "2.11.1"}
"""The pair that the tests run with; pyproject.toml asks for it."""


def load_torchaudio() -> ModuleType:
    """The module torchaudio.

    Raises:
        RunError: it is not installed, or refuses the torch that is.
    """
    try:
        return import_module("torchaudio")
    except (ImportError, OSError, RuntimeError) as error:
        torch, torchaudio = _version("torch"), _version("torchaudio")
        build = torch.partition("+")[2]
        remedy = (
            f"install the {build} build of torchaudio {TRIED['torchaudio']} as well"
            if build
            else "run pip install " + " ".join(f"{name}=={version}" for name, version in TRIED.items())
        )
        raise RunError(f"torchaudio {torchaudio} does not fit torch {torch}; {remedy}") from error


def load_transformers() -> ModuleType:
    """The module transformers, told to print nothing."""
    try:
        load_torchaudio()
    except RunError:
        # transformers imports it wherever it is installed; to Python it now is not.
        sys.modules["torchaudio"] = None  # type: ignore[assignment]
    transformers = import_module("transformers")
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    return transformers


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "(not installed)"
