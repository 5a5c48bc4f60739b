"""One opinion from two networks: what each counts for a face, and how sure to be of it.

A linear opinion pool (Stone 1961): the logarithm of (1 - a) p + a q, p being the first network's
probabilities, q the second one's and a its share. All of it depends on how strange the face is to the first
network, which reads those it learnt from best, and others worse than it knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from torch import Tensor

from live_sentiment.models.face_second_opinion import SecondOpinion


@dataclass(frozen=True, slots=True)
class Pooling:
    """What changes from a familiar face (strangeness 0) to an unfamiliar one (1).

    The values were chosen by reading the development halves of `taiwan` and `lfw-expr`, whose pictures teach
    nothing, beside validation faces of FERPlus: no group is read worse than with the whole crop for both and
    none of the rest, and confidence holds over the three together.
    """

    shares: tuple[float, float] = (0.15, 0.7)
    """What the second network's opinion counts for a familiar and for an unfamiliar face."""
    window: tuple[int, int, int, int] = (4, 48, 2, 46)
    """First row and column, and those behind the last, of what the second network sees of the crop, as top,
    bottom, left, right: it learnt from faces cut out lower and tighter."""
    second_temperature: float = 1.5
    """What the second network's scores are divided by, since it is sure of too much."""
    prior_out: float = 2.0
    """Power of its own class prior that is divided out of the first network's probabilities for an unfamiliar
    face: of what it knows less, it says what is frequent."""
    temperatures: tuple[float, float] = (0.7, 2.5)
    """By what the pooled scores of a familiar and of an unfamiliar face are divided, besides the temperature
    that was fitted."""

    @classmethod
    def of(cls, described: Mapping[str, Any]) -> Pooling:
        """From the metadata of weights; where it says nothing of it, the present choice."""
        said: dict[str, Any] = described.get("pooling") or {}
        settings: dict[str, Any] = {
            name: tuple(one) if isinstance(one, list) else one for name, one in said.items()
        }
        return cls(**settings)

    def as_dict(self) -> dict[str, Any]:
        """For the metadata of weights."""
        return asdict(self)

    def opinion(self, second: SecondOpinion, crops: Tensor) -> Tensor:
        """Crops (B, 1, 48, 48) to the second network's probabilities (B, 7)."""
        top, bottom, left, right = self.window
        scores = second.scores(crops[:, :, top:bottom, left:right])
        return (scores.float() / self.second_temperature).softmax(dim=1)

    def __call__(self, scores: Tensor, opinion: Tensor, strangeness: Tensor, log_prior: Tensor) -> Tensor:
        """The pooled scores (B, 7).

        Args:
            scores: shape (B, 7), the first network's, calibrated under the prior.
            opinion: shape (B, 7), the second one's probabilities.
            strangeness: shape (B, 1), in [0, 1].
            log_prior: shape (7,).
        """
        first = (scores.float() - self.prior_out * strangeness * log_prior).softmax(dim=1)
        share = _between(self.shares, strangeness)
        pooled: Tensor = ((1 - share) * first + share * opinion).log()
        return pooled / _between(self.temperatures, strangeness)


def _between(ends: tuple[float, float], strangeness: Tensor) -> Tensor:
    return ends[0] + (ends[1] - ends[0]) * strangeness
