"""How unlike a face is to those the expression network learnt from: its strangeness, from 0 to 1.

The measure is the Mahalanobis distance of the embedding from the mean of known faces (Lee et al. 2018):
posed, strong expressions and unusual cameras lie far out, where the network is least to be believed.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

QUANTILES = (0.25, 0.95)
"""Up to the first of these quantiles of the known faces' distance a face is familiar, from the second on
it is not; in between strangeness rises in proportion."""

SHRINKAGE = 0.01
"""Share of the mean variance that is added to each direction, so that the rare ones do not count most."""

LEAST_VARIANCE = 0.01
"""Of an embedding's direction: faces that are all alike must not make every other one infinitely strange."""


class Familiarity(nn.Module):
    """Embeddings to strangeness.

    Args:
        dim: numbers of an embedding.
        bounds: the distances at QUANTILES.
    """

    mean: Tensor
    whitening: Tensor

    def __init__(self, dim: int, bounds: tuple[float, float] = (1.0, 2.0)) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(dim))
        self.register_buffer("whitening", torch.eye(dim))
        self.bounds = bounds

    @classmethod
    def of(cls, embeddings: Tensor) -> Familiarity:
        """Learn from embeddings (N, dim): every other one gives the measure, the rest give the bounds."""
        known, rest = embeddings[::2].double(), embeddings[1::2]
        covariance = known.T.cov().reshape(known.shape[1], known.shape[1])
        values, vectors = torch.linalg.eigh(covariance)
        spread = (values.clamp(min=0) + SHRINKAGE * values.mean().clamp(min=LEAST_VARIANCE)).sqrt()
        found = cls(known.shape[1])
        # Rounded to the half precision in which it ships.
        found.mean.copy_(known.mean(dim=0).half())
        found.whitening.copy_((vectors / spread).half())
        low, high = found.distance(rest).quantile(torch.tensor(QUANTILES)).tolist()
        found.bounds = (low, max(high, low + 1e-6))
        return found

    def distance(self, embeddings: Tensor) -> Tensor:
        """Embeddings (N, dim) to squared distances (N,)."""
        return ((embeddings - self.mean) @ self.whitening).square().sum(dim=1)

    def forward(self, embeddings: Tensor) -> Tensor:
        """Embeddings (N, dim) to strangeness (N, 1), in [0, 1]."""
        low, high = self.bounds
        return ((self.distance(embeddings) - low) / (high - low)).clamp(0, 1)[:, None]
