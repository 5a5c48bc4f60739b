"""The card that lies beside the fusers' weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from live_sentiment.fusion.batch import SUBSETS
from live_sentiment.fusion.fuser import EMOTION_PRIOR, POLARITY_PRIOR, Fuser
from live_sentiment.fusion.product_of_experts import HIGHEST_WEIGHT
from live_sentiment.types import EMOTIONS, MODALITIES, POLARITIES

_CARD = """\
# Fusion weights: product of experts and cross-attention

What combines the opinions of the text, voice and face heads. Two fusers in one file, chosen by
`fusion.fuser`: `product-of-experts` (the default; {product_size} numbers) and `cross-attention`
({attention_size} numbers).

**Trained on synthetic pairs.** No freely licensed corpus at hand has words, voice and face of the same
person. Every training, validation and test window was put together from samples of *different* people and
corpora that carry the same emotion label. The fusers learn from it how far each head can be trusted and how
to combine what they say. They learn nothing of how one person's words, voice and face go together, and **no
figure below is a cross-modal result**: on real people the modalities are not independent given the emotion,
as they are here by construction.

## Data

{sources}

Samples: {samples}. Splits are those of the heads: pairs for training come from training samples, pairs for
validation from validation samples; test samples serve the table below alone. Licences of the data that
say non-commercial raise the same question for these weights; the command at the end trains them on other
data.

Each modality shows, with probability {misled:.0%}, an emotion drawn at random instead of the person's.
Targets are the exact posterior under that process, so contradicting modalities have soft targets. The
{misled:.0%} are an assumption, not a measurement; they bound how sure one modality alone can make the
result. Classes are drawn by the deployment prior ({prior}; {polarity_prior}), not by the corpora.

Heads: {heads}.

## Learning

Product of experts: the weight of each modality in each subset, fitted on validation pairs (L-BFGS,
cross-entropy), at most {highest_weight}. Emotion weights found; 1 would be Bayes' rule for independent
witnesses that may be misled:

{weights}

Cross-attention: {steps} steps of {batch} pairs, AdamW, modality dropout over the seven subsets; the state
with the least validation loss is kept and its confidence fitted per subset on validation pairs. Seeds 0 to
{last_seed}, validation loss {losses} nats; seed {seed} is shipped.

## On synthetic test pairs

In %, mean ± standard deviation over the {seeds} seeds (each draws its own pairs and trains its own fusers).
Accuracy, UAR (mean recall) and ECE (calibration error, 15 bins) are of seven emotions, against what the
person feels, so that a misled modality counts as an error; "none misled" leaves those pairs out. Polarity
leaves out surprise, which has none. The form of the product, with its share of misled modalities, was chosen
on validation pairs; a simpler form had been measured on test pairs before.

{rows}

## Limits

- The priors, the share of misled modalities and the independence of the modalities are choices. Confidence
  is calibrated for a world in which they hold, and for the corpora above: mostly acted voices, posed or
  collected pictures of faces, sitcom dialogue and web comments.
- Valence and arousal are not learnt: they follow from the emotions.
- The cross-attention fits the very heads named above, and no others; the product of experts takes any.

## Again

```
{command}
```
"""


def card(metadata: Mapping[str, Any], fusers: Mapping[str, Fuser], rows: str, command: str) -> str:
    """The card in Markdown, from the weights' metadata, the fusers, and the table of results."""
    losses = metadata["validation_losses"]
    state = fusers["product-of-experts"].state_dict()
    return _CARD.format(
        product_size=sum(one.numel() for one in fusers["product-of-experts"].parameters()),
        attention_size=f"{sum(one.numel() for one in fusers['cross-attention'].parameters()):,}",
        sources="\n".join(f"- {modality}: {metadata['sources'][modality]}" for modality in MODALITIES),
        samples="; ".join(
            f"{split} " + ", ".join(f"{count} {modality}" for modality, count in counts.items())
            for split, counts in metadata["samples"].items()
        ),
        misled=metadata["misled"],
        prior=_shares(EMOTIONS, EMOTION_PRIOR),
        polarity_prior=_shares(POLARITIES, POLARITY_PRIOR),
        heads=", ".join(
            f"{one['model']} (SHA-256 {one['sha256'][:12]}…)" for one in metadata["experts"].values()
        ),
        highest_weight=HIGHEST_WEIGHT,
        weights=_weights(state["emotion_weights"]),
        steps=metadata["schedule"]["steps"],
        batch=metadata["schedule"]["batch"],
        last_seed=len(losses) - 1,
        losses=", ".join(f"{loss:.3f}" for loss in losses),
        seed=metadata["seed"],
        seeds=len(losses),
        rows=rows,
        command=command,
    )


def _shares(names: tuple[str, ...], shares: tuple[float, ...]) -> str:
    return ", ".join(f"{name} {share:.0%}" for name, share in zip(names, shares, strict=True))


def _weights(weights: Tensor) -> str:
    lines = [f"| present | {' | '.join(MODALITIES)} |", f"| --- |{' --- |' * len(MODALITIES)}"]
    for subset, row in zip(SUBSETS[1:], weights[1:].tolist(), strict=True):
        cells = [
            f"{weight:.2f}" if modality in subset else "–"
            for modality, weight in zip(MODALITIES, row, strict=True)
        ]
        present = " + ".join(modality for modality in MODALITIES if modality in subset)
        lines.append(f"| {present} | {' | '.join(cells)} |")
    return "\n".join(lines)
