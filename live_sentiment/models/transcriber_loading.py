"""From the configuration to a loaded recogniser, wherever the model comes from."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Literal

from live_sentiment.core.config import SpeechConfig
from live_sentiment.core.errors import RunError, UsageError
from live_sentiment.models.store.store import ModelStore
from live_sentiment.models.transcriber import Recogniser


def load_recogniser(
    config: SpeechConfig,
    store: ModelStore,
    *,
    device: Literal["cpu", "cuda"] = "cpu",
    threads: int = 1,
) -> Recogniser:
    """Load `config.model`: a model of the store, a local folder, or a faster-whisper size from the hub.

    Args:
        config: which model, language and encoding.
        store: where its models lie; its `offline` also rules the hub.
        device: CTranslate2 knows no MPS; the CPU serves there.
        threads: CPU threads of one pass.

    Raises:
        UsageError: no such model, a folder that holds none, or a language that the model does not know.
        RunError: it cannot be had or read here.
    """
    source = store.resolve(config.model)
    try:
        if not isinstance(source, Path):
            source = store.from_hub(config.model, "speech", partial(_fetch, config.model))
        return Recogniser(
            source,
            language=config.language,
            encoding=config.encoding,
            device=device,
            threads=threads,
            offline=True,
        )
    except (UsageError, RunError):
        raise
    except OSError as error:
        # The hub's errors for "not in the local cache" and "no network" are OSErrors as well.
        raise RunError(f"cannot get the speech model {config.model!r}: {_one_line(error)}") from error
    except RuntimeError as error:
        # CTranslate2 reports a folder without a readable model in this way.
        raise UsageError(f"{source} is no CTranslate2 Whisper model: {_one_line(error)}") from error
    except ValueError as error:
        raise UsageError(f"no speech model {config.model!r}: {_one_line(error)}") from error


def _fetch(name: str, revision: str | None, offline: bool) -> Path:
    from faster_whisper import download_model

    return Path(download_model(name, revision=revision, local_files_only=offline))


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
