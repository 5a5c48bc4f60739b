"""Smooths whole results: valence and arousal, emotions, polarity, and which emotion leads."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Self

import numpy as np

from live_sentiment.core.config import TimelineConfig
from live_sentiment.core.types import EMOTIONS, POLARITIES, Affect
from live_sentiment.timeline.smoothing import AFFECT_FILTERS, AFFECT_PRIOR, EMOTION_FILTERS, Hysteresis, State


@dataclass(frozen=True, slots=True)
class Smoothed:
    """A result after smoothing."""

    affect: Affect
    emotion: str
    """The leading emotion after hysteresis: one of EMOTIONS."""


class Smoother:
    """One filter of each kind, by the names in the configuration.

    Args:
        config: names of the filters and their speed.
        emotion_prior: shape (7,), the distribution to which emotions fade without evidence; uniform if None.
        polarity_prior: shape (3,), likewise.
    """

    def __init__(
        self,
        config: TimelineConfig,
        emotion_prior: State | None = None,
        polarity_prior: State | None = None,
    ) -> None:
        emotion_filter = EMOTION_FILTERS[config.emotion_filter]
        self._affect = AFFECT_FILTERS[config.affect_filter](AFFECT_PRIOR, config.time_constant_s)
        self._emotions = emotion_filter(_prior(emotion_prior, len(EMOTIONS)), config.time_constant_s)
        self._polarity = emotion_filter(_prior(polarity_prior, len(POLARITIES)), config.time_constant_s)
        self._leading = Hysteresis(config.switch_margin, start=EMOTIONS.index("neutral"))

    def update(self, affect: Affect | None, time_s: float) -> Smoothed:
        """Take the result of one moment; None, where no modality was present, changes nothing.

        Without evidence the last values fade towards the prior, the leading emotion stays, and there are no
        shares and effects.

        Raises:
            ValueError: evidence goes backwards in time.
        """
        if affect is None:
            values, emotions = self._affect.at(time_s), self._emotions.at(time_s)
            polarity, leading = self._polarity.at(time_s), self._leading.leading
        else:
            measured = np.array([[affect.valence, affect.arousal], [affect.valence_sd, affect.arousal_sd]])
            values = self._affect.update(measured, time_s)
            emotions = self._emotions.update(affect.emotions.astype(np.float64), time_s)
            polarity = self._polarity.update(affect.polarity.astype(np.float64), time_s)
            leading = self._leading.update(emotions)
        smoothed = Affect(
            polarity=polarity.astype(np.float32),
            emotions=emotions.astype(np.float32),
            valence=float(values[0, 0]),
            arousal=float(values[0, 1]),
            valence_sd=float(values[1, 0]),
            arousal_sd=float(values[1, 1]),
            shares={} if affect is None else affect.shares,
            effects={} if affect is None else affect.effects,
        )
        return Smoothed(smoothed, EMOTIONS[leading])

    def peek(self, affect: Affect | None, time_s: float) -> Smoothed:
        """What `update` would return; nothing changes."""
        return self.copy().update(affect, time_s)

    def reset(self) -> None:
        """Forget all evidence."""
        for part in (self._affect, self._emotions, self._polarity, self._leading):
            part.reset()

    def copy(self) -> Self:
        """An independent smoother in the same state."""
        other = copy.copy(self)
        other._affect = self._affect.copy()
        other._emotions = self._emotions.copy()
        other._polarity = self._polarity.copy()
        other._leading = self._leading.copy()
        return other


def _prior(given: State | None, classes: int) -> State:
    return np.full(classes, 1 / classes) if given is None else np.asarray(given, np.float64)
