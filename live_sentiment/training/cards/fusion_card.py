"""The card that lies beside the fusers' weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from torch import Tensor

from live_sentiment.core.types import EMOTIONS, MODALITIES, POLARITIES, Expert, Modality
from live_sentiment.fusion.batch import SUBSETS
from live_sentiment.fusion.fuser import EMOTION_PRIOR, POLARITY_PRIOR, Fuser
from live_sentiment.fusion.product_of_experts import HIGHEST_WEIGHT
from live_sentiment.fusion.registry import PRODUCT_OF_EXPERTS

_CARD = """\
# Fusion weights: {names}

What combines the opinions of the text, voice and face heads. {count} fusers in one file, chosen by
`fusion.fuser`: {sizes}. On validation windows **{winner}** is best.

{origin}

## Data

{sources}

Samples: {samples}. {splits} Licences of the data that say non-commercial raise the same question for these
weights; the command at the end trains them on other data.

{process}

Heads: {heads}.

## Learning

Product of experts: the weight of each modality in each subset, at most {highest_weight}, and how far the
prior of each expert's classes is off, fitted on validation windows (L-BFGS, cross-entropy). Emotion weights
found; 1 would be Bayes' rule for independent witnesses that may be misled:

{weights}

By how much, as a logarithm, an expert says an emotion more often than its stated prior:

{offsets}

The learnt fusers (`weighted`: a softmax gate for each modality; `cross-attention`: each modality's looks ask
the others' what they saw, and when): at most {steps} steps of {batch} windows, AdamW, modality dropout over
the seven subsets; the state with the least validation loss is kept and its confidence fitted per subset on
validation windows.

The seed with the least validation loss is kept of each. The fuser recommended is the one with the least mean
loss among those whose calibration error, mean over the seeds, is at most 5 % for every subset, both of
emotions and of polarity.

{choice}

## On {kind} test windows

In %, mean ± standard deviation over {seeds} {seeds_differ}. Accuracy, UAR (mean recall) and ECE (calibration
error, 15 bins) are of seven emotions{against}. Polarity leaves out what is a matter of chance.

{rows}

### Where they contradict each other

Windows with all three modalities that {agree}, and the same windows with one modality taken from a window of
another emotion: mean confidence in the leading emotion, and in brackets how often it is what the other two
show, in %.

{contradictions}

## Limits

{limits}
- Valence and arousal are not learnt: they follow from the emotions.
- The learnt fusers fit the very heads named above, and no others; the product of experts takes any.

## Again

```
{command}
```
"""

_SYNTHETIC = {
    "kind": "synthetic",
    "origin": """\
**Trained on synthetic pairs.** No freely licensed corpus at hand has words, voice and face of the same
person. Every training, validation and test window was put together from samples of *different* people and
corpora that carry the same emotion label. The fusers learn from it how far each head can be trusted and how
to combine what they say. They learn nothing of how one person's words, voice and face go together, and **no
figure below is a cross-modal result**: on real people the modalities are not independent given the emotion,
as they are here by construction.""",
    "splits": """\
Splits are those of the heads: pairs for training come from training samples, pairs for
validation from validation samples; test samples serve the tables below alone.""",
    "process": """\
Each modality shows, with probability {misled:.0%}, an emotion drawn at random instead of the person's.
Targets are the exact posterior under that process, so contradicting modalities have soft targets. The
{misled:.0%} are an assumption, not a measurement; they bound how sure one modality alone can make the
result. Classes are drawn by the deployment prior ({prior}; {polarity_prior}), not by the corpora.""",
    "against": """,
against what the person feels, so that a misled modality counts as an error; "none misled" leaves those pairs
out""",
    "agree": "show the same emotion",
    "seeds_differ": "seeds (each draws its own pairs and trains its own fusers)",
    "limits": """\
- The priors, the share of misled modalities and the independence of the modalities are choices. Confidence
  is calibrated for a world in which they hold, and for the corpora above: mostly acted voices, posed or
  collected pictures of faces, sitcom dialogue and web comments.""",
}

_RECORDED = {
    "kind": "recorded",
    "origin": """\
**Trained on recorded clips**: words, voice and face of the same person at the same time, as the heads named
below read them.""",
    "splits": "No speaker, subject or video is in two splits; the test split serves the tables below alone.",
    "process": """\
The prior stays that of the deployment ({prior}; {polarity_prior}), whatever the classes of the corpus. Of a
clip the looks of the last window count.""",
    "against": "; windows without a leading emotion are left out",
    "agree": "come from one clip",
    "seeds_differ": "seeds (all of them on the same split)",
    "limits": """\
- Confidence is calibrated for the corpus above and its classes.
- Heads that were themselves trained on these clips look better here than they are.""",
}


def card(
    metadata: Mapping[str, Any],
    experts: Mapping[Modality, Expert],
    fusers: Mapping[str, Fuser],
    *,
    rows: str,
    contradictions: str,
    command: str,
) -> str:
    """The card in Markdown, from the weights' metadata, the fusers, and the tables of results."""
    words = _SYNTHETIC if metadata["synthetic"] else _RECORDED
    seeds = len(metadata["validation_losses"][PRODUCT_OF_EXPERTS])
    sizes = {name: sum(one.numel() for one in fuser.parameters()) for name, fuser in fusers.items()}
    return _CARD.format(
        **{key: text for key, text in words.items() if key != "process"},
        process=words["process"].format(
            misled=metadata["misled"],
            prior=_shares(EMOTIONS, EMOTION_PRIOR),
            polarity_prior=_shares(POLARITIES, POLARITY_PRIOR),
        ),
        names=", ".join(name.replace("-", " ") for name in fusers),
        count=len(fusers),
        sizes=", ".join(f"`{name}` ({size:,} numbers)" for name, size in sizes.items()),
        winner=metadata["winner"],
        sources="\n".join(f"- {what}: {source}" for what, source in metadata["sources"].items()),
        samples="; ".join(
            f"{split} " + ", ".join(f"{count} {modality}" for modality, count in counts.items())
            for split, counts in metadata["samples"].items()
        ),
        heads=", ".join(f"{one.model} (SHA-256 {one.sha256[:12]}…)" for one in experts.values()),
        highest_weight=HIGHEST_WEIGHT,
        weights=_weights(fusers[PRODUCT_OF_EXPERTS].state_dict()["emotion_weights"]),
        offsets=_offsets(fusers[PRODUCT_OF_EXPERTS].state_dict()["emotion_offsets"]),
        steps=metadata["schedule"]["steps"],
        batch=metadata["schedule"]["batch"],
        choice=_choice(metadata),
        seeds=seeds,
        rows=rows,
        contradictions=contradictions,
        command=command,
    )


def _choice(metadata: Mapping[str, Any]) -> str:
    """What the choice rests on, as a table."""
    lines = [
        "| fuser | validation loss, nats | largest validation ECE, % | seed kept |",
        "| --- | --- | --- | --- |",
    ]
    for name, losses in metadata["validation_losses"].items():
        errors = metadata["validation_errors"][name]
        lines.append(
            f"| {name} | {np.mean(losses):.3f} ± {np.std(losses):.3f} | "
            f"{100 * np.mean(errors):.1f} ± {100 * np.std(errors):.1f} | {metadata['seeds'][name]} |"
        )
    return "\n".join(lines)


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


def _offsets(offsets: Tensor) -> str:
    lines = [f"| expert | {' | '.join(EMOTIONS)} |", f"| --- |{' --- |' * len(EMOTIONS)}"]
    for modality, row in zip(MODALITIES, offsets.tolist(), strict=True):
        lines.append(f"| {modality} | {' | '.join(f'{offset:+.2f}' for offset in row)} |")
    return "\n".join(lines)
