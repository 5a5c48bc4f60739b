"""Fusion of one window: a batch of eight, one for each subset of the modalities, and what it tells."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from live_sentiment.core.config import FusionConfig
from live_sentiment.core.types import MODALITIES, Affect, Expert, Window
from live_sentiment.fusion.attribution import shapley_values, shares
from live_sentiment.fusion.batch import FusionBatch
from live_sentiment.fusion.polarity import POLARITY_OF_EMOTION
from live_sentiment.fusion.registry import build_fuser
from live_sentiment.models.store.shipped import load_shipped


class Fusion:
    """From a window to one affect; a pure function of the window, without state.

    Polarity is that of the emotions, so that what is printed never contradicts itself, and so are valence
    and arousal unless the fuser was taught them.

    Adds no latency: the result speaks of exactly the window that it is given.
    """

    def __init__(self, experts: Sequence[Expert], config: FusionConfig, device: torch.device) -> None:
        """Put the configured fuser on the device.

        Raises:
            UsageError: no such weights, or weights for other heads than these.
        """
        self._device = device
        self._fuser = build_fuser(config.fuser, experts, load_shipped(config.weights)).to(device)

    @torch.inference_mode()
    def __call__(self, window: Window, person: int | None) -> Affect | None:
        """Fuse voice, words and the face of `person` (None: no face); None if there is nothing at all.

        Raises:
            ValueError: an embedding does not have its expert's size.
        """
        batch = FusionBatch.from_window(window, person, self._fuser.embedding_dims)
        present = batch.present[0].tolist()
        if not any(present):
            return None
        output = self._fuser(batch.to(self._device).over_subsets())
        # Double from here on: probabilities then add up to 1 and effects to their difference.
        emotions = output.emotion_logits.double().softmax(dim=1).cpu()
        polarity = emotions[-1] @ POLARITY_OF_EMOTION.double()
        valence, arousal = output.valence_arousal[-1].tolist()
        valence_sd, arousal_sd = output.valence_arousal_sd[-1].tolist()
        effects = shapley_values(emotions[:, emotions[-1].argmax()])
        parts = shares(effects)
        there = [index for index, one in enumerate(present) if one]
        return Affect(
            polarity=polarity.float().numpy(),
            emotions=emotions[-1].float().numpy(),
            valence=valence,
            arousal=arousal,
            valence_sd=valence_sd,
            arousal_sd=arousal_sd,
            shares={MODALITIES[index]: float(parts[index]) for index in there},
            effects={MODALITIES[index]: float(effects[index]) for index in there},
        )
