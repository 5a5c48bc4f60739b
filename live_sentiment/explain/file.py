"""A media file analysed once, and explained utterance by utterance on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from live_sentiment.core.config import Config
from live_sentiment.explain.readers import KeptVoice, RememberingText
from live_sentiment.explain.utterances import Explainer, Explanation
from live_sentiment.models.loading import Models
from live_sentiment.perception.text import TextAnalyzer
from live_sentiment.runtime.file_session import Excerpt, FileSession, Outcome
from live_sentiment.runtime.stages import Stages

if TYPE_CHECKING:
    from live_sentiment.models.fusion import Fusion


def explain_file(
    path: Path,
    config: Config,
    models: Models,
    on_explained: Callable[[Explanation], None],
    excerpt: Excerpt,
    *,
    voice: bool = True,
) -> Outcome:
    """Analyse a file, which writes nothing.

    Args:
        path: the media file.
        config: the configuration that `models` were loaded with.
        models: loaded ones.
        on_explained: called with each utterance as soon as it is over, in time order.
        excerpt: which part of the file.
        voice: whether the way of speaking is explained as well, which needs torchaudio.

    Raises:
        RunError, UsageError: see `FileSession`.
    """
    kept = KeptVoice(models.voice)
    stages = Stages.of(replace(models, voice=kept), config)
    read = TextAnalyzer(config.perception.text, RememberingText(models.text))
    explainer = Explainer(models.fusion, read, kept if voice else None, on_explained)
    # Whatever is called like a fusion is one to the analysis.
    watched = replace(stages, fusion=cast("Fusion", explainer))
    outcome = FileSession(path, config, watched, None, excerpt=excerpt).run()
    explainer.finish()
    return outcome
