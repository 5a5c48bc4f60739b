"""How sure a trained fuser may be: one inverse temperature for each subset of the modalities.

(C. Guo et al., "On calibration of modern neural networks", 2017; of the *evidence* here, so that calibration
never moves what is said without any.) Fit on validation data, once training is over.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from live_sentiment.fusion.batch import FusionBatch, subset_masks
from live_sentiment.fusion.learnt import LearntFuser
from live_sentiment.training.data.fusion_windows import Targets, only


def calibrate(fuser: LearntFuser, batch: FusionBatch, targets: Targets | Callable[[Tensor], Targets]) -> None:
    """Fit the scales of a fuser, in place, on windows it was not trained on.

    A subset is fitted on the windows that have all of it; one that none has keeps its scale. `targets` may
    depend on who is listened to: it is then called with the modalities kept, shape (N, 3).
    """
    fuser.eval()
    for scales in (fuser.emotion_scale, fuser.polarity_scale):
        scales.fill_(1.0)
    for index, keep in enumerate(subset_masks(batch.present.device)):
        rows = (batch.present | ~keep).all(dim=1)
        if not rows.any():
            continue
        kept = keep.expand(len(batch), -1)
        with torch.no_grad():
            output = fuser(only(batch, keep))
        true = targets(kept) if callable(targets) else targets
        # What is derived from the other needs no scale of its own.
        if true.emotions is not None and "emotions" in fuser.heads:
            fuser.emotion_scale[index] = _scale(
                output.emotion_logits[rows], fuser.log_emotion_prior, true.emotions[rows]
            )
        if true.polarity is not None and "polarity" in fuser.heads:
            fuser.polarity_scale[index] = _scale(
                output.polarity_logits[rows], fuser.log_polarity_prior, true.polarity[rows]
            )
        if true.valence_arousal is not None:
            off = (output.valence_arousal[rows] - true.valence_arousal[rows]).square().nanmean(dim=0).sqrt()
            fuser.learnt_sd[index] = torch.where(off.isnan(), fuser.learnt_sd[index], off)


def minimise(loss: Callable[[], Tensor], parameters: Sequence[Tensor]) -> None:
    """Find the handful of parameters with the least loss (L-BFGS); they come in as the first guess."""
    optimiser = torch.optim.LBFGS(list(parameters), max_iter=60, line_search_fn="strong_wolfe")

    def closure() -> float:
        optimiser.zero_grad()
        value = loss()
        value.backward(inputs=list(parameters))  # type: ignore[no-untyped-call]
        return float(value.detach())

    optimiser.step(closure)  # type: ignore[no-untyped-call]


def _scale(logits: Tensor, log_prior: Tensor, targets: Tensor) -> Tensor:
    """The factor of the evidence, the logits (N, C) less the log prior, that fits the targets best."""
    known = ~targets.isnan().any(dim=1)
    if not known.any():
        return torch.ones((), device=logits.device)
    scale = torch.ones((), device=logits.device, requires_grad=True)
    evidence = (logits - log_prior)[known]
    minimise(lambda: nn.functional.cross_entropy(log_prior + scale * evidence, targets[known]), [scale])
    return scale.detach().clamp(min=0.0)
