"""What training minimises: each loss a function of predictions and targets.

Class targets are distributions, (N, C): one-hot, or the annotators' votes. A row with a NaN is not labelled
and left out; with no labelled row a loss is zero, with a gradient of zeros, so that batches of mixed corpora
need no special care. The losses that align modalities are in `fusion.cores.alignment`.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def balanced_weights(targets: Tensor) -> Tensor:
    """Weights of the classes, shape (C,), by which each counts alike: N / (C · N_c); `targets` is (N, C).

    A class without samples has weight zero; the weights of the others balance those there are.
    """
    counts = _labelled(targets)[1].sum(dim=0)
    there = counts > 0
    share = counts.sum() / (there.sum().clamp(min=1) * counts.clamp(min=torch.finfo(counts.dtype).tiny))
    return torch.where(there, share, 0.0)


def smoothed(targets: Tensor, smoothing: float) -> Tensor:
    """Targets (N, C) mixed with the uniform distribution: (1 − ε) q + ε / C.

    C. Szegedy et al., "Rethinking the inception architecture for computer vision", 2016.
    """
    return (1 - smoothing) * targets + smoothing / targets.shape[1]


def cross_entropy(
    logits: Tensor, targets: Tensor, *, class_weights: Tensor | None = None, smoothing: float = 0.0
) -> Tensor:
    """Mean of −Σ_c w_c q_c log softmax(z)_c in nats, over N labelled rows, (N, C) each.

    As usual with weights, the mean is by the weight of the rows: Σ_i loss_i / Σ_i Σ_c w_c q_ic.
    """
    rows, true = _labelled(targets)
    true = smoothed(true, smoothing)
    return _weighted_mean(-true * logits[rows].log_softmax(dim=1), true, class_weights)


def focal(
    logits: Tensor,
    targets: Tensor,
    *,
    gamma: float = 2.0,
    class_weights: Tensor | None = None,
    smoothing: float = 0.0,
) -> Tensor:
    """Mean of −Σ_c w_c q_c (1 − p_c)^γ log p_c: what is already known counts little.

    T.-Y. Lin et al., "Focal loss for dense object detection", 2017, of a softmax and soft targets. With γ = 0
    it is `cross_entropy`.
    """
    rows, true = _labelled(targets)
    true = smoothed(true, smoothing)
    log_p = logits[rows].log_softmax(dim=1)
    # −expm1(log p) = 1 − p, exact also where p is nearly one; below the floor its power has no slope at zero.
    missing = (-log_p.expm1()).clamp(min=torch.finfo(log_p.dtype).eps)
    return _weighted_mean(-true * missing**gamma * log_p, true, class_weights)


def mse(predicted: Tensor, targets: Tensor) -> Tensor:
    """Mean squared error over all values that are given: NaN in `targets`, of the same shape, is none."""
    known = ~targets.isnan()
    if not known.any():
        return 0.0 * predicted.sum()
    return functional.mse_loss(predicted[known], targets[known])


def concordance(predicted: Tensor, targets: Tensor) -> Tensor:
    """Concordance correlation coefficient of two series (N,), a scalar in [-1, 1]; 0 where neither varies.

    2 s_xy / (s_x² + s_y² + (x̄ − ȳ)²), variances over N (L. I.-K. Lin, "A concordance correlation coefficient
    to evaluate reproducibility", Biometrics 45, 1989).
    """
    apart, mean_x, mean_y = predicted - targets, predicted.mean(), targets.mean()
    covariance = ((predicted - mean_x) * (targets - mean_y)).mean()
    # E[(x − y)²] = s_x² + s_y² − 2 s_xy + (x̄ − ȳ)².
    denominator = apart.square().mean() + 2 * covariance
    return 2 * covariance / denominator.clamp(min=torch.finfo(predicted.dtype).eps)


def ccc(predicted: Tensor, targets: Tensor) -> Tensor:
    """Mean over the K dimensions of 1 − CCC, shapes (N, K), without dimensions of fewer than two values."""
    losses = []
    for one, true in zip(predicted.unbind(dim=1), targets.unbind(dim=1), strict=True):
        known = ~true.isnan()
        if known.sum() >= 2:
            losses.append(1 - concordance(one[known], true[known]))
    return torch.stack(losses).mean() if losses else 0.0 * predicted.sum()


def _labelled(targets: Tensor) -> tuple[Tensor, Tensor]:
    """Which rows are labelled, (N,), and their distributions."""
    rows = ~targets.isnan().any(dim=1)
    return rows, targets[rows]


def _weighted_mean(terms: Tensor, targets: Tensor, class_weights: Tensor | None) -> Tensor:
    """Sum of terms (N, C) by class weight over the weight of their targets (N, C); 0 of none."""
    weights = terms.new_ones(terms.shape[1]) if class_weights is None else class_weights.to(terms)
    total = (targets * weights).sum()
    return (terms * weights).sum() / torch.where(total > 0, total, 1.0)
