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
    """What changes from a familiar face (strangeness 0) to an unfamiliar one (1); the defaults change nothing
    but the shares."""

    shares: tuple[float, float] = (0.15, 0.7)
    """What the second network's opinion counts for a familiar and for an unfamiliar face."""
    window: tuple[int, int, int, int] | None = None
    """Top, bottom, left and right of what the second network sees of the crop; None: all of it."""
    second_temperature: float = 1.0
    """What the second network's scores are divided by, since it is sure of too much."""
    prior_out: float = 0.0
    """Power of its own class prior that is divided out of the first network's probabilities for an unfamiliar
    face: knowing less of it, the network would say what is frequent."""
    doubt: float = 0.0
    """By what part the temperature is higher for an unfamiliar face."""

    @classmethod
    def of(cls, described: Mapping[str, Any]) -> Pooling:
        """From the metadata of weights; earlier ones say nothing of it and were pooled by the defaults."""
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
        top, bottom, left, right = self.window or (0, crops.shape[2], 0, crops.shape[3])
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
        low, high = self.shares
        share = low + (high - low) * strangeness
        pooled: Tensor = ((1 - share) * first + share * opinion).log()
        return pooled / (1 + self.doubt * strangeness)
