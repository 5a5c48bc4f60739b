"""What a trained text model says of held-out texts: alone, and with what was said before them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import Progress

from live_sentiment.core.types import EMOTIONS, POLARITIES, FloatArray
from live_sentiment.models.text_adapter import Adapter
from live_sentiment.models.text_emotion import TextHead
from live_sentiment.models.text_encoder import TextEncoder
from live_sentiment.training.augment.text_variants import WRITTEN, in_same_form, variants
from live_sentiment.training.data.text_corpora import Corpora, LabelledTexts, Split
from live_sentiment.training.data.text_embeddings import KINDS, EmbeddedTexts, Kind, embed_texts
from live_sentiment.training.evaluation.text_evaluation import (
    Calibration,
    calibrate,
    choose_prior,
    choose_thresholds,
    log_loss,
    measure,
)
from live_sentiment.training.tasks.text_fit import class_prior

IN_CONTEXT = "{}, in context"
"""What a corpus is called where its texts are read with what was said before them."""


@dataclass(frozen=True, slots=True)
class TextModel:
    """An encoder, adapted or not, and a head trained for it."""

    name: str
    encoder: TextEncoder
    head: TextHead
    adapter: Adapter | None
    reads_context: bool


class HeldOut:
    """The development and test sets of some corpora, as one model reads them.

    Args:
        model: what reads.
        corpora: all of them.
        reference: the corpus that is read in all forms; the others, and what is read in context, as written.
        cache: folder of embeddings.
        progress: shows how far embedding is.
        bfloat16: embed in half precision.
    """

    def __init__(
        self,
        model: TextModel,
        corpora: Corpora,
        reference: str,
        cache: Path,
        progress: Progress,
        *,
        bfloat16: bool,
    ) -> None:
        self._model = model
        self._reference = reference
        self._corpora = corpora
        self._cache = cache
        self._progress = progress
        self._bfloat16 = bfloat16
        self._embedded: dict[tuple[str, Split], dict[str, EmbeddedTexts]] = {}

    def loss(self) -> float:
        """Mean log loss on the reference's development set, over kinds of label and forms."""
        texts = self._read(self._reference, "dev")[self._reference]
        kinds = [kind for kind in KINDS if texts.labels(kind) is not None]
        return float(
            np.mean(
                [
                    log_loss(
                        self._model.head,
                        kind,
                        texts,
                        calibrate(self._model.head, kind, self._balance(self._reference, kind), texts),
                    )
                    for kind in kinds
                ]
            )
        )

    def calibration(self, name: str, kind: Kind) -> Calibration:
        """The class balance of a corpus's train set, or the power of it and the temperature that its dev set
        asks for."""
        balance = self._balance(name, kind)
        splits = self._corpora[name]
        if "train" not in splits or _labels(splits["train"], kind) is None or "dev" not in splits:
            return Calibration(balance)
        return choose_prior(self._model.head, kind, balance, self._read(name, "dev")[name])

    def _balance(self, name: str, kind: Kind) -> FloatArray:
        """The classes' shares of a corpus's train set; all alike where it has none."""
        splits = self._corpora[name]
        labels = _labels(splits["train"], kind) if "train" in splits else None
        if labels is None:
            classes = len(EMOTIONS if kind == "emotions" else POLARITIES)
            return np.full(classes, 1 / classes, np.float32)
        return class_prior(labels)

    def figures(self, split: Split, names: Sequence[str] | None = None) -> dict[str, Any]:
        """Figures by corpus, kind and form, each under its own corpus's class balance.

        Args:
            split: which.
            names: of the corpora; None takes all, read in context too.
        """
        figures: dict[str, Any] = {}
        for name, splits in self._corpora.items():
            if names is not None and name not in names:
                continue
            for kind in KINDS:
                if split not in splits or _labels(splits[split], kind) is None:
                    continue
                calibration = self.calibration(name, kind)
                thresholds = np.full(len(calibration.prior), 0.5, np.float32)
                if "dev" in splits:
                    written = self._read(name, "dev")[name]
                    thresholds = choose_thresholds(self._model.head, kind, written, calibration)
                readings = self._read(name, split)
                if names is None:
                    readings = {**readings, **self._read_in_context(name, split)}
                for reading, texts in readings.items():
                    found = measure(self._model.head, kind, texts, calibration, thresholds)
                    figures.setdefault(reading, {})[kind] = found
        return figures

    def _read(self, name: str, split: Split) -> Mapping[str, EmbeddedTexts]:
        """Embeddings of a split under its corpus's name."""
        if (name, split) not in self._embedded:
            texts = self._corpora[name][split]
            forms = list(zip(*(variants(text) for text in texts.texts), strict=True))
            if name != self._reference:
                forms = forms[: WRITTEN + 1]
            self._embedded[name, split] = {name: self._embed(texts, forms, f"{name} {split}", None)}
        return self._embedded[name, split]

    def _read_in_context(self, name: str, split: Split) -> Mapping[str, EmbeddedTexts]:
        """Embeddings of a split's texts as written, with what was said before, under IN_CONTEXT."""
        texts = self._corpora[name][split]
        if not self._model.reads_context or texts.before is None:
            return {}
        before = [" ".join(utterances) for utterances in texts.before]
        in_context = IN_CONTEXT.format(name)
        if (in_context, split) not in self._embedded:
            read = self._embed(texts, [texts.texts], f"{in_context} {split}", before)
            self._embedded[in_context, split] = {in_context: read}
        return self._embedded[in_context, split]

    def _embed(
        self,
        texts: LabelledTexts,
        forms: Sequence[Sequence[str]],
        label: str,
        before: Sequence[str] | None,
    ) -> EmbeddedTexts:
        vectors = [
            embed_texts(
                self._model.encoder,
                form,
                self._cache,
                self._progress,
                f"{self._model.name}: {label}",
                bfloat16=self._bfloat16,
                contexts=before and [in_same_form(*both) for both in zip(before, form, strict=True)],
            )
            for form in forms
        ]
        return EmbeddedTexts(np.stack(vectors, axis=1), texts.emotions, texts.polarity)


def _labels(texts: LabelledTexts, kind: Kind) -> FloatArray | None:
    return texts.emotions if kind == "emotions" else texts.polarity
