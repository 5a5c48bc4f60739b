"""Filters over time, by name: each is a function of the moments of its evidence, never of their number.

Windows overlap, so that neighbouring results repeat each other. Every filter here therefore weighs a result
by the time since the one before it, at most as one independent look: halving the hop does not double the
evidence.

Without evidence nothing is updated. The filter's last state then fades towards the prior with the time
constant, and the first evidence after a long gap counts as if it were the very first.
"""

from __future__ import annotations

import copy
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

State: TypeAlias = NDArray[np.float64]
"""Probabilities of shape (n,), or affect of shape (2, 2): valence and arousal, and below them their sd."""

AFFECT_PRIOR: State = np.array([[0.0, 0.0], [0.5, 0.5]])
"""Valence and arousal of nobody in particular."""

REFERENCE_SD = 0.35
"""Standard deviation at which the Kalman filter is as slow as an EMA: that of a fairly clear emotion."""

LEAST_SD = 0.05
"""No result is believed to be surer than this, however peaked its probabilities."""


class Filter(ABC):
    """A causal filter.

    Args:
        prior: what holds without evidence, before the first and long after the last; shaped like the values.
        time_constant_s: how long the past weighs.
    """

    def __init__(self, prior: State, time_constant_s: float) -> None:
        self._prior = np.asarray(prior, np.float64)
        self._time_constant_s = time_constant_s
        self._state: State | None = None
        self._time_s = -math.inf

    def update(self, value: State, time_s: float) -> State:
        """Take the evidence of one moment and return the filtered value, float64 in the shape of the prior.

        Raises:
            ValueError: time goes backwards.
        """
        if time_s < self._time_s:
            raise ValueError(f"evidence at {time_s} s after that at {self._time_s} s")
        value = np.asarray(value, np.float64)
        if self._state is None:
            self._state = self._first(value)
        else:
            self._state = self._step(self._state, value, time_s - self._time_s)
        self._time_s = time_s
        return self._state

    def peek(self, value: State, time_s: float) -> State:
        """What `update` would return; the filter stays as it is."""
        return self.copy().update(value, time_s)

    def at(self, time_s: float) -> State:
        """The value at a moment without evidence: the last one, faded towards the prior; changes nothing."""
        if self._state is None:
            return self._prior
        return self._fade(self._state, time_s - self._time_s)

    def reset(self) -> None:
        """Forget all evidence."""
        self._state = None
        self._time_s = -math.inf

    def copy(self) -> Self:
        """An independent filter in the same state."""
        # States are replaced and never written into, so that a shallow copy is independent.
        return copy.copy(self)

    def _first(self, value: State) -> State:
        return value

    def _fade(self, state: State, gap_s: float) -> State:
        return state + (self._prior - state) * self._look(gap_s)

    def _look(self, gap_s: float) -> float:
        """1 − exp(−Δt / τ): what a result says that the one Δt before it had not said already, in [0, 1]."""
        return -math.expm1(-gap_s / self._time_constant_s)

    @abstractmethod
    def _step(self, state: State, value: State, gap_s: float) -> State:
        """The state after evidence that comes `gap_s` after the evidence before it."""


class Unfiltered(Filter):
    """Every value as it comes; only gaps are bridged."""

    def _step(self, state: State, value: State, gap_s: float) -> State:
        return value


class ExponentialAverage(Filter):
    """Exponential moving average with weight 1 − exp(−Δt / τ), exact for any spacing of the evidence.

    The impulse response of a first-order low-pass (RC) filter; for irregular sampling see Eckner (2014),
    Algorithms for Unevenly Spaced Time Series: Moving Averages and Other Rolling Operators.
    """

    def _step(self, state: State, value: State, gap_s: float) -> State:
        return state + (value - state) * self._look(gap_s)


class OneEuro(Filter):
    """The 1€ filter: a low-pass whose cut-off rises with the speed of the signal.

    Casiez, Roussel and Vogel (2012), 1€ Filter: A Simple Speed-based Low-pass Filter for Noisy Input in
    Interactive Systems, CHI. At rest it is as slow as the time constant; a swing over the half scale within a
    second passes with a cut-off of about 1 Hz. Standard deviations are filtered like values.
    """

    SPEED_COEFFICIENT = 1.0
    """β of the paper: Hz of cut-off per unit of speed (1 / s)."""
    SPEED_CUTOFF_HZ = 1.0
    """Cut-off of the speed's own low-pass, the paper's default."""

    def __init__(self, prior: State, time_constant_s: float) -> None:
        super().__init__(prior, time_constant_s)
        self._least_cutoff_hz = 1 / (2 * math.pi * time_constant_s)
        self._speed: State = np.zeros_like(self._prior)

    def reset(self) -> None:
        """Forget all evidence."""
        super().reset()
        self._speed = np.zeros_like(self._prior)

    def _step(self, state: State, value: State, gap_s: float) -> State:
        if gap_s == 0:
            return state
        speed = (value - state) / gap_s
        self._speed = self._speed + self._weight(np.array(self.SPEED_CUTOFF_HZ), gap_s) * (
            speed - self._speed
        )
        cutoff_hz = self._least_cutoff_hz + self.SPEED_COEFFICIENT * np.abs(self._speed)
        return state + self._weight(cutoff_hz, gap_s) * (value - state)

    @staticmethod
    def _weight(cutoff_hz: State, gap_s: float) -> State:
        weight: State = 1 / (1 + 1 / (2 * math.pi * cutoff_hz * gap_s))
        return weight


class Kalman(Filter):
    """Kalman filter of a local level (random walk): a sure result moves it, a vague one hardly.

    Kalman (1960); the local level model as in Durbin and Koopman (2012), Time Series Analysis by State Space
    Methods, chapter 2. The level's variance grows by q Δt with q = REFERENCE_SD² / τ. A result's variance is
    its own sd² over the part of a look it is, 1 − exp(−Δt / τ). With both, the steady gain at an sd of
    REFERENCE_SD is about that of an EMA with time constant τ, whatever the hop, and goes as 1 / sd around it.

    Values are affect of shape (2, 2); the second row of a result is the sd of the level.
    """

    def _first(self, value: State) -> State:
        mean, sd = value
        return np.stack([mean, np.maximum(sd, LEAST_SD)])

    def _step(self, state: State, value: State, gap_s: float) -> State:
        (level, level_sd), (seen, seen_sd) = state, value
        look = self._look(gap_s)
        variance = level_sd**2 + REFERENCE_SD**2 / self._time_constant_s * gap_s
        gain = variance * look / (variance * look + np.maximum(seen_sd, LEAST_SD) ** 2)
        return np.stack([level + gain * (seen - level), np.sqrt((1 - gain) * variance)])


class HiddenMarkov(Filter):
    """Forward filter of a hidden Markov chain in continuous time; values are probabilities of shape (n,).

    Rabiner (1989), A Tutorial on Hidden Markov Models, section III. The state jumps at rate 1 / τ to a state
    drawn from the prior π, for which exp(Q Δt) = e^(−Δt / τ) I + (1 − e^(−Δt / τ)) 1 πᵀ.

    A classifier gives posteriors, so that the likelihood is posterior / prior (Bourlard and Morgan 1994,
    Connectionist Speech Recognition). Here the prior is the result itself, carried on from Δt before: what an
    overlapping window says again is no evidence. Over long gaps that is the plain prior π; over short ones
    only what is new counts. Results that stay are therefore kept with exactly the confidence that calibration
    gave them, where the plain prior would drive them to 1.00.
    """

    def _step(self, state: State, value: State, gap_s: float) -> State:
        if gap_s == 0:
            return state
        joint = self._fade(state, gap_s) * value / self._fade(value, gap_s)
        filtered: State = joint / joint.sum()
        return filtered


class Hysteresis:
    """The leading class, which changes only for one that is more probable by a margin (Schmitt trigger)."""

    def __init__(self, margin: float, start: int = 0) -> None:
        self._margin = margin
        self._start = start
        self._leading: int | None = None

    @property
    def leading(self) -> int:
        """Index of the class that leads now; the start before any evidence."""
        return self._start if self._leading is None else self._leading

    def update(self, probabilities: State) -> int:
        """Take probabilities of shape (n,) and return the index of the leading class."""
        best = int(probabilities.argmax())
        if self._leading is None or probabilities[best] - probabilities[self._leading] >= self._margin:
            self._leading = best
        return self._leading

    def peek(self, probabilities: State) -> int:
        """What `update` would return; nothing changes."""
        return self.copy().update(probabilities)

    def reset(self) -> None:
        """Forget which class leads."""
        self._leading = None

    def copy(self) -> Self:
        """An independent one in the same state."""
        return copy.copy(self)


AFFECT_FILTERS: Mapping[str, type[Filter]] = {
    "none": Unfiltered,
    "ema": ExponentialAverage,
    "one-euro": OneEuro,
    "kalman": Kalman,
}
"""What `timeline.affect_filter` may name."""

EMOTION_FILTERS: Mapping[str, type[Filter]] = {
    "none": Unfiltered,
    "ema": ExponentialAverage,
    "hmm": HiddenMarkov,
}
"""What `timeline.emotion_filter` may name."""
