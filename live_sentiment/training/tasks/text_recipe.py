"""How encoder and head are trained together: two stages, and what both have in common."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stage:
    """What is drawn from the corpora, how often, and at which pace."""

    epochs: int
    descent_epochs: int
    """Epochs over which the learning rate would fall to nothing; a stage may end before."""
    learning_rate: float
    """At its height, of the low-rank changes."""
    emotion_share: float
    """Part of another corpus with emotions that an epoch draws; all of the reference corpus is taken."""
    polarity_share: float
    """Part of another corpus with polarity alone."""
    other_weight: float
    """Of a text outside the reference corpus in the loss."""
    averaging: float
    """Share of the moving average that a step keeps."""
    context_share: float = 0.6
    """How often a text of a dialogue is read with what was said before it: it must do without, too."""
    form_shares: tuple[float, float, float] = (0.6, 0.22, 0.18)
    """How often it is shown a text as written, plain, and the beginning of it (`text_variants`)."""


BROAD = Stage(2, 2, 8e-4, emotion_share=1.0, polarity_share=0.25, other_weight=1.0, averaging=0.995)
NEAR = Stage(
    3,
    3,
    3e-4,
    emotion_share=0.12,
    polarity_share=0.02,
    other_weight=0.7,
    averaging=0.99,
    context_share=0.5,
    form_shares=(0.7, 0.165, 0.135),
)


@dataclass(frozen=True, slots=True)
class TuneSettings:
    """How encoder and head are trained together."""

    rank: int = 32
    """Of the low-rank changes."""
    scale: float = 2.0
    """Their factor."""
    inner_size: int = 256
    """Of the head."""
    dropout: float = 0.3
    """Of the head."""
    batch: int = 64
    head_pace: float = 3.0
    """Learning rate of the head, as a multiple: it begins at nothing."""
    weight_decay: float = 0.05
    broad: Stage = BROAD
    """On all corpora alike."""
    near: Stage = NEAR
    """On the reference corpus, with enough of the others that they are not forgotten."""
