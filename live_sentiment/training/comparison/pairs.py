"""Words, voice and face together against each alone, and against one that lies, on synthetic pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.progress import Progress

from live_sentiment.core.config import Config
from live_sentiment.core.types import MODALITIES, Expert, Modality
from live_sentiment.fusion.batch import SUBSETS, FusionBatch
from live_sentiment.fusion.fuser import Fuser
from live_sentiment.fusion.registry import build_fuser
from live_sentiment.models.store.shipped import load_shipped
from live_sentiment.models.store.store import ModelStore
from live_sentiment.training.comparison.cells import Figures
from live_sentiment.training.data.fusion_data import read_corpora
from live_sentiment.training.data.fusion_windows import Source, Windows, select, with_one_lying
from live_sentiment.training.evaluation.figures import plain
from live_sentiment.training.evaluation.fusion_evaluation import evaluate
from live_sentiment.training.tasks.imputation import Outcome, compare_on_windows

PAIRS = 8192
LIE_SEED = 1
"""Of which samples the liar is given."""


@dataclass(frozen=True, slots=True)
class Lie:
    """The same windows when one modality shows another emotion."""

    honest_confidence: float
    """Mean probability of the leading emotion before ..."""
    lying_confidence: float
    """... and after."""
    fell: float
    """Share of the windows in which it fell."""
    honest_accuracy: float
    lying_accuracy: float
    """How often the leading emotion is still the one that the other two show."""
    windows: int


@dataclass(frozen=True, slots=True)
class PairSource:
    """What pairs are made of, and the fusers that the weights hold."""

    train: Source
    """Training windows."""
    windows: Source
    """Test windows."""
    fusers: dict[str, Fuser]
    sources: dict[str, str]
    """One line of provenance per modality."""


def load_pairs(data: Path, config: Config, store: ModelStore, cache: Path, bars: Progress) -> PairSource:
    """Read the experts' views of the corpora, from the cache where they are kept, and the shipped fusers.

    Raises:
        UsageError: a corpus or a head is missing, or the fusers were trained on other heads.
        RunError: a model cannot be had.
    """
    experts, corpora = read_corpora(data, config, store, cache, bars)
    return PairSource(
        corpora.train, corpora.test, load_fusers(config, list(experts.values())), dict(corpora.sources)
    )


def load_fusers(config: Config, experts: Sequence[Expert]) -> dict[str, Fuser]:
    """Every fuser that the configured weights hold, the one in use first."""
    weights = load_shipped(config.fusion.weights)
    held = sorted({name.partition(".")[0] for name in weights.tensors})
    names = [config.fusion.fuser, *(name for name in held if name != config.fusion.fuser)]
    return {name: build_fuser(name, experts, weights) for name in names}


def measure_pairs(source: PairSource, seed: int) -> Figures:
    """Every fuser on every subset of the modalities, and with each modality lying, on new test pairs."""
    windows = source.windows.held_out(PAIRS, torch.Generator().manual_seed(seed))
    found: Figures = {}
    for name, fuser in source.fusers.items():
        by_subset = {
            " + ".join(one for one in MODALITIES if one in subset) or "nothing": plain(asdict(figures))
            for subset, figures in zip(SUBSETS, evaluate(fuser, windows), strict=True)
        }
        lies = {modality: plain(asdict(lie(fuser, windows, modality))) for modality in MODALITIES}
        found[name] = {"subsets": by_subset, "lies": lies}
    return found


def measure_imputation(source: PairSource, fuser: str, seed: int) -> list[Outcome]:
    """One fuser on test pairs with modalities taken away, masked or imputed.

    Which pairs there are is drawn by the seed, as is the training of the imputers, on training pairs.
    """
    train = source.train.held_out(PAIRS, torch.Generator().manual_seed(seed))
    test = source.windows.held_out(PAIRS, torch.Generator().manual_seed(seed))
    return compare_on_windows(source.fusers[fuser], train, test, [seed])


def lie(fuser: Fuser, windows: Windows, liar: Modality) -> Lie:
    """Take windows in which all three agree, and give one modality a sample of another emotion."""
    whole = windows.batch.present.all(dim=1) & windows.agreeing & (windows.emotions >= 0)
    batch, emotions = select(windows.batch, whole), windows.emotions[whole]
    lied = with_one_lying(batch, emotions, liar, torch.Generator().manual_seed(LIE_SEED))
    honest, lying = _leading(fuser, batch), _leading(fuser, lied)
    true = emotions.numpy()
    return Lie(
        honest_confidence=float(honest[0].mean()),
        lying_confidence=float(lying[0].mean()),
        fell=float((lying[0] < honest[0]).mean()),
        honest_accuracy=float((honest[1] == true).mean()),
        lying_accuracy=float((lying[1] == true).mean()),
        windows=len(true),
    )


def _leading(fuser: Fuser, batch: FusionBatch) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Probability and number of the leading emotion, both (B,)."""
    with torch.inference_mode():
        leading = fuser(batch).emotion_logits.softmax(dim=1).max(dim=1)
    return leading.values.numpy(), leading.indices.numpy()
